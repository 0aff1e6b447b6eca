package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/tree"
)

// Found is what lies somewhere to be checked, and the keys that lie beside it.
type Found struct {
	Source Source
	Keys   []notary.Key // the oldest first; none: nothing was ever signed here
	// Wrong is what is wrong with it already.
	Wrong []Problem
	close func() error
}

// Close lets go of it.
func (f *Found) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Own makes a Trust of the keys that lie beside what is checked: whoever could change the one could change the others.
func (f *Found) Own() (*Trust, error) {
	if len(f.Keys) == 0 {
		return nil, errors.New("there is no verifier key")
	}
	keys := make([]string, len(f.Keys))
	for i, key := range f.Keys {
		keys[i] = key.Verifier
	}
	return Keys(keys...)
}

// Check holds what was found against keys; nil: those that lie beside it. The report is nil where nothing was ever signed and nothing was given.
func (f *Found) Check(ctx context.Context, trust *Trust, keySource string, outside [][]byte, progress func(done, total uint64)) (*Report, error) {
	if trust == nil {
		if len(f.Keys) == 0 && len(f.Wrong) == 0 && len(outside) == 0 {
			return nil, nil
		}
		own, err := f.Own()
		if err != nil && len(f.Wrong) == 0 {
			return nil, fmt.Errorf("%w: give one", err)
		}
		if err != nil {
			return &Report{Problems: f.Wrong}, nil
		}
		trust, keySource = own, "beside the log"
	}
	trust.Follow(f.Keys)
	f.Source.Outside = outside
	report, err := Run(ctx, trust, &f.Source, Options{KeySource: keySource, Progress: progress})
	if report != nil {
		report.Problems = append(append([]Problem{}, f.Wrong...), report.Problems...)
	}
	return report, err
}

// Directory finds what a notary keeps in its folder, beside the records of its log. Nothing is changed.
func Directory(dir string, records iter.Seq2[eventstore.Record, error]) (*Found, error) {
	f := &Found{Source: Source{Records: unplaced(records), Tiles: tree.Look(dir), Signed: func(func([]byte, time.Time) error) error { return nil }}}
	if _, err := os.Stat(filepath.Join(dir, notary.BookFile)); errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	book, err := notary.OpenBook(dir)
	if err != nil {
		f.Wrong = append(f.Wrong, Problem{Kind: Checkpoint, Leaf: -1, Text: err.Error()})
		return f, nil
	}
	if f.Keys, err = book.Keys(); err != nil {
		f.Wrong = append(f.Wrong, Problem{Kind: Checkpoint, Leaf: -1, Text: err.Error()})
		return f, book.Close()
	}
	f.Source.Signed = func(do func([]byte, time.Time) error) error {
		return book.Each(context.Background(), 0, func(c *notary.Signed) error { return do(c.Note(), c.SignedAt) })
	}
	f.close = book.Close
	if index, err := os.Open(filepath.Join(dir, notary.IndexFile)); err == nil {
		f.Source.Index = func(leaf int64) (uuid.UUID, eventstore.Position, bool) { return notary.ReadIndex(index, leaf) }
		f.close = func() error { return errors.Join(book.Close(), index.Close()) }
	}
	return f, nil
}

// unplaced gives records that do not say which leaf they are.
func unplaced(records iter.Seq2[eventstore.Record, error]) iter.Seq2[bundle.Record, error] {
	return func(yield func(bundle.Record, error) bool) {
		for rec, err := range records {
			if !yield(bundle.Record{Record: rec, Leaf: -1}, err) {
				return
			}
		}
	}
}

// Bundle finds what is in a bundle.
func Bundle(name string) (*Found, error) {
	b, err := bundle.Open(name)
	if err != nil {
		return nil, err
	}
	f := &Found{close: b.Close, Source: Source{Lines: b.Lines(), Tiles: tree.FS(b.FS), Part: !b.Manifest.Whole}}
	keys, err := fs.ReadFile(b.FS, bundle.KeysFile)
	if err == nil {
		err = json.Unmarshal(keys, &f.Keys)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s of bundle %s: %w", bundle.KeysFile, name, err), b.Close())
	}
	f.Source.Signed = func(do func([]byte, time.Time) error) error {
		history, err := b.FS.Open(bundle.CheckpointsFile)
		if err == nil {
			err = errors.Join(eachCheckpoint(history, do), history.Close())
		}
		if err != nil {
			return fmt.Errorf("read %s of bundle %s: %w", bundle.CheckpointsFile, name, err)
		}
		return nil
	}
	return f, nil
}

// eachCheckpoint reads lines of bundle.Checkpoint.
func eachCheckpoint(r io.Reader, do func([]byte, time.Time) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var c bundle.Checkpoint
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		if err := do([]byte(c.Note), c.SignedAt); err != nil {
			return err
		}
	}
	return lines.Err()
}
