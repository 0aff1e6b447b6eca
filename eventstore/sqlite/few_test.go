package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jejak/eventstore"
)

// TestFewOfMany: the few events of a prefix, which are looked up page by page, are those that reading everything finds.
func TestFewOfMany(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "events.db"), Options{})
	const rounds, others = 40, 200
	versions := map[string]eventstore.Version{}
	add := func(stream string, events ...eventstore.Event) {
		if _, err := s.Append(t.Context(), stream, versions[stream], events...); err != nil {
			t.Fatal(err)
		}
		versions[stream] += eventstore.Version(len(events))
	}
	for round := range rounds {
		large := newEvent(0)
		large.Data = []byte(`"` + strings.Repeat("x", 100<<10) + `"`) // together they are some pages
		add([]string{"election-a", "election-b"}[round%2], large, newEvent(0), newEvent(0))
		many := make([]eventstore.Event, others)
		for i := range many {
			many[i] = newEvent(0)
		}
		add("ledger", many...)
	}
	if n, all := s.heads.events("election-"), s.tail.head.Load(); n != 3*rounds || n*fewOf >= all || n < firstPageRows {
		t.Fatalf("%d of %d events are not few: the test says nothing", n, all)
	}
	for _, after := range []eventstore.Position{0, 1, 203, 4000} {
		for _, types := range [][]string{nil, {newEvent(0).Type}, {"other"}} {
			var want []eventstore.Position
			for rec, err := range s.ReadAll(t.Context(), after, eventstore.Filter{Types: types}) {
				if err != nil {
					t.Fatal(err)
				}
				if rec.Stream != "ledger" {
					want = append(want, rec.Position)
				}
			}
			var got []eventstore.Position
			for rec, err := range s.ReadAll(t.Context(), after, eventstore.Filter{StreamPrefix: "election-", Types: types}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, rec.Position)
			}
			if !slices.Equal(got, want) {
				t.Errorf("after %d, types %v: positions %v, want %v", after, types, got, want)
			}
		}
	}
}
