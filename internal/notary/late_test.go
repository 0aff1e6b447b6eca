package notary_test

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/notary"
	"jejak/internal/notary/verify"
)

// watch is a real log with its notary, at times of its own.
type watch struct {
	*testing.T
	store *memory.Store
	cfg   notary.Config
	now   time.Time
	added int
}

func newWatch(t *testing.T) *watch {
	w := &watch{T: t, now: time.Date(2023, 10, 1, 8, 0, 0, 0, time.UTC)}
	w.over(memory.New())
	w.cfg.Dir = filepath.Join(t.TempDir(), "notary")
	return w
}

// over puts the notary over another store.
func (w *watch) over(store *memory.Store) {
	w.store = store
	w.cfg.Store, w.cfg.Side = store, store.Side()
}

func (w *watch) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *watch) passes(d time.Duration) { w.now = w.now.Add(d) }

func (w *watch) records(n int) {
	w.Helper()
	for range n {
		version := eventstore.Version(w.added)
		w.added++
		_, err := w.store.Append(w.Context(), "ledger-e.3578", version, eventstore.Event{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, w.added)), Type: "procurement.order_placed", Schema: 1, RecordedAt: w.now, Data: fmt.Appendf(nil, `{"price":%d}`, w.added), Metadata: []byte(`{}`),
		})
		w.must(err)
	}
}

// signs opens the notary, has it sign all, and closes it.
func (w *watch) signs() {
	w.Helper()
	n, err := notary.Open(w.Context(), w.cfg.At(w.now))
	w.must(err)
	w.must(n.CatchUp(w.Context(), nil))
	w.must(n.Close())
}

// day is an ordinary one: records every hour, signed a second later.
func (w *watch) day() {
	w.Helper()
	for range 8 {
		w.records(10)
		w.passes(time.Second)
		w.signs()
		w.passes(time.Hour)
	}
}

func (w *watch) verify() *verify.Report {
	w.Helper()
	side := func() iter.Seq2[eventstore.Record, error] {
		return w.store.Side().Read(w.Context(), notary.StreamName(0), 0)
	}
	found, err := verify.Directory(w.cfg.Dir, w.store.ReadAll(w.Context(), 0, eventstore.Filter{}), side)
	w.must(err)
	found.Source.Now = w.now
	report, err := found.Check(w.Context(), nil, "", nil, nil)
	w.must(errors.Join(err, found.Close()))
	return report
}

// wants exactly one problem of a kind, whose text has something in it; "" for none.
func (w *watch) wants(kind, text string) {
	w.Helper()
	report := w.verify()
	if kind == "" && len(report.Problems) > 0 || kind != "" && (len(report.Problems) != 1 || report.Problems[0].Kind != kind || !strings.Contains(report.Problems[0].Text, text)) {
		w.Errorf("found %v, want %s %q", report.Problems, kind, text)
	}
}

// tamper makes another log of the same records but one, with the first so many entries of the stream, as who can write the files and does not have the key would.
func (w *watch) tamper(record int, entries eventstore.Version) {
	w.Helper()
	other := memory.New()
	for rec, err := range w.store.ReadAll(w.Context(), 0, eventstore.Filter{}) {
		w.must(err)
		if int(rec.Position) == record {
			rec.Data = []byte(`{"price":1}`)
		}
		_, err = other.Append(w.Context(), rec.Stream, rec.Version-1, rec.Event)
		w.must(err)
	}
	for rec, err := range w.store.Side().Read(w.Context(), notary.StreamName(0), 0) {
		w.must(err)
		if rec.Version > entries {
			break
		}
		_, err = other.Side().Append(w.Context(), rec.Stream, rec.Version-1, rec.Event)
		w.must(err)
	}
	w.over(other)
}

func (w *watch) remove(names ...string) {
	w.Helper()
	for _, name := range names {
		w.must(os.RemoveAll(filepath.Join(w.cfg.Dir, name)))
	}
}

// TestSignedLate: what is signed long after it was recorded is told, but where there is a reason.
func TestSignedLate(t *testing.T) {
	t.Run("never", func(t *testing.T) {
		w := newWatch(t)
		w.signs()
		w.day()
		w.wants("", "")
	})
	t.Run("killed before the last second was signed", func(t *testing.T) {
		w := newWatch(t)
		w.signs()
		w.day()
		w.records(1)
		w.signs()
		w.passes(500 * time.Millisecond)
		w.records(3)
		w.passes(10 * time.Hour)
		w.wants("", "") // 3 are not signed
		w.signs()
		w.wants("", "")
	})
	t.Run("changed, and all that was signed since removed", func(t *testing.T) {
		w := newWatch(t)
		w.signs()
		w.day()
		w.tamper(15, 2)
		w.remove(notary.BookFile, notary.IndexFile, "tile")
		w.wants(verify.Late, "are not signed, though they were recorded 7h0m")
		w.signs()
		w.wants(verify.Late, "70 records, from position 11,")
		if _, err := notary.Accept(t.Context(), w.cfg.At(w.now), notary.Word{By: "Budi", Why: "a test"}); err != nil {
			t.Fatal(err)
		}
		w.wants("", "")
		if report := w.verify(); len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "Budi said so, because: a test") {
			t.Errorf("%q", report.Notes)
		}
	})
	t.Run("changed, and only the tiles are left", func(t *testing.T) {
		w := newWatch(t)
		w.signs()
		w.day()
		w.tamper(15, 2)
		w.remove(notary.BookFile, notary.IndexFile)
		report := w.verify()
		if len(report.Problems) != 2 || report.Problems[0].Kind != verify.Changed || !strings.Contains(report.Problems[0].Text, "leaf 14 is not as the notary took it in") {
			t.Errorf("%v", report.Problems)
		}
	})
	t.Run("an outage", func(t *testing.T) {
		w := newWatch(t)
		w.signs()
		w.day()
		n, err := notary.Open(t.Context(), w.cfg.At(w.now))
		w.must(err)
		n.Fails(w.now, errors.New("the disk is full"))
		for range 20 {
			w.records(1)
			w.passes(time.Minute)
		}
		n.Fails(w.now, errors.New("the disk is full"))
		w.must(n.CatchUp(t.Context(), nil))
		w.must(n.Close())
		w.wants("", "")
		if report := w.verify(); len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "nothing could be signed from") {
			t.Errorf("%q", report.Notes)
		}
	})
}

// TestNothingIsSignedAnew: with tiles, index and the notary's book gone, the log is held against every checkpoint of the stream.
func TestNothingIsSignedAnew(t *testing.T) {
	w := newWatch(t)
	w.signs()
	w.day()
	w.tamper(15, 100)
	w.remove(notary.BookFile, notary.IndexFile, "tile")
	_, err := notary.Open(t.Context(), w.cfg.At(w.now))
	var mismatch *notary.MismatchError
	if !errors.As(err, &mismatch) || !notary.DoesNotHold(err) || !strings.Contains(err.Error(), "it holds up to the checkpoint of 10 records") || mismatch.Checkpoint.N != 20 {
		t.Errorf("%v", err)
	}
	// The end of the stream cut off, but not in the book.
	w = newWatch(t)
	w.signs()
	w.day()
	w.tamper(15, 2)
	var cut *notary.StreamError
	if _, err := notary.Open(t.Context(), w.cfg.At(w.now)); !errors.As(err, &cut) || !strings.Contains(err.Error(), "the last ones were removed") {
		t.Errorf("%v", err)
	}
	// All of it gone: nobody begins anew without a word.
	w.tamper(15, 0)
	w.remove("")
	var lost *notary.LostError
	if _, err := notary.Open(t.Context(), w.cfg.At(w.now)); !errors.As(err, &lost) {
		t.Errorf("%v", err)
	}
	done, err := notary.Accept(t.Context(), w.cfg.At(w.now), notary.Word{By: "Budi", Why: "a test"})
	if err != nil || done.Size != 80 {
		t.Errorf("%+v %v", done, err)
	}
	w.wants("", "")
}

// TestTwoSigners: who has the folder of another notary, key included, cannot sign beside it.
func TestTwoSigners(t *testing.T) {
	w := newWatch(t)
	w.signs()
	w.day()
	open := func(dir string) *notary.Notary {
		cfg := w.cfg.At(w.now)
		cfg.Dir = dir
		n, err := notary.Open(t.Context(), cfg)
		w.must(err)
		return n
	}
	dir := filepath.Join(t.TempDir(), "copy")
	w.must(os.CopyFS(dir, os.DirFS(w.cfg.Dir)))
	one, two := open(w.cfg.Dir), open(dir)
	w.records(1)
	w.must(one.CatchUp(t.Context(), nil))
	w.records(1)
	if err := two.CatchUp(t.Context(), nil); !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("the second signed: %v", err)
	}
	w.must(errors.Join(one.Close(), two.Close()))
	w.signs()
	w.wants("", "")
}
