package notary

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/tree"
)

// TestTilesComeBackFromLeaves: what is written of the tiles of a tree gives the same tree again, also of one that has grown since.
func TestTilesComeBackFromLeaves(t *testing.T) {
	for _, size := range []int64{1, 255, 256, 257, 1000, batch, batch + 300} {
		from, to := t.TempDir(), t.TempDir()
		files, err := tree.OpenFiles(from)
		if err != nil {
			t.Fatal(err)
		}
		var grown tree.Tree
		add := func(leaves int64) tlog.Tree {
			for range leaves {
				grown.Add(sha256.Sum256(fmt.Append(nil, grown.Size())))
			}
			if err := files.Write(grown.Take()); err != nil {
				t.Fatal(err)
			}
			return tlog.Tree{N: grown.Size(), Hash: grown.Root()}
		}
		known := add(size)
		add(70)
		files.Prune(size, size+70)
		var leaves bytes.Buffer
		if err := WriteLeaves(from, size, &leaves); err != nil || int64(leaves.Len()) != size*tlog.HashSize {
			t.Fatalf("%d leaves: %d bytes, %v", size, leaves.Len(), err)
		}
		if err := MakeTiles(to, bytes.NewReader(leaves.Bytes())); err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Resume(known, tree.Look(to)); err != nil {
			t.Errorf("%d leaves: %v", size, err)
		}
		var again bytes.Buffer
		if err := WriteLeaves(to, size, &again); err != nil || !bytes.Equal(leaves.Bytes(), again.Bytes()) {
			t.Errorf("%d leaves come back as others: %v", size, err)
		}
		if err := WriteLeaves(to, size+1, &again); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("more than there are: %v", err)
		}
		if err := MakeTiles(filepath.Join(to, "half"), bytes.NewReader(leaves.Bytes()[1:])); err == nil {
			t.Error("half a hash is taken")
		}
	}
}
