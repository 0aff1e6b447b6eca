package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"jejak/eventstore"
)

// testRetryAtOnce sends the same appends from many goroutines.
func testRetryAtOnce(e *env) {
	const appends, times = 50, 8
	events := newEvents(appends)
	positions := make([][times]eventstore.Position, appends)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			for v := range events {
				var err error
				for positions[v][i] == 0 {
					positions[v][i], err = e.store.Append(e.ctx, e.stream("a"), eventstore.Version(v), events[v])
					if err != nil {
						e.Errorf("Append: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	stored := e.stored()
	e.same("records", eventIDs(events...), ids(stored))
	for v, r := range stored {
		for _, p := range positions[v] {
			if p != r.Position {
				e.Fatalf("version %d is at %d, but an append was told %d", r.Version, r.Position, p)
			}
		}
	}
}

// testOneWins: of all who append after the same version, one wins; the others learn the truth.
func testOneWins(e *env) {
	const writers, versions = 8, 100
	a := e.stream("a")
	winners := make([]int, versions)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for v := range eventstore.Version(versions) {
				_, err := e.store.Append(e.ctx, a, v, newEvents(1)...)
				var conflict *eventstore.ConflictError
				switch {
				case err == nil:
					mu.Lock()
					winners[v]++
					mu.Unlock()
				case !errors.As(err, &conflict):
					e.Errorf("Append: %v", err)
					return
				case conflict.Actual <= v:
					e.Errorf("conflict with version %d, but %d was expected", conflict.Actual, v)
				}
			}
		})
	}
	all.Wait()
	e.same("winners of each version", slices.Repeat([]int{1}, versions), winners)
	e.ordered(e.stored())
}

func testCancelled(e *env) {
	e.append(e.stream("a"), 0, newEvents(3)...)
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	next := e.store.ReadAll(ctx, e.start, e.own())
	n := 0
	var err error
	for _, err = range next {
		n++
		cancel()
	}
	if n != 2 || !errors.Is(err, context.Canceled) {
		e.Errorf("cancelled reading yielded %d pairs and %v, want one record and the error", n, err)
	}
	_, err = e.store.Append(ctx, e.stream("a"), 3, newEvents(1)...)
	if !errors.Is(err, context.Canceled) || errors.Is(err, eventstore.ErrUnknownOutcome) {
		e.Errorf("Append = %v, want only context.Canceled", err)
	}
	_, errAll := drain(e.store.ReadAll(ctx, e.start, e.own()))
	_, errRead := drain(e.store.Read(ctx, e.stream("a"), 0))
	_, _, errCommand := e.store.ByCommand(ctx, newCommand())
	_, errHead := e.store.Head(ctx)
	_, _, errStream := e.store.StreamHead(ctx, e.stream("a"))
	_, errSubscribe := e.store.Subscribe(ctx, 0, eventstore.Filter{})
	for _, err := range []error{errAll, errRead, errCommand, errHead, errStream, errSubscribe} {
		if !errors.Is(err, context.Canceled) {
			e.Errorf("error %v, want context.Canceled", err)
		}
	}
	e.same("records", 3, len(e.stored()))
}

// testCancelledDuringWrites: after an unknown outcome the same append again finds it out; after any other error nothing was stored.
func testCancelledDuringWrites(e *env) {
	const writers, appends = 16, 40
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			stream := e.stream(fmt.Sprint(w))
			for v := range eventstore.Version(appends) {
				events := newEvents(2)
				ctx, cancel := context.WithCancel(e.ctx)
				go cancel()
				_, err := e.store.Append(ctx, stream, 2*v, events...)
				cancel()
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						e.Errorf("Append: %v", err)
						return
					}
					if version, _, _ := e.store.StreamHead(e.ctx, stream); version != 2*v && !errors.Is(err, eventstore.ErrUnknownOutcome) {
						e.Errorf("stream has %d events after %v", version, err)
					}
					if _, err = e.store.Append(e.ctx, stream, 2*v, events...); err != nil {
						e.Errorf("Append again: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	stored := e.stored()
	e.ordered(stored)
	e.same("records", writers*appends*2, len(stored))
}
