package notary

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
)

// TestPackWhileTheLogGrows: on every engine a bundle is what its checkpoint has, although records and checkpoints come after it while it is made.
func TestPackWhileTheLogGrows(t *testing.T) {
	for engine := range engines {
		t.Run(engine, func(t *testing.T) {
			h := newHouse(t, engine)
			n := h.open()
			defer h.close(n)
			for range 5 {
				h.record(100)
				h.sealed(n)
			}
			signed := n.Newest()
			for name, streams := range map[string][]string{"whole.zip": nil, "split": {"ledger-e.3501", "ledger-e.3502", "ledger-e.3503"}} {
				more := 0
				p := Packing{Whole: true, Streams: streams, Packed: func(*eventstore.Record) {
					if more++; more%100 == 1 {
						h.record(70)
						h.sealed(n)
					}
				}}
				path := filepath.Join(t.TempDir(), name)
				w, err := bundle.Create(path)
				if err == nil {
					err = n.Reader().Pack(t.Context(), w, signed, p, &bundle.Manifest{})
				}
				if err != nil {
					t.Fatal(err)
				}
				h.isOf(path, signed)
			}
		})
	}
}

// isOf holds a whole bundle against its checkpoint.
func (h *house) isOf(path string, signed *Signed) {
	h.Helper()
	b, err := bundle.Open(path)
	if err != nil {
		h.Fatal(err)
	}
	defer b.Close()
	var made tree.Tree
	for rec, err := range b.Records() {
		if err != nil || rec.Leaf != made.Size() {
			h.Fatal(rec.Leaf, made.Size(), err)
		}
		made.Add(leaf.Hash(&rec.Record))
	}
	if m := b.Manifest; made.Size() != signed.N || made.Root() != signed.Hash || m.Size != signed.N || m.Root != signed.Hash || !m.Whole || m.Ledgers != 3 {
		h.Errorf("%d %s, %+v", made.Size(), made.Root(), m)
	}
	if _, err := tree.Resume(signed.Tree, tree.FS(b.FS)); err != nil {
		h.Error(err)
	}
	history, err := b.FS.Open(bundle.CheckpointsFile)
	if err != nil {
		h.Fatal(err)
	}
	defer history.Close()
	var last bundle.Checkpoint
	for lines := bufio.NewScanner(history); lines.Scan(); {
		if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
			h.Fatal(err)
		}
	}
	if note, err := fs.ReadFile(b.FS, bundle.CheckpointFile); err != nil || last.Size != signed.N || last.Note != string(note) {
		h.Errorf("the history ends with %d, the checkpoint is\n%s", last.Size, note)
	}
}

// TestPackIsRefused where the bundle would lack what was signed.
func TestPackIsRefused(t *testing.T) {
	h := newHouse(t, "sqlite")
	n := h.open()
	defer h.close(n)
	h.record(300)
	signed := h.sealed(n)
	beyond := *signed
	beyond.N, beyond.Position = signed.N+1, signed.Position+1
	h.record(10) // in the log, and not in the index
	further := beyond
	further.N += 100
	for name, c := range map[string]struct {
		signed *Signed
		p      Packing
	}{
		"a stream that is not named": {signed, Packing{Whole: true, Streams: []string{"ledger-e.3501"}}},
		"a log that ends before":     {&further, Packing{}},
		"an index that ends before":  {&beyond, Packing{Streams: []string{"ledger-e.3501", "ledger-e.3502", "ledger-e.3503"}}},
		"a record that may not":      {signed, Packing{Whole: true, May: func(rec *eventstore.Record) bool { return rec.Position != 7 }}},
	} {
		path := filepath.Join(t.TempDir(), "b")
		w, err := bundle.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Reader().Pack(t.Context(), w, c.signed, c.p, &bundle.Manifest{}); err == nil {
			t.Errorf("%s: a bundle was made", name)
		}
		if _, err := bundle.Open(path); err == nil {
			t.Errorf("%s: something is left that is opened", name)
		}
	}
}

// TestPackInConstantMemory: many more records take no more memory.
func TestPackInConstantMemory(t *testing.T) {
	peak := func(records int) (most uint64) {
		h := newHouse(t, "sqlite")
		n := h.open()
		defer h.close(n)
		var batch []eventstore.Event
		for range 1000 {
			batch = append(batch, eventstore.Event{Type: "x", RecordedAt: time.Unix(1_700_000_000, 0), Data: bytes.Repeat([]byte("7"), 500)})
		}
		for ; h.added < records; h.added += len(batch) {
			for i := range batch {
				batch[i].ID = uuid.New()
			}
			if _, err := h.store.Append(t.Context(), "ledger-e.3501", eventstore.Version(h.added), batch...); err != nil {
				t.Fatal(err)
			}
		}
		signed, seen := h.sealed(n), 0
		p := Packing{Whole: true, Packed: func(*eventstore.Record) {
			if seen++; seen%(records/8) == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}}
		if err := n.Reader().Pack(t.Context(), bundle.Stream(io.Discard), signed, p, &bundle.Manifest{}); err != nil {
			t.Fatal(err)
		}
		return most
	}
	// A record is more than 500 bytes in memory, and in a bundle: those that are more are 13 MB.
	if few, many := peak(5_000), peak(30_000); many > few+8<<20 {
		t.Errorf("%d bytes with 5,000 records, %d with 30,000", few, many)
	}
}
