package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"jejak/eventstore"
)

func testRead(e *env) {
	a := e.stream("a")
	events := newEvents(7)
	for i := range events {
		e.append(a, eventstore.Version(i), events[i])
		e.append(e.stream("b"), eventstore.Version(i), newEvents(1)...)
	}
	for after := range len(events) + 2 {
		got := e.collect(e.store.Read(e.ctx, a, eventstore.Version(after)))
		e.same(fmt.Sprintf("after %d", after), eventIDs(events[min(after, len(events)):]...), ids(got))
		for i, r := range got {
			e.same("version", eventstore.Version(after+i+1), r.Version)
		}
	}
	e.same("after the greatest", 0, len(e.collect(e.store.Read(e.ctx, a, ^eventstore.Version(0)))))
	e.same("a name that cannot be", 0, len(e.collect(e.store.Read(e.ctx, "a b", 0))))

	twice := e.store.Read(e.ctx, a, 0)
	for r := range twice {
		if r.Version == 3 {
			break
		}
	}
	e.same("again after a break", len(events), len(e.collect(twice)))
}

func testReadAll(e *env) {
	types := []string{"receipt.counted", "shipment.dispatched", "shipment.arrived"}
	streams := []string{"ledger-3578", "ledger-35", "ledger-3501", "attempts-3578"}
	for i := range 24 {
		event := newEvents(1)[0]
		event.Type = types[i%len(types)]
		e.append(e.stream(streams[i%len(streams)]), eventstore.Version(i/len(streams)), event)
	}
	everything := e.stored()
	e.ordered(everything)
	e.same("records", 24, len(everything))

	for _, filter := range []eventstore.Filter{
		{StreamPrefix: e.prefix},
		{StreamPrefix: e.stream("ledger-")},
		{StreamPrefix: e.stream("ledger-35")},
		{StreamPrefix: e.stream("ledger-3578")},
		{StreamPrefix: e.stream("none")},
		{StreamPrefix: e.prefix, Types: types[:1]},
		{StreamPrefix: e.prefix, Types: types[1:]},
		{StreamPrefix: e.prefix, Types: []string{"shipment"}}, // a type, not a prefix
		{StreamPrefix: e.stream("ledger-"), Types: types[1:2]},
	} {
		for after := range len(everything) + 1 {
			position := e.start
			if after > 0 {
				position = everything[after-1].Position
			}
			want := []eventstore.Record{}
			for _, r := range everything[after:] {
				if strings.HasPrefix(r.Stream, filter.StreamPrefix) && (filter.Types == nil || slices.Contains(filter.Types, r.Type)) {
					want = append(want, r)
				}
			}
			got := e.collect(e.store.ReadAll(e.ctx, position, filter))
			e.same(fmt.Sprintf("%+v after %d", filter, after), ids(want), ids(got))
		}
	}
	e.same("after the greatest", 0, len(e.collect(e.store.ReadAll(e.ctx, ^eventstore.Position(0), eventstore.Filter{}))))
	if !e.features.Shared {
		e.same("without a filter", ids(everything), ids(e.collect(e.store.ReadAll(e.ctx, 0, eventstore.Filter{}))))
	}
}

// testLongRead reads more than any engine fetches at once, with large and small records.
func testLongRead(e *env) {
	a := e.stream("a")
	var want []uuid.UUID
	for len(want) < 7_000 {
		events := newEvents(500)
		if len(want)%3000 == 0 {
			events[77].Data = []byte(`"` + strings.Repeat("x", 900_000) + `"`)
		}
		e.append(a, eventstore.Version(len(want)), events...)
		want = append(want, eventIDs(events...)...)
	}
	e.same("ReadAll", want, ids(e.stored()))
	e.same("Read", want, ids(e.collect(e.store.Read(e.ctx, a, 0))))
	e.same("none of a type", 0, len(e.collect(e.store.ReadAll(e.ctx, e.start, eventstore.Filter{StreamPrefix: e.prefix, Types: []string{"none"}}))))
	for stop := 1; stop < len(want); stop *= 12 {
		n := 0
		for _, err := range e.store.ReadAll(e.ctx, e.start, e.own()) {
			if err != nil {
				e.Fatal(err)
			}
			if n++; n == stop {
				break
			}
		}
	}
}

// testReaderDuringWrites: each reading is a prefix of every later one, of whole appends, and has all that was acknowledged before it.
func testReaderDuringWrites(e *env) {
	const writers, appends, size = 8, 60, 3
	var acknowledged atomic.Int64
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for v := range eventstore.Version(appends) {
				command := newCommand()
				events := []eventstore.Event{newEvent(command, 0), newEvent(command, 1), newEvent(command, 2)}
				if _, err := e.store.Append(e.ctx, e.stream(fmt.Sprint(w)), v*size, events...); err != nil {
					e.Errorf("Append: %v", err)
					return
				}
				acknowledged.Add(size)
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	var before []uuid.UUID
	for last := false; !last; {
		select {
		case <-done:
			last = true
		default:
		}
		least := int(acknowledged.Load())
		records := e.stored()
		e.ordered(records)
		if len(records) < least {
			e.Fatalf("read %d records, but %d had been acknowledged", len(records), least)
		}
		events := map[uuid.UUID]int{}
		for _, r := range records {
			events[r.Command]++
		}
		for command, n := range events {
			if n != size {
				e.Fatalf("read %d of the %d events of command %s", n, size, command)
			}
		}
		now := ids(records)
		if len(now) < len(before) || !slices.Equal(before, now[:len(before)]) {
			e.Fatal("a reading does not begin with what an earlier one had")
		}
		before = now
	}
	e.same("records", writers*appends*size, len(before))
}

func testByCommand(e *env) {
	one, two := newCommand(), newCommand()
	e.append(e.stream("a"), 0, newEvent(one, 0), newEvent(two, 0), newEvent(one, 1), newEvent(two, 1))
	e.append(e.stream("b"), 0, withoutCommand(newEvents(1))...)
	stored := e.stored()
	for i, command := range []uuid.UUID{one, two} {
		r, ok, err := e.store.ByCommand(e.ctx, command)
		if !ok || err != nil {
			e.Fatalf("ByCommand = %t, %v", ok, err)
		}
		e.same("first record", stored[i], r)
	}
	for _, command := range []uuid.UUID{newCommand(), uuid.Nil, stored[0].ID} {
		if r, ok, err := e.store.ByCommand(e.ctx, command); ok || err != nil {
			e.Errorf("ByCommand(%s) = %v, %t, %v", command, r, ok, err)
		}
	}
}

func testByCommandSeesAcknowledged(e *env) {
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for v := range eventstore.Version(50) {
				event := newEvents(1)[0]
				if _, ok, err := e.store.ByCommand(e.ctx, event.Command); ok || err != nil {
					e.Errorf("before: %t, %v", ok, err)
				}
				p, err := e.store.Append(e.ctx, e.stream(fmt.Sprint(w)), v, event)
				if err != nil {
					e.Errorf("Append: %v", err)
					return
				}
				r, ok, err := e.store.ByCommand(e.ctx, event.Command)
				if !ok || err != nil || r.ID != event.ID || r.Position != p {
					e.Errorf("after: %s at %d, %t, %v, want %s at %d", r.ID, r.Position, ok, err, event.ID, p)
				}
				version, position, err := e.store.StreamHead(e.ctx, e.stream(fmt.Sprint(w)))
				if version != v+1 || position != p || err != nil {
					e.Errorf("StreamHead = %d, %d, %v, want %d, %d", version, position, err, v+1, p)
				}
			}
		})
	}
	all.Wait()
}
