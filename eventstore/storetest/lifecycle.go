package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"jejak/eventstore"
)

func testClose(e *env) {
	events := newEvents(2)
	e.append(e.stream("a"), 0, events...)
	var broken error
	for range e.store.ReadAll(e.ctx, e.start, e.own()) { // closing in the middle of a reading
		if err := e.store.Close(); err != nil {
			e.Fatalf("Close: %v", err)
		}
		break
	}
	if err := e.store.Close(); err != nil {
		e.Errorf("Close again: %v", err)
	}
	_, errAppend := e.store.Append(e.ctx, e.stream("a"), 0, events...)
	_, errAll := drain(e.store.ReadAll(e.ctx, e.start, e.own()))
	_, errRead := drain(e.store.Read(e.ctx, e.stream("a"), 0))
	_, _, errCommand := e.store.ByCommand(e.ctx, events[0].Command)
	_, errHead := e.store.Head(e.ctx)
	_, _, errStream := e.store.StreamHead(e.ctx, e.stream("a"))
	_, errSubscribe := e.store.Subscribe(e.ctx, 0, eventstore.Filter{})
	for i, err := range []error{errAppend, errAll, errRead, errCommand, errHead, errStream, errSubscribe} {
		if !errors.Is(err, eventstore.ErrClosed) {
			e.Errorf("call %d: error %v, want ErrClosed", i, errors.Join(broken, err))
		}
	}
}

// testCloseDuringWrites: every append gets an answer that is true.
func testCloseDuringWrites(e *env) {
	const writers = 32
	acknowledged := make([]eventstore.Version, writers)
	var all sync.WaitGroup
	started := make(chan struct{}, writers)
	for w := range writers {
		all.Go(func() {
			for v := eventstore.Version(0); ; v++ {
				_, err := e.store.Append(e.ctx, e.stream(fmt.Sprint(w)), v, newEvents(1)...)
				if err != nil {
					if !errors.Is(err, eventstore.ErrClosed) {
						e.Errorf("Append: %v", err)
					}
					acknowledged[w] = v
					return
				}
				if v == 2 {
					started <- struct{}{}
				}
			}
		})
	}
	for range writers {
		<-started
	}
	if err := e.store.Close(); err != nil {
		e.Errorf("Close: %v", err)
	}
	all.Wait()
	if !e.features.Durable {
		return
	}
	e.store = e.open()
	e.ordered(e.stored())
	for w, want := range acknowledged {
		version, _, err := e.store.StreamHead(e.ctx, e.stream(fmt.Sprint(w)))
		if version != want || err != nil {
			e.Errorf("stream %d has version %d, %v, want %d", w, version, err, want)
		}
	}
}

func testReopen(e *env) {
	a, b := e.stream("a"), e.stream("b")
	first, second := newEvents(3), withoutCommand(newEvents(2))
	p1 := e.append(a, 0, first...)
	p2 := e.append(b, 0, second...)
	before := e.stored()
	for range 2 {
		e.reopen()
		e.same("records", before, e.stored())
		e.same("stream", before[3:], e.collect(e.store.Read(e.ctx, b, 0)))
		if !e.features.Shared {
			e.same("head", p2, e.head())
		}
		e.same("retry", p1, e.append(a, 0, first...))
		e.same("retry", p2, e.append(b, 0, second...))
		_, err := e.store.Append(e.ctx, b, 2, first[1])
		e.isExists(err, b, first[1])
		_, err = e.store.Append(e.ctx, a, 3, second[1])
		e.isExists(err, a, second[1])
		_, err = e.store.Append(e.ctx, a, 1, newEvents(1)...)
		e.isConflict(err, a, 1, 3)
		r, ok, err := e.store.ByCommand(e.ctx, first[2].Command)
		if !ok || err != nil {
			e.Fatalf("ByCommand = %t, %v", ok, err)
		}
		e.same("ByCommand", before[2], r)
	}
	sub := e.subscribe(before[1].Position, e.own())
	defer sub.Close()
	e.same("subscription", before[2:], e.take(sub, 3))
	e.append(a, 3, newEvents(2)...)
	after := e.stored()
	e.ordered(after)
	e.same("live", after[5:], e.take(sub, 2))
	if !slices.IsSortedFunc(after, func(x, y eventstore.Record) int { return int(x.Position) - int(y.Position) }) {
		e.Error("positions after reopening do not go on where they were")
	}
}
