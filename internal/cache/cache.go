// Package cache keeps ledger-cache.db: states of ledgers, so that a start need not fold every event, the checkpoints of policies, and, where the log is
// on EventStoreDB, the index of its commands. All of it can be made again from the log; deleting the file costs time only. What does not
// fit in any way is ignored.
package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/disposable"
)

// FoldVersion is raised whenever folding the same events gives another state while the Go types stay as they are.
const FoldVersion = 2

// Cache is an open ledger-cache.db. It is safe for concurrent use.
type Cache struct {
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
	Version: 5,
	Schema: `
CREATE TABLE snapshot (
	stream   TEXT PRIMARY KEY,
	version  INTEGER NOT NULL, -- events folded
	position INTEGER NOT NULL, -- of the last of them
	event    TEXT NOT NULL,    -- its id
	format   TEXT NOT NULL,    -- of the Go types and the fold
	sha256   BLOB NOT NULL     -- of its parts together
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
	return &Cache{db: db, format: format()}, nil
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

// Load returns the newest state of a ledger, if a good one is there.
func (c *Cache) Load(ctx context.Context, stream string) (data ledger.Data, at Mark, ok bool) {
	raw, at, ok := c.read(stream)
	if !ok || ctx.Err() != nil {
		return data, Mark{}, false
	}
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&data); err != nil {
		return ledger.Data{}, Mark{}, false
	}
	return data, at, true
}

// Version tells up to which version of a ledger its newest state is, without reading it; false for none.
func (c *Cache) Version(_ context.Context, stream string) (version uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.db.Query("SELECT version FROM snapshot WHERE stream = ? AND format = ?",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindText(2, c.format)) },
		func(s *sqlite3.Stmt) { version, ok = uint64(s.ColumnInt64(0)), true })
	return version, ok && err == nil
}

func (c *Cache) read(stream string) (raw []byte, at Mark, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var version int64
	var sum []byte
	err := c.db.Query("SELECT version, position, event, sha256 FROM snapshot WHERE stream = ? AND format = ?",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindText(2, c.format)) },
		func(s *sqlite3.Stmt) { version, at, sum = s.ColumnInt64(0), mark(s, 1), s.ColumnBlob(3, nil) })
	if err != nil {
		return nil, Mark{}, false
	}
	err = c.db.Query("SELECT data FROM part WHERE stream = ? AND version = ? ORDER BY number",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindInt64(2, version)) },
		func(s *sqlite3.Stmt) { raw = append(raw, s.ColumnRawBlob(0)...) })
	actual := sha256.Sum256(raw)
	return raw, at, err == nil && bytes.Equal(sum, actual[:])
}

func mark(s *sqlite3.Stmt, column int) Mark {
	id, err := uuid.Parse(s.ColumnText(column + 1))
	if err != nil {
		return Mark{}
	}
	return Mark{Position: eventstore.Position(s.ColumnInt64(column)), Event: id}
}

// partSize bounds what SQLite must hold in its memory, which is small and whose end is the end of the process.
const partSize = 4 << 20

// Save keeps a state in place of the one before. at is its last event. The state before stays until all parts of this one are there.
func (c *Cache) Save(ctx context.Context, stream string, data *ledger.Data, at Mark) error {
	var raw bytes.Buffer
	err := gob.NewEncoder(&raw).Encode(data)
	if err == nil {
		made := c.renewals.Load()
		err = c.save(ctx, stream, int64(data.Version), raw.Bytes(), at)
		if err == nil && c.renewals.Load() != made { // the file was broken, and made anew without the parts that it had by then
			err = c.save(ctx, stream, int64(data.Version), raw.Bytes(), at)
		}
	}
	if err != nil {
		return fmt.Errorf("save snapshot of %s: %w", stream, err)
	}
	return nil
}

func (c *Cache) save(ctx context.Context, stream string, version int64, raw []byte, at Mark) error {
	of := func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindInt64(2, version)) }
	sum := sha256.Sum256(raw)
	// A save that was cut off may have left some.
	err := c.write("DELETE FROM part WHERE stream = ? AND version = ?", of)
	number := int64(0)
	for part := range slices.Chunk(raw, partSize) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		number++
		err = c.write("INSERT INTO part (stream, version, number, data) VALUES (?, ?, ?, ?)",
			func(s *sqlite3.Stmt) error { return errors.Join(of(s), s.BindInt64(3, number), s.BindBlob(4, part)) })
	}
	if err == nil {
		err = c.write("INSERT OR REPLACE INTO snapshot (stream, version, position, event, format, sha256) VALUES (?, ?, ?, ?, ?, ?)",
			func(s *sqlite3.Stmt) error {
				return errors.Join(of(s), s.BindInt64(3, int64(at.Position)), s.BindText(4, at.Event.String()), s.BindText(5, c.format), s.BindBlob(6, sum[:]))
			})
	}
	if err == nil {
		err = c.write("DELETE FROM part WHERE stream = ? AND version <> ?", of)
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
