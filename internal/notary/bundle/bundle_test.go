package bundle_test

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
)

func numbered(leaf int64) *bundle.Record {
	return &bundle.Record{Leaf: leaf, Record: eventstore.Record{
		Stream: "ledger-e.3578", Version: eventstore.Version(leaf + 1),
		Event: eventstore.Event{ID: uuid.New(), Type: "t", RecordedAt: time.Unix(leaf, 0), Data: fmt.Appendf(nil, `{"n":%d}`, leaf)},
	}}
}

// TestBundle writes a split bundle as a folder and as a zip file, and reads it back in the order of the leaves.
func TestBundle(t *testing.T) {
	for _, name := range []string{"bundle", "bundle.zip"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			w, err := bundle.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, split := range []int64{0, 1, 2} {
				do(w.BeginRecords(fmt.Sprint("350", split)))
				for leaf := split; leaf < 100; leaf += 3 {
					do(w.Record(numbered(leaf)))
				}
			}
			do(w.Add(bundle.TileFolder+"/0/000.p/100", make([]byte, 3200)))
			if _, err := bundle.Open(path); err == nil {
				t.Error("a bundle without a manifest is opened")
			}
			do(w.Close(bundle.Manifest{Origin: "jejak/test", Whole: true}))
			b, err := bundle.Open(path)
			do(err)
			defer b.Close()
			if m := b.Manifest; m.Records != 100 || len(m.Files) != 3 || !m.Whole || m.Files[2].Records != 33 {
				t.Errorf("%+v", m)
			}
			want := int64(0)
			for rec, err := range b.Records() {
				do(err)
				if rec.Leaf != want || string(rec.Data) != fmt.Sprintf(`{"n":%d}`, want) {
					t.Fatalf("leaf %d comes as %d: %s", want, rec.Leaf, rec.Data)
				}
				want++
			}
			if want != 100 {
				t.Errorf("%d records", want)
			}
			if tile, err := fs.ReadFile(b, "tile/0/000.p/100"); err != nil || len(tile) != 3200 {
				t.Errorf("tile: %d bytes, %v", len(tile), err)
			}
		})
	}
}

func TestLeavesInDisorder(t *testing.T) {
	for _, leaves := range [][]int64{{3, 2}, {3, 3}, {-1}} {
		path := filepath.Join(t.TempDir(), "b")
		w, err := bundle.Create(path)
		if err == nil {
			err = w.BeginRecords("all")
		}
		for _, leaf := range leaves {
			if err == nil {
				err = w.Record(numbered(leaf))
			}
		}
		if err == nil {
			err = w.Close(bundle.Manifest{})
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var got error
		for _, err := range b.Records() {
			got = err
		}
		if got == nil || !strings.Contains(got.Error(), "all.ndjson, line ") {
			t.Errorf("leaves %v: %v", leaves, got)
		}
		_ = b.Close()
	}
}

// Every entry of a zipped bundle names a day that there is.
func TestEntriesAreDated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.zip")
	w, err := bundle.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.BeginRecords("3501"), w.Record(numbered(0)), w.Add(bundle.TileFolder+"/0/000.p/1", make([]byte, 32)),
		w.Close(bundle.Manifest{Origin: "jejak/test", Whole: true})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Modified.UTC().Format(time.DateOnly) != "1980-01-01" {
			t.Errorf("%s is dated %s", f.Name, f.Modified)
		}
	}
	if len(z.File) < 3 {
		t.Errorf("%d entries", len(z.File))
	}
}
