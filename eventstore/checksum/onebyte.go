package checksum

import (
	"encoding/binary"
	"math/bits"
)

// oneByte tells whether one byte of a page, or of the checksum that it carries, is all that keeps them from fitting: what a disk or a memory has
// changed by itself looks like that, and what a program has written does not. is is the checksum of the page as it stands.
//
// The checksum is linear: a word that is greater by d changes it by d times a pair of numbers that belong to the word's place. So for each place there is
// one d at most, and it is looked whether it changes one byte. A page whose checksum is of another time is taken for one with a changed byte about once
// in 10^13.
//
// There is one word in which SQLite itself changes one byte alone: how many pages a page of the list of free pages names. Its own check counts them.
func oneByte(page []byte, is pair) bool {
	count := -1
	if inList(page) {
		count = 4
	}
	return changedByte(storedSum(page), is, page[:PageSize-Reserved], count)
}

// inList tells whether a page may be one of the list of free pages: no page that holds rows or an index begins with 0.
func inList(page []byte) bool { return page[0] == 0 }

// doubtful tells whether what looks like one byte may as well be numbers that SQLite has changed, of several words. In the header of the file and in the list of free
// pages they stand in words of their own, the highest byte first: of small numbers only the last byte of the word changes. Of such a byte no more than the last eight
// bits of a place's pair of numbers count, so that every second change of several of them passes for one byte.
func doubtful(page []byte, is pair) bool {
	const others = 1<<24 - 1
	was := storedSum(page)
	return (page[0] == 'S' || inList(page)) && (was.s1-is.s1)&others == 0 && (was.s2-is.s2)&others == 0 // the file begins with "SQLite"
}

// changedByte tells whether one byte of the words, or of was, is all that keeps their checksum from being was. A change that may be in the word at except
// does not count; -1 is none.
func changedByte(was, is pair, words []byte, except int) bool {
	d1, d2 := was.s1-is.s1, was.s2-is.s2
	found := (d1 == 0 || d2 == 0) && (inOneByte(was.s1^is.s1) || inOneByte(was.s2^is.s2))
	// What 1 more in the second and in the first word of a pair of words adds to the checksum, from the last pair to the first.
	second, first := pair{0, 1}, pair{1, 1}
	for at := len(words) - 8; at >= 0; at -= 8 {
		for _, w := range [...]struct {
			at     int
			weight pair
		}{{at + 4, second}, {at, first}} {
			if changed(words[w.at:], w.weight, d1, d2) {
				if w.at == except {
					return false
				}
				found = true
			}
		}
		second, first = second.on(), first.on()
	}
	return found
}

// on is what a difference has become after one more pair of words.
func (p pair) on() pair {
	s1 := p.s1 + p.s2
	return pair{s1, p.s2 + s1}
}

// changed tells whether a change of one byte in a word, whose weight is given, has changed the checksum by d1 and d2.
func changed(word []byte, weight pair, d1, d2 uint32) bool {
	var d uint32
	if weight.s1&1 == 1 { // one of the two is odd: they are neighbours among Fibonacci's numbers
		d = d1 * inverse(weight.s1)
	} else {
		d = d2 * inverse(weight.s2)
	}
	if weight.s1*d != d1 || weight.s2*d != d2 {
		return false
	}
	w := binary.LittleEndian.Uint32(word)
	return inOneByte(w ^ (w + d))
}

// inverse of an odd number modulo 2^32: each step doubles how many bits are right.
func inverse(n uint32) uint32 {
	x := n
	for range 4 {
		x *= 2 - n*x
	}
	return x
}

// inOneByte tells whether all bits that are set are in one byte, and there are some.
func inOneByte(x uint32) bool {
	return x != 0 && bits.TrailingZeros32(x)/8 == (31-bits.LeadingZeros32(x))/8
}
