package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileFolder = "tile"
	tempFolder = "tmp" // what is being written
)

// Files keeps tiles in a folder: each a read-only file that is never changed, only a partial one is removed once a wider one counts.
type Files struct{ dir string }

// OpenFiles opens the tiles in a folder, and makes it if it is not there.
func OpenFiles(dir string) (*Files, error) {
	f := &Files{dir}
	err := os.RemoveAll(filepath.Join(dir, tempFolder))
	for _, name := range []string{tileFolder, tempFolder} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, name), 0o700))
	}
	if err != nil {
		return nil, fmt.Errorf("open the tiles: %w", err)
	}
	return f, nil
}

// Look is the Source of tiles in a folder of which nothing is changed.
func Look(dir string) Source { return (&Files{dir}).Read }

// Empty tells that there is no tile.
func (f *Files) Empty() (bool, error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, tileFolder))
	return len(entries) == 0, err
}

// Read reads a tile by its path, from a wider one where it is not there itself. It is a Source.
func (f *Files) Read(name string) ([]byte, error) {
	tile, err := torchwood.ParseTilePath(name)
	if err != nil || tile.L < 0 {
		return nil, fmt.Errorf("%q is no path of a tile: %w", name, fs.ErrNotExist)
	}
	data, err := os.ReadFile(f.path(tile))
	if err == nil || !errors.Is(err, fs.ErrNotExist) || tile.W == torchwood.TileWidth {
		return data, err
	}
	for {
		data, again, err := f.wider(tile)
		if data != nil || err != nil {
			return data, err
		}
		if !again {
			return nil, fmt.Errorf("no tile %s: %w", name, fs.ErrNotExist)
		}
	}
}

// wider reads a tile from a wider one; nil where there is none. again: there was one, but it has gone since, for a wider one has taken its place.
func (f *Files) wider(tile tlog.Tile) (data []byte, again bool, err error) {
	widths, err := f.widths(tile)
	if err != nil {
		return nil, false, err
	}
	for _, width := range append(widths, torchwood.TileWidth) {
		if width <= tile.W {
			continue
		}
		wider := tile
		wider.W = width
		data, err := os.ReadFile(f.path(wider))
		if err == nil && len(data) >= tile.W*tlog.HashSize {
			return data[:tile.W*tlog.HashSize], false, nil
		}
		again = again || width < torchwood.TileWidth && errors.Is(err, fs.ErrNotExist)
	}
	return nil, again, nil
}

// widths lists how wide the partial tiles at a place are, ascending.
func (f *Files) widths(tile tlog.Tile) ([]int, error) {
	tile.W = 1
	entries, err := os.ReadDir(filepath.Dir(f.path(tile)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var widths []int
	for _, entry := range entries {
		if width, err := strconv.Atoi(entry.Name()); err == nil {
			widths = append(widths, width)
		}
	}
	slices.Sort(widths)
	return widths, err
}

func (f *Files) path(tile tlog.Tile) string {
	return filepath.Join(f.dir, filepath.FromSlash(torchwood.TilePath(tile)))
}

// DiffersError: a tile is there already, with other hashes than the log gives.
type DiffersError struct {
	Tile tlog.Tile
	// Hash is the first that differs, of those in the tile.
	Hash int
}

func (e *DiffersError) Error() string {
	first := (e.Tile.N*torchwood.TileWidth + int64(e.Hash)) << (torchwood.TileHeight * e.Tile.L)
	return fmt.Sprintf("%s differs from what the log gives, from leaf %d on", torchwood.TilePath(e.Tile), first)
}

// Write keeps tiles, durably: none of them is half there after a loss of power. One that is there already must be the same.
func (f *Files) Write(tiles []Tile) (err error) {
	var fresh []Tile
	defer func() {
		if err != nil { // a full disk does not keep what is half written
			for i := range fresh {
				_ = os.Remove(f.temporary(i)) // the next start removes it, and the next attempt
			}
		}
	}()
	for _, tile := range tiles {
		name := torchwood.TilePath(tile.Tile)
		there, err := f.Read(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fresh = append(fresh, tile)
		case err != nil:
			return fmt.Errorf("write %s: %w", name, err)
		case !bytes.Equal(there, tile.Data):
			return &DiffersError{tile.Tile, firstDifference(there, tile.Data)}
		}
	}
	if err := f.writeTemporary(fresh); err != nil {
		return err
	}
	folders := map[string]struct{}{}
	for i, tile := range fresh {
		to := f.path(tile.Tile)
		folder := filepath.Dir(to)
		if _, known := folders[folder]; !known {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return fmt.Errorf("write %s: %w", torchwood.TilePath(tile.Tile), err)
			}
		}
		if err := os.Rename(f.temporary(i), to); err != nil {
			return fmt.Errorf("write %s: %w", torchwood.TilePath(tile.Tile), err)
		}
		for at := folder; len(at) > len(f.dir); at = filepath.Dir(at) {
			folders[at] = struct{}{}
		}
	}
	for folder := range folders {
		if err := SyncFolder(folder); err != nil {
			return fmt.Errorf("make tiles durable: %w", err)
		}
	}
	return nil
}

func firstDifference(a, b []byte) int {
	n := 0
	for (n+1)*tlog.HashSize <= min(len(a), len(b)) && bytes.Equal(a[n*tlog.HashSize:(n+1)*tlog.HashSize], b[n*tlog.HashSize:(n+1)*tlog.HashSize]) {
		n++
	}
	return n
}

func (f *Files) temporary(i int) string {
	return filepath.Join(f.dir, tempFolder, strconv.Itoa(i))
}

const (
	// together is how many files are written before the first of them is synced: the system then puts them on the disk together, and most syncs find
	// nothing left to do.
	together = 64
	// writers is how many are synced at once: disks take several syncs in the time of one.
	writers = 8
)

func (f *Files) writeTemporary(tiles []Tile) error {
	for from := 0; from < len(tiles); from += together {
		if err := f.writeTogether(from, tiles[from:min(from+together, len(tiles))]); err != nil {
			return fmt.Errorf("write tiles: %w", err)
		}
	}
	return nil
}

// writeTogether writes tiles, of which the first has the temporary name of a number.
func (f *Files) writeTogether(first int, tiles []Tile) (err error) {
	var files []*os.File
	defer func() {
		for _, file := range files {
			err = errors.Join(err, file.Close())
		}
	}()
	for i, tile := range tiles {
		file, err := writeFile(f.temporary(first+i), tile.Data)
		if err != nil {
			return err
		}
		files = append(files, file)
		beginSync(file)
	}
	errs := make([]error, min(writers, len(files)))
	var all sync.WaitGroup
	for w := range errs {
		all.Go(func() {
			for i := w; i < len(files) && errs[w] == nil; i += len(errs) {
				errs[w] = files[i].Sync()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// writeFile makes a file, which the caller syncs and closes.
func writeFile(name string, data []byte) (*os.File, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(data); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// SyncFolder makes the names in a folder durable. Windows has no such call; NTFS does it by itself.
func SyncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Prune removes the partial tiles of a smaller tree that those of a larger one, kept before, make needless: what a narrower one holds can be read from
// a wider one. What cannot be removed does no harm.
func (f *Files) Prune(smaller, larger int64) {
	needed := Partial(larger)
	for _, tile := range Partial(smaller) {
		widths, err := f.widths(tile)
		if err != nil {
			continue
		}
		least := torchwood.TileWidth
		for _, other := range needed {
			if other.L == tile.L && other.N == tile.N {
				least = other.W // or a wider one, which a tree that was never signed has left
			}
		}
		for _, tile.W = range widths {
			if tile.W < least {
				_ = os.Remove(f.path(tile))
			}
		}
		tile.W = 1
		_ = os.Remove(filepath.Dir(f.path(tile))) // if it is empty
	}
}

// Remove removes all tiles.
func (f *Files) Remove() error {
	folder := filepath.Join(f.dir, tileFolder)
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove the tiles: %w", err)
	}
	return os.MkdirAll(folder, 0o700)
}

// FS is the Source of tiles in a file system in which the folder tile lies.
func FS(files fs.FS) Source {
	return func(name string) ([]byte, error) { return fs.ReadFile(files, path.Clean(name)) }
}
