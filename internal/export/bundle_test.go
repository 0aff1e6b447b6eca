package export_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/export"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
)

// signed lets a notary sign what is in the log of a house, and returns its folder.
func (h *house) signed() (dir string) {
	h.Helper()
	dir = filepath.Join(h.TempDir(), "notary")
	n, err := notary.Open(h.Context(), notary.Config{Dir: dir, Store: h.store, Simulated: true, Word: &notary.Word{By: "a test", Why: "what was recorded first is signed later"}})
	h.must(err)
	h.must(n.CatchUp(h.Context(), nil))
	h.must(n.Close())
	return dir
}

// The records of a bundle, put into another log, give the root that was signed.
func TestBundleGivesTheSameRoot(t *testing.T) {
	h := played(t)
	packing := export.Packing{Notary: h.signed(), Program: "test", Simulated: true}
	for name, split := range map[string]bool{"whole": false, "split": true, "whole.zip": false} {
		t.Run(name, func(t *testing.T) {
			h := &house{TB: t, store: h.store, catalog: h.catalog}
			packing.Split = split
			path := filepath.Join(t.TempDir(), name)
			s, err := h.log().Bundle(t.Context(), path, all(), packing)
			h.must(err)
			b, err := bundle.Open(path)
			h.must(err)
			defer b.Close()
			if s.Units != 3 || int64(s.Records) != b.Manifest.Size || !b.Manifest.Whole || len(b.Manifest.Files) == 1 == split {
				t.Errorf("%+v %+v", s, b.Manifest)
			}
			other := memory.New()
			defer other.Close()
			versions := map[string]eventstore.Version{}
			for rec, err := range b.Records() {
				h.must(err)
				rec.Command = uuid.Nil // the events of a command come one by one here; it is in their metadata
				_, err = other.Append(t.Context(), rec.Stream, versions[rec.Stream], rec.Event)
				h.must(err)
				versions[rec.Stream]++
			}
			var hashes []tlog.Hash
			size := int64(0)
			for rec, err := range other.ReadAll(t.Context(), 0, eventstore.Filter{}) {
				h.must(err)
				add, err := tlog.StoredHashesForRecordHash(size, leaf.Hash(&rec), tlog.HashReaderFunc(func(at []int64) (list []tlog.Hash, _ error) {
					for _, i := range at {
						list = append(list, hashes[i])
					}
					return list, nil
				}))
				h.must(err)
				hashes, size = append(hashes, add...), size+1
			}
			root, err := tlog.TreeHash(size, tlog.HashReaderFunc(func(at []int64) (list []tlog.Hash, _ error) {
				for _, i := range at {
					list = append(list, hashes[i])
				}
				return list, nil
			}))
			h.must(err)
			if root != b.Manifest.Root || size != b.Manifest.Size {
				t.Errorf("root %s of %d, signed was %s of %d", root, size, b.Manifest.Root, b.Manifest.Size)
			}
		})
	}
}

// A part has the records of its units and the reference data, and nobody else's.
func TestBundleOfAUnit(t *testing.T) {
	h := played(t)
	path := filepath.Join(t.TempDir(), "part")
	c := all()
	c.Units = []domain.Code{"3509"}
	_, err := h.log().Bundle(t.Context(), path, c, export.Packing{Notary: h.signed()})
	h.must(err)
	b, err := bundle.Open(path)
	h.must(err)
	defer b.Close()
	streams := map[string]int{}
	for rec, err := range b.Records() {
		h.must(err)
		streams[rec.Stream]++
		if bytes.Contains(rec.Data, []byte(president)) {
			t.Errorf("%s", rec.Data)
		}
	}
	if b.Manifest.Whole || len(streams) != 2 || streams["ledger-pemilu2024.3509"] == 0 || streams["election-pemilu2024"] == 0 {
		t.Errorf("%+v %v", b.Manifest, streams)
	}
}

// What is not signed is not bundled, and nothing is left of it.
func TestBundleOfNothingSigned(t *testing.T) {
	h, dir := newHouse(t), t.TempDir()
	if _, err := h.log().Bundle(t.Context(), filepath.Join(dir, "b"), all(), export.Packing{Notary: filepath.Join(dir, "notary")}); err == nil {
		t.Error("a log that nobody signed is bundled")
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
		t.Error("something is left")
	}
}
