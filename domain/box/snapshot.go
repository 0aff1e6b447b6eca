package box

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A snapshot of a ledger with 41,000 boxes is taken every few thousand events, so the register has a flat form of its own: numbers as varints,
// in the order of the fields. The first one is the version of the form; a snapshot of another is not read but built again from the log.
const snapshotForm = 1

// GobEncode implements gob.GobEncoder.
func (r Register) GobEncode() ([]byte, error) {
	w := writer{buf: make([]byte, 0, 64+len(r.IDs.Text)+len(r.Seals.Text)+len(r.Sets.Text)+160*len(r.Boxes)+40*len(r.Acts))}
	w.uint(snapshotForm)
	w.names(&r.IDs)
	w.names(&r.Seals)
	w.names(&r.Sets)
	w.uint(uint64(len(r.Texts.List)))
	for _, t := range r.Texts.List {
		w.text(t)
	}
	w.uint(uint64(len(r.Acts)))
	for i := range r.Acts {
		a := &r.Acts[i]
		w.buf = append(w.buf, a.Command[:]...)
		w.uint(a.Version)
		w.int(a.Occurred)
		w.uints(a.Actor, a.Place, a.Document)
	}
	for i := range r.Boxes {
		b := &r.Boxes[i]
		w.uints(uint32(b.State), b.Custody, b.Ballots, b.Design, uint32(len(b.Facts)))
		for _, f := range b.Facts {
			w.buf = append(w.buf, byte(f.Kind), f.Flag, f.Rank)
			w.uints(f.Act, f.A, f.B)
		}
	}
	for _, u := range r.Uses {
		w.uints(u.First, u.Times)
	}
	w.uint(uint64(len(r.UsedAgain)))
	for seal, boxes := range r.UsedAgain {
		w.uints(seal, uint32(len(boxes)))
		w.uints(boxes...)
	}
	w.uint(uint64(len(r.Elsewhere)))
	for seal, conflicts := range r.Elsewhere {
		w.uints(seal, uint32(len(conflicts)))
		for _, c := range conflicts {
			w.uints(c.Act, uint32(len(c.Boxes)))
			w.text(c.Unit)
			for _, b := range c.Boxes {
				w.text(b)
			}
		}
	}
	for i := range r.Counts {
		w.uints(uint32(r.Counts[i]), uint32(r.Kits[i]))
	}
	return w.buf, nil
}

// GobDecode implements gob.GobDecoder. The register it decodes into is overwritten.
func (r *Register) GobDecode(data []byte) error {
	in := reader{buf: data}
	if form := in.uint(); form != snapshotForm && !in.short {
		return fmt.Errorf("register of boxes in form %d, expected %d: build the state from the log again", form, snapshotForm)
	}
	*r = Register{IDs: in.names(), Seals: in.names(), Sets: in.names()}
	for range in.length(1) {
		r.Texts.List = append(r.Texts.List, in.text())
	}
	r.Acts = make([]Act, in.length(21))
	for i := range r.Acts {
		a := &r.Acts[i]
		copy(a.Command[:], in.bytes(len(a.Command)))
		a.Version, a.Occurred = in.uint(), in.int()
		a.Actor, a.Place, a.Document = in.uint32(), in.uint32(), in.uint32()
	}
	r.Boxes = make([]Box, r.IDs.Len())
	for i := range r.Boxes {
		b := &r.Boxes[i]
		b.State, b.Custody, b.Ballots, b.Design = State(in.uint32()), in.uint32(), in.uint32(), in.uint32()
		b.Facts = make([]Fact, in.length(6))
		for j := range b.Facts {
			f := &b.Facts[j]
			if head := in.bytes(3); len(head) == 3 {
				f.Kind, f.Flag, f.Rank = Kind(head[0]), head[1], head[2]
			}
			f.Act, f.A, f.B = in.uint32(), in.uint32(), in.uint32()
		}
	}
	r.Uses = make([]Use, r.Seals.Len())
	for i := range r.Uses {
		r.Uses[i] = Use{First: in.uint32(), Times: in.uint32()}
	}
	for range in.length(2) {
		if r.UsedAgain == nil {
			r.UsedAgain = map[uint32][]uint32{}
		}
		seal := in.uint32()
		boxes := make([]uint32, in.length(1))
		for i := range boxes {
			boxes[i] = in.uint32()
		}
		r.UsedAgain[seal] = boxes
	}
	for range in.length(2) {
		if r.Elsewhere == nil {
			r.Elsewhere = map[uint32][]Conflict{}
		}
		seal := in.uint32()
		conflicts := make([]Conflict, in.length(3))
		for i := range conflicts {
			c := &conflicts[i]
			c.Act, c.Boxes = in.uint32(), make([]string, in.length(1))
			c.Unit = in.text()
			for j := range c.Boxes {
				c.Boxes[j] = in.text()
			}
		}
		r.Elsewhere[seal] = conflicts
	}
	for i := range r.Counts {
		r.Counts[i], r.Kits[i] = int(in.uint32()), int(in.uint32())
	}
	if in.short || len(in.buf) > 0 {
		return errors.New("register of boxes is cut short or has more than it should: build the state from the log again")
	}
	return nil
}

type writer struct{ buf []byte }

func (w *writer) uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *writer) int(n int64) { w.buf = binary.AppendVarint(w.buf, n) }

func (w *writer) uints(list ...uint32) {
	for _, n := range list {
		w.buf = binary.AppendUvarint(w.buf, uint64(n))
	}
}

func (w *writer) text(t string) {
	w.uint(uint64(len(t)))
	w.buf = append(w.buf, t...)
}

func (w *writer) names(n *Names) {
	w.uint(uint64(n.Len()))
	start := uint32(0)
	for _, end := range n.Ends {
		w.uint(uint64(end - start))
		start = end
	}
	w.buf = append(w.buf, n.Text...)
}

// reader reads what writer wrote. After the end it gives zeros and is short.
type reader struct {
	buf   []byte
	short bool
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.buf)
	return fixed(r, n, size)
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.buf)
	return fixed(r, n, size)
}

func fixed[T int64 | uint64](r *reader, n T, size int) T {
	if size <= 0 {
		r.short, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

func (r *reader) uint32() uint32 { return uint32(r.uint()) }

// length of a list whose entries take at least so many bytes each: a broken one never makes a huge list.
func (r *reader) length(least int) int {
	n := r.uint()
	if n > uint64(len(r.buf)/least) {
		r.short, r.buf = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.buf) {
		r.short, r.buf = true, nil
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes(r.length(1))) }

func (r *reader) names() Names {
	var n Names
	count := r.length(1)
	if count == 0 {
		return n
	}
	n.Ends = make([]uint32, count)
	end := uint64(0)
	for i := range n.Ends {
		end += r.uint()
		n.Ends[i] = uint32(end)
	}
	if end > uint64(len(r.buf)) {
		r.short, r.buf = true, nil
		return Names{}
	}
	n.Text = append([]byte(nil), r.bytes(int(end))...)
	return n
}
