package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// reopening is a call of Reopen on its way to the writer.
type reopening struct {
	ctx  context.Context
	done chan error
}

// Reopen makes a failed store take appends again. All connections to the file are closed and opened anew, so that what it holds is found out from
// the disk; everything acknowledged must be there, and one write must succeed. Events of appends whose outcome was unknown, and which turn out
// to be in the log, become visible to readers and subscriptions then.
//
// It does nothing when the store has not failed. When it returns an error the store is still failed and the error says why (ErrFailed, or ctx's,
// or ErrClosed after Close); it may be called again. Appends meanwhile fail with ErrFailed; readers wait.
func (s *Store) Reopen(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	q := reopening{ctx, make(chan error, 1)}
	select {
	case s.reopens <- q:
	case <-s.closing:
		return eventstore.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-q.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reopen is Reopen, in the writer's goroutine.
func (w *writer) reopen(ctx context.Context) error {
	if w.s.failed.Load() == nil {
		return nil
	}
	// As long as one connection is open SQLite goes by what it remembers of the write-ahead log, and does not look at the file.
	if err := w.s.readers.suspend(ctx); err != nil {
		return err
	}
	defer w.s.readers.resume()
	_ = w.close() // what broke it has been reported
	if err := w.openAgain(ctx); err != nil {
		if e := ctx.Err(); e != nil {
			return e
		}
		return fmt.Errorf("reopen event log %s: %w: %w", w.s.path, eventstore.ErrFailed, w.s.named(err))
	}
	w.s.failed.Store(nil)
	w.s.learnCommands()
	return nil
}

// openAgain is reopen without a connection open.
func (w *writer) openAgain(ctx context.Context) (err error) {
	conn, disk, err := w.s.connectWriter(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.conn = nil
			err = errors.Join(err, disk.cause(), closeConn(conn))
			disk.unregister()
		}
	}()
	var found heads
	last, side, err := loadHeads(ctx, conn, &found)
	if err != nil {
		return err
	}
	head := eventstore.Position(w.s.tail.head.Load())
	if err := w.checkAcknowledged(conn, &found, head, last); err != nil {
		return fmt.Errorf("acknowledged events are missing, restore a backup: %w", err)
	}
	if err := probe(conn); err != nil {
		return fmt.Errorf("the disk takes no writes yet: %w", err)
	}
	if err := w.attach(conn, disk, last, side); err != nil {
		return err
	}
	if err := w.learnSince(conn, head); err != nil {
		return err
	}
	w.s.count.walPages.Store(0)
	w.s.heads.replace(&found)
	if last > head {
		w.newest = newest{}
		w.s.count.events.Add(uint64(last - head))
		w.s.tail.jump(last)
	}
	return nil
}

// newest identifies the last record that was acknowledged since the log was opened; the zero newest is none.
type newest struct {
	position eventstore.Position
	stream   string
	id       uuid.UUID
}

// checkAcknowledged looks whether everything that was visible before the failure is in the file.
func (w *writer) checkAcknowledged(conn *sqlite3.Conn, found *heads, head, last eventstore.Position) error {
	if last < head {
		return fmt.Errorf("the log ends at position %d, but %d was acknowledged", last, head)
	}
	if err := w.s.heads.missing(found); err != nil {
		return err
	}
	want := w.newest
	if want.position == 0 {
		return nil
	}
	same := false
	err := query(conn, fmt.Sprintf(`SELECT stream, id FROM events WHERE position = %d`, want.position), func(s *sqlite3.Stmt) error {
		same = s.ColumnText(0) == want.stream && s.ColumnText(1) == want.id.String()
		return nil
	})
	if err == nil && !same {
		err = fmt.Errorf("position %d is not event %s of stream %s, which was acknowledged there", want.position, want.id, want.stream)
	}
	return err
}

// probe commits a write that changes nothing.
func probe(conn *sqlite3.Conn) error {
	if err := conn.Exec(fmt.Sprintf(`PRAGMA user_version=%d`, schemaVersion)); err != nil {
		return err
	}
	return checkpointNow(conn)
}

// learnSince adds the commands after a position to the set.
func (w *writer) learnSince(conn *sqlite3.Conn, after eventstore.Position) error {
	return query(conn, fmt.Sprintf(`SELECT command FROM events WHERE position > %d AND command IS NOT NULL`, after), func(s *sqlite3.Stmt) error {
		id, err := uuid.ParseBytes(s.ColumnRawBlob(0))
		if err == nil {
			w.s.known.add(id)
		}
		return err
	})
}
