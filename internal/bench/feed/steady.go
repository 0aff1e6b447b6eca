package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// act is one command and what became of it.
type act struct {
	due      time.Time // when it was to be sent
	answered time.Time // when its answer was read
	event    string    // id of its event
}

// hands is how many requests may be under way: more than a server that keeps up ever has.
const hands = 256

// steady sends at a steady rate, however long the answers take: do sends the k-th command and returns the id of its event. Who is late is not waited
// for, and what it delays counts from when it was due (open loop; otherwise a pause of the server would hide all but one of the commands that it hit).
func steady(ctx context.Context, perSecond int, d time.Duration, do func(k int) (event string, err error)) ([]act, error) {
	acts := make([]act, int(float64(perSecond)*d.Seconds()))
	began := time.Now().Add(10 * time.Millisecond)
	var next atomic.Int64
	errs := make([]error, hands)
	var all sync.WaitGroup
	for h := range hands {
		all.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(acts) {
					return
				}
				a := &acts[k]
				a.due = began.Add(time.Duration(k) * time.Second / time.Duration(perSecond))
				time.Sleep(time.Until(a.due))
				event, err := do(k)
				if err != nil {
					errs[h] = err
					return
				}
				a.answered, a.event = time.Now(), event
			}
		})
	}
	all.Wait()
	return acts, errors.Join(append(errs, ctx.Err())...)
}

// quantile of durations, which need not be sorted, in milliseconds.
func quantile(times []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	at := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[at].Microseconds()) / 1000
}
