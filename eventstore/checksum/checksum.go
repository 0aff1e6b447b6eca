// Package checksum is the layer under SQLite that finds what a disk has changed by itself, and takes what other programs have written
// (docs/decisions/009-flipped-bits.md and 021-sums-and-other-programs.md).
package checksum

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

// VFS is the SQLite VFS under every connection to a file with checksums.
//
// Each page of the file ends with a checksum, in SQLite's own form for it (https://sqlite.org/cksumvfs.html), so that its tools understand
// it. It is set when a page is written and checked whenever one is read.
//
// SQLite gives each page in the write-ahead log a checksum, but looks at it only when it recovers the log. Here it is checked whenever a page is read.
//
// Each connection must say Setup first: in what it reads, there stands 0 for each checksum, which the library would hold against the page once more. So a page
// that it writes to the write-ahead log carries 0 where the checksum comes in the file, and can be told from a damaged one when another program carries it there.
//
// Who opens a new file gives it the PageSize and asks for Reserved bytes (FCNTL_RESERVE_BYTES) before anything is written; a file without them
// passes unchecked, so that its opener can refuse it for what it is. It turns cache_spill off, too: SQLite may change a spilled page in the
// write-ahead log again and mend its checksum only at the commit.
//
// A page that another program has written does not fit its checksum either, as only this layer sets one: see JudgeBy.
type VFS struct {
	vfs.VFS
	name    string
	damaged atomic.Pointer[error] // what was found last
	court   court
}

// Setup is the statement with which each connection over a VFS begins. It means nothing where there is no file yet: who makes it closes the connection and opens
// another one.
const Setup = `PRAGMA checksum_verification=OFF; PRAGMA cache_spill=OFF;`

const (
	PageSize    = 4096
	Reserved    = 8  // at the end of a page
	LogHeader   = 32 // of the write-ahead log
	FrameHeader = 24 // before each page in it

	headerSize = 100
	reservedAt = 20 // in the header of the file: bytes kept free at the end of each page
)

var allChecked atomic.Uint64

// Register makes a VFS over that of another name ("" is the operating system's). The caller ends it with Unregister when no file is open any more.
func Register(base string) (*VFS, error) {
	under := vfs.Find(base)
	if under == nil {
		return nil, fmt.Errorf("no SQLite VFS %q is registered", base)
	}
	return register(under), nil
}

func register(under vfs.VFS) *VFS {
	p := &VFS{VFS: under, name: fmt.Sprintf("jejak-checksum-%d", allChecked.Add(1))}
	vfs.Register(p.name, p)
	return p
}

// Unregister ends it.
func (c *VFS) Unregister() { vfs.Unregister(c.name) }

// Name is what connections give as vfs.
func (c *VFS) Name() string { return c.name }

// Open is described at vfs.VFS.
func (c *VFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, out, err := vfsutil.WrapOpen(c.VFS, name, flags)
	return c.wrap(name, file, out, err)
}

// OpenFilename is described at vfs.VFSFilename.
func (c *VFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, out, err := vfsutil.WrapOpenFilename(c.VFS, name, flags)
	return c.wrap(name.String(), file, out, err)
}

// found keeps the damage, because SQLite hands on a code only.
func (c *VFS) found(d error) error {
	c.damaged.Store(&d)
	return vfs.SystemError(d, sqlite3.IOERR_DATA)
}

// Named adds to an error of SQLite what was damaged, if it was that.
func (c *VFS) Named(err error) error {
	if d := c.damaged.Load(); d != nil && errors.Is(err, sqlite3.IOERR_DATA) {
		return fmt.Errorf("%w (%w)", *d, err)
	}
	return err
}

func (c *VFS) wrap(name string, file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	switch {
	case err != nil:
		return nil, flags, err
	case flags&vfs.OPEN_MAIN_DB != 0:
		f := &PageFile{File: file, c: c, name: name}
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
		return fmt.Sprintf("frame %d of %s is damaged: its checksum does not fit", e.Frame, e.File)
	}
	return fmt.Sprintf("page %d of %s (%d bytes from %d) is damaged: its checksum does not fit", e.Page, e.File, PageSize, (e.Page-1)*PageSize)
}

// sum goes on with SQLite's checksum over words of 8 bytes.
func sum(s1, s2 uint32, words []byte) (uint32, uint32) {
	for ; len(words) >= 8; words = words[8:] {
		s1 += binary.LittleEndian.Uint32(words) + s2
		s2 += binary.LittleEndian.Uint32(words[4:]) + s1
	}
	return s1, s2
}

// PageFile is an open file with checksums.
type PageFile struct {
	vfs.File
	c    *VFS
	name string
	// plain: it has no checksums, so it is not a log of this format, and will be refused for what it is.
	plain atomic.Bool
	// made: there was no file when it was opened, so that Setup has had no effect and checksums stay in what is read.
	made bool
}

// begin finds out whether the file has checksums. A new one will.
func (f *PageFile) begin() error {
	header := make([]byte, headerSize)
	n, err := f.File.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.made = n == 0
	f.plain.Store(n > 0 && (n < headerSize || header[reservedAt] != Reserved))
	return nil
}

// ReadAt reads, and checks the pages of what it reads.
func (f *PageFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if n < len(p) || f.plain.Load() {
		return n, err
	}
	if len(p) == PageSize && off%PageSize == 0 {
		if err := f.check(p, off); err != nil {
			return 0, err
		}
		if !f.made {
			putSum(p, pair{})
		}
		return n, nil
	}
	if off+int64(len(p)) <= headerSize {
		return n, err // SQLite looks at the header by itself; before it goes by it, it reads the page
	}
	page := make([]byte, PageSize)
	for at := off - off%PageSize; at < off+int64(len(p)); at += PageSize {
		if n, _ := f.File.ReadAt(page, at); n < PageSize {
			return 0, f.c.found(&DamagedError{File: f.name, Page: at/PageSize + 1})
		}
		if err := f.check(page, at); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (f *PageFile) check(page []byte, off int64) error {
	if err := f.Damage(page, off); err != nil {
		return f.c.found(err)
	}
	return nil
}

// Damage tells why a page that was read at an offset is not what was written; nil: it is. It is an error that is a *DamagedError. It may read the
// whole file once.
func (f *PageFile) Damage(page []byte, off int64) error {
	is := pageSum(page)
	if is == storedSum(page) {
		return nil
	}
	d := &DamagedError{File: f.name, Page: off/PageSize + 1}
	if oneByte(page, is) && !(doubtful(page, is) && (f.c.court.has(d, is) || f.another(off))) {
		return d // nobody writes a page to change a byte of it: it was right once
	}
	return f.c.judged(d, is)
}

// another tells whether a page other than the one at an offset does not fit its checksum: then it was not one byte of the file that has changed. Where another
// program changes its own numbers, it has written other pages as well.
func (f *PageFile) another(off int64) bool {
	page := make([]byte, PageSize)
	for at := int64(0); ; at += PageSize {
		if whole, err := readWhole(f.File, page, at); err != nil || !whole {
			return false
		}
		if at != off && pageSum(page) != storedSum(page) {
			return true
		}
	}
}

// pair is a checksum of a page.
type pair struct{ s1, s2 uint32 }

func pageSum(page []byte) pair {
	s1, s2 := sum(0, 0, page[:PageSize-Reserved])
	return pair{s1, s2}
}

func storedSum(page []byte) pair {
	end := page[PageSize-Reserved:]
	return pair{binary.LittleEndian.Uint32(end), binary.LittleEndian.Uint32(end[4:])}
}

func putSum(page []byte, s pair) {
	end := page[PageSize-Reserved:]
	binary.LittleEndian.PutUint32(end, s.s1)
	binary.LittleEndian.PutUint32(end[4:], s.s2)
}

// WriteAt gives whole pages their checksums, and writes.
func (f *PageFile) WriteAt(p []byte, off int64) (int, error) {
	if off == 0 && len(p) >= headerSize {
		f.plain.Store(p[reservedAt] != Reserved)
	}
	if len(p) == PageSize && !f.plain.Load() {
		Fit(p)
	}
	return f.File.WriteAt(p, off)
}

// DeviceCharacteristics leaves out that pieces of pages may be read: a piece has no checksum.
func (f *PageFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ vfs.IOCAP_SUBPAGE_READ
}

// Unwrap returns the file under it.
func (f *PageFile) Unwrap() vfs.File { return f.File }

// SharedMemory passes on.
func (f *PageFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// frameFile is the write-ahead log (https://sqlite.org/fileformat2.html#the_write_ahead_log).
type frameFile struct {
	vfs.File
	c    *VFS
	name string
}

func (f *frameFile) ReadAt(p []byte, off int64) (int, error) {
	const size = FrameHeader + PageSize
	before := off - LogHeader - FrameHeader
	if len(p) != PageSize || before < 0 || before%size != 0 {
		return f.File.ReadAt(p, off) // in recovery, in which SQLite checks by itself
	}
	n, err := f.File.ReadAt(p, off)
	if n < len(p) {
		return n, err
	}
	// The checksum goes on from that of the frame before, or of the header of the log.
	var head [FrameHeader]byte
	var seed [8]byte
	seedAt := off - size - 8
	if before == 0 {
		seedAt = LogHeader - 8
	}
	if n, err := f.File.ReadAt(head[:], off-FrameHeader); n < len(head) {
		return 0, err
	}
	if n, err := f.File.ReadAt(seed[:], seedAt); n < len(seed) {
		return 0, err
	}
	s1, s2 := binary.BigEndian.Uint32(seed[:]), binary.BigEndian.Uint32(seed[4:])
	s1, s2 = sum(s1, s2, head[:8])
	s1, s2 = sum(s1, s2, p)
	if s1 != binary.BigEndian.Uint32(head[16:]) || s2 != binary.BigEndian.Uint32(head[20:]) {
		return 0, f.c.found(&DamagedError{File: f.name, Frame: before/size + 1})
	}
	return n, nil
}

func (f *frameFile) Unwrap() vfs.File { return f.File }

// Fit gives a page its checksum.
func Fit(page []byte) { putSum(page, pageSum(page)) }
