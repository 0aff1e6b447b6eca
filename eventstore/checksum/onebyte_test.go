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

// TestNumbersOfSQLite: whatever SQLite counts in the header of a file and in a page of the list of free pages, it is not taken for a changed byte for certain.
func TestNumbersOfSQLite(t *testing.T) {
	for name, test := range map[string]struct {
		begins byte
		last   []int // the last bytes of its words
	}{
		"header": {'S', []int{27, 31, 35, 39, 95}}, // changes, pages, first free page, free pages, changes
		"list":   {0, []int{3, 7, 11, 15, 19}},     // next page of the list, how many it names, these
	} {
		t.Run(name, func(t *testing.T) {
			page := make([]byte, PageSize)
			for i := range page {
				page[i] = byte(i * i >> 3)
			}
			page[0] = test.begins
			Fit(page)
			alike := 0
			for which := 1; which < 1<<len(test.last); which++ {
				for by := 1; by < 256; by++ {
					changed := append([]byte(nil), page...)
					for i, at := range test.last {
						if which>>i&1 == 1 {
							changed[at] += byte(by + i)
						}
					}
					is := pageSum(changed)
					if is == pageSum(page) || !oneByte(changed, is) {
						continue
					}
					if alike++; !doubtful(changed, is) {
						t.Fatalf("the words %b greater by %d are taken for one byte", which, by)
					}
				}
			}
			if alike < 1000 {
				t.Errorf("%d changes look like one byte: the test shows nothing", alike)
			}
			page[9] ^= 1
			if is := pageSum(page); !oneByte(page, is) || doubtful(page, is) {
				t.Error("a byte within a word is not found")
			}
		})
	}
}
