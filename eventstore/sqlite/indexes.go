package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// StreamIndex yields what the index by streams says of each record: stream, version and position only, in the order of the index, which must ascend. An error
// ends it. The file cannot shrink its write-ahead log meanwhile: for those who check a log that nobody writes to.
func (s *Store) StreamIndex(ctx context.Context) iter.Seq2[eventstore.Record, error] {
	var last eventstore.Record
	return s.index(ctx, `SELECT stream, version, position FROM events INDEXED BY events_stream WHERE NOT (`+besideRows+`) ORDER BY stream, version`, func(r *reader, row *sqlite3.Stmt) (rec eventstore.Record, err error) {
		rec.Stream, rec.Version, rec.Position = r.name(row.ColumnRawBlob(0)), eventstore.Version(row.ColumnInt64(1)), eventstore.Position(row.ColumnInt64(2))
		if order := strings.Compare(last.Stream, rec.Stream); order > 0 || order == 0 && last.Version >= rec.Version {
			err = fmt.Errorf("version %d of stream %s stands after version %d of %s", rec.Version, rec.Stream, last.Version, last.Stream)
		}
		last = rec
		return rec, err
	})
}

// CommandIndex yields what the index by commands says of each record of a command, command and position only, and then what the index by ids says of those
// without a command: id and position. Otherwise as StreamIndex.
func (s *Store) CommandIndex(ctx context.Context) iter.Seq2[eventstore.Record, error] {
	ascending := func(key func(*eventstore.Record) *uuid.UUID) func(*reader, *sqlite3.Stmt) (eventstore.Record, error) {
		var last eventstore.Record
		return func(_ *reader, row *sqlite3.Stmt) (rec eventstore.Record, err error) {
			*key(&rec), err = uuid.ParseBytes(row.ColumnRawBlob(0))
			rec.Position = eventstore.Position(row.ColumnInt64(1))
			if order := bytes.Compare(key(&last)[:], key(&rec)[:]); err == nil && (order > 0 || order == 0 && last.Position >= rec.Position) {
				err = fmt.Errorf("%s at position %d stands after %s at %d", key(&rec), rec.Position, key(&last), last.Position)
			}
			last = rec
			return rec, err
		}
	}
	commands := s.index(ctx, `SELECT command, position FROM events INDEXED BY events_command WHERE command IS NOT NULL ORDER BY command, position`,
		ascending(func(rec *eventstore.Record) *uuid.UUID { return &rec.Command }))
	ids := s.index(ctx, `SELECT id, position FROM events INDEXED BY events_id WHERE command IS NULL AND position > 0 ORDER BY id, position`,
		ascending(func(rec *eventstore.Record) *uuid.UUID { return &rec.ID }))
	return func(yield func(eventstore.Record, error) bool) {
		for _, part := range []iter.Seq2[eventstore.Record, error]{commands, ids} {
			for rec, err := range part {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// index reads an index from one end to the other.
func (s *Store) index(ctx context.Context, sql string, read func(*reader, *sqlite3.Stmt) (eventstore.Record, error)) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		slot, err := s.readers.get(ctx) // Reopen waits until nobody has the file open
		if err != nil {
			yield(eventstore.Record{}, err)
			return
		}
		defer s.readers.put(slot)
		conn, err := connectReader(ctx, s.path, s.checked.Name())
		if err != nil {
			yield(eventstore.Record{}, fmt.Errorf("open event log %s for reading: %w", s.path, err))
			return
		}
		defer conn.Close()
		conn.SetInterrupt(ctx)
		stmt, _, err := conn.Prepare(sql)
		if err != nil {
			yield(eventstore.Record{}, fmt.Errorf("read an index of event log %s: %w", s.path, s.named(err)))
			return
		}
		defer stmt.Close()
		r := &reader{names: map[string]string{}}
		for err == nil && stmt.Step() {
			var rec eventstore.Record
			if rec, err = read(r, stmt); err != nil {
				err = fmt.Errorf("%w: %w", ErrDamaged, err)
			} else if !yield(rec, nil) {
				return
			}
		}
		if err = errors.Join(err, stmt.Err(), ctx.Err()); err != nil {
			yield(eventstore.Record{}, fmt.Errorf("read an index of event log %s: %w", s.path, s.named(err)))
		}
	}
}
