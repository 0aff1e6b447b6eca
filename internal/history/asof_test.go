package history_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/trail"
)

const stories, moments = 50, 20

// moment draws a moment of a story: between two events, or exactly at one.
func (h *house) moment(rng *rand.Rand) time.Time {
	e := h.events[rng.IntN(len(h.events))].Meta
	switch rng.IntN(4) {
	case 0:
		return e.RecordedAt
	case 1:
		return e.OccurredAt
	case 2:
		return e.RecordedAt.Add(-time.Microsecond)
	}
	return h.events[0].Meta.RecordedAt.Add(time.Duration(rng.Int64N(int64(h.end.Sub(h.events[0].Meta.RecordedAt)))))
}

// cutOff is a store that ends where keep says no for the first time.
func (h *house) cutOff(t *testing.T, keep func(*eventstore.Record) bool) *memory.Store {
	t.Helper()
	store := memory.New()
	var batch []eventstore.Record // of one command
	flush := func() {
		var events []eventstore.Event
		for _, rec := range batch {
			events = append(events, rec.Event)
		}
		if len(batch) == 0 {
			return
		}
		if _, err := store.Append(t.Context(), batch[0].Stream, batch[0].Version-1, events...); err != nil {
			t.Fatal(err)
		}
		batch = nil
	}
	for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !keep(&rec) {
			break
		}
		if len(batch) > 0 && batch[0].Command != rec.Command {
			flush()
		}
		batch = append(batch, rec)
	}
	flush()
	return store
}

// at is everything that a history says at a cut.
func at(t *testing.T, h *history.History, cut history.Cut) map[string]string {
	t.Helper()
	var all map[string]string
	err := h.State(t.Context(), given.Election, given.Unit, cut, func(s *ledger.State, at eventstore.Position) error {
		all = everything(s, at)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", cut, err)
	}
	return all
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// TestRecordedIsAStoreCutOff: at a moment on the recorded clock, and at a position, every read model says what it says on a log that ends there: 1,000
// moments, in any order, so that states that are kept are gone on from and left.
func TestRecordedIsAStoreCutOff(t *testing.T) {
	for seed := range uint64(stories) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 1))
		hist := h.history(nil)
		prefixes := h.prefixes(t)
		for n := range moments {
			cut := history.Cut{Clock: history.Recorded, At: h.moment(rng)}
			keep := func(rec *eventstore.Record) bool { return !rec.RecordedAt.After(cut.At) }
			if rng.IntN(3) == 0 {
				head, _ := h.store.Head(t.Context())
				cut = history.Cut{Position: 1 + eventstore.Position(rng.Int64N(int64(head)))}
				keep = func(rec *eventstore.Record) bool { return rec.Position <= cut.Position }
			}
			got := at(t, hist, cut)
			same(t, cut.String(), prefixes(keep), got)
			if n == 0 {
				short := *h
				short.store = h.cutOff(t, keep)
				same(t, "a store cut off at "+cut.String(), at(t, short.history(nil), history.Cut{}), got)
			}
		}
	}
}

// prefixes folds the ledger once for each cut that is asked for and says everything of it, without any of the code of histories.
func (h *house) prefixes(t *testing.T) func(keep func(*eventstore.Record) bool) map[string]string {
	t.Helper()
	var records []eventstore.Record
	for rec, err := range h.store.Read(t.Context(), journal.LedgerStream(given.Election, given.Unit), 0) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec)
	}
	return func(keep func(*eventstore.Record) bool) map[string]string {
		s, position := ledger.New(given.Election, given.Unit, small), eventstore.Position(0)
		for i, rec := range records {
			if !keep(&rec) {
				break
			}
			if err := s.Fold(h.events[i]); err != nil {
				t.Fatal(err)
			}
			position = rec.Position
		}
		return everything(s, position)
	}
}

// TestOccurredLeavesOut: on the occurred clock every read model says what it says of exactly the events that had occurred, however late they were told.
func TestOccurredLeavesOut(t *testing.T) {
	later := 0
	for seed := range uint64(stories / 2) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 2))
		hist := h.history(nil)
		for range moments / 2 {
			cut := history.Cut{Clock: history.Occurred, At: h.moment(rng)}
			want := ledger.New(given.Election, given.Unit, small)
			for i, rec := range h.events {
				if i > 0 && rec.Meta.OccurredAt.After(cut.At) || provedLater(h.events, rec, cut.At) {
					continue
				}
				if rec.Meta.RecordedAt.After(cut.At) {
					later++
				}
				if err := want.FoldLater(rec); err != nil {
					t.Fatal(err)
				}
			}
			_, head, _ := h.store.StreamHead(t.Context(), journal.LedgerStream(given.Election, given.Unit))
			same(t, cut.String(), everything(want, head), at(t, hist, cut))
		}
	}
	if later == 0 {
		t.Error("nothing was told late: the test says nothing")
	}
}

// TestPartsAreTheWhole: what is made of the events that concern one thing alone is what the whole ledger says of it, at any moment, on both clocks.
func TestPartsAreTheWhole(t *testing.T) {
	for seed := range uint64(stories / 4) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 3))
		parts, whole := h.history(indexed(t, h.store)), h.history(nil)
		for range moments / 5 {
			cut := history.Cut{Clock: history.Recorded, At: h.moment(rng)}
			if rng.IntN(2) == 0 {
				cut.Clock = history.Occurred
			}
			want := at(t, whole, cut)
			for _, name := range slices.Sorted(maps.Keys(want)) {
				kind, id, ok := strings.Cut(name, " ")
				if !ok {
					continue
				}
				things := []trail.Thing{{ID: id}}
				if kind == "station" {
					things = append(things, trail.Thing{ID: id + "-", Within: true})
				}
				err := parts.Part(t.Context(), given.Election, given.Unit, cut, things, func(s *ledger.State, at eventstore.Position) error {
					got := text(models(s, at)[name])
					if diff := cmp.Diff(want[name], got); diff != "" {
						t.Fatalf("seed %d, %s at %s (-whole +part):\n%s", seed, name, cut, diff)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestWhatIsNotYet: what the log has not reached is said, with its end.
func TestWhatIsNotYet(t *testing.T) {
	h := tell(t, 1)
	hist := h.history(nil)
	head, _ := h.store.Head(t.Context())
	for _, cut := range []history.Cut{
		{Clock: history.Recorded, At: h.end.Add(2 * time.Hour)}, {Clock: history.Occurred, At: h.end.Add(2 * time.Hour)}, {Position: head + 1},
	} {
		_, err := hist.Locate(t.Context(), given.Election, given.Unit, cut)
		var fault *history.Fault
		if !errors.As(err, &fault) || fault.EN == "" || fault.ID == "" {
			t.Errorf("%s: %v", cut, err)
		}
	}
	before := at(t, hist, history.Cut{Clock: history.Recorded, At: given.Start.AddDate(-1, 0, 0)})
	if !strings.Contains(before["regency"], `"position":0`) {
		t.Errorf("before the first event: %s", before["regency"])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := hist.State(ctx, given.Election, given.Unit, history.Cut{Position: head}, func(*ledger.State, eventstore.Position) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the asker has gone: %v", err)
	}
}

// provedLater tells whether an event raises a discrepancy that something proves which had not occurred.
func provedLater(events []domain.Recorded, rec domain.Recorded, at time.Time) bool {
	for _, version := range proofOf(rec.Event) {
		if events[version-1].Meta.OccurredAt.After(at) {
			return true
		}
	}
	return false
}
