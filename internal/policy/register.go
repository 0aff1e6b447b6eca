package policy

import (
	"encoding/binary"
	"errors"

	"jejak/eventstore"
)

// register has the position of the event in which a number (by its hash) was First seen, and More of later ones. The events themselves are read
// again for the few numbers that come again, so a million seals take little room.
type register struct {
	First map[uint64]eventstore.Position
	More  map[uint64][]eventstore.Position
}

// GobEncode implements gob.GobEncoder. A million entries by reflection took most of a second of every start.
func (r register) GobEncode() ([]byte, error) {
	b := make([]byte, 0, 16+12*len(r.First))
	b = binary.AppendUvarint(b, uint64(len(r.First)))
	for number, position := range r.First {
		b = binary.AppendUvarint(binary.LittleEndian.AppendUint64(b, number), uint64(position))
	}
	b = binary.AppendUvarint(b, uint64(len(r.More)))
	for number, positions := range r.More {
		b = binary.AppendUvarint(binary.LittleEndian.AppendUint64(b, number), uint64(len(positions)))
		for _, position := range positions {
			b = binary.AppendUvarint(b, uint64(position))
		}
	}
	return b, nil
}

// GobDecode implements gob.GobDecoder.
func (r *register) GobDecode(b []byte) error {
	short := false
	uint := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			short, b = true, nil
			return 0
		}
		b = b[size:]
		return n
	}
	number := func() uint64 {
		if len(b) < 8 {
			short, b = true, nil
			return 0
		}
		n := binary.LittleEndian.Uint64(b)
		b = b[8:]
		return n
	}
	// length of a list whose entries take at least so many bytes each: a broken one never makes a huge list.
	length := func(least int) int {
		n := uint()
		if n > uint64(len(b)/least) {
			short, b = true, nil
			return 0
		}
		return int(n)
	}
	n := length(9)
	*r = register{First: make(map[uint64]eventstore.Position, n), More: map[uint64][]eventstore.Position{}}
	for range n {
		hash := number()
		r.First[hash] = eventstore.Position(uint())
	}
	for range length(9) {
		hash := number()
		positions := make([]eventstore.Position, length(1))
		for i := range positions {
			positions[i] = eventstore.Position(uint())
		}
		r.More[hash] = positions
	}
	if short || len(b) > 0 {
		return errors.New("the register of seals is cut short or has more than it should")
	}
	return nil
}
