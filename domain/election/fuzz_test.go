package election_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain/election"
	"jejak/domain/election/electiontest"
)

// FuzzBook: an event of reference data of any form is an error that names its type, or is folded; what came before it stays as it was, and the
// small election that follows is published all the same.
func FuzzBook(f *testing.F) {
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("golden events: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".v1")
		f.Add(name, 1, data)
		f.Add(name, 2, data[:len(data)/2])
	}
	f.Add("account.added", 1, []byte(`x`))
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, eventType string, schema int, data []byte) {
		for at := range len(events) + 1 {
			book := election.NewCatalog()
			for i, e := range events[:at] {
				if err := book.Apply(e.EventType(), e.Schema(), election.Encode(e)); err != nil {
					t.Fatal(i, err)
				}
			}
			if err := book.Apply(eventType, schema, data); err != nil && !strings.Contains(err.Error(), "reference data") {
				t.Fatalf("error %v does not say what was read", err)
			}
			for i, e := range events {
				if err := book.Apply(e.EventType(), e.Schema(), election.Encode(e)); err != nil {
					t.Fatal(i, err)
				}
			}
			latest, ok := book.Latest(ref.Election)
			if !ok || !cmp.Equal(latest.Version, ref.Version) {
				t.Fatalf("published %t %v", ok, latest)
			}
		}
	})
}
