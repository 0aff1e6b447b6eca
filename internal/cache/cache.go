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
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// FoldVersion is raised whenever folding the same events gives another state while the Go types stay as they are.
const FoldVersion = 1

// Cache is an open ledger-cache.db. It is safe for concurrent use.
type Cache struct {
	mu     sync.Mutex
	conn   *sqlite3.Conn // nil: closed, or lost
	path   string
	disk   string // name of the SQLite VFS under it, "" for the operating system's
	sums   *checksum.VFS
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

// schemaVersion is raised when the tables change; a file of another version is made anew.
const schemaVersion = 5

const schema = `
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- what is lost is made again, but a torn file would be of no use and might not say so
CREATE TABLE IF NOT EXISTS snapshot (
	stream   TEXT PRIMARY KEY,
	version  INTEGER NOT NULL, -- events folded
	position INTEGER NOT NULL, -- of the last of them
	event    TEXT NOT NULL,    -- its id
	format   TEXT NOT NULL,    -- of the Go types and the fold
	sha256   BLOB NOT NULL     -- of its parts together
) STRICT;
CREATE TABLE IF NOT EXISTS part ( -- of snapshots
	stream   TEXT NOT NULL,
	version  INTEGER NOT NULL,
	number   INTEGER NOT NULL, -- from 1
	data     BLOB NOT NULL,    -- of the gob
	PRIMARY KEY (stream, version, number)
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoint (
	name     TEXT PRIMARY KEY, -- of a policy and its fold's format
	position INTEGER NOT NULL, -- of the last event folded, its commands answered
	event    TEXT NOT NULL,    -- its id
	sha256   BLOB NOT NULL,    -- of data
	data     BLOB NOT NULL     -- what the policy knows
) STRICT;
CREATE TABLE IF NOT EXISTS stream (
	number INTEGER PRIMARY KEY,
	name   TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS place (
	id      BLOB PRIMARY KEY, -- of a command, or of an event without one
	stream  INTEGER NOT NULL, -- stream.number
	version INTEGER NOT NULL  -- of its first event
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS indexed (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	position INTEGER NOT NULL, -- of the last record that is in place
	event    TEXT NOT NULL     -- its id
) STRICT;
`

// Open opens the cache at path. A file that is broken or of another version is made anew; only when that fails too there is an error.
func Open(path string) (*Cache, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger cache %s: %w", path, err)
	}
	return openOn("", full)
}

// openOn opens the cache on a SQLite VFS, "" for the operating system's. path is absolute.
func openOn(disk, path string) (*Cache, error) {
	sums, err := checksum.Register(disk)
	if err != nil {
		return nil, fmt.Errorf("open ledger cache %s: %w", path, err)
	}
	c := &Cache{path: path, sums: sums, disk: disk, format: format()}
	if err := c.open(); err != nil {
		if err := c.renew(); err != nil {
			sums.Unregister()
			return nil, err
		}
	}
	return c, nil
}

// connect opens the file through its checksums. cache_spill must be off for these; see package checksum.
func (c *Cache) connect(flags sqlite3.OpenFlag) (*sqlite3.Conn, error) {
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(c.path)}).EscapedPath() + "?vfs=" + url.QueryEscape(c.sums.Name())
	conn, err := sqlite3.OpenFlags(uri, flags|sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	if err := conn.Exec("PRAGMA busy_timeout = 60000; PRAGMA cache_spill = OFF"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (c *Cache) open() error {
	// For its owner alone, like the log that it is made of.
	if c.disk == "" {
		file, err := os.OpenFile(c.path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Chmod(0o600), file.Close()); err != nil {
			return err
		}
	}
	conn, err := c.connect(sqlite3.OPEN_CREATE)
	if err != nil {
		return err
	}
	c.conn = conn
	empty := false
	if err := c.query("SELECT count(*) FROM sqlite_schema", nil, func(s *sqlite3.Stmt) { empty = s.ColumnInt(0) == 0 }); err != nil {
		return err
	}
	if empty {
		if _, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
			return fmt.Errorf("keep room for checksums: %w", err)
		}
	}
	version := 0
	if err := c.query("PRAGMA user_version", nil, func(s *sqlite3.Stmt) { version = s.ColumnInt(0) }); err != nil {
		return err
	}
	if version != schemaVersion && version != 0 {
		return fmt.Errorf("it has version %d", version)
	}
	if err := conn.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", schemaVersion)); err != nil {
		return err
	}
	if reserved, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return errors.Join(errors.New("it has no checksums"), err)
	}
	return nil
}

// renew deletes the file and makes a new one.
func (c *Cache) renew() error {
	if c.conn != nil {
		_ = c.conn.Close() // it is deleted anyway
		c.conn = nil
	}
	c.index.lost()
	c.renewals.Add(1)
	if err := c.remove(); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return fmt.Errorf("renew ledger cache %s: %w", c.path, err)
	}
	return nil
}

func (c *Cache) remove() error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := c.delete(c.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("renew ledger cache: delete it by hand: %w", err)
		}
	}
	return nil
}

func (c *Cache) delete(name string) error {
	if c.disk == "" {
		return os.Remove(name)
	}
	if err := vfs.Find(c.disk).Delete(name, false); err != nil && !errors.Is(err, sqlite3.IOERR_DELETE_NOENT) {
		return err
	}
	return nil
}

// Close closes the file.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	defer c.sums.Unregister()
	err := c.index.close()
	if c.conn == nil {
		return err
	}
	err = errors.Join(err, c.conn.Close())
	c.conn = nil
	if c.index.isBroken() {
		err = errors.Join(err, c.remove())
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
	err := c.query("SELECT version FROM snapshot WHERE stream = ? AND format = ?",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindText(2, c.format)) },
		func(s *sqlite3.Stmt) { version, ok = uint64(s.ColumnInt64(0)), true })
	return version, ok && err == nil
}

func (c *Cache) read(stream string) (raw []byte, at Mark, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var version int64
	var sum []byte
	err := c.query("SELECT version, position, event, sha256 FROM snapshot WHERE stream = ? AND format = ?",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindText(2, c.format)) },
		func(s *sqlite3.Stmt) { version, at, sum = s.ColumnInt64(0), mark(s, 1), s.ColumnBlob(3, nil) })
	if err != nil {
		return nil, Mark{}, false
	}
	err = c.query("SELECT data FROM part WHERE stream = ? AND version = ? ORDER BY number",
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
	err := c.query("SELECT position, event, sha256, data FROM checkpoint WHERE name = ?",
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

var errClosed = errors.New("the ledger cache is closed")

// write runs a statement; when the file turns out to be broken it is made anew, once.
func (c *Cache) write(sql string, bind func(*sqlite3.Stmt) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.query(sql, bind, nil)
	if c.closed || !(errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR)) {
		return err
	}
	if renewErr := c.renew(); renewErr != nil {
		return errors.Join(err, renewErr)
	}
	return c.query(sql, bind, nil)
}

// query runs one statement: bind and row may be nil.
func (c *Cache) query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	return query(c.conn, sql, bind, row)
}

func query(conn *sqlite3.Conn, sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	if conn == nil {
		return errClosed
	}
	stmt, _, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	if bind != nil {
		err = bind(stmt)
	}
	for err == nil && stmt.Step() {
		if row != nil {
			row(stmt)
		}
	}
	return errors.Join(err, stmt.Err(), stmt.Close())
}
