package journal

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// UnreadableError is about a record that this program cannot read: its type, its data or its metadata are not of a form that it knows, or its ledger cannot
// take it. It stays so for the life of the process. It concerns the ledger of its unit alone: whoever follows the whole log leaves this ledger out from the
// record on, says so, and goes on with the others.
type UnreadableError struct {
	Stream   string
	Version  eventstore.Version
	Position eventstore.Position
	ID       uuid.UUID
	Type     string
	Schema   int
	Err      error // why
}

// Error names the record.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s version %d: this record (position %d, event %s, %s schema %d) cannot be read: %v", e.Stream, uint64(e.Version), e.Position, e.ID,
		e.Type, e.Schema, e.Err)
}

// Unwrap gives the cause.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Unreadable says that a record cannot be read, and why. An error that says so already stays as it is.
func Unreadable(rec *eventstore.Record, err error) error {
	var known *UnreadableError
	if errors.As(err, &known) {
		return err
	}
	return &UnreadableError{Stream: rec.Stream, Version: rec.Version, Position: rec.Position, ID: rec.ID, Type: rec.Type, Schema: rec.Schema, Err: err}
}
