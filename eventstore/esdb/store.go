package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/internal/broadcast"
)

// Options of a store.
type Options struct {
	// Index finds commands. It belongs to this log and this process alone. Default: one in memory, made anew at each Open.
	Index Index
	// Prefixes are those of the streams that belong to the log; a server may hold others. None: all streams but the server's own ("$...").
	Prefixes []string
	// Logger is told of outages. Default: nobody.
	Logger *slog.Logger
	// Attempt is how long one attempt waits for the server's answer. Default: defaultDeadline of the connection string, or 10 s.
	Attempt time.Duration
	// Resolve is how long an append whose outcome is unknown is asked for again when its context allows it. Default 30 s.
	Resolve time.Duration
}

// Store is the engine on EventStoreDB. Its positions are those of the server's log: they have gaps.
type Store struct {
	opt    Options
	log    *slog.Logger
	server *server

	closing   context.Context
	close     context.CancelCauseFunc
	entry     sync.RWMutex // held for reading while an append begins, for writing while the store closes
	appending sync.WaitGroup
	running   sync.WaitGroup // goroutines of the store and of its subscriptions
	closeOnce sync.Once

	index Index
	known known

	newest atomic.Uint64 // the highest position of a record of this log that was acknowledged or followed

	mu      sync.Mutex
	streams map[string]eventstore.Version // the highest version that was acknowledged or read
	subs    map[*subscription]struct{}
}

var _ eventstore.Store = (*Store)(nil)

// Open connects to the EventStoreDB of a connection string (esdb://user:password@host:2113?tls=true, esdb+discover://...) and brings the
// index up to the end of the log, which takes a while for a long log and an empty index. A server that does not answer is an ErrUnavailable.
func Open(ctx context.Context, connection string, opt Options) (*Store, error) {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Index == nil {
		opt.Index = NewMemoryIndex()
	}
	srv, err := newServer(connection, &opt)
	if err != nil {
		return nil, err
	}
	s := &Store{
		opt: opt, log: opt.Logger, server: srv, index: opt.Index,
		known:   known{new: map[uuid.UUID]Place{}, underway: map[uuid.UUID]chan struct{}{}},
		streams: map[string]eventstore.Version{}, subs: map[*subscription]struct{}{},
	}
	s.closing, s.close = context.WithCancelCause(context.Background())
	if err := s.startIndex(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open event log on %s: %w", srv.name, err), s.Close())
	}
	return s, nil
}

// Close is described at eventstore.Store.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.entry.Lock()
		s.close(eventstore.ErrClosed)
		s.entry.Unlock()
		s.appending.Wait()
		s.running.Wait()
		s.server.close()
	})
	return nil
}

// usable returns ErrClosed or ctx's error, if any.
func (s *Store) usable(ctx context.Context) error {
	if s.closing.Err() != nil {
		return eventstore.ErrClosed
	}
	return ctx.Err()
}

// open returns a context that ends with ctx or with the store.
func (s *Store) open(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.closing, func() { cancel(eventstore.ErrClosed) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}

// ours tells whether a stream belongs to the log.
func (s *Store) ours(stream string) bool {
	if strings.HasPrefix(stream, "$") {
		return false
	}
	for _, p := range s.opt.Prefixes {
		if strings.HasPrefix(stream, p) {
			return true
		}
	}
	return len(s.opt.Prefixes) == 0
}

// reached notes how far a stream goes, and the log.
func (s *Store) reached(stream string, version eventstore.Version, position eventstore.Position) {
	for {
		old := s.newest.Load()
		if old >= uint64(position) || s.newest.CompareAndSwap(old, uint64(position)) {
			break
		}
	}
	s.mu.Lock()
	s.streams[stream] = max(s.streams[stream], version)
	s.mu.Unlock()
}

func (s *Store) reachedVersion(stream string) eventstore.Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[stream]
}

// known is what the store remembers of commands beside the index.
type known struct {
	mu       sync.Mutex
	new      map[uuid.UUID]Place         // acknowledged, and not yet saved in the index
	underway map[uuid.UUID]chan struct{} // of appends that have no answer yet

	followed atomic.Uint64 // the index has everything up to here
	shown    atomic.Uint64 // a caller has seen a record here
	moved    broadcast.Signal
	waiting  atomic.Int64
	broken   atomic.Pointer[error]
}

// key is what an event is found by.
func key(e *eventstore.Event) uuid.UUID {
	if e.Command != uuid.Nil {
		return e.Command
	}
	return e.ID
}
