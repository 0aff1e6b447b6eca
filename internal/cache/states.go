package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain/ledger"
	"jejak/eventstore"
)

// usualSpacing: to fold so many events takes about a third of a second, and the ledger of the largest city has four states beside its newest.
const usualSpacing = 25_000

// Load returns the newest state of a ledger, if a good one is there.
func (c *Cache) Load(ctx context.Context, stream string) (data ledger.Data, at Mark, ok bool) {
	versions := c.Versions(ctx, stream)
	if len(versions) == 0 {
		return data, Mark{}, false
	}
	return c.LoadAt(ctx, stream, versions[len(versions)-1])
}

// LoadAt returns the state of a ledger up to a version, if a good one is there. Whether it is of this log its mark says.
func (c *Cache) LoadAt(ctx context.Context, stream string, version uint64) (data ledger.Data, at Mark, ok bool) {
	raw, at, ok := c.read(stream, int64(version))
	if !ok || ctx.Err() != nil {
		return data, Mark{}, false
	}
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&data); err != nil {
		return ledger.Data{}, Mark{}, false
	}
	return data, at, true
}

// Versions are those of the states of a ledger, rising.
func (c *Cache) Versions(_ context.Context, stream string) []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var versions []uint64
	err := c.db.Query("SELECT version FROM snapshot WHERE stream = ? AND format = ? ORDER BY version",
		func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindText(2, c.format)) },
		func(s *sqlite3.Stmt) { versions = append(versions, uint64(s.ColumnInt64(0))) })
	if err != nil {
		return nil // the file is of no use: the log is
	}
	return versions
}

func (c *Cache) read(stream string, version int64) (raw []byte, at Mark, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum []byte
	err := c.db.Query("SELECT position, event, sha256 FROM snapshot WHERE stream = ? AND version = ? AND format = ?",
		func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindText(1, stream), s.BindInt64(2, version), s.BindText(3, c.format))
		},
		func(s *sqlite3.Stmt) { at, sum = mark(s, 0), s.ColumnBlob(2, nil) })
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

// Save keeps a state as the newest of its ledger. at is its last event. Of those before it only those stay that are needed for the gaps between two to
// be no longer than Spacing; the one before stays until all parts of this one are there. Later ones are of another log, and go.
func (c *Cache) Save(ctx context.Context, stream string, data *ledger.Data, at Mark) error {
	return c.encode(ctx, stream, data, at, true)
}

// SaveEarlier keeps a state between those that are there, for questions about the past. Which of them stay is as with Save.
func (c *Cache) SaveEarlier(ctx context.Context, stream string, data *ledger.Data, at Mark) error {
	return c.encode(ctx, stream, data, at, false)
}

func (c *Cache) encode(ctx context.Context, stream string, data *ledger.Data, at Mark, newest bool) error {
	var raw bytes.Buffer
	err := gob.NewEncoder(&raw).Encode(data)
	if err == nil {
		made := c.renewals.Load()
		err = c.save(ctx, stream, int64(data.Version), raw.Bytes(), at, newest)
		if err == nil && c.renewals.Load() != made { // the file was broken, and made anew without the parts that it had by then
			err = c.save(ctx, stream, int64(data.Version), raw.Bytes(), at, newest)
		}
	}
	if err != nil {
		return fmt.Errorf("save snapshot of %s: %w", stream, err)
	}
	return nil
}

func (c *Cache) save(ctx context.Context, stream string, version int64, raw []byte, at Mark, newest bool) error {
	of := func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindInt64(2, version)) }
	sum := sha256.Sum256(raw)
	// There may be another one of this version, of another log or another program, or what a save has left that was cut off. As long as there are parts of
	// two, their sum is that of neither.
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
		err = c.thin(stream, version, newest)
	}
	return err
}

// thin deletes the states of a ledger that are not needed, those of another format, and, after the newest, later ones. Parts that belong to no state stay:
// somebody else may be saving them.
func (c *Cache) thin(stream string, version int64, newest bool) error {
	var out []int64
	var good []uint64
	c.mu.Lock()
	err := c.db.Query("SELECT version, format FROM snapshot WHERE stream = ? ORDER BY version",
		func(s *sqlite3.Stmt) error { return s.BindText(1, stream) },
		func(s *sqlite3.Stmt) {
			switch there := s.ColumnInt64(0); {
			case s.ColumnText(1) != c.format, newest && there > version:
				out = append(out, there)
			default:
				good = append(good, uint64(there))
			}
		})
	c.mu.Unlock()
	for _, v := range unneeded(good, c.Spacing) {
		out = append(out, int64(v))
	}
	for _, v := range out {
		of := func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, stream), s.BindInt64(2, v)) }
		err = errors.Join(err, c.write("DELETE FROM snapshot WHERE stream = ? AND version = ?", of), c.write("DELETE FROM part WHERE stream = ? AND version = ?", of))
	}
	return err
}

// sweep deletes the parts of saves that were cut off. Nothing is being saved.
func (c *Cache) sweep() error {
	return c.write("DELETE FROM part WHERE NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.stream = part.stream AND s.version = part.version)", nil)
}

// unneeded are those of some versions without which no gap, from 0 to the last, is longer than spacing that is not with them.
func unneeded(versions []uint64, spacing uint64) (out []uint64) {
	last := uint64(0)
	for i, version := range versions {
		if i+1 < len(versions) && versions[i+1] <= last+spacing {
			out = append(out, version)
		} else {
			last = version
		}
	}
	return out
}
