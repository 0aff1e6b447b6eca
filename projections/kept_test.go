package projections_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/projections"
)

// rows are those that are made again and again, as JSON.
func rows(t *rapid.T, s *ledger.State) []byte {
	text, err := json.MarshalIndent([]any{projections.Regency(s, 1), projections.Custody(s, 1), projections.Deadlines(s, 1), projections.Claims(s, 1)}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// anew is a ledger with the same data that has never made a row, and so must look at everything.
func anew(t *rapid.T, s *ledger.State) *ledger.State {
	var buf bytes.Buffer
	var data ledger.Data
	if err := gob.NewEncoder(&buf).Encode(s.Data); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&buf).Decode(&data); err != nil {
		t.Fatal(err)
	}
	state, err := ledger.Restore(given.Election, given.Unit, only{reference}, data)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestRowsFollowTheEvents: a row that is made after each event, of figures that follow what has changed, has the bytes of a row for which everything
// is looked at. So it has after acts that were refused and taken back.
func TestRowsFollowTheEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		check := func(s *ledger.State, how string) {
			kept := rows(t, s)
			if rapid.IntRange(0, 3).Draw(t, "compare") > 0 {
				return
			}
			if want := rows(t, anew(t, s)); !bytes.Equal(want, kept) {
				t.Fatalf("%s, version %d (-anew +kept):\n%s", how, s.Version, cmp.Diff(string(want), string(kept)))
			}
		}
		deciding := tellWith(t, func(s *teller) { check(s.state, "decided") })
		folding := ledger.New(given.Election, given.Unit, only{reference})
		for _, rec := range deciding.history {
			if err := folding.Fold(rec); err != nil {
				t.Fatal(err)
			}
			check(folding, "folded")
		}
	})
}
