package web

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"
)

// doer does one request after the other: what a round counts.
type doer func() error

// load is what one round of one contender showed.
type load struct {
	perSecond float64
	p50, p99  time.Duration
	client    float64 // processors that the clients took: CPU seconds of this process per second
}

// drive lets every client work for a time, but at least once, and measures until the last is answered. The first error ends it.
func drive(ctx context.Context, clients []doer, d time.Duration) (load, error) {
	type lane struct {
		took []time.Duration
		err  error
	}
	lanes := make([]lane, len(clients))
	start := time.Now()
	cpu := processor()
	end := start.Add(d)
	var all sync.WaitGroup
	for i, do := range clients {
		all.Go(func() {
			l := &lanes[i]
			for before := time.Now(); ctx.Err() == nil; {
				if l.err = do(); l.err != nil {
					return
				}
				now := time.Now()
				l.took = append(l.took, now.Sub(before))
				if before = now; !now.Before(end) {
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	out := load{client: (processor() - cpu).Seconds() / took.Seconds()}
	var times []time.Duration
	errs := []error{ctx.Err()}
	for _, l := range lanes {
		times = append(times, l.took...)
		errs = append(errs, l.err)
	}
	if err := errors.Join(errs...); err != nil {
		return load{}, err
	}
	if len(times) == 0 {
		return load{}, errors.New("not one request was answered")
	}
	slices.Sort(times)
	out.perSecond = float64(len(times)) / took.Seconds()
	out.p50, out.p99 = times[len(times)/2], times[len(times)*99/100]
	return out, nil
}

// processor is the time that all threads of this process have computed for, 0 where the system does not tell.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
