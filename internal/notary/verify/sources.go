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
	book  *notary.Book
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

// Directory finds what a notary keeps in its folder, beside the records of its log. side gives what stands beside the log, as often as it is called; nil: nothing does.
// Nothing is changed.
func Directory(dir string, records iter.Seq2[eventstore.Record, error], side func() iter.Seq2[eventstore.Record, error]) (*Found, error) {
	f := &Found{Source: Source{Records: unplaced(records), Tiles: tree.Look(dir), Signed: func(func([]byte, time.Time) error) error { return nil }}, close: func() error { return nil }}
	origin := f.openBook(dir)
	if side != nil {
		f.openStream(side, origin)
	}
	f.compareBook()
	f.keyFiles(dir)
	if index, err := os.Open(filepath.Join(dir, notary.IndexFile)); err == nil {
		f.Source.Index = func(leaf int64) (uuid.UUID, eventstore.Position, bool) { return notary.ReadIndex(index, leaf) }
		closeBook := f.close
		f.close = func() error { return errors.Join(closeBook(), index.Close()) }
	}
	return f, nil
}

func (f *Found) wrong(kind, format string, args ...any) {
	if len(f.Wrong) < maxProblems {
		f.Wrong = append(f.Wrong, Problem{Kind: kind, Leaf: -1, Text: fmt.Sprintf(format, args...)})
	}
}

// openBook reads notary.db, if it is there. It returns the origin that it says.
func (f *Found) openBook(dir string) (origin string) {
	if _, err := os.Stat(filepath.Join(dir, notary.BookFile)); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	book, err := notary.OpenBook(dir)
	if err != nil {
		f.wrong(Book, "%v: jejak notary rebuild makes it again from the notary's stream", err)
		return ""
	}
	f.book, f.close = book, book.Close
	if f.Keys, err = book.Keys(); err != nil {
		f.wrong(Book, "%v", err)
	}
	f.Source.Signed = func(do func([]byte, time.Time) error) error {
		return book.Each(context.Background(), 0, func(c *notary.Signed) error { return do(c.Note(), c.SignedAt) })
	}
	return notary.BaseOrigin(book.Origin())
}

// openStream reads the notary's stream, which is the original of what notary.db has, if there is one.
func (f *Found) openStream(side func() iter.Seq2[eventstore.Record, error], origin string) {
	h, each := readHistory(side, origin)
	if h.entries == 0 && len(h.wrong) == 0 {
		return
	}
	f.Wrong = append(f.Wrong, h.wrong...)
	f.Source.Beside, f.Keys = h, h.keys
	f.Source.Aged = func(do func(*sealedTree) error) error {
		err := h.checkpoints(each, do)
		if len(h.wrong) > 0 {
			return nil // why it could not be read to its end was told
		}
		return err
	}
}

// compareBook holds notary.db against the stream.
func (f *Found) compareBook() {
	if f.book == nil {
		return
	}
	taken, body, err := f.book.Taken()
	if err != nil {
		f.wrong(Book, "%v", err)
		return
	}
	h := f.Source.Beside
	switch {
	case h == nil && taken == 0:
		return // of before there was a stream
	case h == nil:
		f.wrong(Stream, "the notary's stream beside the log is not there: notary.db has taken over %d entries of it", taken)
		return
	case taken > h.newest:
		f.wrong(Stream, "the notary's stream beside the log has %d entries, and notary.db has taken over %d: the last ones were removed", h.newest, taken)
		return
	case taken == h.newest && body != h.body:
		f.wrong(Stream, "entry %d of the notary's stream is not the one that notary.db has taken over: one of them was changed", taken)
		return
	case taken == 0 || len(h.wrong) > 0:
		return // it is brought up to the stream at the next start; what is wrong with that was told
	}
	type place struct {
		epoch int
		size  int64
	}
	has := map[place]string{}
	err = f.book.Each(context.Background(), 0, func(c *notary.Signed) error { has[place{c.Epoch, c.N}] = c.Hash.String() + c.Signatures; return nil })
	if err != nil {
		f.wrong(Book, "%v", err)
		return
	}
	lacking, first, other := 0, int64(0), int64(-1)
	behind := h.newest - taken // not taken over yet
	_ = f.Source.Aged(func(c *sealedTree) error {
		at := place{c.Epoch, c.N}
		switch text, there := has[at]; {
		case !there:
			if lacking++; lacking == 1 {
				first = c.N
			}
		case text != c.Hash.String()+c.Signatures && other < 0:
			other = c.N
		}
		delete(has, at)
		return nil
	})
	if lacking > int(behind) {
		f.wrong(Book, "notary.db lacks %d checkpoints that the notary's stream has, the first of %d records: they were removed; jejak notary rebuild makes it again", lacking, first)
	}
	if other >= 0 {
		f.wrong(Book, "the checkpoint of %d records in notary.db is not the one that the notary's stream has: it was changed; jejak notary rebuild makes it again", other)
	}
	adopting, err := f.book.Adopting()
	if err != nil {
		f.wrong(Book, "%v", err)
	}
	if len(has) > 0 && !adopting {
		f.wrong(Stream, "notary.db has %d checkpoints that the notary's stream lacks", len(has))
	}
}

// keyFiles holds the files with the keys against what was signed with them.
func (f *Found) keyFiles(dir string) {
	if len(f.Keys) == 0 {
		return
	}
	current := f.Keys[len(f.Keys)-1].Verifier
	if verifier, err := notary.VerifierIn(filepath.Join(dir, notary.KeyFile)); err == nil && verifier != current {
		f.wrong(KeyFile, "%s is not the key in use: its verifier key is %s, the log is signed with %s", notary.KeyFile, verifier, current)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.wrong(KeyFile, "%v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, notary.PublicFile)); err == nil && string(text) != notary.PublicKeys(f.Keys) {
		f.wrong(KeyFile, "%s does not have the verifier keys that have signed this log: give nobody a key from there", notary.PublicFile)
	}
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
