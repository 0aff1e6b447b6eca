package esdb

import (
	"context"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// Place is where the first event of a command is.
type Place struct {
	Stream  string
	Version eventstore.Version
}

// Entry is a place in an index.
type Entry struct {
	ID    uuid.UUID // of a command, or of an event without one
	Place Place
}

// Mark is how far a log is indexed: a position, and the id of the event that stands there, by which the index is known to belong to this log.
// The zero Mark is the beginning.
type Mark struct {
	Position eventstore.Position
	Event    uuid.UUID
}

// Index remembers where commands are. EventStoreDB finds events by stream and position only, so this is kept beside it; it can be made
// again from the log. Implementations are safe for concurrent use.
type Index interface {
	// Find returns the place of a command, or of an event without one.
	Find(ctx context.Context, id uuid.UUID) (Place, bool, error)
	// Save adds entries, and remembers that the log is indexed through a mark: both or neither, also over a loss of power. An id that is known
	// keeps its place.
	Save(ctx context.Context, entries []Entry, through Mark) error
	// Through returns the newest mark, the zero Mark for an empty index.
	Through(ctx context.Context) (Mark, error)
	// Reset empties the index.
	Reset(ctx context.Context) error
}
