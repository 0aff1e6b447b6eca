package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"jejak/internal/api"
)

// FuzzPeople: a file of people is read whole or not at all. Written again as NDJSON it is the same people, and nobody in a line is left out.
func FuzzPeople(f *testing.F) {
	for _, text := range []string{
		"role,scope,name\nescort,P3578A,Budi\n", "\xef\xbb\xbfROLE, scope ,expires\r\nadmin,35,2024-03-01T00:00:00+07:00\r\n", "role,scope\na,b,c\n", "role\n", "id,id,role,scope\n1,2,a,b\n",
		"role,scope\n\"a\nb\",c\n", `{"role":"escort","scope":"P3578A"}` + "\n\n" + `{"role":"auditor","scope":"35"}`, `{"role":"a"}{"role":"b"}`, `{"rolle":"a"}`, "{", "", "\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		people, err := readPeople(bytes.NewReader(text), "-")
		if err != nil {
			if people != nil {
				t.Fatalf("%d people beside the error %v", len(people), err)
			}
			return
		}
		var lines bytes.Buffer
		for _, p := range people {
			if err := json.NewEncoder(&lines).Encode(p); err != nil {
				t.Fatal(err)
			}
		}
		again, err := readPeople(&lines, "-")
		if err != nil || !slices.EqualFunc(people, again, func(a, b api.NewUser) bool { return valid(a) == b }) {
			t.Fatalf("%+v, written and read again: %+v, %v", people, again, err)
		}
		if objects := bytes.Count(text, []byte("{")); bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && len(people) > objects {
			t.Fatalf("%d people in %d objects", len(people), objects)
		}
	})
}

// valid is a person as JSON can say it: in UTF-8.
func valid(u api.NewUser) api.NewUser {
	for _, text := range []*string{&u.ID, &u.Role, &u.Scope, &u.Name, &u.Phone, &u.Expires} {
		*text = string([]rune(*text))
	}
	return u
}

func TestPeopleAreNotLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		`{"role":"a","scope":"35"} {"role":"b","scope":"35"}`: "line 1: \"{\\\"role\\\":\\\"b\\\",\\\"scope\\\":\\\"35\\\"}\" follows",
		"role,scope,role\na,35,b\n":                           `column "role" is there twice`,
	} {
		if people, err := readPeople(strings.NewReader(text), "-"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", text, people, err, want)
		}
	}
}
