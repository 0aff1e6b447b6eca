package history_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/projections"
)

// counted is a log that counts the events that are read of its ledgers.
type counted struct {
	eventstore.Store
	events atomic.Int64
}

func (c *counted) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range c.Store.Read(ctx, stream, after) {
			c.events.Add(1)
			if !yield(rec, err) {
				return
			}
		}
	}
}

// TestBoards: a board has the rows of its ledger at the cut; asked for at a moment before which nothing else was recorded, or had occurred, it is there
// without the log being folded.
func TestBoards(t *testing.T) {
	again := 0
	for seed := range uint64(stories / 4) {
		h := tell(t, seed)
		store := &counted{Store: h.store}
		rng := rand.New(rand.NewPCG(seed, 12))
		hist := history.New(history.Config{Store: store, Catalog: small, Now: func() time.Time { return h.end.Add(time.Hour) }})
		plain := h.history(nil)
		version, _, err := h.store.StreamHead(t.Context(), journal.LedgerStream(given.Election, given.Unit))
		if err != nil {
			t.Fatal(err)
		}
		for range moments / 2 {
			cut := history.Cut{Clock: []history.Clock{history.Recorded, history.Occurred}[rng.IntN(2)], At: h.moment(rng)}
			check := func(cut history.Cut) {
				boards, _, err := hist.Boards(t.Context(), given.Election, []domain.Code{given.Province, given.Unit}, cut, nil)
				if err != nil {
					t.Fatal(err)
				}
				b, err := hist.Board(t.Context(), given.Election, given.Unit, cut)
				if err != nil || b != boards[1] {
					t.Fatalf("board %p is another than %p: %v", b, boards[1], err)
				}
				err = plain.State(t.Context(), given.Election, given.Unit, cut, func(s *ledger.State, at eventstore.Position) error {
					for name, pair := range map[string][2]any{
						"regency": {projections.Regency(s, at), b.Regency}, "custody": {projections.Custody(s, at), b.Custody}, "claims": {projections.Claims(s, at), b.Claims},
						"deadlines": {projections.Deadlines(s, at), b.Deadlines}, "supporting": {projections.Supporting(s, at), b.Supporting}, "position": {at, b.Position},
					} {
						if want, got := string(rowOf(t, pair[0])), string(rowOf(t, pair[1])); want != got {
							t.Errorf("seed %d, %s: %s is\n%s\nwant\n%s", seed, cut, name, got, want)
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			check(cut)
			// The moment just before the next thing.
			next := h.end.Add(time.Minute)
			for i, rec := range h.events {
				when := rec.Meta.RecordedAt
				if cut.Clock == history.Occurred {
					if when = rec.Meta.OccurredAt; i == 0 {
						continue
					}
				}
				if when.After(cut.At) && when.Before(next) {
					next = when
				}
			}
			cut.At = next.Add(-time.Nanosecond)
			before := store.events.Load()
			check(cut)
			if read := store.events.Load() - before; read > 100 { // to find the place takes a few
				t.Errorf("seed %d, %s: %d of %d events were read again", seed, cut, read, version)
			}
			again++
		}
	}
	if again == 0 {
		t.Error("the test says nothing")
	}
}

// TestBoardsOfWhatCannotBe: what is wrong with one ledger is told, whatever became of the others meanwhile.
func TestBoardsOfWhatCannotBe(t *testing.T) {
	h := tell(t, 1)
	units := []domain.Code{given.Unit, given.Province}
	_, _, err := h.history(nil).Boards(t.Context(), given.Election, units, history.Cut{Clock: history.Recorded, At: h.end.Add(48 * time.Hour)}, nil)
	if _, asks := history.Asks(err); !asks {
		t.Errorf("a moment that has not come: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	_, _, err = h.history(nil).Boards(ctx, given.Election, units, history.Cut{Clock: history.Recorded, At: h.end}, func() {
		done++
		cancel()
	})
	if !errors.Is(err, context.Canceled) && done < len(units) {
		t.Errorf("after %d ledgers nobody wanted more: %v", done, err)
	}
}
