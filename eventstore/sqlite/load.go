package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// loadEvents is how many events Load puts into a transaction.
const loadEvents = 10_000

// Load makes a new log at path from the records of another, in the order of their positions, which must be 1, 2, 3, ... without gaps, and as
// consecutive in each stream. They are in the new log as they were in the old, positions and times included, and durable when it returns nil. The
// records are checked one by one as Append does; that no id is there twice is for Verify and package invariant. What a Load that has failed leaves behind
// is not a log: the caller deletes it. A file that is there already is an error. Records of streams beside the log may stand anywhere among the others: their
// positions are 1, 2, 3, ... of their own.
func Load(ctx context.Context, path string, records iter.Seq2[eventstore.Record, error]) (err error) {
	checked, err := checksum.Register("")
	if err != nil {
		return fmt.Errorf("make event log %s: %w", path, err)
	}
	defer checked.Unregister()
	checked.JudgeBy(judgeBy(ctx, nil))
	disk, err := newDisk(checked.Name())
	if err != nil {
		return fmt.Errorf("make event log %s: %w", path, err)
	}
	defer disk.unregister()
	conn, err := openLog(ctx, path, disk, true)
	if err != nil {
		return fmt.Errorf("make event log %s: %w", path, errors.Join(err, disk.cause()))
	}
	defer func() { err = errors.Join(err, closeConn(conn)) }()
	l := loader{conn: conn, ends: map[string]eventstore.Version{}}
	if err := l.load(ctx, records); err != nil {
		if first := disk.cause(); first != nil {
			err = fmt.Errorf("%w (%w)", first, err)
		}
		return fmt.Errorf("make event log %s: %w", path, err)
	}
	return nil
}

// loader fills a new log.
type loader struct {
	conn   *sqlite3.Conn
	insert *sqlite3.Stmt
	last   eventstore.Position
	side   eventstore.Position // the last beside the log
	ends   map[string]eventstore.Version
	text   []byte // room for a time
}

func (l *loader) load(ctx context.Context, records iter.Seq2[eventstore.Record, error]) (err error) {
	if there, err := queryInt(l.conn, `SELECT count(*) FROM (SELECT 1 FROM events LIMIT 1)`); err != nil || there > 0 {
		return errors.Join(whenThere(there > 0), err)
	}
	if l.insert, _, err = l.conn.PrepareFlags(`INSERT INTO events (position, stream, version, id, command, type, schema, recorded_at, data, metadata, sum)
		VALUES (?,?,?,?,?,?,?,CAST(? AS TEXT),CAST(? AS TEXT),CAST(? AS TEXT),?)`, sqlite3.PREPARE_PERSISTENT); err != nil {
		return err
	}
	open := false
	for rec, err := range records {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !open {
			err, open = l.conn.Exec(`BEGIN IMMEDIATE`), true
		}
		if err == nil {
			err = l.add(&rec)
		}
		if err == nil && (l.last+l.side)%loadEvents == 0 {
			err, open = l.commit(sqlite3.CHECKPOINT_PASSIVE), false
		}
		if err != nil {
			return err
		}
	}
	if open {
		return l.commit(sqlite3.CHECKPOINT_TRUNCATE)
	}
	_, _, err = l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	return err
}

func whenThere(there bool) error {
	if there {
		return errors.New("it has events already")
	}
	return nil
}

func (l *loader) commit(mode sqlite3.CheckpointMode) error {
	if err := l.conn.Exec(`COMMIT`); err != nil {
		return err
	}
	_, _, err := l.conn.WALCheckpoint("main", mode)
	return err
}

func (l *loader) add(r *eventstore.Record) error {
	last, row := &l.last, int64(r.Position)
	if beside(r.Stream) {
		last, row = &l.side, rowBeside(r.Position)
	}
	if r.Position != *last+1 {
		return fmt.Errorf("position %d comes after %d", r.Position, *last)
	}
	if end := l.ends[r.Stream]; r.Version != end+1 {
		return fmt.Errorf("position %d: version %d of stream %s comes after %d", r.Position, r.Version, r.Stream, end)
	}
	if err := eventstore.Validate(r.Stream, []eventstore.Event{r.Event}); err != nil {
		return fmt.Errorf("position %d: %w", r.Position, err)
	}
	l.text = appendTime(l.text[:0], r.RecordedAt)
	s := l.insert
	command := s.BindNull(5)
	var commandText []byte
	if r.Command != uuid.Nil {
		commandText = appendID(nil, r.Command)
		command = s.BindText(5, string(commandText))
	}
	sum := rowSum(row, int64(r.Version), int64(r.Schema), r.Stream, r.Type, appendID(nil, r.ID), commandText, l.text,
		orNil(r.Data), orNil(r.Metadata))
	if err := errors.Join(
		command, s.BindInt64(1, row), s.BindText(2, r.Stream), s.BindInt64(3, int64(r.Version)), s.BindText(4, r.ID.String()),
		s.BindText(6, r.Type), s.BindInt64(7, int64(r.Schema)), s.BindBlob(8, l.text), bindJSON(s, 9, r.Data), bindJSON(s, 10, r.Metadata),
		s.BindInt64(11, int64(sum)),
	); err != nil {
		return err
	}
	if err := s.Exec(); err != nil {
		return fmt.Errorf("position %d: %w", r.Position, err)
	}
	*last, l.ends[r.Stream] = r.Position, r.Version
	return nil
}
