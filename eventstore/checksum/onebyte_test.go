package checksum

import (
	"math/rand/v2"
	"testing"
)

// TestOneByte: a changed byte is found wherever it is, and a page of another time is not taken for one.
func TestOneByte(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	page := make([]byte, PageSize)
	for i := range page {
		page[i] = byte(r.Uint32())
	}
	page[0] = 0x0d
	Fit(page)
	for at := range page {
		by := byte(1 + r.IntN(255))
		page[at] ^= by
		if !oneByte(page, pageSum(page)) {
			t.Fatalf("byte %d changed by %#x is not found", at, by)
		}
		page[at] ^= by
	}
	was := append([]byte(nil), page...)
	for range 20_000 { // an entry more: a pointer to it, and what it says
		pointer, entry := 8+2*r.IntN(500), 2000+r.IntN(2000)
		for _, at := range []int{3, 4, pointer, pointer + 1} {
			page[at] = byte(r.Uint32())
		}
		for at := entry; at < entry+30; at++ {
			page[at] = byte(r.Uint32())
		}
		if oneByte(page, pageSum(page)) {
			t.Fatalf("an entry from %d on is taken for one byte", entry)
		}
		copy(page, was)
	}
	// How many pages a page of the list of free pages names: SQLite changes it alone.
	page[0] = 0
	Fit(page)
	page[7]++
	if oneByte(page, pageSum(page)) {
		t.Error("a count of free pages is taken for damage")
	}
	page[10]++
	page[7]--
	if !oneByte(page, pageSum(page)) {
		t.Error("a byte beside the count is not found")
	}
}
