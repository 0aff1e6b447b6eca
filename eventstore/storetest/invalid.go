package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

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
