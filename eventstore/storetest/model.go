package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/eventstore"
	"jejak/eventstore/memory"
)

// testModel does random things to the engine and to the store in memory, and compares all that can be seen. Positions are compared by the
// records that have them.
func testModel(e *env, features Features) {
	rapid.Check(e.t, func(t *rapid.T) {
		m := &model{T: t, env: e, model: memory.New(), prefix: "model-" + uuid.NewString()[:8] + "-", start: e.head()}
		m.subscribe(t)
		actions := map[string]func(*rapid.T){
			"append":     m.append,
			"again":      m.again,
			"mixed":      m.mixed,
			"read":       m.read,
			"readAll":    m.readAll,
			"byCommand":  m.byCommand,
			"streamHead": m.streamHead,
			"subscribe":  m.subscribe,
			"next":       m.next,
		}
		if features.Durable {
			actions["reopen"] = m.reopen
		}
		t.Repeat(actions)
		m.compareAll(t, 0, 0, eventstore.Filter{StreamPrefix: m.prefix})
		for m.sub != nil && m.subModel < m.records() {
			m.next(t)
		}
		m.endSubscription()
	})
}

type model struct {
	*rapid.T
	env    *env
	model  *memory.Store
	prefix string
	start  eventstore.Position // of the engine

	positions []eventstore.Position // of the engine, by position-1 of the model
	past      []call

	sub      eventstore.Subscription
	subModel int // records of the model that the subscription has yielded
}

// call is an append that was tried.
type call struct {
	stream   string
	expected eventstore.Version
	events   []eventstore.Event
}

var streamNames = rapid.SampledFrom([]string{"a", "b", "b-1", "c"})

func (m *model) records() int {
	head, _ := m.model.Head(m.env.ctx)
	return int(head)
}

// append adds new events, mostly where they fit.
func (m *model) append(t *rapid.T) {
	stream := m.prefix + streamNames.Draw(t, "stream")
	expected, _, _ := m.model.StreamHead(m.env.ctx, stream)
	if off := rapid.IntRange(-6, 2).Draw(t, "off"); off > 0 || off < -4 && expected > 0 {
		expected = max(0, eventstore.Version(int(expected)+off%4))
	}
	events := make([]eventstore.Event, rapid.IntRange(1, 5).Draw(t, "events"))
	command := uuid.New()
	for i := range events {
		if rapid.Bool().Draw(t, "another command") {
			command = uuid.New()
		}
		events[i] = newEvent(command, i)
		events[i].Type = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "type")
		if rapid.IntRange(0, 4).Draw(t, "loose") == 0 {
			events[i] = withoutCommand(events[i : i+1])[0]
		}
	}
	m.call(t, call{stream, expected, events})
}

// again repeats an append of the past, successful or not.
func (m *model) again(t *rapid.T) {
	if len(m.past) == 0 {
		t.Skip()
	}
	m.call(t, rapid.SampledFrom(m.past).Draw(t, "past"))
}

// mixed puts events of the past where they were not.
func (m *model) mixed(t *rapid.T) {
	if len(m.past) == 0 {
		t.Skip()
	}
	stream := m.prefix + streamNames.Draw(t, "stream")
	expected, _, _ := m.model.StreamHead(m.env.ctx, stream)
	events := slices.Clone(rapid.SampledFrom(m.past).Draw(t, "past").events)
	events = append(events[:rapid.IntRange(0, len(events)).Draw(t, "kept")], newEvent(uuid.New(), 0))
	m.call(t, call{stream, expected, events})
}

func (m *model) call(t *rapid.T, c call) {
	m.past = append(m.past, c)
	want, errWant := m.model.Append(m.env.ctx, c.stream, c.expected, c.events...)
	got, err := m.env.store.Append(m.env.ctx, c.stream, c.expected, c.events...)
	if !sameError(errWant, err) {
		t.Fatalf("append to %s after %d: %v, want %v", c.stream, c.expected, err, errWant)
	}
	if err != nil {
		return
	}
	if added := m.records() - len(m.positions); added > 0 {
		var records []eventstore.Record
		records, err = drain(m.env.store.Read(m.env.ctx, c.stream, c.expected))
		if err != nil || len(records) != added {
			t.Fatalf("read what was appended: %d records, %v, want %d", len(records), err, added)
		}
		for _, r := range records {
			m.positions = append(m.positions, r.Position)
		}
	}
	if p := m.positions[want-1]; got != p {
		t.Fatalf("append to %s after %d: position %d, want %d", c.stream, c.expected, got, p)
	}
}

func sameError(want, got error) bool {
	var conflict, conflictGot *eventstore.ConflictError
	var exists, existsGot *eventstore.ExistsError
	switch {
	case want == nil || got == nil:
		return want == nil && got == nil
	case errors.As(want, &conflict):
		return errors.As(got, &conflictGot) && *conflict == *conflictGot
	case errors.As(want, &exists):
		return errors.As(got, &existsGot) && *exists == *existsGot
	}
	return errors.Is(want, eventstore.ErrInvalid) && errors.Is(got, eventstore.ErrInvalid)
}

// translate gives records of the model the engine's positions.
func (m *model) translate(records []eventstore.Record) []eventstore.Record {
	for i := range records {
		records[i].Position = m.positions[records[i].Position-1]
	}
	return records
}

func (m *model) same(t *rapid.T, what string, want, got any) {
	if diff := cmp.Diff(want, got, wholeBytes); diff != "" {
		t.Fatalf("%s (-model +engine):\n%s", what, diff)
	}
}

func (m *model) read(t *rapid.T) {
	stream := m.prefix + streamNames.Draw(t, "stream")
	after := eventstore.Version(rapid.IntRange(0, 12).Draw(t, "after"))
	want, _ := drain(m.model.Read(m.env.ctx, stream, after))
	got, err := drain(m.env.store.Read(m.env.ctx, stream, after))
	if err != nil {
		t.Fatal(err)
	}
	m.same(t, fmt.Sprintf("%s after %d", stream, after), m.translate(want), got)
}

func (m *model) readAll(t *rapid.T) {
	filter := eventstore.Filter{
		StreamPrefix: m.prefix + rapid.SampledFrom([]string{"", "b", "c", "d"}).Draw(t, "prefix"),
		Types:        rapid.SampledFrom([][]string{nil, {"x"}, {"x", "y"}, {"z"}}).Draw(t, "types"),
	}
	after := rapid.IntRange(0, len(m.positions)).Draw(t, "after")
	m.compareAll(t, after, m.engine(after), filter)
}

// engine is the engine's position for a position of the model.
func (m *model) engine(position int) eventstore.Position {
	if position == 0 {
		return m.start
	}
	return m.positions[position-1]
}

func (m *model) compareAll(t *rapid.T, after int, position eventstore.Position, filter eventstore.Filter) {
	want, _ := drain(m.model.ReadAll(m.env.ctx, eventstore.Position(after), filter))
	got, err := drain(m.env.store.ReadAll(m.env.ctx, position, filter))
	if err != nil {
		t.Fatal(err)
	}
	m.same(t, fmt.Sprintf("%+v after %d", filter, after), m.translate(want), got)
}

func (m *model) byCommand(t *rapid.T) {
	if len(m.past) == 0 {
		t.Skip()
	}
	command := rapid.SampledFrom(rapid.SampledFrom(m.past).Draw(t, "past").events).Draw(t, "event").Command
	want, okWant, _ := m.model.ByCommand(m.env.ctx, command)
	got, ok, err := m.env.store.ByCommand(m.env.ctx, command)
	if err != nil {
		t.Fatal(err)
	}
	m.same(t, "found", okWant, ok)
	if ok {
		m.same(t, "record", m.translate([]eventstore.Record{want})[0], got)
	}
}

func (m *model) streamHead(t *rapid.T) {
	stream := m.prefix + streamNames.Draw(t, "stream")
	versionWant, positionWant, _ := m.model.StreamHead(m.env.ctx, stream)
	version, position, err := m.env.store.StreamHead(m.env.ctx, stream)
	if err != nil {
		t.Fatal(err)
	}
	m.same(t, "version", versionWant, version)
	if version > 0 {
		m.same(t, "position", m.positions[positionWant-1], position)
	}
}

func (m *model) subscribe(t *rapid.T) {
	m.endSubscription()
	m.subModel = rapid.IntRange(0, len(m.positions)).Draw(t, "after")
	sub, err := m.env.store.Subscribe(m.env.ctx, m.engine(m.subModel), eventstore.Filter{StreamPrefix: m.prefix})
	if err != nil {
		t.Fatal(err)
	}
	m.sub = sub
}

func (m *model) endSubscription() {
	if m.sub != nil {
		m.sub.Close()
		m.sub = nil
	}
}

func (m *model) next(t *rapid.T) {
	if m.sub == nil || m.subModel == m.records() {
		t.Skip()
	}
	got, err := m.sub.Next(m.env.ctx)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := drain(m.model.ReadAll(m.env.ctx, eventstore.Position(m.subModel), eventstore.Filter{}))
	m.subModel++
	m.same(t, "next", m.translate(want[:1])[0], got)
	if live := m.subModel == m.records(); m.sub.Live() != live && !m.env.features.Shared {
		t.Fatalf("Live is %t, want %t", m.sub.Live(), live)
	}
}

func (m *model) reopen(t *rapid.T) {
	if rapid.IntRange(0, 7).Draw(t, "really") != 0 { // it takes long
		t.Skip()
	}
	m.endSubscription()
	m.env.reopen()
}

var _ testing.TB = (*env)(nil)
