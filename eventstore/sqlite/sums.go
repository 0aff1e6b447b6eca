package sqlite

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/ncruces/go-sqlite3"
)

// sumTable is CRC-32C, which processors compute by themselves.
var sumTable = crc32.MakeTable(crc32.Castagnoli)

// text is how a name is at hand: of an event, or of a row.
type text interface{ ~string | ~[]byte }

// rowSum is what column sum holds: CRC-32C over version and schema (8 bytes each, little-endian), the lengths of the texts (4 bytes each, 2^32-1 for NULL), the
// texts in that order, and at last the position (8 bytes), which is known last. It finds what has changed in a row in whose page another program has
// written, where the checksum of the page says nothing.
func rowSum[T text](position, version, schema int64, stream, kind T, id, command, recordedAt, data, metadata []byte) uint32 {
	return withPosition(sumWithout(version, schema, stream, kind, id, command, recordedAt, data, metadata), position)
}

// sumWithout is rowSum before the position.
func sumWithout[T text](version, schema int64, stream, kind T, id, command, recordedAt, data, metadata []byte) uint32 {
	var room [256]byte
	head := binary.LittleEndian.AppendUint64(room[:0], uint64(version))
	head = binary.LittleEndian.AppendUint64(head, uint64(schema))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(stream)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(kind)))
	rest := [...][]byte{id, command, recordedAt, data, metadata}
	for _, part := range rest {
		length := uint32(len(part))
		if part == nil {
			length = 1<<32 - 1
		}
		head = binary.LittleEndian.AppendUint32(head, length)
	}
	head = append(head, stream...)
	head = append(head, kind...)
	sum := crc32.Update(0, sumTable, head)
	for _, part := range rest {
		sum = crc32.Update(sum, sumTable, part)
	}
	return sum
}

func withPosition(sum uint32, position int64) uint32 {
	var last [8]byte
	binary.LittleEndian.PutUint64(last[:], uint64(position))
	return crc32.Update(sum, sumTable, last[:])
}

// sumColumns are the columns that sumOfRow reads, and the sum.
const sumColumns = `position, version, schema, stream, type, id, command, recorded_at, data, metadata, sum`

// sumOfRow computes the sum of the row that a statement is at.
func sumOfRow(s *sqlite3.Stmt) uint32 {
	text := func(column int) []byte {
		b := s.ColumnRawBlob(column)
		if b == nil && s.ColumnType(column) != sqlite3.NULL {
			return []byte{} // an empty text
		}
		return b
	}
	return rowSum(s.ColumnInt64(0), s.ColumnInt64(1), s.ColumnInt64(2), s.ColumnRawBlob(3), s.ColumnRawBlob(4), text(5), text(6), text(7), text(8), text(9))
}

// oldRows is how many rows of a program before format 3 have one sum together.
const oldRows = 64

// checkRows reads every row of a log and tells the first that is not as it was written. Rows that an earlier program has written have no sum of their own; they
// stand in table sums, oldRows together.
func checkRows(conn *sqlite3.Conn) error {
	old := map[int64]uint32{} // by the last position
	upTo := int64(0)
	if err := query(conn, `SELECT upto, sum FROM sums ORDER BY upto`, func(s *sqlite3.Stmt) error {
		upTo = s.ColumnInt64(0)
		old[upTo] = uint32(s.ColumnInt64(1))
		return nil
	}); err != nil {
		return err
	}
	var last, from int64
	var together uint32
	err := query(conn, `SELECT `+sumColumns+` FROM events ORDER BY position`, func(s *sqlite3.Stmt) error {
		position, sum := s.ColumnInt64(0), sumOfRow(s)
		if err := s.Err(); err != nil {
			return err
		}
		// Rows beside the log come first, from their own first one on; then those of the log from 1 on.
		next := last + 1
		switch {
		case position < sideEnd && last == 0:
			next = rowBeside(1)
		case position >= sideEnd && last < sideEnd:
			next = 1
		}
		if position != next {
			return fmt.Errorf("position %d comes after %d", position, last)
		}
		last = position
		if position < sideEnd || position > upTo {
			if int64(sum) != s.ColumnInt64(10) || s.ColumnType(10) == sqlite3.NULL {
				return fmt.Errorf("the row at position %d does not fit its sum", position)
			}
			return nil
		}
		together = onwards(together, sum)
		want, ends := old[position]
		if !ends {
			return nil
		}
		if together != want {
			return fmt.Errorf("a row from position %d to %d does not fit their sum", from+1, position)
		}
		from, together = position, 0
		return nil
	})
	if err == nil && upTo > 0 && last < upTo {
		err = fmt.Errorf("the log ends at position %d, but has had %d", last, upTo)
	}
	return err
}

// onwards is the sum of rows together after one more of them.
func onwards(together, sum uint32) uint32 {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], sum)
	return crc32.Update(together, sumTable, b[:])
}
