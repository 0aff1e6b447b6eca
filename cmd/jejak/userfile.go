package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/exit"
)

// userColumns are the columns that a CSV file of people may have; role and scope must be there.
var userColumns = []string{"id", "role", "scope", "party", "name", "phone", "expires"}

// peopleFile is what a file of people says.
type peopleFile struct {
	users []api.NewUser
	lines []int // of the file, from 1, where each of them begins
	// wrong is everything that is wrong with the form of the file, in the order of its lines.
	wrong []faultAt
}

// faultAt is something that is wrong in a line.
type faultAt struct {
	line int
	text string
}

func (f *peopleFile) fail(line int, format string, args ...any) {
	f.wrong = append(f.wrong, faultAt{line, fmt.Sprintf(format, args...)})
}

// told are faults as one error, in the order of their lines; nil for none.
func told(faults []faultAt) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b faultAt) int { return a.line - b.line })
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = fmt.Errorf("line %d: %s", f.line, f.text)
	}
	return exit.With(exit.Failed, errors.Join(errs...))
}

// openPeopleFile reads a file of people, CSV or NDJSON; "-" is the standard input. The error is that it cannot be read; what is wrong in it is in the file.
func openPeopleFile(stdin io.Reader, name string) (*peopleFile, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	f := &peopleFile{}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // a spreadsheet's mark
	switch {
	case f.foreign(data):
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")):
		f.readLines(data)
	default:
		f.readCSV(data)
	}
	if len(f.wrong) == 0 && len(f.users) == 0 {
		return nil, errors.New("there is nobody in it")
	}
	return f, nil
}

// foreign refuses what is not in UTF-8, or has bytes that no text has.
func (f *peopleFile) foreign(data []byte) bool {
	const remedy = `save it as "CSV UTF-8"`
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		f.fail(1, "the file is in UTF-16, not in UTF-8: %s", remedy)
		return true
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if !utf8.Valid(line) {
			f.fail(number, "there is a letter that is not in UTF-8, as older Windows programs write it: %s", remedy)
		}
		if bytes.IndexByte(line, 0) >= 0 {
			f.fail(number, "there is a NUL byte, which no text has: %s", remedy)
		}
	}
	return len(f.wrong) > 0
}

func (f *peopleFile) readLines(data []byte) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		text := bytes.TrimSpace(line)
		if len(text) == 0 {
			continue
		}
		var u api.NewUser
		problems := command.Problems(envelope.Object(text, &u))
		for _, p := range problems {
			f.fail(number, "%s", strings.TrimPrefix(p.Path+": "+p.MessageEN+": "+p.RemedyEN, ": "))
		}
		if len(problems) == 0 {
			f.users, f.lines = append(f.users, u), append(f.lines, number)
		}
	}
}

// separator tells by what the columns of a file are separated: Excel writes semicolons where a comma is the sign of decimals, as in Indonesia.
func separator(head []byte) rune {
	best, most := ',', bytes.Count(head, []byte(","))
	for _, other := range []rune{';', '\t'} {
		if n := bytes.Count(head, []byte(string(other))); n > most {
			best, most = other, n
		}
	}
	return best
}

func (f *peopleFile) readCSV(data []byte) {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.Comma = -1, separator(first)
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return
	}
	if err != nil {
		f.fail(1, "the head cannot be read: %s", csvFault(err))
		return
	}
	for i, column := range head {
		head[i] = strings.ToLower(strings.TrimSpace(column))
		if !slices.Contains(userColumns, head[i]) {
			f.fail(1, "column %q is unknown: columns are %s", column, strings.Join(userColumns, ","))
		} else if slices.Contains(head[:i], head[i]) {
			f.fail(1, "column %q is there twice", head[i])
		}
	}
	for _, must := range []string{"role", "scope"} {
		if !slices.Contains(head, must) {
			f.fail(1, "column %q is missing", must)
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil { // what follows cannot be told from it
			line := 1
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				line = parse.StartLine
			}
			f.fail(line, "%s; what follows was not looked at", csvFault(err))
			return
		}
		line, _ := r.FieldPos(0)
		empty := !slices.ContainsFunc(row, func(field string) bool { return strings.TrimSpace(field) != "" })
		switch {
		case empty: // spreadsheets leave such rows below a list
		case len(row) != len(head):
			f.fail(line, "%d fields, the head has %d", len(row), len(head))
		default:
			f.users, f.lines = append(f.users, newUser(head, row)), append(f.lines, line)
		}
	}
}

// csvFault says what is wrong with a row in words.
func csvFault(err error) string {
	switch {
	case errors.Is(err, csv.ErrQuote):
		return "a quotation mark is not closed, or something follows behind it"
	case errors.Is(err, csv.ErrBareQuote):
		return "a quotation mark stands inside a field: put the field in quotation marks and double those inside it"
	}
	return "it is no row of a CSV file"
}

func newUser(head, row []string) api.NewUser {
	var u api.NewUser
	for i, column := range head {
		value := strings.TrimSpace(row[i])
		switch column {
		case "id":
			u.ID = value
		case "role":
			u.Role = value
		case "scope":
			u.Scope = value
		case "party":
			u.Party = value
		case "name":
			u.Name = value
		case "phone":
			u.Phone = value
		case "expires":
			u.Expires = value
		}
	}
	return u
}

// repeated tells of people who are in the file twice: whoever has a name or a number is one person.
func (f *peopleFile) repeated() {
	first := map[api.NewUser]int{}
	for i, u := range f.users {
		if u.Name == "" && u.Phone == "" {
			continue // several accounts of a role at one place are usual
		}
		if line, twice := first[u]; twice {
			f.fail(f.lines[i], "is the same person as in line %d: leave one of them out", line)
			continue
		}
		first[u] = f.lines[i]
	}
}
