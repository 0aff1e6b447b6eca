package verify

import (
	"fmt"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/tree"
)

// beside looks at what lies beside the log about a record whose leaf no checkpoint contradicts.
func (r *run) beside(rec *hashed, at int64) {
	if want, there := r.beyond.leaf(at); at >= r.known.known.N && there && want != rec.hash && !r.untiled {
		r.untiled = true
		r.problem(Problem{Kind: Changed, Leaf: at, Record: named(&rec.Record), Text: fmt.Sprintf(
			"leaf %d is not as the notary took it in, though no checkpoint says so any more: %s is not what its tile has: the log was changed, and checkpoints may have been removed", at, named(&rec.Record))})
	}
	if r.src.Index != nil && !r.indexed {
		if id, position, ok := r.src.Index(at); ok && (id != rec.ID || rec.Position > 0 && position != rec.Position) {
			r.indexed = true
			r.problem(Problem{Kind: Index, Leaf: at, Record: named(&rec.Record), Text: fmt.Sprintf(
				"the notary's index has event %s at position %d for leaf %d, the log has %s: jejak notary rebuild makes it again", id, position, at, named(&rec.Record))})
		}
	}
	if r.aged == nil {
		return
	}
	for i := range r.milestones {
		if m := &r.milestones[i]; !m.outside {
			r.aged.look(rec, at, m.at, m.pace)
			return
		}
	}
	r.aged.look(rec, at, time.Time{}, 0)
}

// beyond reads the hashes of leaves that no checkpoint attests.
type beyond struct {
	tiles tree.Source
	from  int64
	block []byte
	read  bool
}

// leaf gives what a tile has for a leaf; false: none has it.
func (b *beyond) leaf(i int64) (hash tlog.Hash, there bool) {
	if b.tiles == nil {
		return hash, false
	}
	if from := i - i%torchwood.TileWidth; !b.read || b.from != from {
		b.from, b.read, b.block = from, true, b.widest(from/torchwood.TileWidth)
	}
	at := int(i-b.from) * tlog.HashSize
	if len(b.block) < at+tlog.HashSize {
		return hash, false
	}
	copy(hash[:], b.block[at:])
	return hash, true
}

// widest reads the widest tile at a place of the lowest level: a narrower one is read from a wider one, so it is found by halving.
func (b *beyond) widest(number int64) (block []byte) {
	for low, high := 1, torchwood.TileWidth; low <= high; {
		width := (low + high + 1) / 2
		data, err := b.tiles(torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, N: number, W: width}))
		if err != nil || len(data) < width*tlog.HashSize {
			high = width - 1
			continue
		}
		block, low = data[:width*tlog.HashSize], width+1
	}
	return block
}

// ofAnEpochBefore tells of a checkpoint given that is of a history which the log does not have any more.
func (r *run) ofAnEpochBefore(origin string, size int64) bool {
	if r.src.Beside == nil {
		return false
	}
	epochs := r.src.Beside.epochs
	for i := range epochs {
		if epochs[i].Origin != origin {
			continue
		}
		for _, later := range epochs[i+1:] {
			if size > later.Good {
				r.report.Notes = append(r.report.Notes, fmt.Sprintf("the checkpoint given, of %d records, is of epoch %d, and was signed after what epoch %d goes on from (%s): its records beyond %d are not in this log",
					size, epochs[i].Number, later.Number, later.Why, later.Good))
				return true
			}
		}
	}
	return false
}

// age begins to look for what was signed late, where the notary's stream says when what was signed.
func (r *run) age() {
	h := r.src.Beside
	if h == nil || len(h.epochs) == 0 {
		return
	}
	r.report.Epochs, r.report.Notes = h.epochs, append(r.report.Notes, h.notes...)
	now := r.src.Now
	if now.IsZero() {
		now = time.Now()
	}
	r.aged = &lateness{history: h, simulated: strings.Contains(h.epochs[0].Origin, "/simulated"), now: now, signed: h.begun}
}
