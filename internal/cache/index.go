package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/internal/disposable"
)

// Index is the part of ledger-cache.db that tells where commands are in a log on EventStoreDB. It is safe for concurrent use.
//
// It must be exact: a command that it forgets would be recorded twice. So it is written with the sync that keeps a write-ahead log consistent
// over a loss of power, and when its file turns out to be damaged it fails until the next start, which makes it anew from the log.
type Index struct {
	opened error // why it could not be opened

	reading sync.Mutex
	reader  *sqlite3.Conn
	find    *sqlite3.Stmt

	writing sync.Mutex
	writer  *sqlite3.Conn
	insert  *sqlite3.Stmt
	streams map[string]int64 // numbers that are in the table

	state  sync.Mutex
	broken error
}

var _ esdb.Index = (*Index)(nil)

// Index returns the index of the file. It is closed with the cache.
func (c *Cache) Index() *Index {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index == nil {
		c.index = &Index{}
		c.index.opened = c.index.open(c.db)
	}
	return c.index
}

func (x *Index) open(db *disposable.File) error {
	for _, conn := range []**sqlite3.Conn{&x.reader, &x.writer} {
		opened, err := db.Connect()
		if err != nil {
			return fmt.Errorf("open command index: %w", err)
		}
		*conn = opened
		// Snapshots are written through another connection and take their time.
		if err := opened.Exec("PRAGMA synchronous = NORMAL"); err != nil {
			return fmt.Errorf("open command index: %w", err)
		}
	}
	var err, e error
	x.find, _, err = x.reader.PrepareFlags("SELECT name, version FROM place JOIN stream ON stream.number = place.stream WHERE id = ?", sqlite3.PREPARE_PERSISTENT)
	// The first event of a command is where it is: what is known stays.
	x.insert, _, e = x.writer.PrepareFlags("INSERT OR IGNORE INTO place (id, stream, version) VALUES (?, ?, ?)", sqlite3.PREPARE_PERSISTENT)
	if err = errors.Join(err, e); err != nil {
		return fmt.Errorf("open command index: %w", err)
	}
	return nil
}

// Find is described at esdb.Index.
func (x *Index) Find(ctx context.Context, id uuid.UUID) (place esdb.Place, found bool, err error) {
	if err := x.usable(ctx); err != nil {
		return place, false, err
	}
	x.reading.Lock()
	defer x.reading.Unlock()
	if x.find == nil {
		return place, false, disposable.ErrClosed
	}
	err = x.find.BindBlob(1, id[:])
	if err == nil && x.find.Step() {
		found = true
		place = esdb.Place{Stream: x.find.ColumnText(0), Version: eventstore.Version(x.find.ColumnInt64(1))}
	}
	return place, found, x.failed("look up a command", errors.Join(err, x.find.Err(), x.find.Reset()))
}

// Save is described at esdb.Index.
func (x *Index) Save(ctx context.Context, entries []esdb.Entry, through esdb.Mark) error {
	return x.change(ctx, "save", func() error {
		for _, entry := range entries {
			stream, err := x.number(entry.Place.Stream)
			if err != nil {
				return err
			}
			err = errors.Join(x.insert.BindBlob(1, entry.ID[:]), x.insert.BindInt64(2, stream), x.insert.BindInt64(3, int64(entry.Place.Version)))
			if err == nil {
				err = x.insert.Exec()
			}
			if err != nil {
				return err
			}
		}
		return disposable.Query(x.writer, "INSERT OR REPLACE INTO indexed (one, position, event) VALUES (1, ?, ?)", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(through.Position)), s.BindText(2, through.Event.String()))
		}, nil)
	})
}

// Through is described at esdb.Index.
func (x *Index) Through(ctx context.Context) (through esdb.Mark, err error) {
	if err := x.usable(ctx); err != nil {
		return through, err
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	err = disposable.Query(x.writer, "SELECT position, event FROM indexed", nil, func(s *sqlite3.Stmt) {
		if m := mark(s, 0); m.Event != uuid.Nil {
			through = esdb.Mark{Position: m.Position, Event: m.Event}
		}
	})
	return through, x.failed("read how far it goes", err)
}

// Reset is described at esdb.Index.
func (x *Index) Reset(ctx context.Context) error {
	return x.change(ctx, "empty", func() error {
		clear(x.streams)
		return x.writer.Exec("DELETE FROM place; DELETE FROM stream; DELETE FROM indexed")
	})
}

// change runs one transaction.
func (x *Index) change(ctx context.Context, doing string, do func() error) (err error) {
	if err := x.usable(ctx); err != nil {
		return err
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.writer == nil {
		return disposable.ErrClosed
	}
	tx, err := x.writer.BeginImmediate()
	if err == nil {
		err = do()
		tx.End(&err)
	}
	if err != nil {
		x.streams = nil // a stream's number may have been rolled back
	}
	return x.failed(doing, err)
}

// number is what a stream is called in the table, in the transaction under way.
func (x *Index) number(stream string) (n int64, err error) {
	if n, ok := x.streams[stream]; ok {
		return n, nil
	}
	bind := func(s *sqlite3.Stmt) error { return s.BindText(1, stream) }
	err = disposable.Query(x.writer, "INSERT OR IGNORE INTO stream (name) VALUES (?)", bind, nil)
	if err == nil {
		err = disposable.Query(x.writer, "SELECT number FROM stream WHERE name = ?", bind, func(s *sqlite3.Stmt) { n = s.ColumnInt64(0) })
	}
	if err == nil {
		if x.streams == nil {
			x.streams = map[string]int64{}
		}
		x.streams[stream] = n
	}
	return n, err
}

func (x *Index) usable(ctx context.Context) error {
	x.state.Lock()
	defer x.state.Unlock()
	return errors.Join(ctx.Err(), x.opened, x.broken)
}

// failed says what went wrong, and remembers it when the file is damaged.
func (x *Index) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("command index in the ledger cache: %s: %w", doing, err)
	if disposable.Damaged(err) {
		err = fmt.Errorf("%w: the file is damaged: stop the server and start it again, and it is made anew from the log", err)
		x.state.Lock()
		x.broken = err
		x.state.Unlock()
	}
	return err
}

func (x *Index) isBroken() bool {
	if x == nil {
		return false
	}
	x.state.Lock()
	defer x.state.Unlock()
	return x.broken != nil
}

// lost says that the file is deleted: whatever is still saved would be gone at the next start, or worse, would be there without what came before.
func (x *Index) lost() {
	if x == nil {
		return
	}
	x.state.Lock()
	defer x.state.Unlock()
	x.broken = errors.New("command index: the ledger cache was damaged and has been made anew: stop the server and start it again, and the index is too")
}

func (x *Index) close() error {
	if x == nil {
		return nil
	}
	x.reading.Lock()
	defer x.reading.Unlock()
	x.writing.Lock()
	defer x.writing.Unlock()
	var err error
	for _, stmt := range []*sqlite3.Stmt{x.find, x.insert} {
		if stmt != nil {
			_ = stmt.Close() // its error would be that of its last run
		}
	}
	for _, conn := range []*sqlite3.Conn{x.reader, x.writer} {
		if conn != nil {
			err = errors.Join(err, conn.Close())
		}
	}
	x.find, x.insert, x.reader, x.writer = nil, nil, nil, nil
	return err
}
