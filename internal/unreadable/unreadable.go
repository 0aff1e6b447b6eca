// Package unreadable keeps which records of the log this program could not read. Every reader that meets one notes it here and leaves its ledger out from
// there on, so that one record never stops the readers of the other units.
package unreadable

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"jejak/eventstore"
	"jejak/internal/journal"
)

// Book has the records that were met. A nil Book forgets. It is safe for concurrent use.
type Book struct {
	log *slog.Logger

	mu    sync.Mutex
	found map[eventstore.Position]*journal.UnreadableError
}

// NewBook makes an empty Book, which tells log of every record once.
func NewBook(log *slog.Logger) *Book {
	return &Book{log: log, found: map[eventstore.Position]*journal.UnreadableError{}}
}

// Note tells whether an error is about a record that cannot be read, and notes it.
func (b *Book) Note(err error) bool {
	var e *journal.UnreadableError
	if !errors.As(err, &e) {
		return false
	}
	if b == nil {
		return true
	}
	b.mu.Lock()
	_, known := b.found[e.Position]
	b.found[e.Position] = e
	b.mu.Unlock()
	if !known {
		b.log.Error("a record cannot be read: its unit stands still from there on, the others go on; a program that knows its form can read it",
			"stream", e.Stream, "version", uint64(e.Version), "position", uint64(e.Position), "event", e.ID, "type", e.Type, "schema", e.Schema, "error", e.Err)
	}
	return true
}

// List are the records that were met, in the order of the log.
func (b *Book) List() []*journal.UnreadableError {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []*journal.UnreadableError
	for _, e := range b.found {
		list = append(list, e)
	}
	slices.SortFunc(list, func(x, y *journal.UnreadableError) int { return cmp.Compare(x.Position, y.Position) })
	return list
}
