package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"jejak/eventstore"
)

func (e *env) subscribe(after eventstore.Position, filter eventstore.Filter) eventstore.Subscription {
	e.Helper()
	sub, err := e.store.Subscribe(e.ctx, after, filter)
	if err != nil {
		e.Fatalf("Subscribe after %d: %v", after, err)
	}
	return sub
}

// take reads n records from a subscription.
func (e *env) take(sub eventstore.Subscription, n int) []eventstore.Record {
	e.Helper()
	records := make([]eventstore.Record, 0, n)
	for range n {
		r, err := sub.Next(e.ctx)
		if err != nil {
			e.Errorf("Next, after %d records: %v", len(records), err)
			break
		}
		records = append(records, r)
	}
	return records
}

// silent checks that the subscription has nothing to say, and that having waited in vain does not harm it.
func (e *env) silent(sub eventstore.Subscription) {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.ctx, 20*time.Millisecond)
	defer cancel()
	if r, err := sub.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		e.Errorf("Next = %v, %v, want nothing", r, err)
	}
	if !sub.Live() {
		e.Error("a subscription that waits is not live")
	}
}

func testSubscribeFromAnywhere(e *env) {
	a := e.stream("a")
	const history, live = 10, 5
	e.append(a, 0, newEvents(history)...)
	stored := e.stored()
	from := []eventstore.Position{e.start, stored[4].Position, stored[history-1].Position, stored[history-1].Position + 2}
	if !e.features.Shared {
		from = append(from, 0)
	}
	subs := make([]eventstore.Subscription, len(from))
	for i, after := range from {
		subs[i] = e.subscribe(after, e.own())
		defer subs[i].Close()
	}
	behind := func(all []eventstore.Record, after eventstore.Position) []eventstore.Record {
		i := slices.IndexFunc(all, func(r eventstore.Record) bool { return r.Position > after })
		if i < 0 {
			return nil
		}
		return all[i:]
	}
	for i, sub := range subs {
		want := behind(stored, from[i])
		for n, w := range want {
			e.same(fmt.Sprintf("history after %d", from[i]), []eventstore.Record{w}, e.take(sub, 1))
			if sub.Live() != (n == len(want)-1) {
				e.Errorf("after %d of %d records of history: Live is %t", n+1, len(want), sub.Live())
			}
		}
		e.silent(sub)
	}
	for i := range live {
		e.append(a, eventstore.Version(history+i), newEvents(1)...)
	}
	stored = e.stored()
	for i, sub := range subs {
		want := behind(stored, max(from[i], stored[history-1].Position))
		e.same(fmt.Sprintf("live after %d", from[i]), want, e.take(sub, len(want)))
		e.silent(sub)
	}
}

func testSubscribeFilter(e *env) {
	a, b := e.stream("a"), e.stream("b")
	filter := eventstore.Filter{StreamPrefix: a, Types: []string{"wanted"}}
	sub := e.subscribe(e.start, filter)
	defer sub.Close()
	filter.Types[0] = "changed" // the caller's own
	var want []eventstore.Event
	var version eventstore.Version
	for i := range 6 {
		events := newEvents(3)
		events[i%3].Type = "wanted"
		want = append(want, events[i%3])
		e.append(a, version, events...)
		other := newEvents(3)
		other[0].Type = "wanted"
		e.append(b, version, other...)
		version += 3
		if i == 2 { // half of it is history, half live
			e.same("chosen", eventIDs(want...), ids(e.take(sub, 3)))
			e.silent(sub)
		}
	}
	e.same("chosen", eventIDs(want[3:]...), ids(e.take(sub, 3)))
	e.silent(sub)
}

// testSubscribeDuringWrites: subscriptions that begin at any moment, at any position, get everything once and in order.
func testSubscribeDuringWrites(e *env) {
	const writers, appends, size, subscribers = 8, 60, 2, 12
	const total = writers * appends * size
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for v := range eventstore.Version(appends) {
				if _, err := e.store.Append(e.ctx, e.stream(fmt.Sprint(w)), v*size, newEvents(size)...); err != nil {
					e.Errorf("Append: %v", err)
					return
				}
			}
		})
	}
	got := make([][]eventstore.Record, subscribers)
	for i := range subscribers {
		all.Go(func() {
			// Each begins again where it was, some times.
			after := e.start
			for len(got[i]) < total {
				sub, err := e.store.Subscribe(e.ctx, after, e.own())
				if err != nil {
					e.Errorf("Subscribe: %v", err)
					return
				}
				got[i] = append(got[i], e.take(sub, min(total-len(got[i]), total*(i+1)/subscribers))...)
				sub.Close()
				if e.Failed() {
					return
				}
				after = got[i][len(got[i])-1].Position
			}
		})
	}
	all.Wait()
	want := e.stored()
	e.ordered(want)
	e.same("records", total, len(want))
	for i := range got {
		if !slices.EqualFunc(want, got[i], func(a, b eventstore.Record) bool { return a.ID == b.ID && a.Position == b.Position }) {
			e.Errorf("subscriber %d got other records than are stored", i)
		}
	}
}

// testSlowSubscriber: who reads nothing does not hold up the others, and misses nothing, though it is more than an engine would keep in memory.
func testSlowSubscriber(e *env) {
	const appends = 16
	a := e.stream("a")
	slow, fast := e.subscribe(e.start, e.own()), e.subscribe(e.start, e.own())
	defer slow.Close()
	defer fast.Close()
	var want []eventstore.Record
	for v := range eventstore.Version(appends) {
		event := newEvents(1)[0]
		event.Data = append([]byte(`"`), append(slices.Repeat([]byte("x"), eventstore.MaxAppend-1000), '"')...)
		e.append(a, v, event)
		want = append(want, e.take(fast, 1)...)
		if v == 0 {
			e.same("first", want, e.take(slow, 1))
		}
	}
	rest := e.take(slow, appends-1)
	e.same("what the slow one gets", ids(want[1:]), ids(rest))
	e.silent(slow)
}

func testSubscriptionEnds(e *env) {
	// blocked starts Next, lets it wait, ends it and returns its error.
	blocked := func(ctx context.Context, sub eventstore.Subscription, end func()) error {
		e.silent(sub)
		result := make(chan error, 1)
		go func() {
			_, err := sub.Next(ctx)
			result <- err
		}()
		time.Sleep(5 * time.Millisecond)
		end()
		select {
		case err := <-result:
			return err
		case <-e.ctx.Done():
			e.Fatal("Next goes on waiting")
			return nil
		}
	}
	failsFor := func(what string, sub eventstore.Subscription, want error) {
		for range 2 {
			if _, err := sub.Next(e.ctx); !errors.Is(err, want) {
				e.Errorf("%s: Next = %v, want %v", what, err, want)
			}
		}
		if err := sub.Close(); err != nil {
			e.Errorf("%s: Close = %v", what, err)
		}
	}

	head := e.head()
	sub := e.subscribe(head, e.own())
	if err := blocked(e.ctx, sub, func() { sub.Close() }); !errors.Is(err, eventstore.ErrClosed) {
		e.Errorf("closed: Next = %v", err)
	}
	failsFor("closed", sub, eventstore.ErrClosed)

	ctx, cancel := context.WithCancel(e.ctx)
	sub, err := e.store.Subscribe(ctx, head, e.own())
	if err != nil {
		e.Fatal(err)
	}
	if err := blocked(e.ctx, sub, cancel); !errors.Is(err, context.Canceled) {
		e.Errorf("ctx of Subscribe: Next = %v", err)
	}
	failsFor("ctx of Subscribe", sub, context.Canceled)

	sub = e.subscribe(head, e.own())
	ctx, cancel = context.WithCancel(e.ctx)
	if err := blocked(ctx, sub, cancel); !errors.Is(err, context.Canceled) {
		e.Errorf("ctx of Next: Next = %v", err)
	}
	e.append(e.stream("a"), 0, newEvents(3)...)
	e.same("after the end of a Next's ctx", 2, len(e.take(sub, 2)))

	waits := e.subscribe(e.head(), e.own())
	if err := blocked(e.ctx, waits, func() {
		if err := e.store.Close(); err != nil {
			e.Errorf("Close: %v", err)
		}
	}); !errors.Is(err, eventstore.ErrClosed) {
		e.Errorf("store closed: Next = %v", err)
	}
	failsFor("store closed", waits, eventstore.ErrClosed)
	failsFor("store closed before the end", sub, eventstore.ErrClosed)
}
