package history_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/cache"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/trail"
)

// commands are the records of the log, those of a command together.
func (h *house) commands(t *testing.T) (list [][]eventstore.Record) {
	t.Helper()
	for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n := len(list); n > 0 && list[n-1][0].Command == rec.Command {
			list[n-1] = append(list[n-1], rec)
		} else {
			list = append(list, []eventstore.Record{rec})
		}
	}
	return list
}

// snapshots is an empty cache that keeps states so many events apart.
func snapshots(t *testing.T, spacing uint64) *cache.Cache {
	t.Helper()
	c, err := cache.Open(filepath.Join(t.TempDir(), "ledger-cache.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.Spacing = spacing
	return c
}

// snapshot saves the ledger as a store has it by now.
func (h *house) snapshot(t *testing.T, to *cache.Cache, store eventstore.Store) {
	t.Helper()
	state, at := ledger.New(given.Election, given.Unit, small), cache.Mark{}
	for rec, err := range store.Read(t.Context(), journal.LedgerStream(given.Election, given.Unit), 0) {
		if err == nil {
			err = state.Fold(h.events[rec.Version-1])
		}
		if err != nil {
			t.Fatal(err)
		}
		at = cache.Mark{Position: rec.Position, Event: rec.ID}
	}
	if state.Version == 0 {
		return
	}
	if err := to.Save(t.Context(), journal.LedgerStream(given.Election, given.Unit), &state.Data, at); err != nil {
		t.Fatal(err)
	}
}

// TestWhateverWasAskedBefore: a moment on either clock is the fold of just its events, whatever was asked before, forwards or backwards, whatever is kept or
// saved, and while the log grows.
func TestWhateverWasAskedBefore(t *testing.T) {
	left := 0
	for seed := range uint64(stories / 2) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 11))
		store, stream := memory.New(), journal.LedgerStream(given.Election, given.Unit)
		saved, index := snapshots(t, uint64(1+rng.IntN(40))), indexed(t, store)
		hist := history.New(history.Config{
			Store: store, Catalog: small, Snapshots: []*cache.Cache{nil, saved}[rng.IntN(2)], Index: []*trail.Index{nil, index}[rng.IntN(2)], Now: func() time.Time { return h.end.AddDate(1, 0, 0) },
			Keep: []uint64{1, 200_000, 100 << 20}[rng.IntN(3)], Stride: []uint64{1, 7, 30, 2000}[rng.IntN(4)],
		})
		last := h.moment(rng)
		for _, records := range h.commands(t) {
			var events []eventstore.Event
			for _, rec := range records {
				events = append(events, rec.Event)
			}
			if _, err := store.Append(t.Context(), records[0].Stream, records[0].Version-1, events...); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(6) == 0 {
				h.snapshot(t, saved, store)
			}
			if rng.IntN(9) == 0 {
				if err := index.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for range max(0, rng.IntN(8)-5) {
				version, head, err := store.StreamHead(t.Context(), stream)
				if err != nil {
					t.Fatal(err)
				}
				cut := history.Cut{Clock: history.Occurred, At: h.moment(rng)}
				if rng.IntN(2) == 0 { // a step forwards or backwards from the one before
					cut.At = last.Add(time.Duration(rng.IntN(240)-120) * time.Minute)
				}
				last = cut.At
				switch rng.IntN(6) {
				case 0, 1, 2:
					cut.Clock = history.Recorded
				case 3:
					if _, err := hist.Believed(t.Context(), given.Election, given.Unit, cut.At, ""); err != nil {
						t.Fatal(err)
					}
				}
				want, at := ledger.New(given.Election, given.Unit, small), eventstore.Position(0)
				for i, rec := range h.events[:version] {
					if cut.Clock == history.Recorded && rec.Meta.RecordedAt.After(cut.At) {
						break
					}
					if cut.Clock == history.Occurred && (i > 0 && rec.Meta.OccurredAt.After(cut.At) || provedLater(h.events, rec, cut.At)) {
						left++
						continue
					}
					if err := want.FoldLater(rec); err != nil {
						t.Fatal(err)
					}
				}
				err = hist.State(t.Context(), given.Election, given.Unit, cut, func(s *ledger.State, position eventstore.Position) error {
					at = position
					of := models(s, at)
					for name, row := range models(want, at) {
						if want, got := text(row), text(of[name]); want != got {
							t.Errorf("seed %d, %d events, %s: %s is\n%s\nwant\n%s", seed, version, cut, name, got, want)
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if cut.Clock == history.Occurred && at != head {
					t.Errorf("%s: position %d of %d", cut, at, head)
				}
				if t.Failed() {
					return
				}
			}
		}
	}
	if left == 0 {
		t.Error("nothing was ever left out: the test says nothing")
	}
}
