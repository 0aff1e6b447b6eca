package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"jejak/internal/api"
)

// readPeople reads a file of people wholly or not at all.
func readPeople(text string) ([]api.NewUser, error) {
	f, err := openPeopleFile(strings.NewReader(text), "-")
	if err != nil {
		return nil, err
	}
	if err := told(f.wrong); err != nil {
		return nil, err
	}
	return f.users, nil
}

// FuzzPeople: a file of people is read whole or not at all. Written again as NDJSON it is the same people, and nobody in a line is left out.
func FuzzPeople(f *testing.F) {
	for _, text := range []string{
		"role,scope,name\nescort,P3578A,Budi\n", "\xef\xbb\xbfROLE, scope ,expires\r\nadmin,35,2024-03-01T00:00:00+07:00\r\n", "role,scope\na,b,c\n", "role\n", "id,id,role,scope\n1,2,a,b\n",
		"role,scope\n\"a\nb\",c\n", `{"role":"escort","scope":"P3578A"}` + "\n\n" + `{"role":"auditor","scope":"35"}`, `{"role":"a"}{"role":"b"}`, `{"rolle":"a"}`, "{", "", "\x00",
		"role;scope;name\noperator;3572;Budi, S.H.\n;;\n", "role\tscope\na\tb\n", "\xff\xfer\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		people, err := readPeople(string(text))
		if err != nil {
			return
		}
		var lines bytes.Buffer
		for _, p := range people {
			if err := json.NewEncoder(&lines).Encode(p); err != nil {
				t.Fatal(err)
			}
		}
		again, err := readPeople(lines.String())
		if err != nil || !slices.Equal(people, again) {
			t.Fatalf("%+v, written and read again: %+v, %v", people, again, err)
		}
		if objects := bytes.Count(text, []byte("{")); bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && len(people) > objects {
			t.Fatalf("%d people in %d objects", len(people), objects)
		}
	})
}

// Files of people as they come: what is meant is read, and what is wrong is told all at once, with its line in the file and in words.
func TestFilesOfPeople(t *testing.T) {
	budi := api.NewUser{Role: "operator", Scope: "3572", Name: "Budi", Phone: "0812"}
	for name, c := range map[string]struct {
		text  string
		users []api.NewUser
		wrong []string
	}{
		"semicolons, as Excel writes them in Indonesia": {text: "role;scope;name;phone;expires\r\noperator;3572;Budi;0812;\r\n", users: []api.NewUser{budi}},
		"tabs":                          {text: "role\tscope\tname\tphone\noperator\t3572\tBudi\t0812\n", users: []api.NewUser{budi}},
		"empty rows below the list":     {text: "role,scope,name,phone,expires\noperator,3572,Budi,0812,\n,,,,\n,,,,\n\n", users: []api.NewUser{budi}},
		"a comma inside quotes":         {text: "role;scope;name\noperator;3572;\"Budi; S.H.\"\n", users: []api.NewUser{{Role: "operator", Scope: "3572", Name: "Budi; S.H."}}},
		"an older code page":            {text: "role,scope,name\noperator,3572,Jos\xe9\n", wrong: []string{"line 2: there is a letter that is not in UTF-8"}},
		"UTF-16":                        {text: "\xff\xfer\x00o\x00", wrong: []string{"line 1: the file is in UTF-16"}},
		"NUL":                           {text: "role,scope,name\noperator,3572,A\x00B\n", wrong: []string{"line 2: there is a NUL byte"}},
		"a number that a sheet changed": {text: "role,scope,name,phone\noperator,3572,Budi,6.28123E+11\n", wrong: []string{`line 2: phone: "6.28123E+11" is no telephone number`}},
		"everything at once, by its line": {
			text:  "role,scope,name,phone,expires\n\"king\",3572,\"Ani\nX\",,\noperator,35781,,,tomorrow\noperator,3572\n",
			wrong: []string{`line 2: role: `, `line 2: name: it has characters`, `line 4: scope: `, `line 4: expires: "tomorrow" is no RFC 3339 time`, "line 5: 2 fields, the head has 5"},
		},
		"the same person twice": {text: "role,scope,name,phone\noperator,3572,Budi,0812\nvillage,3572011001,,\nvillage,3572011001,,\noperator,3572,Budi,0812\n",
			wrong: []string{"line 5: is the same person as in line 2"}},
		"a head that says other things": {text: "role,rank,role\n", wrong: []string{`line 1: column "rank" is unknown`, `line 1: column "role" is there twice`, `line 1: column "scope" is missing`}},
		"a quotation mark left open":    {text: "role,scope\noperator,\"3572\n", wrong: []string{"line 2: a quotation mark is not closed"}},
		"NDJSON with what nobody knows": {text: `{"rolle":"operator","scope":3572}` + "\n" + `{"role":"operator","scope":"3572"`, wrong: []string{"line 1: /rolle: ", "line 1: /scope: ", "line 2: "}},
		"two objects in a line":         {text: `{"role":"a","scope":"35"} {"role":"b","scope":"35"}`, wrong: []string{"line 1: "}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := openPeopleFile(strings.NewReader(c.text), "-")
			if err != nil {
				t.Fatal(err)
			}
			err = f.check()
			if (err == nil) != (c.wrong == nil) || err == nil && !slices.Equal(f.users, c.users) {
				t.Fatalf("%+v, %v", f.users, err)
			}
			if err == nil {
				return
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.wrong) {
				t.Fatalf("%d faults, want %d:\n%v", len(lines), len(c.wrong), err)
			}
			for i, want := range c.wrong {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("%s, want %s", lines[i], want)
				}
				if strings.Contains(lines[i], "api.") || strings.Contains(lines[i], "json:") {
					t.Errorf("%s speaks of the program's insides", lines[i])
				}
			}
		})
	}
}
