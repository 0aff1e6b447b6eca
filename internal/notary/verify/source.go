package verify

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"runtime"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
)

// Source is what is checked, wherever it lies.
type Source struct {
	// Records are the records in the order of the log. Leaves need not be given.
	Records iter.Seq2[bundle.Record, error]
	// Lines, unless nil, are the records in place of Records, not read yet: that is done on all processors.
	Lines iter.Seq2[bundle.Line, error]
	// Tiles of the tree; nil: there are none.
	Tiles tree.Source
	// Signed gives the checkpoints that the notary has signed, the smallest first.
	Signed func(do func(note []byte, at time.Time) error) error
	// Outside are checkpoints that others have kept.
	Outside [][]byte
	// Part: only some of the records are here, each with its leaf.
	Part bool
	// Aged gives the same as Signed with what the notary has sealed about them; nil: that is not known.
	Aged func(do func(*sealedTree) error) error
	// Beside is what the notary's stream says, nil where there is none.
	Beside *history
	// Now is when the records were read; nothing was recorded after it. The zero time: now.
	Now time.Time
	// Index, unless nil, says which event a leaf was of when it was signed, as far as is known. It is not trusted, only told.
	Index func(leaf int64) (uuid.UUID, eventstore.Position, bool)
}

// Options of Run.
type Options struct {
	KeySource string
	// Progress, unless nil, is told how many records have been looked at, and of how many about.
	Progress func(done, total uint64)
}

// hashed is a record with the hash of its leaf.
type hashed struct {
	bundle.Record
	hash tlog.Hash
}

// chunkSize is how many records are hashed at once. Several chunks are in memory, of a bundle as lines and as records.
const chunkSize = 256

type chunk struct {
	lines   []bundle.Line // to be read
	records []hashed
	err     error // that ended the reading after these
	done    chan struct{}
}

func newChunk() *chunk { return &chunk{done: make(chan struct{})} }

// hash reads the lines, if it is lines, and hashes the leaves.
func (c *chunk) hash() {
	defer close(c.done)
	if c.lines != nil {
		c.records = make([]hashed, 0, len(c.lines))
	}
	for i := range c.lines {
		rec, err := c.lines[i].Record()
		if err != nil {
			c.err = err
			break
		}
		c.records = append(c.records, hashed{Record: rec})
	}
	c.lines = nil
	for i := range c.records {
		c.records[i].hash = leaf.Hash(&c.records[i].Record.Record)
	}
}

// cut cuts what is read into chunks.
func cut[Item any](items iter.Seq2[Item, error], add func(*chunk, Item), send func(*chunk) bool) {
	next, n := newChunk(), 0
	for item, err := range items {
		if err != nil {
			next.err = err
			break
		}
		add(next, item)
		if n++; n%chunkSize == 0 {
			if !send(next) {
				return
			}
			next = newChunk()
		}
	}
	send(next)
}

// hashAll reads records and hashes their leaves on all processors. The order stays. The caller ends it by ctx.
func hashAll(ctx context.Context, src *Source) iter.Seq2[hashed, error] {
	return func(yield func(hashed, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()
		work, ordered := make(chan *chunk), make(chan *chunk, 2*runtime.GOMAXPROCS(0))
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				for c := range work {
					c.hash()
				}
			})
		}
		all.Go(func() {
			defer close(work)
			defer close(ordered)
			send := func(next *chunk) bool {
				for _, to := range []chan<- *chunk{ordered, work} {
					select {
					case to <- next:
					case <-ctx.Done():
						return false
					}
				}
				return true
			}
			if src.Lines != nil {
				cut(src.Lines, func(c *chunk, line bundle.Line) { c.lines = append(c.lines, line) }, send)
				return
			}
			cut(src.Records, func(c *chunk, rec bundle.Record) { c.records = append(c.records, hashed{Record: rec}) }, send)
		})
		for c := range ordered {
			select {
			case <-c.done:
			case <-ctx.Done():
				yield(hashed{}, ctx.Err())
				return
			}
			for i := range c.records {
				if !yield(c.records[i], nil) {
					return
				}
			}
			if c.err != nil {
				yield(hashed{}, c.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(hashed{}, err)
		}
	}
}

// ahead reads records with a look at those to come.
type ahead struct {
	next  func() (hashed, error, bool)
	ready []hashed
	err   error // nil, or why there are no more
	ended bool
}

// at returns the i-th record to come, false when there are not so many.
func (a *ahead) at(i int) (*hashed, bool) {
	for len(a.ready) <= i && !a.ended {
		rec, err, ok := a.next()
		if !ok || err != nil {
			a.ended, a.err = true, err
			break
		}
		a.ready = append(a.ready, rec)
	}
	if i < len(a.ready) {
		return &a.ready[i], true
	}
	return nil, false
}

func (a *ahead) drop() { a.ready = a.ready[1:] }

// attested gives the leaves as the newest checkpoint attests them, as far as the tiles still do.
type attested struct {
	known tlog.Tree
	tiles tree.Source // nil: none
	upper map[string][]byte
	from  int64       // of block
	block []tlog.Hash // nil: not attested
	read  bool        // the block from from was read
}

// source reads tiles; the few above the lowest level are kept.
func (a *attested) source(name string) ([]byte, error) {
	if data, known := a.upper[name]; known {
		return data, nil
	}
	data, err := a.tiles(name)
	if err == nil && !strings.HasPrefix(name, "tile/0/") {
		a.upper[name] = data
	}
	return data, err
}

// leaf returns the hash that was signed for a leaf; false where no tile attests it.
func (a *attested) leaf(i int64) (tlog.Hash, bool) {
	if a.tiles == nil || i >= a.known.N {
		return tlog.Hash{}, false
	}
	if from := i - i%torchwood.TileWidth; !a.read || a.from != from {
		a.from, a.read = from, true
		indexes := make([]int64, 0, torchwood.TileWidth)
		for j := from; j < min(from+torchwood.TileWidth, a.known.N); j++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, j))
		}
		var err error
		if a.block, err = tlog.TileHashReader(a.known, tree.Source(a.source)).ReadHashes(indexes); err != nil {
			a.block = nil
		}
	}
	if a.block == nil {
		return tlog.Hash{}, false
	}
	return a.block[i-a.from], true
}

// missing tells whether there is no tile at all.
func (a *attested) missing() bool {
	_, err := a.tiles("tile/0/000")
	if errors.Is(err, fs.ErrNotExist) && a.known.N < torchwood.TileWidth {
		_, err = a.tiles(torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, W: int(a.known.N)}))
	}
	return errors.Is(err, fs.ErrNotExist)
}
