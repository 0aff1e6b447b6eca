package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// ReadUnchecked yields what is in the file at path in position order, whether or not its checksums, indexes or triggers are as they were written: for
// those who look for what was changed, and for nobody else. A value that cannot be read is given as its zero. Nobody may write meanwhile, and nothing is
// changed. An error is yielded once, as the last pair.
func ReadUnchecked(ctx context.Context, path string) iter.Seq2[eventstore.Record, error] {
	return readUnchecked(ctx, path, func(r *reader) (*sqlite3.Stmt, error) {
		return r.all, errors.Join(r.all.BindInt64(1, 0), r.all.BindInt64(2, math.MaxInt64))
	})
}

// ReadSideUnchecked is ReadUnchecked for the rows beside the log.
func ReadSideUnchecked(ctx context.Context, path string) iter.Seq2[eventstore.Record, error] {
	return readUnchecked(ctx, path, func(r *reader) (*sqlite3.Stmt, error) { return r.besides, nil })
}

func readUnchecked(ctx context.Context, path string, choose func(*reader) (*sqlite3.Stmt, error)) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		// The library checks the pages of a file that has checksums even without package checksum, if it is not told otherwise first, as connect does.
		conn, err := connect(ctx, path, "", sqlite3.OPEN_READWRITE, `PRAGMA query_only=ON; PRAGMA cache_size=-4096`)
		var r *reader
		if err == nil {
			if _, e := conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); e != nil {
				err = errors.Join(e, conn.Close())
			}
		}
		if err == nil {
			r, err = prepareReader(conn)
		}
		if err != nil {
			yield(eventstore.Record{}, fmt.Errorf("open event log %s for reading: %w", path, err))
			return
		}
		defer func() { _ = closeConn(r.conn) }() // only read from
		r.conn.SetInterrupt(ctx)
		rows, err := choose(r)
		for err == nil && rows.Step() {
			var rec eventstore.Record
			if err = r.decode(rows, &rec); errors.Is(err, ErrDamaged) {
				err = nil
			}
			if err == nil && !yield(rec, nil) {
				return
			}
		}
		if err = errors.Join(err, rows.Err(), ctx.Err()); err != nil {
			yield(eventstore.Record{}, fmt.Errorf("read event log %s: %w", path, err))
		}
	}
}
