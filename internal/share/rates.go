package share

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate says how much may be done in a time.
type Rate struct {
	// PerSecond is how fast a holder gets more, Burst how much he may do at once after a time of rest.
	PerSecond float64
	Burst     int
}

// mostHolders is of how many holders it is remembered what they did. Memory has an end: beyond it those are forgotten who may do all again, and
// if there are none of these, all.
const mostHolders = 100_000

// Rates count what holders do. They are safe for concurrent use.
type Rates struct {
	mu      sync.Mutex
	most    int
	of      map[string]*rate.Limiter
	refused uint64
}

// NewRates makes counts in which nobody has done anything.
func NewRates() *Rates { return &Rates{most: mostHolders, of: map[string]*rate.Limiter{}} }

// Refused is how often somebody had done too much.
func (r *Rates) Refused() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// Holders is of how many it is remembered what they did.
func (r *Rates) Holders() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.of)
}

// Left tells whether a holder may do so much now, and else how long it takes until he may. It counts nothing but that it was refused.
func (r *Rates) Left(holder string, of Rate, n int, now time.Time) (wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	missing := float64(min(n, of.Burst)) - r.limiter(holder, of, now).TokensAt(now)
	if missing <= 0 {
		return 0, true
	}
	r.refused++
	return time.Duration(math.Ceil(missing/of.PerSecond)) * time.Second, false
}

// Count counts what a holder has done. What is more than he may do leaves him nothing.
func (r *Rates) Count(holder string, of Rate, n int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.limiter(holder, of, now)
	if n = min(n, int(l.TokensAt(now))); n > 0 {
		l.AllowN(now, n)
	}
}

// Do counts so much where it is allowed: Left and Count in one step.
func (r *Rates) Do(holder string, of Rate, n int, now time.Time) (wait time.Duration, ok bool) {
	if wait, ok = r.Left(holder, of, n, now); ok {
		r.Count(holder, of, n, now)
	}
	return wait, ok
}

// limiter is that of a holder, who begins with all that he may do at once.
func (r *Rates) limiter(holder string, of Rate, now time.Time) *rate.Limiter {
	if l := r.of[holder]; l != nil {
		return l
	}
	if len(r.of) >= r.most {
		for h, l := range r.of {
			if l.TokensAt(now) >= float64(l.Burst()) {
				delete(r.of, h)
			}
		}
		if len(r.of) >= r.most {
			clear(r.of)
		}
	}
	l := rate.NewLimiter(rate.Limit(of.PerSecond), of.Burst)
	r.of[holder] = l
	return l
}
