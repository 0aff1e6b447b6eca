package trail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/cache"
)

// Ledger is the ledger of a unit in an election.
type Ledger struct {
	Election string
	Unit     domain.Code
}

const (
	// chunk is how many versions one row holds at most.
	chunk = 256
	// piece is how many rows one transaction takes at most: what it changes is kept in memory until its end.
	piece = 1000
)

// postings are the versions by subject, rising.
type postings map[string][]uint64

func (p postings) add(version uint64, subjects []string) {
	for _, s := range subjects {
		p[s] = append(p[s], version)
	}
}

// known is a ledger that has something in.
type known struct {
	number  int64
	version uint64 // what counts goes up to it
}

// ledgers are those that are in.
func (d *desk) ledgers() (map[Ledger]known, error) {
	list := map[Ledger]known{}
	err := d.query("SELECT number, election, unit, version FROM ledger", nil, func(s *sqlite3.Stmt) {
		list[Ledger{s.ColumnText(1), domain.Code(s.ColumnText(2))}] = known{s.ColumnInt64(0), uint64(s.ColumnInt64(3))}
	})
	return list, err
}

// head says what is in.
type head struct {
	built bool       // it was built to its end once
	at    cache.Mark // up to where everything is in
	aim   cache.Mark // up to where postings may be in
}

// head reads it; nothing is in an empty file.
func (d *desk) head() (h head, err error) {
	err = d.query("SELECT position, event, aim, aimed FROM head", nil, func(s *sqlite3.Stmt) {
		h.built = s.ColumnType(0) != sqlite3.NULL
		h.at, h.aim = markOf(s, 0), markOf(s, 2)
	})
	return h, err
}

// markOf reads a mark; an id that is none is of no log.
func markOf(s *sqlite3.Stmt, column int) cache.Mark {
	id, _ := uuid.Parse(s.ColumnText(column + 1))
	return cache.Mark{Position: eventstore.Position(s.ColumnInt64(column)), Event: id}
}

// aim notes up to where postings are going to be put.
func (d *desk) aim(to cache.Mark) error {
	return d.query("INSERT INTO head (one, event, aim, aimed) VALUES (1, '', ?1, ?2) ON CONFLICT (one) DO UPDATE SET aim = ?1, aimed = ?2",
		func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(to.Position)), s.BindText(2, to.Event.String()))
		}, nil)
}

// arrive makes count what has been put: all up to the aim, and in the ledgers up to these versions.
func (d *desk) arrive(versions map[Ledger]uint64) error {
	for l, version := range versions {
		err := d.query("UPDATE ledger SET version = ?3 WHERE election = ?1 AND unit = ?2", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindText(1, l.Election), s.BindText(2, string(l.Unit)), s.BindInt64(3, int64(version)))
		}, nil)
		if err != nil {
			return err
		}
	}
	return d.query("UPDATE head SET position = aim, event = aimed", nil, nil)
}

// number gives a ledger's number, a new one to a new ledger.
func (d *desk) number(l Ledger) (n int64, err error) {
	bind := func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindText(1, l.Election), s.BindText(2, string(l.Unit)))
	}
	if err := d.query("INSERT INTO ledger (election, unit, version) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING", bind, nil); err != nil {
		return 0, err
	}
	err = d.query("SELECT number FROM ledger WHERE election = ?1 AND unit = ?2", bind, func(s *sqlite3.Stmt) { n = s.ColumnInt64(0) })
	return n, err
}

// put adds postings of a ledger, and returns how many rows were touched. Those that are in already are passed over, so that what was cut off can
// be put once more; all others must be later than those that are in.
func (f *File) put(l Ledger, more postings) (rows int, err error) {
	subjects := slices.Sorted(maps.Keys(more)) // in the order of the key: neighbours share pages
	for some := range slices.Chunk(subjects, piece) {
		err := f.change(func(d *desk) error {
			number, err := d.number(l)
			if err != nil {
				return err
			}
			for _, subject := range some {
				n, err := d.put(subject, number, more[subject])
				if err != nil {
					return fmt.Errorf("postings of %q: %w", subject, err)
				}
				rows += n
			}
			return nil
		})
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// put adds the postings of one subject to its last row and, when that is full, to new ones.
func (d *desk) put(subject string, number int64, versions []uint64) (rows int, err error) {
	first, count, end, blob := uint64(0), 0, uint64(0), []byte{} // never nil: that would be NULL
	var torn error
	err = run(d.last, func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, subject), s.BindInt64(2, number)) }, func(s *sqlite3.Stmt) {
		first = uint64(s.ColumnInt64(1))
		blob = append(blob, s.ColumnRawBlob(2)...)
		torn = versionsOf(s, func(v uint64) { count, end = count+1, v })
	})
	if err := errors.Join(err, torn); err != nil {
		return 0, err
	}
	stmt := d.extend
	begun, _ := slices.BinarySearch(versions, end+1)
	for versions = versions[begun:]; len(versions) > 0; rows++ {
		if count == 0 || count >= chunk {
			stmt, first, end, count, blob = d.insert, versions[0], versions[0], 1, blob[:0]
			versions = versions[1:]
		}
		some := versions[:min(len(versions), chunk-count)]
		versions = versions[len(some):]
		for _, v := range some {
			blob = binary.AppendUvarint(blob, v-end)
			end = v
		}
		count += len(some)
		err := run(stmt, func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindText(1, subject), s.BindInt64(2, number), s.BindInt64(3, int64(first)), s.BindBlob(4, blob))
		}, nil)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// versionsOf reads the versions of a row.
func versionsOf(s *sqlite3.Stmt, each func(version uint64)) error {
	v := uint64(s.ColumnInt64(1))
	each(v)
	for rest := s.ColumnRawBlob(2); len(rest) > 0; {
		delta, n := binary.Uvarint(rest)
		if n <= 0 {
			return errors.New("a row of postings is cut off")
		}
		v, rest = v+delta, rest[n:]
		each(v)
	}
	return nil
}
