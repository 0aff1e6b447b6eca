package notary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/notary/bundle"
)

// Packing says what of the log goes into a bundle.
type Packing struct {
	// Streams are those whose records go in, in a file each; nil: all records, in one file.
	Streams []string
	// Whole: every record that was signed must go in.
	Whole bool
	// May tells of a record whether it may go in; nil: all may. What may not is left out.
	May func(*eventstore.Record) bool
	// Packed is told of every record that went in; nil for nobody.
	Packed func(*eventstore.Record)
}

// Reader reads what the notary has signed while it goes on. It must not be closed.
func (n *Notary) Reader() *Reader {
	return &Reader{store: n.cfg.Store, book: n.book, files: n.files, index: n.index}
}

// Pack writes a bundle of what is signed in a checkpoint: the records, and tiles, checkpoints and keys (docs/notary.md). Records and checkpoints may go on
// meanwhile. Of the manifest it fills in what follows from that. A bundle that could not be finished is abandoned.
func (r *Reader) Pack(ctx context.Context, w *bundle.Writer, signed *Signed, p Packing, m *bundle.Manifest) error {
	b := packing{Reader: r, Packing: p, w: w, signed: signed, ledgers: map[string]bool{}}
	if err := b.write(ctx, m); err != nil {
		return errors.Join(err, w.Abandon())
	}
	return nil
}

type packing struct {
	*Reader
	Packing
	w       *bundle.Writer
	signed  *Signed
	packed  int64
	ledgers map[string]bool // with records in the bundle
}

func (b *packing) write(ctx context.Context, m *bundle.Manifest) error {
	read := b.all
	if b.Streams != nil {
		read = b.streams
	}
	if err := read(ctx); err != nil {
		return err
	}
	m.Origin, m.Size, m.Root, m.Whole, m.Ledgers = b.signed.Origin, b.signed.N, b.signed.Hash, b.packed == b.signed.N, len(b.ledgers)
	if b.Whole && !m.Whole {
		return fmt.Errorf("the log has %d of the %d records that were signed: run jejak audit verify", b.packed, b.signed.N)
	}
	for _, part := range []func(context.Context) error{b.tiles, b.keys, b.checkpoints} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return b.w.Close(*m)
}

// all reads the log in its order, which is that of the leaves.
func (b *packing) all(ctx context.Context) error {
	if err := b.w.BeginRecords("all"); err != nil {
		return err
	}
	next := int64(0)
	for rec, err := range b.store.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return err
		}
		if next == b.signed.N {
			return nil // recorded after the checkpoint
		}
		if err := b.record(&rec, next); err != nil {
			return err
		}
		next++
	}
	if next < b.signed.N {
		return fmt.Errorf("the log has %d of the %d records that were signed: run jejak audit verify", next, b.signed.N)
	}
	return nil
}

// streams writes a file for each stream.
func (b *packing) streams(ctx context.Context) error {
	for _, name := range b.Streams {
		begun, guess := false, int64(0)
		for rec, err := range b.store.Read(ctx, name, 0) {
			if err != nil {
				return err
			}
			if rec.Position > b.signed.Position {
				break // recorded after the checkpoint
			}
			leaf, found, err := b.Leaf(&rec, guess)
			if err == nil && !found {
				err = fmt.Errorf("position %d of the log is not in the notary's index: it is made again, try later", rec.Position)
			}
			if err != nil {
				return err
			}
			if !begun {
				if err := b.w.BeginRecords(name); err != nil {
					return err
				}
				begun = true
			}
			if err := b.record(&rec, leaf); err != nil {
				return err
			}
			guess = leaf + 1
		}
	}
	return nil
}

func (b *packing) record(rec *eventstore.Record, leaf int64) error {
	if b.May != nil && !b.May(rec) {
		return nil
	}
	b.packed++
	if strings.HasPrefix(rec.Stream, journal.LedgerPrefix) {
		b.ledgers[rec.Stream] = true
	}
	if b.Packed != nil {
		b.Packed(rec)
	}
	return b.w.Record(&bundle.Record{Record: *rec, Leaf: leaf})
}

// tiles writes those of the tree under the checkpoint: hashes only, so that a part can be proved too.
func (b *packing) tiles(ctx context.Context) error {
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, 0, b.signed.N) {
		name := torchwood.TilePath(tile)
		data, err := b.Tiles()(name)
		if err != nil {
			return fmt.Errorf("read %s: %w: run jejak notary rebuild", name, err)
		}
		if err := errors.Join(ctx.Err(), b.w.Add(name, data)); err != nil {
			return err
		}
	}
	return nil
}

// keys writes which keys there were.
func (b *packing) keys(context.Context) error {
	keys, err := b.book.keys()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return err
	}
	return b.w.Add(bundle.KeysFile, append(text, '\n'))
}

// errPassed: the checkpoint of the bundle is written.
var errPassed = errors.New("passed")

// checkpoints writes what was ever signed up to the checkpoint of the bundle, and that itself.
func (b *packing) checkpoints(ctx context.Context) error {
	err := b.w.Fill(bundle.CheckpointsFile, func(file io.Writer) error {
		lines := json.NewEncoder(file)
		err := eachSigned(ctx, b.book, 0, func(c *Signed) error {
			if c.N > b.signed.N {
				return errPassed
			}
			return lines.Encode(bundle.Checkpoint{Size: c.N, SignedAt: c.SignedAt, Note: string(c.Note())})
		})
		if errors.Is(err, errPassed) {
			err = nil
		}
		return err
	})
	return errors.Join(err, b.w.Add(bundle.CheckpointFile, b.signed.Note()))
}
