// Package storetest is the suite that every engine of eventstore.Store must pass. An engine's test calls Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/eventstore"
)

// Features tells what an engine may lack, or how its tests are set up.
type Features struct {
	// Durable: what was appended is there when the store has been closed and opened again.
	Durable bool
	// Shared: setup does not begin with an empty log, because others use the same server.
	Shared bool
}

// Setup prepares a place for a log and returns how to open it. Each test calls it once; open is called again only after Close. It fails the test
// on errors and cleans up after it.
type Setup func(t *testing.T) (open func() eventstore.Store)

// Run runs the suite.
func Run(t *testing.T, setup Setup, features Features) {
	for _, c := range []struct {
		name    string
		test    func(*env)
		durable bool // only for durable engines
	}{
		{"EmptyLog", testEmptyLog, false},
		{"RoundTrip", testRoundTrip, false},
		{"CallersMemory", testCallersMemory, false},
		{"Conflict", testConflict, false},
		{"Retry", testRetry, false},
		{"RetryAtOnce", testRetryAtOnce, false},
		{"Exists", testExists, false},
		{"Invalid", testInvalid, false},
		{"Limits", testLimits, false},
		{"TenThousandStreams", testManyStreams, false},
		{"OneWinsEachVersion", testOneWins, false},
		{"ReaderDuringWrites", testReaderDuringWrites, false},
		{"Read", testRead, false},
		{"ReadAll", testReadAll, false},
		{"LongRead", testLongRead, false},
		{"ByCommand", testByCommand, false},
		{"ByCommandSeesAcknowledged", testByCommandSeesAcknowledged, false},
		{"SubscribeFromAnywhere", testSubscribeFromAnywhere, false},
		{"SubscribeFilter", testSubscribeFilter, false},
		{"SubscribeDuringWrites", testSubscribeDuringWrites, false},
		{"SlowSubscriber", testSlowSubscriber, false},
		{"SubscriptionEnds", testSubscriptionEnds, false},
		{"Cancelled", testCancelled, false},
		{"CancelledDuringWrites", testCancelledDuringWrites, false},
		{"Close", testClose, false},
		{"CloseDuringWrites", testCloseDuringWrites, false},
		{"Reopen", testReopen, true},
		{"Model", func(e *env) { testModel(e, features) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.durable && !features.Durable {
				t.Skip("the engine is not durable")
			}
			c.test(newEnv(t, setup(t), features))
		})
	}
}

// env is one test's store.
type env struct {
	testing.TB
	t        *testing.T
	open     func() eventstore.Store
	features Features
	ctx      context.Context
	store    eventstore.Store
	prefix   string              // of the test's streams
	start    eventstore.Position // head before the test
}

// deadline turns a hang into a failure. No test comes near it.
const deadline = 5 * time.Minute

func newEnv(t *testing.T, open func() eventstore.Store, features Features) *env {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	e := &env{TB: t, t: t, open: open, features: features, ctx: ctx, store: open(), prefix: "test-" + uuid.NewString()[:8] + "-"}
	t.Cleanup(func() {
		if err := e.store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	e.start = e.head()
	return e
}

// reopen closes the store and opens it again.
func (e *env) reopen() {
	e.Helper()
	if err := e.store.Close(); err != nil {
		e.Fatalf("Close: %v", err)
	}
	e.store = e.open()
}

func (e *env) stream(name string) string { return e.prefix + name }

// own chooses the records of the test.
func (e *env) own() eventstore.Filter { return eventstore.Filter{StreamPrefix: e.prefix} }

// newEvent returns event i of a command.
func newEvent(command uuid.UUID, i int) eventstore.Event {
	return eventstore.Event{
		ID:         uuid.NewSHA1(command, fmt.Append(nil, i)),
		Command:    command,
		Type:       "shipment.dispatched",
		Schema:     1,
		RecordedAt: time.Date(2024, 2, 13, 6, 45, 0, 123456000, time.UTC),
		Data:       fmt.Appendf(nil, `{"shipment":"SHP-3578-%d"}`, i),
		Metadata:   []byte(`{"mode":"report"}`),
	}
}

// newEvents returns n events, each of a command of its own.
func newEvents(n int) []eventstore.Event {
	events := make([]eventstore.Event, n)
	for i := range events {
		events[i] = newEvent(newCommand(), i)
	}
	return events
}

func newCommand() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (e *env) append(stream string, expected eventstore.Version, events ...eventstore.Event) eventstore.Position {
	e.Helper()
	p, err := e.store.Append(e.ctx, stream, expected, events...)
	if err != nil {
		e.Fatalf("Append to %s after %d: %v", stream, expected, err)
	}
	return p
}

func (e *env) head() eventstore.Position {
	e.Helper()
	p, err := e.store.Head(e.ctx)
	if err != nil {
		e.Fatalf("Head: %v", err)
	}
	return p
}

// stored is all records of the test, in order.
func (e *env) stored() []eventstore.Record {
	e.Helper()
	return e.collect(e.store.ReadAll(e.ctx, e.start, e.own()))
}

// collect reads to the end.
func (e *env) collect(records iter.Seq2[eventstore.Record, error]) []eventstore.Record {
	e.Helper()
	all, err := drain(records)
	if err != nil {
		e.Fatalf("reading, after %d records: %v", len(all), err)
	}
	return all
}

// drain reads to the end or an error, which must come once, last, with the zero Record.
func drain(records iter.Seq2[eventstore.Record, error]) (all []eventstore.Record, err error) {
	for r, e := range records {
		if err != nil {
			return all, errors.Join(err, errors.New("reading went on after an error"))
		}
		if e != nil {
			err = e
			if !cmp.Equal(r, eventstore.Record{}) {
				err = errors.Join(err, errors.New("the error came with a record"))
			}
			continue
		}
		all = append(all, r)
	}
	return all, err
}

// ids of records, which say all about which they are and in what order.
func ids(records []eventstore.Record) []uuid.UUID {
	all := make([]uuid.UUID, len(records))
	for i := range records {
		all[i] = records[i].ID
	}
	return all
}

func eventIDs(events ...eventstore.Event) []uuid.UUID {
	all := make([]uuid.UUID, len(events))
	for i := range events {
		all[i] = events[i].ID
	}
	return all
}

// wholeBytes compares bytes at once: the way of package cmp takes seconds for large ones.
var wholeBytes = cmp.Comparer(func(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) })

func (e *env) same(what string, want, got any) {
	e.Helper()
	if diff := cmp.Diff(want, got, wholeBytes); diff != "" {
		e.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ordered checks what holds of every reading of the log: positions grow, streams have no gaps.
func (e *env) ordered(records []eventstore.Record) {
	e.Helper()
	var last eventstore.Position
	versions := map[string]eventstore.Version{}
	for _, r := range records {
		if r.Position <= last {
			e.Fatalf("position %d comes after %d", r.Position, last)
		}
		if r.Version != versions[r.Stream]+1 {
			e.Fatalf("stream %s: version %d comes after %d", r.Stream, r.Version, versions[r.Stream])
		}
		last, versions[r.Stream] = r.Position, r.Version
	}
}

func (e *env) isConflict(err error, stream string, expected, actual eventstore.Version) {
	e.Helper()
	var conflict *eventstore.ConflictError
	if !errors.Is(err, eventstore.ErrConflict) || !errors.As(err, &conflict) {
		e.Fatalf("error %v, want a ConflictError", err)
	}
	e.same("conflict", eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}, *conflict)
}

func (e *env) isExists(err error, stream string, event eventstore.Event) {
	e.Helper()
	var exists *eventstore.ExistsError
	if !errors.Is(err, eventstore.ErrExists) || !errors.As(err, &exists) {
		e.Fatalf("error %v, want an ExistsError", err)
	}
	e.same("exists", eventstore.ExistsError{Stream: stream, Event: event.ID, Command: event.Command}, *exists)
}
