package history

import (
	"context"
	"slices"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
)

// kept is a state to go on from. Who takes one owns it until it is kept again.
type kept struct {
	turn
	cut   Cut    // of the occurred clock, else zero
	upTo  uint64 // of a state on the occurred clock: the end of the ledger that it was made of
	state *ledger.State
	// events is how many are in it.
	events uint64
	// prefix is, of a state on the occurred clock, the one on the recorded clock that it goes on from; nil when it is kept already.
	prefix *kept
}

// take gives the kept state of a ledger that is nearest before a version, nil for none.
func (h *History) take(election string, unit domain.Code, version uint64) *kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	best := -1
	for i, k := range h.kept {
		if k.turn == (turn{election, unit}) && k.cut.End() && k.state.Version <= version && (best < 0 || k.state.Version > h.kept[best].state.Version) {
			best = i
		}
	}
	return h.remove(best)
}

// takeOccurred gives the state that was made for exactly this.
func (h *History) takeOccurred(election string, unit domain.Code, cut Cut, upTo uint64) *kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.remove(slices.IndexFunc(h.kept, func(k *kept) bool {
		return k.turn == (turn{election, unit}) && !k.cut.End() && k.cut.At.Equal(cut.At) && k.upTo == upTo
	}))
}

func (h *History) remove(i int) *kept {
	if i < 0 {
		return nil
	}
	k := h.kept[i]
	h.kept = slices.Delete(h.kept, i, i+1)
	return k
}

// keep keeps a state, and lets go of those not used for longest that there is no room for.
func (h *History) keep(k *kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, k)
	if k.prefix != nil { // which is of more use than the state itself
		h.kept = append(h.kept, k.prefix)
		k.prefix = nil
	}
	h.trim()
}

// keepSpare keeps a state if there is room for it beside the others, which were asked for by name.
func (h *History) keepSpare(k *kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = slices.Insert(h.kept, 0, k)
	k.prefix = nil
	h.trim()
}

// trim lets go of what there is no room for. The lock is held.
func (h *History) trim() {
	events := uint64(0)
	for i := len(h.kept) - 1; i >= 0; i-- {
		events += max(h.kept[i].events, 1)
		if events > h.cfg.Keep || len(h.kept)-i > keepStates {
			h.kept = slices.Delete(h.kept, 0, i+1)
			return
		}
	}
}

// lock waits for a ledger's turn.
func (h *History) lock(ctx context.Context, t turn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.turns == nil {
		h.turns, h.busy = map[turn]*sync.Cond{}, map[turn]bool{}
	}
	if h.turns[t] == nil {
		h.turns[t] = sync.NewCond(&h.mu)
	}
	stop := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.turns[t].Broadcast()
	})
	defer stop()
	for h.busy[t] {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.turns[t].Wait()
	}
	h.busy[t] = true
	return nil
}

func (h *History) unlock(t turn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy[t] = false
	h.turns[t].Signal()
}
