package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

func testEmptyLog(e *env) {
	if !e.features.Shared && e.start != 0 {
		e.Errorf("head of an empty log is %d", e.start)
	}
	e.same("records", 0, len(e.stored()))
	e.same("records of a stream", 0, len(e.collect(e.store.Read(e.ctx, e.stream("a"), 0))))
	version, position, err := e.store.StreamHead(e.ctx, e.stream("a"))
	if version != 0 || position != 0 || err != nil {
		e.Errorf("StreamHead = %d, %d, %v", version, position, err)
	}
	for _, command := range []uuid.UUID{newCommand(), uuid.Nil} {
		if r, ok, err := e.store.ByCommand(e.ctx, command); ok || err != nil {
			e.Errorf("ByCommand(%s) = %v, %t, %v", command, r, ok, err)
		}
	}
}

func testRoundTrip(e *env) {
	jakarta := time.FixedZone("WIB", 7*3600)
	full := newEvent(newCommand(), 0)
	full.RecordedAt = time.Date(2024, 2, 14, 23, 59, 59, 999_999_999, jakarta)
	full.Data = []byte("{\n  \"note\": \"kotak suara \\u0022basah\\u0022 di Pulau Bawéan\", \"n\": 1e2 }")
	full.Schema = 7
	bare := eventstore.Event{ID: uuid.New(), Type: "x", Data: []byte{}, RecordedAt: time.Time{}}
	big := newEvent(newCommand(), 0)
	big.Data = []byte(`"` + strings.Repeat("x", 300_000) + `"`)
	events := []eventstore.Event{full, bare, big}
	last := e.append(e.stream("a"), 0, events...)

	full.RecordedAt = time.Date(2024, 2, 14, 16, 59, 59, 999_999_000, time.UTC)
	bare.Data = nil
	want := make([]eventstore.Record, 3)
	for i, event := range []eventstore.Event{full, bare, big} {
		want[i] = eventstore.Record{Event: event, Stream: e.stream("a"), Version: eventstore.Version(i + 1)}
	}
	got := e.collect(e.store.Read(e.ctx, e.stream("a"), 0))
	e.same("ReadAll against Read", got, e.stored())
	sub, err := e.store.Subscribe(e.ctx, e.start, e.own())
	if err != nil {
		e.Fatal(err)
	}
	defer sub.Close()
	for i := range got {
		r, err := sub.Next(e.ctx)
		if err != nil {
			e.Fatal(err)
		}
		e.same("Subscribe against Read", got[i], r)
	}
	// The same events again reach the live subscription by another way than the file.
	again := full
	again.ID, again.Command = uuid.New(), uuid.Nil
	e.append(e.stream("a"), 3, again)
	live, err := sub.Next(e.ctx)
	if err != nil {
		e.Fatal(err)
	}
	e.same("live against Read", e.collect(e.store.Read(e.ctx, e.stream("a"), 3)), []eventstore.Record{live})

	e.ordered(got)
	version, position, err := e.store.StreamHead(e.ctx, e.stream("a"))
	if version != 4 || position != live.Position || err != nil {
		e.Errorf("StreamHead = %d, %d, %v, want 4, %d", version, position, err, live.Position)
	}
	e.same("position of the last event", got[2].Position, last)
	if !e.features.Shared {
		e.same("head", live.Position, e.head())
	}
	for i := range got {
		got[i].Position = 0
	}
	e.same("records", want, got)
}

// testCallersMemory: what the caller does with its bytes after Append does not matter.
func testCallersMemory(e *env) {
	sub, err := e.store.Subscribe(e.ctx, e.start, e.own())
	if err != nil {
		e.Fatal(err)
	}
	defer sub.Close()
	event := newEvent(newCommand(), 0)
	want := bytes.Clone(event.Data)
	e.append(e.stream("a"), 0, event)
	copy(event.Data, `{"shipment":"changed"`)
	live, err := sub.Next(e.ctx)
	if err != nil {
		e.Fatal(err)
	}
	e.same("live", string(want), string(live.Data))
	e.same("read", string(want), string(e.stored()[0].Data))
}

func testConflict(e *env) {
	a := e.stream("a")
	_, err := e.store.Append(e.ctx, a, 1, newEvents(1)...)
	e.isConflict(err, a, 1, 0)
	e.append(a, 0, newEvents(3)...)
	for _, expected := range []eventstore.Version{0, 2, 4, 1 << 40, ^eventstore.Version(0)} {
		_, err := e.store.Append(e.ctx, a, expected, newEvents(2)...)
		e.isConflict(err, a, expected, 3)
	}
	// One that conflicts does not spoil the next.
	e.append(a, 3, newEvents(1)...)
	e.same("records", 4, len(e.stored()))
}

func testRetry(e *env) {
	a, b := e.stream("a"), e.stream("b")
	first, second := newEvents(2), newEvents(3)
	p1 := e.append(a, 0, first...)
	e.same("again at once", p1, e.append(a, 0, first...))
	p2 := e.append(a, 2, second...)
	e.append(b, 0, newEvents(5)...)
	e.append(a, 5, newEvents(1)...)
	e.same("again after others", p1, e.append(a, 0, first...))
	e.same("again in the middle", p2, e.append(a, 2, second...))
	changed := slices.Clone(second)
	changed[0].Data = []byte(`{"other":true}`)
	e.same("the ids count, not the bytes", p2, e.append(a, 2, changed...))
	e.same("events without a command", e.append(b, 5, withoutCommand(first)...), e.append(b, 5, withoutCommand(first)...))

	// What is like a retry, but not the same append.
	for _, c := range []struct {
		expected eventstore.Version
		events   []eventstore.Event
	}{
		{2, first},  // elsewhere
		{2, first},  // elsewhere, again
		{0, second}, // elsewhere
		{0, []eventstore.Event{first[1], first[0]}},        // another order
		{2, append(slices.Clone(second), newEvents(1)...)}, // one more, that is not there
		{2, []eventstore.Event{second[0], newEvents(1)[0], second[2]}},
		{5, newEvents(2)}, // longer than the stream
	} {
		_, err := e.store.Append(e.ctx, a, c.expected, c.events...)
		e.isConflict(err, a, c.expected, 6)
	}
	e.same("records", 13, len(e.stored()))
}

func withoutCommand(events []eventstore.Event) []eventstore.Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].ID = uuid.NewSHA1(events[i].ID, nil)
		events[i].Command = uuid.Nil
	}
	return events
}

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

func testExists(e *env) {
	a, b := e.stream("a"), e.stream("b")
	first := newEvents(2)
	loose := withoutCommand(newEvents(1))
	e.append(a, 0, append(slices.Clone(first), loose...)...)

	for _, c := range []struct {
		stream   string
		expected eventstore.Version
		event    eventstore.Event
	}{
		{b, 0, first[1]},                        // the same event in another stream
		{a, 3, first[0]},                        // later in the same stream
		{b, 0, newEvent(first[0].Command, 100)}, // another event of a command that is there
		{a, 3, newEvent(first[0].Command, 100)},
		{b, 0, loose[0]},
		{a, 3, loose[0]},
	} {
		_, err := e.store.Append(e.ctx, c.stream, c.expected, c.event)
		e.isExists(err, c.stream, c.event)
		// All or nothing: new events around it are not stored either.
		_, err = e.store.Append(e.ctx, c.stream, c.expected, newEvents(1)[0], c.event, newEvents(1)[0])
		e.isExists(err, c.stream, c.event)
	}
	_, err := e.store.Append(e.ctx, b, 7, first[0])
	e.isConflict(err, b, 7, 0)
	e.same("records", 3, len(e.stored()))

	// The refused commands may come later, beside new ones, with many events each.
	command := newCommand()
	e.append(b, 0, newEvent(command, 0), newEvents(1)[0], newEvent(command, 1), newEvent(command, 2))
}

func testInvalid(e *env) {
	one := newEvents(1)[0]
	with := func(change func(*eventstore.Event)) []eventstore.Event {
		event := one
		change(&event)
		return []eventstore.Event{event}
	}
	a := e.stream("a")
	for name, c := range map[string]struct {
		stream string
		events []eventstore.Event
	}{
		"no events":         {a, nil},
		"no stream":         {"", []eventstore.Event{one}},
		"space in stream":   {"a b", []eventstore.Event{one}},
		"newline in stream": {"a\n", []eventstore.Event{one}},
		"zero in stream":    {"a\x00b", []eventstore.Event{one}},
		"letter in stream":  {"sampang-é", []eventstore.Event{one}},
		"long stream":       {strings.Repeat("a", eventstore.MaxStreamName+1), []eventstore.Event{one}},
		"no id":             {a, with(func(e *eventstore.Event) { e.ID = uuid.Nil })},
		"no type":           {a, with(func(e *eventstore.Event) { e.Type = "" })},
		"space in type":     {a, with(func(e *eventstore.Event) { e.Type = "a b" })},
		"negative schema":   {a, with(func(e *eventstore.Event) { e.Schema = -1 })},
		"year":              {a, with(func(e *eventstore.Event) { e.RecordedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) })},
		"not JSON":          {a, with(func(e *eventstore.Event) { e.Data = []byte(`{"a":`) })},
		"not UTF-8":         {a, with(func(e *eventstore.Event) { e.Data = []byte("\"\xff\"") })},
		"metadata not JSON": {a, with(func(e *eventstore.Event) { e.Metadata = []byte("x") })},
		"twice the same id": {a, []eventstore.Event{one, newEvents(1)[0], one}},
		"among many":        {a, append(newEvents(40), one, one)},
	} {
		if _, err := e.store.Append(e.ctx, c.stream, 0, c.events...); !errors.Is(err, eventstore.ErrInvalid) {
			e.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
	_, err := e.store.Append(e.ctx, "a b", 0, eventstore.Event{Data: []byte("x"), Schema: -1})
	for _, part := range []string{"stream name", "no id", "type", "schema", "not JSON"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			e.Errorf("error %q does not say all at once: %s", err, part)
		}
	}
	e.same("records", 0, len(e.stored()))
}

func testLimits(e *env) {
	a := e.stream("a")
	large := newEvents(2)
	large[0].Data = []byte(`""`)
	large[0].Data = []byte(`"` + strings.Repeat("x", eventstore.MaxAppend-eventstore.Size(large...)) + `"`)
	e.append(a, 0, large...)
	larger := newEvents(2)
	larger[0].Data = append(slices.Clone(large[0].Data), ' ')
	if _, err := e.store.Append(e.ctx, a, 2, larger...); !errors.Is(err, eventstore.ErrTooLarge) {
		e.Errorf("error %v, want ErrTooLarge", err)
	}
	many := make([]eventstore.Event, eventstore.MaxEvents+1)
	for i := range many {
		many[i] = eventstore.Event{ID: uuid.New(), Type: "x"}
	}
	if _, err := e.store.Append(e.ctx, e.stream("b"), 0, many...); !errors.Is(err, eventstore.ErrTooLarge) {
		e.Errorf("error %v, want ErrTooLarge", err)
	}
	e.append(e.stream("b"), 0, many[1:]...)
	name := e.prefix + strings.Repeat("~", eventstore.MaxStreamName-len(e.prefix))
	e.append(name, 0, newEvents(1)...)
	stored := e.stored()
	e.ordered(stored)
	e.same("records", 2+eventstore.MaxEvents+1, len(stored))
	e.same("large data", true, bytes.Equal(large[0].Data, stored[0].Data))
	e.same("all in order", eventIDs(many[1:]...), ids(stored[2:][:eventstore.MaxEvents]))
}

func testManyStreams(e *env) {
	const streams, writers = 10_000, 64
	positions := make([]eventstore.Position, streams)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < streams; i += writers {
				var err error
				if positions[i], err = e.store.Append(e.ctx, e.stream(fmt.Sprint(i)), 0, newEvents(1)...); err != nil {
					e.Errorf("Append: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	stored := e.stored()
	e.ordered(stored)
	e.same("records", streams, len(stored))
	for i := range streams {
		version, position, err := e.store.StreamHead(e.ctx, e.stream(fmt.Sprint(i)))
		if version != 1 || position != positions[i] || err != nil {
			e.Fatalf("StreamHead = %d, %d, %v, want 1, %d", version, position, err, positions[i])
		}
	}
	if e.features.Durable {
		e.reopen()
		e.same("after reopening", stored, e.stored())
		e.append(e.stream("77"), 1, newEvents(1)...)
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
