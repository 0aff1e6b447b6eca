package history_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/history"
)

// TestManyAskAtOnce: who asks beside others, some of whom go away, gets what he would get alone.
func TestManyAskAtOnce(t *testing.T) {
	h := tell(t, 4)
	alone, crowded := h.history(nil), h.history(indexed(t, h.store))
	rng := rand.New(rand.NewPCG(4, 8))
	var cuts []history.Cut
	var want []string
	for i := range 12 {
		cut := history.Cut{Clock: []history.Clock{history.Recorded, history.Occurred}[i%2], At: h.moment(rng)}
		cuts, want = append(cuts, cut), append(want, at(t, alone, cut)["regency"])
	}
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(who), 9))
			for range 20 {
				i := rng.IntN(len(cuts))
				ctx, cancel := context.WithCancel(t.Context())
				if rng.IntN(4) == 0 {
					cancel()
				}
				got := ""
				err := crowded.State(ctx, given.Election, given.Unit, cuts[i], func(s *ledger.State, at eventstore.Position) error {
					got = text(models(s, at)["regency"])
					return nil
				})
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if err == nil && got != want[i] {
					t.Errorf("%s: %s", cuts[i], cmp.Diff(want[i], got))
				}
				cancel()
			}
		})
	}
	all.Wait()
}
