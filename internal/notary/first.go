package notary

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/tree"
)

// First proves that a record is under the first checkpoint that has it, with the signatures of the notary alone. Unlike the proof under the newest
// checkpoint its text is the same whenever it is asked for, so that what carries it can be made again.
func (n *Notary) First(rec bundle.Record) (*Proof, error) { return first(n.book, rec, n.tiles()) }

func first(b *book, rec bundle.Record, tiles tlog.TileReader) (*Proof, error) {
	signed, err := b.after(rec.Leaf, 1)
	if err != nil {
		return nil, err
	}
	if len(signed) == 0 {
		return nil, ErrPending
	}
	signed[0].Cosignatures = ""
	return prove(&signed[0], rec, tiles)
}

// Reader finds and proves records where no notary runs. It signs nothing.
type Reader struct {
	store eventstore.Store
	book  *book
	files *tree.Files
	index *index
}

// OpenReader opens the notary's folder for a log that no server has.
func OpenReader(dir string, store eventstore.Store) (r *Reader, err error) {
	r = &Reader{store: store}
	if r.book, err = openBook("", filepath.Join(dir, BookFile), false, true); err != nil {
		return nil, err
	}
	if r.files, err = tree.OpenFiles(dir); err == nil {
		r.index, err = openIndex(filepath.Join(dir, IndexFile))
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close closes it.
func (r *Reader) Close() error {
	var err error
	if r.index != nil {
		err = r.index.close()
	}
	return errors.Join(err, r.book.close())
}

// Find returns the record of an event, and which leaf it is.
func (r *Reader) Find(ctx context.Context, event uuid.UUID) (bundle.Record, error) {
	at, position, found, err := r.index.find(event)
	if err != nil {
		return bundle.Record{}, err
	}
	if !found {
		return bundle.Record{}, ErrUnknown
	}
	for rec, err := range r.store.ReadAll(ctx, position-1, eventstore.Filter{}) {
		if err != nil {
			return bundle.Record{}, err
		}
		if rec.ID != event {
			break
		}
		return bundle.Record{Record: rec, Leaf: at}, nil
	}
	return bundle.Record{}, fmt.Errorf("event %s was at position %d of the log, and is not any more: run jejak audit verify", event, position)
}

// Book has the checkpoints and keys.
func (r *Reader) Book() *Book { return &Book{r.book} }

// Tiles is where the tiles of the tree are read.
func (r *Reader) Tiles() tree.Source { return r.files.Read }

// Leaf is the leaf of a record; guess is where it is looked for first. A record that the notary has not seen has none.
func (r *Reader) Leaf(rec *eventstore.Record, guess int64) (leaf int64, found bool, err error) {
	id, at, ok := ReadIndex(r.index.file, max(guess, 0))
	leaf = max(guess, 0)
	if !ok || at != rec.Position {
		if leaf, found = r.index.leafOf(rec.Position); !found {
			return 0, false, nil
		}
		id, _, _ = ReadIndex(r.index.file, leaf)
	}
	if id != rec.ID {
		return 0, false, fmt.Errorf("position %d of the log has event %s, the notary saw %s there: run jejak audit verify", rec.Position, rec.ID, id)
	}
	return leaf, true, nil
}

// First is Notary.First.
func (r *Reader) First(rec bundle.Record) (*Proof, error) {
	return first(r.book, rec, tree.Source(r.files.Read))
}
