// Package share keeps one person from taking what is there for all: places for what is under way at once, with a share for each holder, and
// rates of what may be done in a time. A holder is an account's id, or the address of somebody whose token is not known (yet).
package share

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limit says how much of something there may be at once.
type Limit struct {
	Name string // as the table of docs/operations.md and the label of the metrics have it
	// Each is the most that one holder has, All the most of all holders together; 0 for no bound.
	Each, All int
	// Wait is how long somebody may wait for a place; 0 for not at all.
	Wait time.Duration
}

// Waiters that one holder may have, for each place of his: more are refused at once, so that a queue is not the next thing to fill up.
const waitersEach = 4

// FullError says that there was no place.
type FullError struct {
	Limit Limit
	// Own: the holder has his share. Otherwise all places are taken, whoever has them.
	Own bool
}

func (e *FullError) Error() string {
	if e.Own {
		return fmt.Sprintf("%s: all %d of this account or address are in use", e.Limit.Name, e.Limit.Each)
	}
	return fmt.Sprintf("%s: all %d places are in use", e.Limit.Name, e.Limit.All)
}

// Places are what may be under way at once. Who finds none free waits, for as long as the limit says. A place that becomes free goes to the
// holder who has the fewest, and among those to who has waited longest: however many of one holder's wait, another waits only for his own turn.
type Places struct {
	limit Limit

	mu      sync.Mutex
	taken   int
	of      map[string]int // taken, by holder
	waiting []*waiter      // the longest first
	queued  map[string]int // waiting, by holder
	refused uint64
}

type waiter struct {
	holder string
	given  chan struct{} // closed when the place is his
}

// NewPlaces makes places, all of them free.
func NewPlaces(l Limit) *Places {
	return &Places{limit: l, of: map[string]int{}, queued: map[string]int{}}
}

// Limit is what was given to NewPlaces.
func (p *Places) Limit() Limit { return p.limit }

// Taken is how many places are in use, and Refused how often there was none.
func (p *Places) Taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Refused is how often somebody got no place.
func (p *Places) Refused() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// Take takes a place for a holder; the caller frees it, once or more often. It is a *FullError when none became free in time, and the error of
// ctx when that ended first.
func (p *Places) Take(ctx context.Context, holder string) (free func(), err error) {
	p.mu.Lock()
	if p.room(holder) {
		p.take(holder)
		p.mu.Unlock()
		return p.freer(holder), nil
	}
	if p.limit.Wait <= 0 || p.queued[holder] >= waitersEach*max(p.limit.Each, 1) {
		defer p.mu.Unlock()
		return nil, p.refuse(holder)
	}
	w := &waiter{holder: holder, given: make(chan struct{})}
	p.waiting = append(p.waiting, w)
	p.queued[holder]++
	p.mu.Unlock()
	late := time.NewTimer(p.limit.Wait)
	defer late.Stop()
	select {
	case <-w.given:
		return p.freer(holder), nil
	case <-ctx.Done():
		return p.giveUp(w, ctx.Err())
	case <-late.C:
		return p.giveUp(w, nil)
	}
}

// giveUp takes a waiter out of the queue, unless the place was given to him in this very moment. cause is nil where he has waited too long.
func (p *Places) giveUp(w *waiter, cause error) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.given:
		return p.freer(w.holder), nil
	default:
	}
	p.leave(slices.Index(p.waiting, w))
	if cause == nil {
		cause = p.refuse(w.holder)
	}
	return nil, cause
}

func (p *Places) refuse(holder string) error {
	p.refused++
	return &FullError{Limit: p.limit, Own: p.limit.Each > 0 && p.of[holder] >= p.limit.Each}
}

// room tells whether there is a place for a holder. Nobody need be asked who waits already: he waits because there is none for him.
func (p *Places) room(holder string) bool {
	return (p.limit.All <= 0 || p.taken < p.limit.All) && (p.limit.Each <= 0 || p.of[holder] < p.limit.Each)
}

func (p *Places) take(holder string) {
	p.taken++
	p.of[holder]++
}

func (p *Places) freer(holder string) func() {
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken--
		if p.of[holder]--; p.of[holder] == 0 {
			delete(p.of, holder)
		}
		p.hand()
	})
}

// hand gives what is free to who waits.
func (p *Places) hand() {
	for {
		next := -1
		for i, w := range p.waiting {
			if p.room(w.holder) && (next < 0 || p.of[w.holder] < p.of[p.waiting[next].holder]) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := p.waiting[next]
		p.leave(next)
		p.take(w.holder)
		close(w.given)
	}
}

// leave takes the i-th out of the queue.
func (p *Places) leave(i int) {
	w := p.waiting[i]
	p.waiting = slices.Delete(p.waiting, i, i+1)
	if p.queued[w.holder]--; p.queued[w.holder] == 0 {
		delete(p.queued, w.holder)
	}
}
