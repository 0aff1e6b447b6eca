package box

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"sort"

	"jejak/domain"
)

// Box is what the register keeps of one box: its facts, and what follows from them.
type Box struct {
	Facts   []Fact // as they occurred; never changed in place, so that a copy of the slice stays what it was
	State   State
	Custody uint32 // of Texts: the place that holds it; 0 the unit
	Ballots uint32 // in it
	Design  uint32 // of Texts
}

// Register is the folded state: every box about which something is known, the acts and the seals. The zero value is empty. Its fields are
// exported for the snapshot's sake; only this package changes them.
type Register struct {
	IDs   Names // of the boxes; Boxes has one for each
	Boxes []Box
	Acts  []Act
	Texts Texts

	Seals Names
	Sets  Names // sets of seals: their numbers in rising order, four bytes each
	// Uses has for each seal how often it was applied, and to which box first (number + 1); more boxes are in UsedAgain.
	Uses      []Use
	UsedAgain map[uint32][]uint32
	// Elsewhere has for a seal the other units that use its number.
	Elsewhere map[uint32][]Conflict

	// Counts is how many boxes, and Kits how many kits, are in each state, of those about which something is known.
	Counts, Kits [States]int

	changed *changes // nil until somebody asks; in no snapshot
}

// Use is how often a seal was applied.
type Use struct {
	First uint32 // box number + 1
	Times uint32
}

// Conflict is a seal number that another unit uses too.
type Conflict struct {
	Act   uint32
	Unit  string
	Boxes []string
}

// Number returns the number of a box about which something is known.
func (r *Register) Number(id domain.BoxID) (uint32, bool) { return r.IDs.Find(string(id)) }

// Has tells whether there is a box of this number.
func (r *Register) Has(number uint32) bool { return int(number) < len(r.Boxes) }

// ID returns the id of a box's number.
func (r *Register) ID(number uint32) domain.BoxID { return domain.BoxID(r.IDs.Name(number)) }

// Enter returns the number of a box, a new one if nothing was known about it.
func (r *Register) Enter(id domain.BoxID) uint32 {
	number := r.IDs.Add(string(id))
	if int(number) == len(r.Boxes) {
		r.Boxes = append(r.Boxes, Box{})
		r.count(number, Labelled, 1)
		r.change(number)
	}
	return number
}

// EnterAll is Enter for a list; the numbers come sorted.
func (r *Register) EnterAll(ids []domain.BoxID) []uint32 {
	numbers := make([]uint32, len(ids))
	for i, id := range ids {
		numbers[i] = r.Enter(id)
	}
	slices.Sort(numbers)
	return numbers
}

// AddAct keeps the act behind an event and returns its number.
func (r *Register) AddAct(rec domain.Recorded, document string) uint32 {
	r.Acts = append(r.Acts, Act{
		Command: rec.Meta.CommandID, Version: rec.Version, Occurred: rec.Meta.OccurredAt.UnixMicro(),
		Actor: r.Texts.Add(rec.Meta.Actor.ID), Place: r.Texts.Add(rec.Meta.Actor.Scope), Document: r.Texts.Add(document),
	})
	return uint32(len(r.Acts) - 1)
}

// Level is the level of the place where the act's actor serves.
func (r *Register) Level(act uint32) domain.Level {
	return domain.Code(r.Texts.Text(r.Acts[act].Place)).Level()
}

// add puts a fact in its place in a box's chain.
func (r *Register) add(number uint32, f Fact) {
	f.Rank = rank(f.Kind, r.Level(f.Act))
	box := &r.Boxes[number]
	at := sort.Search(len(box.Facts), func(i int) bool { return r.compare(box.Facts[i], f) > 0 })
	if at == len(box.Facts) {
		if box.Facts == nil {
			box.Facts = make([]Fact, 0, 4) // fewer has hardly any box
		}
		box.Facts = append(box.Facts, f)
		return
	}
	facts := make([]Fact, 0, len(box.Facts)+1)
	box.Facts = append(append(append(facts, box.Facts[:at]...), f), box.Facts[at:]...)
}

// Clone is a register that goes on by itself.
func (r *Register) Clone() Register {
	c := Register{
		IDs: r.IDs.Clone(), Boxes: slices.Clone(r.Boxes), Acts: slices.Clone(r.Acts), Texts: r.Texts.Clone(), Seals: r.Seals.Clone(), Sets: r.Sets.Clone(),
		Uses: slices.Clone(r.Uses), UsedAgain: maps.Clone(r.UsedAgain), Elsewhere: maps.Clone(r.Elsewhere), Counts: r.Counts, Kits: r.Kits,
	}
	for i := range c.Boxes {
		c.Boxes[i].Facts = slices.Clip(c.Boxes[i].Facts) // the next fact makes it a list of its own
	}
	return c
}

// put sets a box, keeping the counts.
func (r *Register) put(number uint32, box Box) {
	old := r.Boxes[number]
	r.count(number, old.State, -1)
	r.count(number, box.State, 1)
	r.Boxes[number] = box
	r.change(number)
}

// change notes that a box has changed, if anybody asks.
func (r *Register) change(number uint32) {
	if r.changed != nil {
		r.changed.add(number)
	}
}

func (r *Register) count(number uint32, state State, by int) {
	if r.isKit(number) {
		r.Kits[state] += by
	} else {
		r.Counts[state] += by
	}
}

func (r *Register) isKit(number uint32) bool {
	id := r.IDs.bytes(number)
	return len(id) == len("3578010001001-KIT") && string(id[len(id)-4:]) == "-KIT"
}

func (r *Register) isReplacement(number uint32) bool {
	return bytes.IndexByte(r.IDs.bytes(number), '.') >= 0
}

// setOf returns the number of the set of these seals + 1, 0 for none.
func (r *Register) setOf(seals []string) uint32 {
	if len(seals) == 0 {
		return 0
	}
	var room [8]uint32
	numbers := room[:0]
	for _, seal := range seals {
		numbers = append(numbers, r.seal(seal))
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	var text [4 * len(room)]byte
	key := text[:0]
	for _, n := range numbers {
		key = binary.BigEndian.AppendUint32(key, n)
	}
	return r.Sets.Add(string(key)) + 1
}

// sealsOf is the set back as numbers.
func (r *Register) sealsOf(set uint32) []uint32 {
	if set == 0 {
		return nil
	}
	key := r.Sets.bytes(set - 1)
	numbers := make([]uint32, len(key)/4)
	for i := range numbers {
		numbers[i] = binary.BigEndian.Uint32(key[4*i:])
	}
	return numbers
}

// sealNumbers is a set as the numbers printed on the seals, sorted.
func (r *Register) sealNumbers(set uint32) []string {
	var seals []string
	for _, n := range r.sealsOf(set) {
		seals = append(seals, r.Seals.Name(n))
	}
	slices.Sort(seals)
	return seals
}

func (r *Register) seal(number string) uint32 {
	n := r.Seals.Add(number)
	if int(n) == len(r.Uses) {
		r.Uses = append(r.Uses, Use{})
	}
	return n
}

// use notes that a seal was applied to a box.
func (r *Register) use(seal, box uint32) {
	u := &r.Uses[seal]
	u.Times++
	switch u.First {
	case 0:
		u.First = box + 1
	case box + 1:
	default:
		if again := r.UsedAgain[seal]; !slices.Contains(again, box) {
			if r.UsedAgain == nil {
				r.UsedAgain = map[uint32][]uint32{}
			}
			r.UsedAgain[seal] = append(slices.Clone(again), box)
		}
	}
}

// mark remembers how much was known, so that what is taken back leaves no trace.
type mark struct{ boxes, acts, texts, seals, sets int }

// Mark begins something that may be taken back: the function that it returns forgets all acts, names and boxes that were added since.
func (r *Register) Mark() (restore func()) {
	m := mark{len(r.Boxes), len(r.Acts), len(r.Texts.List), r.Seals.Len(), r.Sets.Len()}
	return func() { r.trim(m) }
}

func (r *Register) trim(m mark) {
	for len(r.Boxes) > m.boxes {
		last := uint32(len(r.Boxes) - 1)
		r.put(last, Box{})
		r.count(last, Labelled, -1)
		r.Boxes[last] = Box{}
		r.Boxes = r.Boxes[:last]
	}
	r.IDs.trim(m.boxes)
	r.Acts = r.Acts[:m.acts]
	r.Texts.trim(m.texts)
	for seal := uint32(m.seals); seal < uint32(r.Seals.Len()); seal++ {
		delete(r.UsedAgain, seal)
		delete(r.Elsewhere, seal)
	}
	r.Seals.trim(m.seals)
	r.Uses = r.Uses[:m.seals]
	r.Sets.trim(m.sets)
}
