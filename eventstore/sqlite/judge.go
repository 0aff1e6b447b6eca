package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// judgeBy gives package checksum who decides whether a log in which pages do not fit their checksums is as it was
// written. SQLite's own check has found nothing then. former is that of Options; ctx ends what it does, which is before
// Open returns: then no log is of a former format.
func judgeBy(ctx context.Context, former vouching) func(*sqlite3.Conn) error {
	return func(conn *sqlite3.Conn) error {
		version, err := queryInt(conn, `PRAGMA user_version`)
		switch {
		case err != nil:
			return err
		case version == schemaVersion:
			return errors.Join(checkSchema(conn), checkRows(conn))
		case version == 2 && former != nil:
			return judgeFormer(ctx, conn, former)
		}
		return fmt.Errorf("the log has format %d, whose rows have no sums", version)
	}
}

type vouching = func(context.Context, iter.Seq2[eventstore.Record, error]) error

// judgeFormer judges a log of format 2. That its records have the form of a log the file shows by itself; that they are
// those that were written, vouch must say: no sum of a page that another program has written is left, and rows have
// none.
func judgeFormer(ctx context.Context, conn *sqlite3.Conn, vouch vouching) error {
	if err := checkObjects(conn, objectsOf2()); err != nil {
		return err
	}
	var found problems
	follow := newForm(found.report)
	for r, err := range recordsThrough(ctx, conn) {
		if err != nil {
			return err
		}
		if !follow.record(&r) {
			break
		}
	}
	if len(found) > 0 {
		return errors.Join(found...)
	}
	if err := vouch(ctx, recordsThrough(ctx, conn)); err != nil {
		return fmt.Errorf("the log has format 2, whose rows have no sums, and they are not vouched for: %w", err)
	}
	return nil
}

// errEnough ends a query whose reader has had enough.
var errEnough = errors.New("enough")

// recordsThrough yields the records that a connection sees, in the order of their positions.
func recordsThrough(ctx context.Context, conn *sqlite3.Conn) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		r := &reader{names: map[string]string{}}
		err := query(conn, `SELECT `+columns+` FROM events ORDER BY position`, func(row *sqlite3.Stmt) error {
			var rec eventstore.Record
			if err := errors.Join(ctx.Err(), r.decode(row, &rec)); err != nil {
				return err
			}
			if !yield(rec, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(eventstore.Record{}, err)
		}
	}
}
