// Package cache keeps ledger-cache.db: states of ledgers, so that neither a start nor a question about the past need fold every event, the checkpoints of policies, and, where the log is
// on EventStoreDB, the index of its commands. All of it can be made again from the log; deleting the file costs time only. What does not
// fit in any way is ignored.
package cache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/internal/disposable"
)

// FoldVersion is raised whenever folding the same events gives another state while the Go types stay as they are.
const FoldVersion = 3

// Cache is an open ledger-cache.db. It is safe for concurrent use.
type Cache struct {
	// Spacing is how many events are between the states of a ledger that are kept beside its newest. It is 25,000 after Open and may be changed before
	// the first use.
	Spacing uint64

	mu     sync.Mutex
	db     *disposable.File
	format string
	closed bool
	index  *Index // nil: not asked for

	renewals atomic.Int64
}

// Mark is a place in the log: a position, and the id of the event that stands there, by which the cache is known to belong to this log.
type Mark struct {
	Position eventstore.Position
	Event    uuid.UUID
}

var kind = disposable.Kind{
	Name:    "ledger cache",
	Version: 6,
	Schema: `
CREATE TABLE snapshot (
	stream   TEXT NOT NULL,
	version  INTEGER NOT NULL, -- events folded
	position INTEGER NOT NULL, -- of the last of them
	event    TEXT NOT NULL,    -- its id
	format   TEXT NOT NULL,    -- of the Go types and the fold
	sha256   BLOB NOT NULL,    -- of its parts together
	PRIMARY KEY (stream, version)
) STRICT;
CREATE TABLE part ( -- of snapshots
	stream   TEXT NOT NULL,
	version  INTEGER NOT NULL,
	number   INTEGER NOT NULL, -- from 1
	data     BLOB NOT NULL,    -- of the gob
	PRIMARY KEY (stream, version, number)
) STRICT;
CREATE TABLE checkpoint (
	name     TEXT PRIMARY KEY, -- of a policy and its fold's format
	position INTEGER NOT NULL, -- of the last event folded, its commands answered
	event    TEXT NOT NULL,    -- its id
	sha256   BLOB NOT NULL,    -- of data
	data     BLOB NOT NULL     -- what the policy knows
) STRICT;
CREATE TABLE stream (
	number INTEGER PRIMARY KEY,
	name   TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE place (
	id      BLOB PRIMARY KEY, -- of a command, or of an event without one
	stream  INTEGER NOT NULL, -- stream.number
	version INTEGER NOT NULL  -- of its first event
) STRICT, WITHOUT ROWID;
CREATE TABLE indexed (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	position INTEGER NOT NULL, -- of the last record that is in place
	event    TEXT NOT NULL     -- its id
) STRICT;
`,
}

// Open opens the cache at path. A file that is broken or of another version is made anew; only when that fails too there is an error.
func Open(path string) (*Cache, error) { return openOn("", path) }

// openOn opens the cache on a SQLite VFS, "" for the operating system's.
func openOn(disk, path string) (*Cache, error) {
	db, err := disposable.Open(kind, disk, path)
	if err != nil {
		return nil, err
	}
	c := &Cache{Spacing: usualSpacing, db: db, format: format()}
	_ = c.sweep() // else they take room, no more
	return c, nil
}

// Close closes the file.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	err := errors.Join(c.index.close(), c.db.Close())
	if c.index.isBroken() {
		err = errors.Join(err, c.db.Delete())
	}
	return err
}

// Checkpoint returns what a policy knew at a place of the log, and the place; the zero Mark for nothing. To begin anew adds nothing, so any doubt
// gives nothing.
func (c *Cache) Checkpoint(name string) (data []byte, at Mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole := false
	err := c.db.Query("SELECT position, event, sha256, data FROM checkpoint WHERE name = ?",
		func(s *sqlite3.Stmt) error { return s.BindText(1, name) },
		func(s *sqlite3.Stmt) {
			at = mark(s, 0)
			data = s.ColumnBlob(3, nil)
			sum := sha256.Sum256(data)
			whole = bytes.Equal(s.ColumnBlob(2, nil), sum[:])
		})
	if err != nil || !whole {
		return nil, Mark{}
	}
	return data, at
}

// SetCheckpoint keeps what a policy knows at a place of the log.
func (c *Cache) SetCheckpoint(name string, data []byte, at Mark) error {
	sum := sha256.Sum256(data)
	err := c.write("INSERT OR REPLACE INTO checkpoint (name, position, event, sha256, data) VALUES (?, ?, ?, ?, ?)", func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindText(1, name), s.BindInt64(2, int64(at.Position)), s.BindText(3, at.Event.String()), s.BindBlob(4, sum[:]), s.BindBlob(5, data))
	})
	if err != nil {
		return fmt.Errorf("save checkpoint of policy %s: %w", name, err)
	}
	return nil
}

// write runs a statement; when the file turns out to be broken it is made anew, once.
func (c *Cache) write(sql string, bind func(*sqlite3.Stmt) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.db.Query(sql, bind, nil)
	if c.closed || !disposable.Damaged(err) {
		return err
	}
	c.index.lost()
	c.renewals.Add(1)
	if renewErr := c.db.Renew(); renewErr != nil {
		return errors.Join(err, renewErr)
	}
	return c.db.Query(sql, bind, nil)
}
