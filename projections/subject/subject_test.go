package subject_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/projections/subject"
)

// ids are forms that nothing but an id of a thing has.
var ids = regexp.MustCompile(`^([0-9]{13}|[0-9]{6})-[A-Z]{1,8}[12]?(\.[0-9]+)?$|^[A-Z]{2,5}-[0-9]{2,4}-[A-Z0-9-]{1,20}$|^usr-[a-z0-9-]+$`)

// named are the ids in a JSON document, wherever they stand.
func named(t *testing.T, raw []byte) (list []string) {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				if name != "document" { // of an office, outside the ledger
					walk(inner)
				}
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case string:
			if ids.MatchString(v) {
				list = append(list, v)
			}
		}
	}
	walk(v)
	return list
}

// TestEveryIDIsFound: the golden files have every event with every field filled in; whatever looks like an id in one is a subject of it.
func TestEveryIDIsFound(t *testing.T) {
	files, err := filepath.Glob("../../domain/*/testdata/events/*")
	if err != nil {
		t.Fatal(err)
	}
	types, found := map[string]bool{}, 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eventType := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		if version := strings.LastIndex(eventType, ".v"); version > 0 {
			eventType = eventType[:version]
		}
		event := ledger.NewEventOf(eventType, 0)
		if event == nil {
			continue
		}
		types[eventType] = true
		if err := json.Unmarshal(raw, event); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		subjects := subject.Of(domain.Recorded{Event: event, Meta: domain.Meta{Actor: domain.Actor{ID: "usr-1"}, Device: domain.Device{ID: "hp-1"}}})
		for _, id := range named(t, raw) {
			if found++; !slices.Contains(subjects, id) {
				t.Errorf("%s: %s is not among %v", eventType, id, subjects)
			}
		}
		if !slices.Contains(subjects, "usr-1") || !slices.Contains(subjects, "hp-1") || !slices.IsSorted(subjects) {
			t.Errorf("%s: %v", eventType, subjects)
		}
	}
	for _, eventType := range ledger.EventTypes() {
		if !types[eventType] {
			t.Errorf("%s has no golden file: the test says nothing of it", eventType)
		}
	}
	t.Logf("%d ids in %d types", found, len(types))
}
