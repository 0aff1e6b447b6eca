package trail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
)

// Occurrence is what an event of a ledger says of when things occurred.
type Occurrence struct {
	Version uint64
	At      time.Time // of the act
	Proof   []uint64  // the other events that prove the discrepancy that it raises
	Adopts  bool      // it adopts reference data
}

// OccurrenceOf reads it from an event.
func OccurrenceOf(rec domain.Recorded) Occurrence {
	o := Occurrence{Version: rec.Version, At: rec.Meta.OccurredAt}
	switch e := rec.Event.(type) {
	case *ledger.ReferenceAdopted:
		o.Adopts = true
	case *incident.Raised:
		for _, proof := range e.Proof {
			if proof.Version != rec.Version {
				o.Proof = append(o.Proof, proof.Version)
			}
		}
	}
	return o
}

// occurrenceChunk is how many events one row has at most.
const occurrenceChunk = 512

// An occurrence is written as the difference in seconds to the one before in its row, above flags for what follows: nanoseconds, proofs, and that it
// adopts reference data, which is all of itself.
const (
	hasNanos = 1 << iota
	hasProof
	adopts
	flags = iota
)

func appendOccurrence(b []byte, before int64, o Occurrence) []byte {
	seconds, nanos, flag := o.At.Unix(), o.At.Nanosecond(), int64(0)
	if nanos != 0 {
		flag |= hasNanos
	}
	if len(o.Proof) > 0 {
		flag |= hasProof
	}
	if o.Adopts {
		flag |= adopts
	}
	b = binary.AppendVarint(b, (seconds-before)<<flags|flag)
	if nanos != 0 {
		b = binary.AppendUvarint(b, uint64(nanos))
	}
	if len(o.Proof) > 0 {
		b = binary.AppendUvarint(b, uint64(len(o.Proof)))
		for _, version := range o.Proof {
			b = binary.AppendUvarint(b, version)
		}
	}
	return b
}

var errTorn = errors.New("a row of occurrences is cut off")

// readOccurrences reads a row that begins with a version.
func readOccurrences(b []byte, version uint64, each func(Occurrence) error) error {
	uint := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			b = nil
			return 0
		}
		b = b[size:]
		return n
	}
	for seconds := int64(0); len(b) > 0; version++ {
		head, size := binary.Varint(b)
		if size <= 0 {
			return errTorn
		}
		b = b[size:]
		seconds += head >> flags
		o := Occurrence{Version: version, Adopts: head&adopts != 0}
		nanos := uint64(0)
		if head&hasNanos != 0 {
			if nanos = uint(); nanos == 0 || nanos >= uint64(time.Second) {
				return errTorn
			}
		}
		o.At = time.Unix(seconds, int64(nanos))
		if head&hasProof != 0 {
			n := uint()
			if n == 0 || n > uint64(len(b)) {
				return errTorn
			}
			for range n {
				proof := uint()
				if proof == 0 {
					return errTorn
				}
				o.Proof = append(o.Proof, proof)
			}
		}
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

// note adds occurrences of a ledger, which follow each other, to its last row and, when that is full, to new ones. Those that are in already are passed over.
func (f *File) note(l Ledger, more []Occurrence) error {
	if len(more) == 0 {
		return nil
	}
	return f.change(func(d *desk) error {
		number, err := d.number(l)
		if err != nil {
			return err
		}
		first, count, before, blob := uint64(0), uint64(0), int64(0), []byte{}
		var torn error
		err = d.query("SELECT first, times FROM occurrence WHERE ledger = ?1 ORDER BY first DESC LIMIT 1",
			func(s *sqlite3.Stmt) error { return s.BindInt64(1, number) },
			func(s *sqlite3.Stmt) {
				first = uint64(s.ColumnInt64(0))
				blob = append(blob, s.ColumnRawBlob(1)...)
				torn = readOccurrences(blob, first, func(o Occurrence) error {
					count, before = count+1, o.At.Unix()
					return nil
				})
			})
		if err := errors.Join(err, torn); err != nil {
			return err
		}
		next := max(first+count, 1)
		if more[0].Version > next {
			return fmt.Errorf("occurrences of %s in %s end before version %d and go on with %d", l.Unit, l.Election, next, more[0].Version)
		}
		more = more[min(uint64(len(more)), next-more[0].Version):]
		for len(more) > 0 {
			if first == 0 || count >= occurrenceChunk {
				first, count, before, blob = more[0].Version, 0, 0, []byte{}
			}
			some := more[:min(uint64(len(more)), occurrenceChunk-count)]
			more = more[len(some):]
			for _, o := range some {
				blob = appendOccurrence(blob, before, o)
				before = o.At.Unix()
			}
			count += uint64(len(some))
			err := d.query("INSERT OR REPLACE INTO occurrence (ledger, first, times) VALUES (?1, ?2, ?3)",
				func(s *sqlite3.Stmt) error {
					return errors.Join(s.BindInt64(1, number), s.BindInt64(2, int64(first)), s.BindBlob(3, blob))
				}, nil)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Occurrences calls each for the events of a ledger that the index has, from the one after a version up to another, in order. It may end before, where the
// index does; it has none at all while it is not built. An error of each ends it.
func (x *Index) Occurrences(l Ledger, after, upTo uint64, each func(Occurrence) error) error {
	if !x.ready.Load() {
		return nil
	}
	err := x.file.ask(func(d *desk) error {
		in, err := d.ledgers()
		if err != nil {
			return err
		}
		known := in[l]
		var broken error
		err = d.query("SELECT first, times FROM occurrence WHERE ledger = ?1 AND first + ?2 > ?3 AND first <= ?4 ORDER BY first",
			func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindInt64(1, known.number), s.BindInt64(2, occurrenceChunk), s.BindInt64(3, int64(after)), s.BindInt64(4, int64(min(known.version, upTo))))
			},
			func(s *sqlite3.Stmt) {
				if broken != nil {
					return
				}
				broken = readOccurrences(s.ColumnRawBlob(1), uint64(s.ColumnInt64(0)), func(o Occurrence) error {
					if o.Version <= after || o.Version > known.version || o.Version > upTo {
						return nil
					}
					return each(o)
				})
			})
		return errors.Join(err, broken)
	})
	if err != nil {
		return fmt.Errorf("look into the index when things of %s in %s occurred: %w", l.Unit, l.Election, err)
	}
	return nil
}
