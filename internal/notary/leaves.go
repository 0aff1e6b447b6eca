package notary

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/tree"
)

// WriteLeaves writes the hashes of the first so many leaves, of which all tiles can be made: 32 bytes each. Where tiles are missing, as while they are made
// again, it is fs.ErrNotExist (wrapped). The notary may be at work.
func WriteLeaves(dir string, size int64, w io.Writer) error {
	tiles := tree.Look(dir)
	for from := int64(0); from < size; from += torchwood.TileWidth {
		data, err := tiles.Get(tlog.Tile{H: torchwood.TileHeight, N: from / torchwood.TileWidth, W: int(min(size-from, torchwood.TileWidth))})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return fmt.Errorf("write the hashes of %d leaves: %w", size, err)
		}
	}
	return nil
}

// MakeTiles makes the tiles in a folder of what WriteLeaves has written. Whether they are what was signed is for those who use them.
func MakeTiles(dir string, leaves io.Reader) error {
	files, err := tree.OpenFiles(dir)
	if err != nil {
		return err
	}
	var made tree.Tree
	var hash tlog.Hash
	for written := int64(0); err == nil; {
		if _, err = io.ReadFull(leaves, hash[:]); err == nil {
			made.Add(hash)
		}
		if size := made.Size(); size > written && (err != nil || size%batch == 0) {
			if failed := files.Write(made.Take()); failed != nil {
				return fmt.Errorf("make the tiles of %d leaves: %w", size, failed)
			}
			files.Prune(written, size)
			written = size
		}
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the hashes of leaves: %w", err)
	}
	return nil
}
