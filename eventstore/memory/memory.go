// Package memory is the event store without a disk: for tests of what stands on a store, and the model that the others are compared with.
package memory

import (
	"bytes"
	"context"
	"iter"
	"sync"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/internal/broadcast"
)

// Store keeps everything in memory and loses it at the end. It keeps the whole contract of eventstore.Store but durability.
type Store struct {
	mu       sync.RWMutex
	records  []eventstore.Record // record i has position i+1; elements never change, so that a slice of it can be read without the lock
	streams  map[string][]int    // indexes into records, by version-1
	commands map[uuid.UUID]int   // index of the first record
	ids      map[uuid.UUID]int
	closed   bool
	side     func() *Store // the streams beside it

	changed broadcast.Signal
}

var _ eventstore.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{streams: map[string][]int{}, commands: map[uuid.UUID]int{}, ids: map[uuid.UUID]int{}, side: sync.OnceValue(New)}
}

// Side gives the streams beside the log.
func (s *Store) Side() eventstore.Side { return s.side() }

// Append is described at eventstore.Store.
func (s *Store) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	if err := eventstore.Validate(stream, events); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, eventstore.ErrClosed
	}
	have := s.streams[stream]
	if eventstore.Version(len(have)) != expected {
		if position, again := s.again(have, expected, events); again {
			return position, nil
		}
		return 0, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: eventstore.Version(len(have))}
	}
	for i := range events {
		e := &events[i]
		_, known := s.ids[e.ID]
		if !known && e.Command != uuid.Nil {
			_, known = s.commands[e.Command]
		}
		if known {
			return 0, &eventstore.ExistsError{Stream: stream, Event: e.ID, Command: e.Command}
		}
	}
	for i := range events {
		at := len(s.records)
		e := events[i].Stored()
		e.Data, e.Metadata = bytes.Clone(e.Data), bytes.Clone(e.Metadata)
		have = append(have, at)
		s.records = append(s.records, eventstore.Record{
			Event: e, Position: eventstore.Position(at + 1), Stream: stream, Version: eventstore.Version(len(have)),
		})
		s.ids[e.ID] = at
		if _, known := s.commands[e.Command]; !known && e.Command != uuid.Nil {
			s.commands[e.Command] = at
		}
	}
	s.streams[stream] = have
	s.changed.Raise()
	return eventstore.Position(len(s.records)), nil
}

// again tells whether the events are already in the stream where they would have been put.
func (s *Store) again(have []int, expected eventstore.Version, events []eventstore.Event) (eventstore.Position, bool) {
	if uint64(expected) > uint64(len(have)) || len(have)-int(expected) < len(events) {
		return 0, false
	}
	have = have[expected:][:len(events)]
	for i, at := range have {
		if s.records[at].ID != events[i].ID {
			return 0, false
		}
	}
	return eventstore.Position(have[len(have)-1] + 1), true
}

// snapshot returns all records, or ErrClosed.
func (s *Store) snapshot() ([]eventstore.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, eventstore.ErrClosed
	}
	return s.records, nil
}

// Read is described at eventstore.Store.
func (s *Store) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		s.mu.RLock()
		closed, records, at := s.closed, s.records, s.streams[stream]
		s.mu.RUnlock()
		if closed {
			yield(eventstore.Record{}, eventstore.ErrClosed)
			return
		}
		if uint64(after) >= uint64(len(at)) {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Record{}, err)
			}
			return
		}
		for _, i := range at[after:] {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Record{}, err)
				return
			}
			if !yield(records[i], nil) {
				return
			}
		}
	}
}

// ReadAll is described at eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		records, err := s.snapshot()
		if err == nil {
			err = ctx.Err()
		}
		for i := uint64(after); err == nil && i < uint64(len(records)); i++ {
			if r := &records[i]; filter.Match(r.Stream, r.Type) && !yield(*r, nil) {
				return
			}
			err = ctx.Err()
		}
		if err != nil {
			yield(eventstore.Record{}, err)
		}
	}
}

// ByCommand is described at eventstore.Store.
func (s *Store) ByCommand(ctx context.Context, command uuid.UUID) (eventstore.Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return eventstore.Record{}, false, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return eventstore.Record{}, false, eventstore.ErrClosed
	}
	at, ok := s.commands[command]
	if !ok {
		return eventstore.Record{}, false, nil
	}
	return s.records[at], true, nil
}

// Head is described at eventstore.Store.
func (s *Store) Head(ctx context.Context) (eventstore.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	records, err := s.snapshot()
	return eventstore.Position(len(records)), err
}

// StreamHead is described at eventstore.Store.
func (s *Store) StreamHead(ctx context.Context, stream string) (eventstore.Version, eventstore.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, 0, eventstore.ErrClosed
	}
	have := s.streams[stream]
	if len(have) == 0 {
		return 0, 0, nil
	}
	return eventstore.Version(len(have)), eventstore.Position(have[len(have)-1] + 1), nil
}

// Close is described at eventstore.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Raise()
	return nil
}
