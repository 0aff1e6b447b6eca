// Package tree is the notary's Merkle tree (RFC 6962): its growing edge in memory, and its tiles (C2SP tlog-tiles) in files.
package tree

import (
	"crypto/sha256"
	"fmt"
	"math/bits"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// fullTile is the size of a full tile in bytes.
const fullTile = torchwood.TileWidth * tlog.HashSize

// Tree is a tree to which leaves are added. It keeps what is needed to go on: the complete subtrees at its right edge, and the tiles that are not full.
// The zero Tree is empty. It is for one goroutine.
type Tree struct {
	size int64
	edge []tlog.Hash // complete subtrees from left to right, that is, from large to small
	rows [][]byte    // for each level of tiles, the hashes of the last tile, which is not full
	full []Tile      // that have become full since Take
}

// Tile is a tile with its hashes.
type Tile struct {
	tlog.Tile
	Data []byte
}

// Size is the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Add adds the hash of a leaf.
func (t *Tree) Add(leaf tlog.Hash) {
	t.put(0, leaf)
	h := leaf
	for level := 1; level <= bits.TrailingZeros64(^uint64(t.size)); level++ {
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		if level%torchwood.TileHeight == 0 {
			t.put(level/torchwood.TileHeight, h)
		}
	}
	t.edge = append(t.edge, h)
	t.size++
}

// put adds a hash to the last tile of a level. t.size is the number of the leaf that completed it.
func (t *Tree) put(level int, h tlog.Hash) {
	if level == len(t.rows) {
		t.rows = append(t.rows, nil)
	}
	row := t.rows[level]
	if row == nil {
		row = make([]byte, 0, fullTile)
	}
	row = append(row, h[:]...)
	if len(row) < fullTile {
		t.rows[level] = row
		return
	}
	number := t.size >> (torchwood.TileHeight * (level + 1))
	t.full = append(t.full, Tile{tlog.Tile{H: torchwood.TileHeight, L: level, N: number, W: torchwood.TileWidth}, row})
	t.rows[level] = nil
}

// Root is the hash of the whole tree.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.edge) - 1
	h := t.edge[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

// Take returns the tiles that have become full since the last time, and the partial ones of the tree as it is now.
func (t *Tree) Take() []Tile {
	tiles := t.full
	t.full = nil
	for _, tile := range Partial(t.size) {
		tiles = append(tiles, Tile{tile, append([]byte(nil), t.rows[tile.L]...)})
	}
	return tiles
}

// Forget lets go of the tiles that have become full, for those who want the root alone.
func (t *Tree) Forget() { t.full = nil }

// Partial lists the tiles of a tree that are not full.
func Partial(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size>>(torchwood.TileHeight*level) > 0; level++ {
		hashes := size >> (torchwood.TileHeight * level)
		if width := hashes % torchwood.TileWidth; width > 0 {
			tiles = append(tiles, tlog.Tile{H: torchwood.TileHeight, L: level, N: hashes / torchwood.TileWidth, W: int(width)})
		}
	}
	return tiles
}

// Resume goes on with a tree whose size and root are known. Whatever tiles give is held against the root.
func Resume(known tlog.Tree, tiles tlog.TileReader) (*Tree, error) {
	t := &Tree{size: known.N}
	if known.N == 0 {
		return t, nil
	}
	read := tlog.TileHashReader(known, tiles)
	var err error
	if t.edge, err = read.ReadHashes(torchwood.RightEdge(known.N)); err != nil {
		return nil, fmt.Errorf("read the edge of the tree of %d leaves: %w", known.N, err)
	}
	for level := 0; known.N>>(torchwood.TileHeight*level) > 0; level++ {
		t.rows = append(t.rows, nil)
	}
	for _, tile := range Partial(known.N) {
		data, err := tlog.ReadTileData(tile, read)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", torchwood.TilePath(tile), err)
		}
		t.rows[tile.L] = append(make([]byte, 0, fullTile), data...)
	}
	return t, nil
}
