package box

import (
	"cmp"
	"slices"

	"jejak/domain"
)

// Changed returns the numbers of the boxes that have changed since it was called last, each once and in no order; on the first call none, since
// nobody has asked before. It is for the ledger's tally alone. The list is the caller's until the next call.
func (r *Register) Changed() []uint32 {
	if r.changed == nil {
		r.changed = &changes{}
	}
	return r.changed.take()
}

// changes are the boxes that have changed. A box that was taken back again may be among them, with a number that no box has.
type changes struct {
	list, taken []uint32
	marked      []bool // by number: it is in the list
}

func (c *changes) add(number uint32) {
	if int(number) >= len(c.marked) {
		c.marked = append(c.marked, make([]bool, int(number)+1-len(c.marked))...)
	}
	if !c.marked[number] {
		c.marked[number] = true
		c.list = append(c.list, number)
	}
}

func (c *changes) take() []uint32 {
	for _, number := range c.list {
		c.marked[number] = false
	}
	c.list, c.taken = c.taken[:0], c.list
	return c.taken
}

// Holder is who holds boxes: a place, or all polling stations of a district together.
type Holder struct {
	Place    domain.Code
	Stations bool
}

// Held is how many boxes and kits somebody holds in each state.
type Held struct {
	Holder
	Boxes, Kits [States]int64
}

// Holders counts what everybody holds of the boxes about which something is known.
type Holders struct {
	book    *Book
	held    []Held
	numbers map[Holder]uint32 // of held
	counted []spot            // by the box's number
}

// spot is where a box is counted.
type spot struct {
	holder uint32
	state  State
	known  bool
}

// NewHolders counts all boxes. Of those that change afterwards Recount must be told.
func NewHolders(book *Book) *Holders {
	h := &Holders{book: book, numbers: map[Holder]uint32{}}
	for number := range book.Register.Boxes {
		h.recount(uint32(number))
	}
	return h
}

// Recount counts boxes anew that have changed.
func (h *Holders) Recount(numbers []uint32) {
	for _, number := range numbers {
		h.recount(number)
	}
}

func (h *Holders) recount(number uint32) {
	if int(number) >= len(h.counted) {
		h.counted = append(h.counted, make([]spot, int(number)+1-len(h.counted))...)
	}
	at := &h.counted[number]
	if at.known {
		h.add(number, *at, -1)
	}
	*at = spot{}
	if h.book.Register.Has(number) {
		box := &h.book.Register.Boxes[number]
		*at = spot{h.number(h.holder(domain.Code(h.book.Register.Texts.Text(box.Custody)))), box.State, true}
		h.add(number, *at, 1)
	}
}

func (h *Holders) add(number uint32, at spot, by int64) {
	if h.book.Register.isKit(number) {
		h.held[at.holder].Kits[at.state] += by
	} else {
		h.held[at.holder].Boxes[at.state] += by
	}
}

// holder is who holds what is in the custody of a place, "" for the unit.
func (h *Holders) holder(place domain.Code) Holder {
	switch {
	case place == "":
		return Holder{Place: h.book.Unit}
	case place.Level() == domain.Station:
		return Holder{Place: place.Up(domain.District), Stations: true}
	}
	return Holder{Place: place}
}

func (h *Holders) number(holder Holder) uint32 {
	number, known := h.numbers[holder]
	if !known {
		number = uint32(len(h.held))
		h.numbers[holder] = number
		h.held = append(h.held, Held{Holder: holder})
	}
	return number
}

// All are those that hold something, in the order of their places, stations after the district.
func (h *Holders) All() []Held {
	var all []Held
	for _, held := range h.held {
		if held.Boxes != [States]int64{} || held.Kits != [States]int64{} {
			all = append(all, held)
		}
	}
	slices.SortFunc(all, func(a, b Held) int {
		switch {
		case a.Place != b.Place:
			return cmp.Compare(a.Place, b.Place)
		case a.Stations:
			return 1
		}
		return -1
	})
	return all
}
