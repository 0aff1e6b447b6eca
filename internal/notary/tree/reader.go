package tree

import (
	"errors"
	"fmt"
	"io/fs"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Source gives the content of a tile by its path ("tile/0/001" and so on), fs.ErrNotExist (wrapped) where there is none. What it gives is not trusted.
type Source func(path string) ([]byte, error)

// Get reads a tile. A partial one that is not there is the beginning of the full one.
func (s Source) Get(tile tlog.Tile) ([]byte, error) {
	data, err := s(torchwood.TilePath(tile))
	if errors.Is(err, fs.ErrNotExist) && tile.W < torchwood.TileWidth {
		full := tile
		full.W = torchwood.TileWidth
		if whole, e := s(torchwood.TilePath(full)); e == nil {
			data, err = whole, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", torchwood.TilePath(tile), err)
	}
	if want := tile.W * tlog.HashSize; len(data) < want {
		return nil, fmt.Errorf("read %s: it has %d bytes, not %d", torchwood.TilePath(tile), len(data), want)
	}
	return data[:tile.W*tlog.HashSize], nil
}

// Height is described at tlog.TileReader.
func (s Source) Height() int { return torchwood.TileHeight }

// ReadTiles is described at tlog.TileReader.
func (s Source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if all[i], err = s.Get(tile); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// SaveTiles is described at tlog.TileReader.
func (s Source) SaveTiles([]tlog.Tile, [][]byte) {}

var _ tlog.TileReader = Source(nil)
