package ledger_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
)

// leaf is a text somewhere in a command, to be written over.
type leaf struct {
	path string // as a JSON pointer
	set  func(text string)
}

// leaves are all texts that can be in a command: those of an example, in which every list has an entry and every part is there.
func leaves(path string, v reflect.Value) (all []leaf) {
	switch v.Kind() {
	case reflect.String:
		return []leaf{{path, v.SetString}}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return leaves(path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			at := path + "/" + name
			if name == "" { // embedded
				at = path
			}
			all = append(all, leaves(at, v.Field(i))...)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		return leaves(path+"/0", v.Index(0))
	case reflect.Map:
		return []leaf{{path, func(text string) {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), reflect.Zero(v.Type().Elem()))
		}}}
	}
	return all
}

// lists are all lists that can be in a command, each to be made this long.
func lists(path string, v reflect.Value) (all []leaf) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return lists(path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			all = append(all, lists(path+"/"+name, v.Field(i))...)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		all = append(lists(path+"/0", v.Index(0)), leaf{path, func(n string) {
			count, _ := strconv.Atoi(n)
			first := v.Index(0)
			v.Set(reflect.MakeSlice(v.Type(), count, count))
			for i := range count {
				v.Index(i).Set(first)
			}
		}})
	}
	return all
}

// example is a fresh copy of one.
func example(t *testing.T, of domain.Command) domain.Command {
	t.Helper()
	data, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.NewCommandOf(of.CommandType())
	if err := json.Unmarshal(data, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// faults are the rules that a command breaks at a place of it, or at the whole that the place is in.
func faults(cmd domain.Command, path string) (rules []string) {
	check := &domain.Check{Unit: given.Unit, Election: given.Election, Now: given.Start}
	cmd.Validate(check)
	for _, v := range check.Violations() {
		if strings.HasPrefix(path+"/", v.Path+"/") {
			rules = append(rules, v.Rule.ID)
		}
	}
	return rules
}

// eachText calls try for every text of every command, with the command's faults there when it is written over.
func eachText(t *testing.T, try func(t *testing.T, name string, with func(text string) []string)) {
	t.Helper()
	for _, of := range examples() {
		for i, l := range leaves("/data", reflect.ValueOf(example(t, of)).Elem()) {
			try(t, of.CommandType()+l.path, func(text string) []string {
				cmd := example(t, of)
				leaves("/data", reflect.ValueOf(cmd).Elem())[i].set(text)
				return faults(cmd, l.path)
			})
		}
	}
}

// TestEveryTextIsBounded: no text in any command may be of any length, or hold a character that would say something else on a screen.
func TestEveryTextIsBounded(t *testing.T) {
	bad := []rune{0, 1, 7, '\t', '\r', 0x1B, 0x7F, 0x85, 0x9B, 0x9F, 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069, 0xFDD0, 0xFEFF,
		0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF}
	fields := 0
	eachText(t, func(t *testing.T, name string, with func(string) []string) {
		fields++
		if len(with(strings.Repeat("a", 2001))) == 0 {
			t.Errorf("%s may be longer than any text", name)
		}
		for _, r := range bad {
			if len(with("a"+string(r)+"b")) == 0 {
				t.Errorf("%s may hold U+%04X", name, r)
			}
		}
		if len(with("a\xff")) == 0 {
			t.Errorf("%s may hold what is no UTF-8", name)
		}
	})
	if fields < 80 {
		t.Errorf("only %d texts were looked at", fields)
	}
}

// TestEveryListIsBounded: no list in any command may have any length.
func TestEveryListIsBounded(t *testing.T) {
	for _, of := range examples() {
		for i, l := range lists("/data", reflect.ValueOf(example(t, of)).Elem()) {
			cmd := example(t, of)
			lists("/data", reflect.ValueOf(cmd).Elem())[i].set("20001")
			check := &domain.Check{Unit: given.Unit, Election: given.Election, Now: given.Start}
			cmd.Validate(check)
			if !slices.ContainsFunc(check.Violations(), func(v domain.Violation) bool { return v.Rule == domain.RuleTooMany }) {
				t.Errorf("%s%s may have any length", of.CommandType(), l.path)
			}
		}
	}
}

const limitsHead, limitsEnd = "<!-- limits: written by go test ./domain/ledger -run TestLimits -update -->\n", "<!-- limits: end -->"

// TestLimits: docs/commands.md says of every free text how long it may be, as the commands hold it: counted in characters, and with line breaks only
// where it says so.
func TestLimits(t *testing.T) {
	fields := map[string][]string{}
	eachText(t, func(t *testing.T, name string, with func(string) []string) {
		i := slices.IndexFunc(domain.Limits(), func(l domain.Limit) bool { // a long vowel has two bytes
			return len(with(strings.Repeat("é", l.Most))) == 0 && slices.Contains(with(strings.Repeat("é", l.Most+1)), "text_too_long")
		})
		if i < 0 {
			return // it has a pattern
		}
		limit := domain.Limits()[i]
		if lines := len(with("a\nb")) == 0; lines != limit.Lines {
			t.Errorf("%s: line breaks are taken: %v", name, lines)
		}
		room, path, _ := strings.Cut(name, "/data/")
		fields[limit.Name] = append(fields[limit.Name], "`"+room+"` "+strings.ReplaceAll(path, "/0", ""))
	})
	table := "\n| kind | at most | line breaks | fields |\n|---|---|---|---|\n"
	for _, l := range domain.Limits() {
		breaks := "no"
		if l.Lines {
			breaks = "yes"
		}
		if len(fields[l.Name]) > 0 {
			table += fmt.Sprintf("| %s | %d characters | %s | %s |\n", l.Name, l.Most, breaks, strings.Join(fields[l.Name], ", "))
		}
	}
	table += "\n"
	const page = "../../docs/commands.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), limitsHead)
	old, after, whole := strings.Cut(rest, limitsEnd)
	if !found || !whole {
		t.Fatalf("%s has no place for the table of limits", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+limitsHead+table+limitsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("the table of limits in %s is stale: go test ./domain/ledger -run TestLimits -update", page)
	}
}
