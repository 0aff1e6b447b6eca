package tree_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/tree"
)

func leaf(i int64) tlog.Hash { return tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(i))) }

// stored are the hashes of a tree as package tlog makes them.
func stored(t *testing.T, size int64) tlog.HashReader {
	t.Helper()
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, all[i])
		}
		return out, nil
	})
	for i := range size {
		hashes, err := tlog.StoredHashesForRecordHash(i, leaf(i), reader)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hashes...)
	}
	return reader
}

const most = 70_000 // more than one tile of the second level

// TestAgainstTheLibrary holds root and tiles of every kind of size against those of package tlog.
func TestAgainstTheLibrary(t *testing.T) {
	want := stored(t, most)
	interesting := []int64{0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 65_792, most}
	var tr tree.Tree
	got := map[tlog.Tile][]byte{}
	for i := int64(0); ; i++ {
		if i < 600 || slices.Contains(interesting, i) {
			root, err := tlog.TreeHash(i, want)
			if err != nil || tr.Root() != root || tr.Size() != i {
				t.Fatalf("root of %d is %v, want %v, %v", i, tr.Root(), root, err)
			}
			for _, tile := range tr.Take() {
				got[tile.Tile] = tile.Data
			}
		}
		if i == most {
			break
		}
		tr.Add(leaf(i))
	}
	for _, size := range interesting {
		for _, tile := range tlog.NewTiles(torchwood.TileHeight, 0, size) {
			data, err := tlog.ReadTileData(tile, want)
			if err != nil || string(got[tile]) != string(data) {
				t.Errorf("tile %s of a tree of %d is another, %v", torchwood.TilePath(tile), size, err)
			}
		}
	}
}

// TestGoingOn grows a tree in steps, each by another program that begins with the files of the one before.
func TestGoingOn(t *testing.T) {
	want := stored(t, most)
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		files, err := tree.OpenFiles(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		known := tlog.Tree{Hash: (&tree.Tree{}).Root()}
		for range 5 {
			tr, err := tree.Resume(known, tree.Source(files.Read))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			before := tr.Size()
			for range []int{1, 2, 200, 256, 300, 700}[r.IntN(6)] {
				tr.Add(leaf(tr.Size()))
			}
			if err := files.Write(tr.Take()); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			files.Prune(before, tr.Size())
			if r.IntN(3) > 0 { // else it is killed before it signs, and the next does the same again
				known = tlog.Tree{N: tr.Size(), Hash: tr.Root()}
			}
			root, err := tlog.TreeHash(known.N, want)
			if err != nil || root != known.Hash {
				t.Fatalf("seed %d: root of %d: %v, %v", seed, known.N, known.Hash, err)
			}
			for at := int64(0); at < known.N; at += 1 + r.Int64N(known.N) {
				proof, err := tlog.ProveRecord(known.N, at, tlog.TileHashReader(known, tree.Source(files.Read)))
				if err == nil {
					err = tlog.CheckRecord(proof, known.N, known.Hash, at, leaf(at))
				}
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
	}
}

func grown(t *testing.T, size int64) (*tree.Files, *tree.Tree, string) {
	t.Helper()
	dir := t.TempDir()
	files, err := tree.OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree.Tree{}
	for i := range size {
		tr.Add(leaf(i))
	}
	if err := files.Write(tr.Take()); err != nil {
		t.Fatal(err)
	}
	return files, tr, dir
}

func TestFilesOnlyPartialTilesGo(t *testing.T) {
	files, tr, dir := grown(t, 300)
	tr.Add(leaf(300))
	if err := files.Write(tr.Take()); err != nil {
		t.Fatal(err)
	}
	files.Prune(300, 301)
	var names []string
	err := filepath.WalkDir(filepath.Join(dir, "tile"), func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			info, e := d.Info()
			if e != nil || info.Mode().Perm() != 0o444 {
				t.Errorf("%s: %v %v", name, info.Mode(), e)
			}
			rel, _ := filepath.Rel(dir, name)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || strings.Join(names, " ") != "tile/0/000 tile/0/001.p/45 tile/1/000.p/1" {
		t.Errorf("%v %v", names, err)
	}
	// The smaller ones can still be read.
	if data, err := files.Read("tile/0/001.p/44"); err != nil || len(data) != 44*32 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	for _, bad := range []string{"tile/0/001.p/46", "tile/0/002", "tile/entries/000", "tile/0/../0/000", "../notary.key", "tile/0/000.p/0", "tile/0/000.p/256"} {
		if _, err := files.Read(bad); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestATileIsNeverAnother(t *testing.T) {
	files, _, _ := grown(t, 600)
	var other tree.Tree
	for i := range int64(700) {
		if i == 300 {
			other.Add(leaf(-1))
			continue
		}
		other.Add(leaf(i))
	}
	err := files.Write(other.Take())
	var differs *tree.DiffersError
	if !errors.As(err, &differs) || !strings.Contains(err.Error(), "tile/0/001 differs from what the log gives, from leaf 300 on") {
		t.Errorf("%v", err)
	}
}

func TestADamagedEdgeIsNoticed(t *testing.T) {
	files, tr, dir := grown(t, 600)
	known := tlog.Tree{N: tr.Size(), Hash: tr.Root()}
	name := filepath.Join(dir, "tile/0/002.p/88")
	data, err := os.ReadFile(name)
	if err == nil {
		data[5] ^= 1
		err = errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, data, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Resume(known, tree.Source(files.Read)); err == nil {
		t.Error("a changed tile is taken for the right one")
	}
}

func BenchmarkAdd(b *testing.B) {
	var tr tree.Tree
	h := leaf(1)
	for b.Loop() {
		tr.Add(h)
		tr.Take()
	}
}
