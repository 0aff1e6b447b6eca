package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// pool holds the connections that read. They are opened when needed and kept.
type pool struct {
	path    string
	checked *checksum.VFS
	slots   chan struct{} // one for each connection in use
	closing chan struct{}

	mu   sync.Mutex
	idle []*reader // the one used last is taken first: its cache is warm

	background sync.WaitGroup // goroutines that read for a caller
}

func newPool(path string, checked *checksum.VFS, size int) *pool {
	return &pool{path: path, checked: checked, slots: make(chan struct{}, size), closing: make(chan struct{})}
}

// get waits for a connection. The caller gives it back with put, soon.
func (p *pool) get(ctx context.Context) (*reader, error) {
	select {
	case <-p.closing:
		return nil, eventstore.ErrClosed
	default:
	}
	select {
	case p.slots <- struct{}{}:
	case <-p.closing:
		return nil, eventstore.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		r := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return r, nil
	}
	p.mu.Unlock()
	r, err := newReader(p.path, p.checked.Name())
	if err != nil {
		<-p.slots
		return nil, fmt.Errorf("open event log %s for reading: %w", p.path, named(p.checked, err))
	}
	return r, nil
}

func (p *pool) put(r *reader) {
	p.mu.Lock()
	p.idle = append(p.idle, r)
	p.mu.Unlock()
	<-p.slots
}

// suspend waits until no connection is in use, closes all, and lets nobody have one until resume.
func (p *pool) suspend(ctx context.Context) error {
	for taken := range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			for range taken {
				<-p.slots
			}
			return ctx.Err()
		}
	}
	// An error in closing a connection that only read has nothing to say about what the file holds.
	_ = p.closeIdle()
	return nil
}

func (p *pool) resume() {
	for range cap(p.slots) {
		<-p.slots
	}
}

// close waits for the connections in use and closes all.
func (p *pool) close() error {
	close(p.closing)
	p.background.Wait()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	return p.closeIdle()
}

func (p *pool) closeIdle() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, r := range p.idle {
		errs = append(errs, closeConn(r.conn))
	}
	p.idle = nil
	return errors.Join(errs...)
}

// reader is a connection that reads. It is for one goroutine at a time.
type reader struct {
	conn                                        *sqlite3.Conn
	all, stream, few, byCommand, commandsByText *sqlite3.Stmt
	besides                                     *sqlite3.Stmt

	names map[string]string // stream names and types met, so that each is one string
	bytes []byte            // rest of the piece of memory that payloads are copied to
}

// connectReader opens a connection that changes nothing, not even when it is the last one to be closed.
func connectReader(ctx context.Context, path, vfs string) (*sqlite3.Conn, error) {
	conn, err := connect(ctx, path, vfs, sqlite3.OPEN_READWRITE, `PRAGMA query_only=ON; PRAGMA cache_size=-4096`)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

const columns = `position, stream, version, type, id, command, schema, recorded_at, data, metadata`

func newReader(path, vfs string) (*reader, error) {
	conn, err := connectReader(context.Background(), path, vfs)
	if err != nil {
		return nil, err
	}
	return prepareReader(conn)
}

// prepareReader makes a reader of a connection, and closes it when it cannot.
func prepareReader(conn *sqlite3.Conn) (*reader, error) {
	r := &reader{conn: conn, names: map[string]string{}}
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&r.all, `SELECT ` + columns + ` FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position`},
		{&r.stream, `SELECT ` + columns + ` FROM events WHERE stream = ?3 AND version > ?1 AND version <= ?2 ORDER BY version`},
		{&r.few, `SELECT ` + columns + ` FROM events WHERE position IN (SELECT position FROM events INDEXED BY events_stream WHERE stream >= ?3 AND stream < ?4
			AND position > ?1 AND position <= ?2) ORDER BY position`},
		{&r.besides, `SELECT ` + columns + ` FROM events WHERE position < ` + strconv.Itoa(sideEnd) + ` ORDER BY position`},
		{&r.byCommand, `SELECT ` + columns + ` FROM events WHERE command = ?1 ORDER BY position LIMIT 1`},
		{&r.commandsByText, `SELECT command FROM events WHERE command > ?1 ORDER BY command`},
	} {
		stmt, _, err := conn.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return nil, errors.Join(err, closeConn(conn))
		}
		*p.stmt = stmt
	}
	return r, nil
}

// decode reads the row that stmt is at. The columns are those of columns.
func (r *reader) decode(stmt *sqlite3.Stmt, into *eventstore.Record) error {
	into.Position = placeOf(stmt.ColumnInt64(0))
	into.Stream = r.name(stmt.ColumnRawBlob(1))
	into.Version = eventstore.Version(stmt.ColumnInt64(2))
	into.Type = r.name(stmt.ColumnRawBlob(3))
	var errs [3]error
	into.ID, errs[0] = uuid.ParseBytes(stmt.ColumnRawBlob(4))
	into.Command = uuid.Nil
	if command := stmt.ColumnRawBlob(5); command != nil {
		into.Command, errs[1] = uuid.ParseBytes(command)
	}
	into.Schema = stmt.ColumnInt(6)
	into.RecordedAt, errs[2] = parseTime(stmt.ColumnRawBlob(7))
	into.Data = r.copy(stmt.ColumnRawBlob(8))
	into.Metadata = r.copy(stmt.ColumnRawBlob(9))
	if err := stmt.Err(); err != nil {
		return fmt.Errorf("read event at position %d: %w", into.Position, err)
	}
	if errs != [3]error{} {
		return fmt.Errorf("read event at position %d: %w: %w", into.Position, ErrDamaged, errors.Join(errs[:]...))
	}
	return nil
}

// name returns the bytes as a string without making a new one each time.
func (r *reader) name(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	if len(r.names) >= 4096 {
		clear(r.names)
	}
	s := string(b)
	r.names[s] = s
	return s
}

// copyPiece is what a single kept payload can hold on to at most, beside itself.
const copyPiece = 32 << 10

// copy copies a payload to memory that it shares with its neighbours.
func (r *reader) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > cap(r.bytes)-len(r.bytes) {
		if len(b) > copyPiece/4 {
			return append([]byte(nil), b...)
		}
		r.bytes = make([]byte, 0, copyPiece)
	}
	start := len(r.bytes)
	r.bytes = append(r.bytes, b...)
	return r.bytes[start:len(r.bytes):len(r.bytes)]
}

// parseTime reads timeLayout.
func parseTime(b []byte) (time.Time, error) {
	if len(b) == timeSize && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' && b[16] == ':' && b[19] == '.' && b[26] == 'Z' {
		ok := true
		number := func(from, to int) (n int) {
			for _, c := range b[from:to] {
				ok = ok && '0' <= c && c <= '9'
				n = n*10 + int(c-'0')
			}
			return n
		}
		month, day, hour, minute, second := time.Month(number(5, 7)), number(8, 10), number(11, 13), number(14, 16), number(17, 19)
		t := time.Date(number(0, 4), month, day, hour, minute, second, number(20, 26)*1000, time.UTC)
		// Date takes the 30th of February for the 1st of March: such a time was never written.
		if ok && t.Month() == month && t.Day() == day && hour < 24 && minute < 60 && second < 60 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q is not like %s", b, timeLayout)
}

// commandsAfter returns commands in the order of their text: the next n after one, and the last of them.
func (r *reader) commandsAfter(after string, n int) ([]uuid.UUID, string, error) {
	stmt := r.commandsByText
	if err := stmt.BindText(1, after); err != nil {
		return nil, "", err
	}
	var ids []uuid.UUID
	var wrong error
	for len(ids) < n && wrong == nil && stmt.Step() {
		id, err := uuid.ParseBytes(stmt.ColumnRawBlob(0))
		wrong = err
		ids = append(ids, id)
	}
	err := errors.Join(wrong, stmt.Err(), stmt.Reset())
	if err != nil || len(ids) == 0 {
		return nil, "", err
	}
	return ids, ids[len(ids)-1].String(), nil
}
