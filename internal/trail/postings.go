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

// chunk is how many versions one row holds at most.
const chunk = 1000

// postings are the versions by subject, rising.
type postings map[string][]uint64

func (p postings) add(version uint64, subjects []string) {
	for _, s := range subjects {
		p[s] = append(p[s], version)
	}
}

// ledgers are the ledgers that have something in, with their numbers and how far each is.
func (f *File) ledgers() (map[Ledger]int64, map[Ledger]uint64, error) {
	numbers, versions := map[Ledger]int64{}, map[Ledger]uint64{}
	err := f.query("SELECT number, election, unit, version FROM ledger", nil, func(s *sqlite3.Stmt) {
		l := Ledger{s.ColumnText(1), domain.Code(s.ColumnText(2))}
		numbers[l], versions[l] = s.ColumnInt64(0), uint64(s.ColumnInt64(3))
	})
	return numbers, versions, err
}

// head says up to where everything is in; ok is false when it was never built to the end.
func (f *File) head() (at cache.Mark, ok bool, err error) {
	err = f.query("SELECT position, event FROM head", nil, func(s *sqlite3.Stmt) {
		id, _ := uuid.Parse(s.ColumnText(1)) // none: a mark that belongs to no log
		at, ok = cache.Mark{Position: eventstore.Position(s.ColumnInt64(0)), Event: id}, true
	})
	return at, ok, err
}

func (f *File) setHead(at cache.Mark) error {
	return f.query("INSERT OR REPLACE INTO head (one, position, event) VALUES (1, ?, ?)",
		func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(at.Position)), s.BindText(2, at.Event.String()))
		}, nil)
}

// put adds postings of a ledger, all later than those that are in, and returns how many rows these were. It must run in a transaction.
func (f *File) put(l Ledger, version uint64, more postings) (rows int, err error) {
	err = f.query("INSERT INTO ledger (election, unit, version) VALUES (?1, ?2, ?3) ON CONFLICT (election, unit) DO UPDATE SET version = ?3",
		func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindText(1, l.Election), s.BindText(2, string(l.Unit)), s.BindInt64(3, int64(version)))
		}, nil)
	if err != nil {
		return 0, err
	}
	numbers, _, err := f.ledgers()
	if err != nil {
		return 0, err
	}
	number := numbers[l]
	blob := make([]byte, 0, 64)                              // never nil: that would be NULL
	for _, subject := range slices.Sorted(maps.Keys(more)) { // in the order of the key: neighbours share pages
		for versions := range slices.Chunk(more[subject], chunk) {
			blob = blob[:0]
			for i, v := range versions[1:] {
				blob = binary.AppendUvarint(blob, v-versions[i])
			}
			err := run(f.insert, func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindText(1, subject), s.BindInt64(2, number), s.BindInt64(3, int64(versions[0])), s.BindBlob(4, blob))
			}, nil)
			if err != nil {
				return rows, fmt.Errorf("postings of %q: %w", subject, err)
			}
			rows++
		}
	}
	return rows, nil
}

// versionsOf reads the versions of a row.
func versionsOf(s *sqlite3.Stmt, into []uint64) ([]uint64, error) {
	v := uint64(s.ColumnInt64(1))
	into = append(into, v)
	for rest := s.ColumnRawBlob(2); len(rest) > 0; {
		delta, n := binary.Uvarint(rest)
		if n <= 0 {
			return into, errors.New("a row of postings is cut off")
		}
		v, rest = v+delta, rest[n:]
		into = append(into, v)
	}
	return into, nil
}
