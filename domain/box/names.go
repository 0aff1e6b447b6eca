package box

import (
	"bytes"
	"maps"
	"slices"
)

// Names gives every name a number, from 0 in the order of adding, and stores it once. It costs a name's bytes and about 12 more. It is for
// names that are many; see Texts for names that are read often. The zero value is empty.
type Names struct {
	Text  []byte   // all names, one after the other
	Ends  []uint32 // where each ends in Text
	slots []uint32 // hash table with linear probing: number + 1, 0 for free; its length is a power of two
}

// Len is how many names there are.
func (n *Names) Len() int { return len(n.Ends) }

// Name returns the name of a number below Len, as a copy.
func (n *Names) Name(number uint32) string { return string(n.bytes(number)) }

func (n *Names) bytes(number uint32) []byte {
	start := uint32(0)
	if number > 0 {
		start = n.Ends[number-1]
	}
	return n.Text[start:n.Ends[number]]
}

// Find returns the number of a name.
func (n *Names) Find(name string) (number uint32, ok bool) {
	if len(n.Ends) == 0 {
		return 0, false
	}
	slot := n.slot(name)
	if n.slots[slot] == 0 {
		return 0, false
	}
	return n.slots[slot] - 1, true
}

// Add returns the number of a name, a new one if need be.
func (n *Names) Add(name string) uint32 {
	if 2*(len(n.Ends)+1) > len(n.slots) {
		n.index(max(16, 4*len(n.Ends)))
	}
	slot := n.slot(name)
	if n.slots[slot] == 0 {
		n.Text = append(n.Text, name...)
		n.Ends = append(n.Ends, uint32(len(n.Text)))
		n.slots[slot] = uint32(len(n.Ends))
	}
	return n.slots[slot] - 1
}

// trim forgets all names but the first count. Taking out the newest first leaves the probing of the others whole.
func (n *Names) trim(count int) {
	for len(n.Ends) > count {
		last := uint32(len(n.Ends) - 1)
		n.slots[n.slot(n.Name(last))] = 0
		n.Ends = n.Ends[:last]
		if last > 0 {
			n.Text = n.Text[:n.Ends[last-1]]
		}
	}
	if count == 0 {
		*n = Names{}
	}
}

// slot is where the name stands, or the free slot where it would.
func (n *Names) slot(name string) uint32 {
	if n.slots == nil {
		n.index(2 * len(n.Ends))
	}
	mask := uint32(len(n.slots) - 1)
	for slot := hash(name) & mask; ; slot = (slot + 1) & mask {
		number := n.slots[slot]
		if number == 0 || string(n.bytes(number-1)) == name {
			return slot
		}
	}
}

// index builds the hash table with at least so many slots.
func (n *Names) index(least int) {
	size := 16
	for size < least {
		size *= 2
	}
	n.slots = make([]uint32, size)
	for number := range uint32(len(n.Ends)) {
		mask := uint32(size - 1)
		slot := hash(string(n.bytes(number))) & mask
		for n.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		n.slots[slot] = number + 1
	}
}

// hash spreads names over all numbers, eight bytes at a time. It is in no snapshot.
func hash(name string) uint32 {
	const spread = 0x9E3779B97F4A7C15
	sum := uint64(len(name)) * spread
	for ; len(name) >= 8; name = name[8:] {
		sum = mixed((sum ^ eight(name)) * spread)
	}
	var rest uint64
	for i := range len(name) {
		rest = rest<<8 | uint64(name[i])
	}
	sum = mixed((sum ^ rest) * spread)
	return uint32(sum ^ sum>>32)
}

func mixed(sum uint64) uint64 { return sum ^ sum>>29 }

// eight bytes as a number: the compiler makes one load of it.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Clone is a set of names of its own.
func (n *Names) Clone() Names {
	return Names{Text: slices.Clone(n.Text), Ends: slices.Clone(n.Ends), slots: slices.Clone(n.slots)}
}

// Equal tells whether both have the same names with the same numbers.
func (n Names) Equal(other Names) bool {
	return bytes.Equal(n.Text, other.Text) && slices.Equal(n.Ends, other.Ends)
}

// Texts gives every text a number, from 0 in the order of adding. Number 0 is always "". The zero value is empty but for that.
type Texts struct {
	List    []string
	numbers map[string]uint32
}

// Text returns the text of a number.
func (t *Texts) Text(number uint32) string {
	if number == 0 {
		return ""
	}
	return t.List[number]
}

// Find returns the number of a text.
func (t *Texts) Find(text string) (number uint32, ok bool) {
	if text == "" {
		return 0, true
	}
	t.index()
	number, ok = t.numbers[text]
	return number, ok
}

// Add returns the number of a text, a new one if need be.
func (t *Texts) Add(text string) uint32 {
	if number, ok := t.Find(text); ok {
		return number
	}
	if len(t.List) == 0 {
		t.List = append(t.List, "")
	}
	number := uint32(len(t.List))
	t.List = append(t.List, text)
	t.numbers[text] = number
	return number
}

func (t *Texts) trim(count int) {
	for len(t.List) > count {
		last := len(t.List) - 1
		delete(t.numbers, t.List[last])
		t.List[last] = ""
		t.List = t.List[:last]
	}
}

func (t *Texts) index() {
	if t.numbers != nil {
		return
	}
	t.numbers = make(map[string]uint32, len(t.List))
	for number, text := range t.List {
		if number > 0 {
			t.numbers[text] = uint32(number)
		}
	}
}

// Clone is a set of texts of its own.
func (t *Texts) Clone() Texts {
	return Texts{List: slices.Clone(t.List), numbers: maps.Clone(t.numbers)}
}

// Equal tells whether both have the same texts with the same numbers.
func (t Texts) Equal(other Texts) bool { return slices.Equal(t.List, other.List) }
