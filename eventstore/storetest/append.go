package storetest

import (
	"bytes"
	"slices"
	"strings"
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
