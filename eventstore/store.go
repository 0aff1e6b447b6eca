// Package eventstore is the contract of the log: what is durable when, what a retry does, in which order records are read.
//
// To the store a payload is bytes. The engines are in the folders below; eventstore/storetest holds the suite that each must pass.
package eventstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
)

// Version is the number of events in a stream; 0 is no stream. The first event of a stream has version 1.
type Version uint64

// Position orders all records of one store: it grows with every record, may have gaps, means nothing in another store, and is assigned
// in the order in which records become visible, so that a reader who has seen a position has seen everything before it. 0 is before the first.
type Position uint64

// Event is an event to be appended.
type Event struct {
	// ID is deterministic, so that a retry is recognised, and unique in the store. An event of a command takes its id from the command's (UUIDv5
	// of command and index), so that equal ids mean equal commands: an engine may look for the command only. Ids of events without a command
	// are looked up themselves.
	ID uuid.UUID
	// Command is the command that the event is part of: the store finds the first event of a command by it (ByCommand). uuid.Nil: none. All
	// events of a command are in one Append; an Append may have events of many commands.
	Command    uuid.UUID
	Type       string
	Schema     int
	RecordedAt time.Time // kept to the microsecond, in UTC
	Data       []byte    // JSON in UTF-8, or nil for none
	Metadata   []byte    // likewise
}

// Record is an event in the log.
type Record struct {
	Event
	Position Position
	Stream   string
	Version  Version
}

// Filter chooses records of ReadAll and Subscribe. The zero Filter chooses all.
type Filter struct {
	StreamPrefix string   // "" all
	Types        []string // none: all
}

// Limits that hold on every engine.
const (
	// MaxAppend is the most bytes of one Append, as Size counts them. EventStoreDB up to 25.0 takes 1 MiB by default.
	MaxAppend = 1 << 20
	// EventOverhead is what Size counts for an event beside its data, metadata and type: what an engine writes about it into a metadata of its own.
	EventOverhead = 160
	// MaxStreamName in bytes. A stream name is printable ASCII without spaces.
	MaxStreamName = 200
	// MaxTypeName in bytes. A type is printable ASCII without spaces.
	MaxTypeName = 200
	// MaxEvents of one Append.
	MaxEvents = 5_000

	microsecond = time.Microsecond
)

// Store is an append-only log of streams.
type Store interface {
	// Append adds events to the stream atomically and durably, or not at all: when it returns nil, no crash and no loss of power loses them.
	// expected is the number of events in the stream that the caller has seen (0: no stream). It returns the position of the last event.
	//
	// A retry of an Append that has already happened (same stream, same expected, same event ids) succeeds, adds nothing and returns the
	// position of the first time. A store on this machine never retries; one behind a network may find out an unknown outcome by the same append
	// again, as long as ctx lasts. Another expected is a *ConflictError. An id that exists elsewhere in the
	// store, or a command whose events are already in the store, is an *ExistsError; when both hold it is the conflict. What Validate finds
	// wrong is refused.
	//
	// When ctx ends while the outcome is unknown the error wraps ErrUnknownOutcome: the caller must retry the same Append or read back, and must
	// not have changed the bytes of the events. So does an ErrFailed whose events may be found in the log after reopening it.
	Append(ctx context.Context, stream string, expected Version, events ...Event) (Position, error)

	// Read yields the records of a stream after a version, in order, up to what was there when it was called at the earliest. A missing
	// stream yields nothing. An error is yielded once, as the last pair, with the zero Record: never a short read. The bytes of a record are
	// not to be changed.
	Read(ctx context.Context, stream string, after Version) iter.Seq2[Record, error]

	// ReadAll yields the records of all streams after a position, in position order; otherwise as Read.
	ReadAll(ctx context.Context, after Position, filter Filter) iter.Seq2[Record, error]

	// Subscribe yields history first, then live, until ctx ends or the store closes. The log never waits for a subscriber.
	Subscribe(ctx context.Context, after Position, filter Filter) (Subscription, error)

	// ByCommand returns the first record of a command. It sees every acknowledged Append.
	ByCommand(ctx context.Context, command uuid.UUID) (Record, bool, error)

	// Head returns the position of the newest record, 0 for an empty log.
	Head(ctx context.Context) (Position, error)

	// StreamHead returns the version and position of the newest record of a stream, 0, 0 for no stream.
	StreamHead(ctx context.Context, stream string) (Version, Position, error)

	// Close ends subscriptions and waits for appends under way. Calls after it fail with ErrClosed, but Close itself.
	Close() error
}

// Subscription is a reader that goes on when history ends. It is for one goroutine.
type Subscription interface {
	// Next waits for the next record. When ctx ends it returns ctx's error, nothing is lost, and it may be called again (so a caller can wait for
	// a while only). After any other error (ErrClosed, the end of Subscribe's ctx, what broke the reading) it goes on failing, and the caller
	// subscribes again from the last position it has handled.
	Next(ctx context.Context) (Record, error)
	// Live tells whether the last Next had caught up with the head of the log (nothing that the filter chooses was left, or it had to wait).
	// Any goroutine may ask.
	Live() bool
	// Close ends it; Next returns ErrClosed.
	Close() error
}

// The errors that callers tell apart with errors.Is.
var (
	ErrClosed         = errors.New("event store is closed")
	ErrConflict       = errors.New("stream has another version")
	ErrExists         = errors.New("event or command is already in the store")
	ErrTooLarge       = errors.New("append is too large")
	ErrInvalid        = errors.New("append is malformed")
	ErrUnknownOutcome = errors.New("outcome of the append is unknown")
	// ErrUnavailable: the engine cannot be reached or takes nothing at present. Nothing was stored. The same call may succeed later, without
	// anything being reopened.
	ErrUnavailable = errors.New("event store is unavailable")
	// ErrFailed: the engine met an I/O error and takes no more appends until it has been reopened and verified.
	ErrFailed = errors.New("event store has failed and must be reopened")
)

// ConflictError says which version a stream really has. errors.Is(err, ErrConflict).
type ConflictError struct {
	Stream           string
	Expected, Actual Version
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("append to %s: expected version %d, but it has %d: read the rest and decide again", e.Stream, e.Expected, e.Actual)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// ExistsError says what is already there. errors.Is(err, ErrExists).
type ExistsError struct {
	Stream  string
	Event   uuid.UUID
	Command uuid.UUID
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("append to %s: event %s of command %s is already in the store", e.Stream, e.Event, e.Command)
}

// Is makes errors.Is(err, ErrExists) true.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }
