package world

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// Fault is what goes wrong with an append, each in a form in which it has happened and one in which it has not.
type Fault int

// The faults.
const (
	// Unavailable: the engine takes nothing; nothing was stored.
	Unavailable Fault = iota + 1
	// LostBefore and LostAfter: the outcome is unknown to the caller; not done and done.
	LostBefore
	LostAfter
	// FailedBefore and FailedAfter: an I/O error, not done and done; no appends until Reopen.
	FailedBefore
	FailedAfter
	// KilledBefore and KilledAfter: the server that appends dies, before the append and between it and the answer.
	KilledBefore
	KilledAfter
)

func (f Fault) String() string {
	return [...]string{"none", "unavailable", "lost before", "lost after", "failed before", "failed after", "killed before", "killed after"}[f]
}

// done tells whether the append happens all the same.
func (f Fault) done() bool { return f == LostAfter || f == FailedAfter || f == KilledAfter }

// ErrDead is what a server gets from a Store that was killed: it must not matter what it does with it.
var ErrDead = errors.New("the server of this store is dead")

// Store is one server's view of a log: everything goes through to the log, but for the faults that are armed. It is safe for concurrent use.
type Store struct {
	log eventstore.Store

	mu      sync.Mutex
	armed   map[uuid.UUID]armed // by command
	others  armed               // for appends of commands that are in no plan: those of policies
	planned map[uuid.UUID]bool
	reads   int // reads that fail from now on
	failed  bool
	dead    chan struct{}
}

// armed is a fault for the next appends.
type armed struct {
	fault Fault
	times int
}

var _ eventstore.Store = (*Store)(nil)

// Over returns a view of log without faults. planned tells the commands of the plan of faults from those that servers make.
func Over(log eventstore.Store, planned map[uuid.UUID]bool) *Store {
	return &Store{log: log, armed: map[uuid.UUID]armed{}, planned: planned, dead: make(chan struct{})}
}

// Arm makes the next appends with events of a command fail so many times.
func (s *Store) Arm(command uuid.UUID, fault Fault, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed[command] = armed{fault, times}
}

// ArmOthers makes the next appends fail so many times that hold no planned command.
func (s *Store) ArmOthers(fault Fault, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others = armed{fault, times}
}

// FailReads makes so many reads of the log fail as if it were away.
func (s *Store) FailReads(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = times
}

// Calm takes back every fault that is armed and has not happened. What has failed stays so until Reopen.
func (s *Store) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.armed)
	s.others, s.reads = armed{}, 0
}

// Failed tells whether the store must be reopened.
func (s *Store) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Reopen lets a failed store take appends again.
func (s *Store) Reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = false
}

// Kill cuts the server off from the log for good, as the end of its process would.
func (s *Store) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}

func (s *Store) kill() {
	if !s.isDead() {
		close(s.dead)
	}
}

// Dead tells whether the server was killed.
func (s *Store) Dead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isDead()
}

func (s *Store) isDead() bool {
	select {
	case <-s.dead:
		return true
	default:
		return false
	}
}

// strike takes the fault of an append, 0 for none.
func (s *Store) strike(events []eventstore.Event) Fault {
	others := true
	for i := range events {
		id := events[i].Command
		others = others && !s.planned[id]
		if a := s.armed[id]; a.times > 0 {
			s.armed[id] = armed{a.fault, a.times - 1}
			return a.fault
		}
	}
	if others && s.others.times > 0 {
		s.others.times--
		return s.others.fault
	}
	return 0
}

// Append is described at eventstore.Store.
func (s *Store) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	s.mu.Lock() // to the end: what is dead or failed in one append is so in the next
	defer s.mu.Unlock()
	switch {
	case s.isDead():
		return 0, ErrDead
	case s.failed:
		return 0, eventstore.ErrFailed
	}
	fault := s.strike(events)
	if fault == 0 {
		return s.log.Append(ctx, stream, expected, events...)
	}
	if fault.done() {
		if _, err := s.log.Append(ctx, stream, expected, events...); err != nil {
			return 0, err
		}
	}
	switch fault {
	case Unavailable:
		return 0, fmt.Errorf("append to %s: %w", stream, eventstore.ErrUnavailable)
	case LostBefore, LostAfter:
		return 0, fmt.Errorf("append to %s: %w", stream, eventstore.ErrUnknownOutcome)
	case FailedBefore, FailedAfter:
		s.failed = true
		return 0, fmt.Errorf("append to %s: %w", stream, errors.Join(eventstore.ErrFailed, eventstore.ErrUnknownOutcome))
	case KilledBefore, KilledAfter:
		s.kill()
		return 0, ErrDead
	}
	panic(fmt.Sprintf("unknown fault %d", fault))
}

// reading is why a read fails, nil when it does not.
func (s *Store) reading() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isDead() {
		return ErrDead
	}
	if s.reads > 0 {
		s.reads--
		return fmt.Errorf("read: %w", eventstore.ErrUnavailable)
	}
	return nil
}

func broken(err error) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) { yield(eventstore.Record{}, err) }
}

// Read is described at eventstore.Store.
func (s *Store) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	if err := s.reading(); err != nil {
		return broken(err)
	}
	return s.log.Read(ctx, stream, after)
}

// ReadAll is described at eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	if err := s.reading(); err != nil {
		return broken(err)
	}
	return s.log.ReadAll(ctx, after, filter)
}

// Subscribe is described at eventstore.Store.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if err := s.reading(); err != nil {
		return nil, err
	}
	sub, err := s.log.Subscribe(ctx, after, filter)
	if err != nil {
		return nil, err
	}
	return &subscription{sub, s}, nil
}

// subscription ends with its server.
type subscription struct {
	eventstore.Subscription
	store *Store
}

// Next is described at eventstore.Subscription.
func (s *subscription) Next(ctx context.Context) (eventstore.Record, error) {
	if s.store.Dead() {
		return eventstore.Record{}, ErrDead
	}
	return s.Subscription.Next(ctx)
}

// ByCommand is described at eventstore.Store.
func (s *Store) ByCommand(ctx context.Context, command uuid.UUID) (eventstore.Record, bool, error) {
	if err := s.reading(); err != nil {
		return eventstore.Record{}, false, err
	}
	return s.log.ByCommand(ctx, command)
}

// Head is described at eventstore.Store.
func (s *Store) Head(ctx context.Context) (eventstore.Position, error) {
	if err := s.reading(); err != nil {
		return 0, err
	}
	return s.log.Head(ctx)
}

// StreamHead is described at eventstore.Store.
func (s *Store) StreamHead(ctx context.Context, stream string) (eventstore.Version, eventstore.Position, error) {
	if err := s.reading(); err != nil {
		return 0, 0, err
	}
	return s.log.StreamHead(ctx, stream)
}

// Close is described at eventstore.Store. The log stays open: it belongs to the world.
func (s *Store) Close() error { return nil }
