package history

import (
	"context"
	"slices"
	"sync"

	"jejak/domain/ledger"
)

// kept is a state to go on from. Who takes one owns it until it is kept again.
type kept struct {
	turn
	cut   Cut    // of the occurred clock, else zero
	upTo  uint64 // of a state on the occurred clock: the end of the ledger that it was made of
	state *ledger.State
	bytes uint64 // about what it takes in memory if it shares nothing with others; set when it is kept
}

// same tells whether both are of the same events.
func (k *kept) same(other *kept) bool {
	if k.turn != other.turn || k.cut.End() != other.cut.End() {
		return false
	}
	if k.cut.End() {
		return k.state.Version == other.state.Version
	}
	return k.cut.At.Equal(other.cut.At) && k.upTo == other.upTo
}

// before gives the version of the kept state of a ledger on the recorded clock that is nearest before or at one, 0 for none.
func (h *History) before(of turn, version uint64) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.find(of, version); i >= 0 {
		return h.kept[i].state.Version
	}
	return 0
}

// borrow gives the state that before has found, to be owned by the caller: the kept one itself where it is at the version or another one is not far
// before it, else a clone. It is nil when it has been let go of meanwhile. The caller has the ledger's turn.
func (h *History) borrow(of turn, version uint64) *ledger.State {
	h.mu.Lock()
	i := h.find(of, version)
	if i < 0 {
		h.mu.Unlock()
		return nil
	}
	k := h.kept[i]
	h.kept = slices.Delete(h.kept, i, i+1)
	near := h.find(of, k.state.Version)
	if k.state.Version == version || near >= 0 && h.kept[near].state.Version+h.cfg.Stride >= k.state.Version {
		h.mu.Unlock()
		return k.state
	}
	h.kept = append(h.kept, k) // the one used last
	h.mu.Unlock()
	return k.state.Clone()
}

// find is the place of the kept state that is nearest before or at a version on the recorded clock, -1 for none. The lock is held.
func (h *History) find(of turn, version uint64) int {
	best := -1
	for i, k := range h.kept {
		if k.turn == of && k.cut.End() && k.state.Version <= version && (best < 0 || k.state.Version > h.kept[best].state.Version) {
			best = i
		}
	}
	return best
}

// takeOccurred gives the state that was made for exactly this.
func (h *History) takeOccurred(of turn, cut Cut, upTo uint64) *kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.kept, func(k *kept) bool { return k.turn == of && !k.cut.End() && k.cut.At.Equal(cut.At) && k.upTo == upTo })
	if i < 0 {
		return nil
	}
	k := h.kept[i]
	h.kept = slices.Delete(h.kept, i, i+1)
	return k
}

// roomy tells whether less than half of the memory for states is taken.
func (h *History) roomy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	bytes := uint64(0)
	for _, k := range h.kept {
		bytes += k.bytes
	}
	return bytes < h.cfg.Keep/2
}

// keep keeps a state, and lets go of those not used for longest that there is no room for.
func (h *History) keep(k *kept) { h.add(k, false) }

// add is keep; a spare one is kept only if there is room for it beside the others, which were asked for by name.
func (h *History) add(k *kept, spare bool) {
	if k.state.Version == 0 {
		return // the empty ledger is made at once
	}
	k.bytes = weigh(k.state)
	h.mu.Lock()
	defer h.mu.Unlock()
	// What lies shortly after this one is reached from it as soon.
	h.kept = slices.DeleteFunc(h.kept, func(old *kept) bool {
		return old.same(k) || old.turn == k.turn && old.cut.End() && k.cut.End() && old.state.Version > k.state.Version && old.state.Version-k.state.Version <= h.cfg.Stride/2
	})
	at := len(h.kept)
	if spare {
		at = 0
	}
	h.kept = slices.Insert(h.kept, at, k)
	bytes := uint64(0)
	for i := len(h.kept) - 1; i >= 0; i-- {
		if bytes += h.kept[i].bytes; bytes > h.cfg.Keep {
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
