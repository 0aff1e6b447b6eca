package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// checked is the SQLite VFS under every connection to a log. It finds what a disk has changed by itself (docs/decisions/009-flipped-bits.md):
//
// Each page of the file ends with a checksum, in SQLite's own form for it (https://sqlite.org/cksumvfs.html), so that its tools understand
// it. It is set when a page is written and checked whenever one is read.
//
// SQLite gives each page in the write-ahead log a checksum, but looks at it only when it recovers the log. Here it is checked whenever a page is read.
type checked struct {
	vfs.VFS
	name    string
	damaged atomic.Pointer[DamagedError] // what was found last
}

const (
	sumSize     = 8 // at the end of a page
	headerSize  = 100
	reservedAt  = 20 // in the header of the file: bytes kept free at the end of each page
	logHeader   = 32 // of the write-ahead log
	frameHeader = 24 // before each page in it
)

var allChecked atomic.Uint64

// newChecked registers the VFS over that of another name ("" is the operating system's). The caller ends it with unregister.
func newChecked(base string) (*checked, error) {
	under := vfs.Find(base)
	if under == nil {
		return nil, fmt.Errorf("no SQLite VFS %q is registered", base)
	}
	p := &checked{VFS: under, name: fmt.Sprintf("jejak-checked-%d", allChecked.Add(1))}
	vfs.Register(p.name, p)
	return p, nil
}

func (c *checked) unregister() { vfs.Unregister(c.name) }

func (c *checked) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, out, err := vfsutil.WrapOpen(c.VFS, name, flags)
	return c.wrap(name, file, out, err)
}

func (c *checked) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, out, err := vfsutil.WrapOpenFilename(c.VFS, name, flags)
	return c.wrap(name.String(), file, out, err)
}

// found keeps the damage, because SQLite hands on a code only.
func (c *checked) found(d DamagedError) error {
	c.damaged.Store(&d)
	return vfs.SystemError(&d, sqlite3.IOERR_DATA)
}

// named adds to an error of SQLite what was damaged.
func (c *checked) named(err error) error {
	if d := c.damaged.Load(); d != nil && errors.Is(err, sqlite3.IOERR_DATA) {
		return fmt.Errorf("%w (%w)", d, err)
	}
	return err
}

func (c *checked) wrap(name string, file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	switch {
	case err != nil:
		return nil, flags, err
	case flags&vfs.OPEN_MAIN_DB != 0:
		f := &pageFile{File: file, c: c, name: name}
		if err := f.begin(); err != nil {
			return nil, flags, errors.Join(err, file.Close())
		}
		return f, flags, nil
	case flags&vfs.OPEN_WAL != 0:
		return &frameFile{File: file, c: c, name: name}, flags, nil
	}
	return file, flags, nil
}

// DamagedError names a piece of a file that is not what was written there.
type DamagedError struct {
	File string
	Page int64 // of the file, from 1; 0 in the write-ahead log
	// Frame is the place in the write-ahead log, from 1; 0 in the file.
	Frame int64
}

func (e *DamagedError) Error() string {
	if e.Frame != 0 {
		return fmt.Sprintf("frame %d of %s is damaged: its checksum does not fit: restore a backup", e.Frame, e.File)
	}
	return fmt.Sprintf("page %d of %s (%d bytes from %d) is damaged: its checksum does not fit: restore a backup", e.Page, e.File, pageSize, (e.Page-1)*pageSize)
}

// sum goes on with SQLite's checksum over words of 8 bytes.
func sum(s1, s2 uint32, words []byte) (uint32, uint32) {
	for ; len(words) >= 8; words = words[8:] {
		s1 += binary.LittleEndian.Uint32(words) + s2
		s2 += binary.LittleEndian.Uint32(words[4:]) + s1
	}
	return s1, s2
}

// pageFile is the file.
type pageFile struct {
	vfs.File
	c    *checked
	name string
	// plain: it has no checksums, so it is not a log of this format, and will be refused for what it is.
	plain atomic.Bool
}

// begin finds out whether the file has checksums. A new one will.
func (f *pageFile) begin() error {
	header := make([]byte, headerSize)
	n, err := f.File.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.plain.Store(n > 0 && (n < headerSize || header[reservedAt] != sumSize))
	return nil
}

func (f *pageFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if n < len(p) || f.plain.Load() {
		return n, err
	}
	if len(p) == pageSize && off%pageSize == 0 {
		if err := f.check(p, off); err != nil {
			return 0, err
		}
		return n, nil
	}
	if off+int64(len(p)) <= headerSize {
		return n, err // SQLite looks at the header by itself; before it goes by it, it reads the page
	}
	page := make([]byte, pageSize)
	for at := off - off%pageSize; at < off+int64(len(p)); at += pageSize {
		if n, _ := f.File.ReadAt(page, at); n < pageSize {
			return 0, f.c.found(DamagedError{File: f.name, Page: at/pageSize + 1})
		}
		if err := f.check(page, at); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (f *pageFile) check(page []byte, off int64) error {
	if d := f.damage(page, off); d != nil {
		return f.c.found(*d)
	}
	return nil
}

// damage tells whether a page is not what was written.
func (f *pageFile) damage(page []byte, off int64) *DamagedError {
	s1, s2 := sum(0, 0, page[:pageSize-sumSize])
	end := page[pageSize-sumSize:]
	if s1 == binary.LittleEndian.Uint32(end) && s2 == binary.LittleEndian.Uint32(end[4:]) {
		return nil
	}
	return &DamagedError{File: f.name, Page: off/pageSize + 1}
}

func (f *pageFile) WriteAt(p []byte, off int64) (int, error) {
	if off == 0 && len(p) >= headerSize {
		f.plain.Store(p[reservedAt] != sumSize)
	}
	if len(p) == pageSize && !f.plain.Load() {
		s1, s2 := sum(0, 0, p[:pageSize-sumSize])
		end := p[pageSize-sumSize:]
		binary.LittleEndian.PutUint32(end, s1)
		binary.LittleEndian.PutUint32(end[4:], s2)
	}
	return f.File.WriteAt(p, off)
}

func (f *pageFile) Unwrap() vfs.File { return f.File }

func (f *pageFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// frameFile is the write-ahead log (https://sqlite.org/fileformat2.html#the_write_ahead_log).
type frameFile struct {
	vfs.File
	c    *checked
	name string
}

func (f *frameFile) ReadAt(p []byte, off int64) (int, error) {
	const size = frameHeader + pageSize
	before := off - logHeader - frameHeader
	if len(p) != pageSize || before < 0 || before%size != 0 {
		return f.File.ReadAt(p, off) // in recovery, in which SQLite checks by itself
	}
	n, err := f.File.ReadAt(p, off)
	if n < len(p) {
		return n, err
	}
	// The checksum goes on from that of the frame before, or of the header of the log.
	var head [frameHeader]byte
	var seed [8]byte
	seedAt := off - size - 8
	if before == 0 {
		seedAt = logHeader - 8
	}
	if n, err := f.File.ReadAt(head[:], off-frameHeader); n < len(head) {
		return 0, err
	}
	if n, err := f.File.ReadAt(seed[:], seedAt); n < len(seed) {
		return 0, err
	}
	s1, s2 := binary.BigEndian.Uint32(seed[:]), binary.BigEndian.Uint32(seed[4:])
	s1, s2 = sum(s1, s2, head[:8])
	s1, s2 = sum(s1, s2, p)
	if s1 != binary.BigEndian.Uint32(head[16:]) || s2 != binary.BigEndian.Uint32(head[20:]) {
		return 0, f.c.found(DamagedError{File: f.name, Frame: before/size + 1})
	}
	return n, nil
}

func (f *frameFile) Unwrap() vfs.File { return f.File }
