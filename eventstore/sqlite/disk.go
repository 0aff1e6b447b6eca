package sqlite

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/eventstore/checksum"
)

// disk is the SQLite VFS under the connection that writes. It does two things beside passing on:
//
// What SQLite writes to the write-ahead log in two pieces a page goes to the file in one piece a sync: for a transaction of 200 pages one system
// call instead of 400. A commit is visible to other connections only after its sync, so nobody misses what still lies in the buffer.
//
// After the first write or sync that failed, all fail with the same error: the kernel may have dropped the pages that it could not write, so that
// trying again could succeed and yet lose them. The error is kept, because SQLite's own does not say what the system said.
type disk struct {
	vfs.VFS
	name   string
	failed atomic.Pointer[error]
}

var disks atomic.Uint64

// newDisk registers a disk over the VFS of that name ("" is the operating system's) under a name of its own. The caller ends it with unregister.
func newDisk(base string) (*disk, error) {
	under := vfs.Find(base)
	if under == nil {
		return nil, fmt.Errorf("no SQLite VFS %q is registered", base)
	}
	d := &disk{VFS: under, name: fmt.Sprintf("jejak-log-%d", disks.Add(1))}
	vfs.Register(d.name, d)
	return d, nil
}

func (d *disk) unregister() { vfs.Unregister(d.name) }

// cause returns what failed first, nil if nothing has.
func (d *disk) cause() error {
	if err := d.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// do runs a write or sync unless one has failed before.
func (d *disk) do(op func() error) error {
	err := d.cause()
	if err == nil {
		if err = op(); err == nil {
			return nil
		}
		d.failed.CompareAndSwap(nil, &err)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return d.wrap(vfsutil.WrapOpen(d.VFS, name, flags))
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return d.wrap(vfsutil.WrapOpenFilename(d.VFS, name, flags))
}

func (d *disk) wrap(file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err != nil {
		return nil, flags, err
	}
	f := diskFile{file, d}
	if flags&vfs.OPEN_WAL == 0 {
		return &f, flags, nil
	}
	log := &logFile{diskFile: f}
	if err := checksum.CheckFrames(file, "the write-ahead log"); err != nil {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
		d.failed.CompareAndSwap(nil, &err)
		return nil, flags, errors.Join(err, log.Close())
	}
	if err := log.rewrite(); err != nil {
		return nil, flags, errors.Join(fmt.Errorf("write the write-ahead log anew: %w", err), log.Close())
	}
	return log, flags, nil
}

type diskFile struct {
	vfs.File
	d *disk
}

func (f *diskFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.d.do(func() error { n, err = f.File.WriteAt(p, off); return err })
	return n, err
}

func (f *diskFile) Truncate(size int64) error {
	return f.d.do(func() error { return f.File.Truncate(size) })
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	return f.d.do(func() error { return f.File.Sync(flags) })
}

func (f *diskFile) Unwrap() vfs.File { return f.File }

func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// logFile is the write-ahead log.
type logFile struct {
	diskFile
	buffer []byte // to be written
	at     int64  // where
}

// logBuffer is the most that waits for the sync.
const logBuffer = 1 << 20

// rewrite writes over the log what it holds and syncs it. After a failed sync the system may show pages that it has not written and never
// will; a sync alone would find nothing to do, and a checkpoint from such pages, cut short, would leave half a transaction in the file. It comes
// before anything is taken from the log; after a regular end there is none.
func (f *logFile) rewrite() error {
	size, err := f.File.Size()
	if err != nil || size == 0 {
		return err
	}
	piece := make([]byte, min(size, logBuffer))
	for at := int64(0); at < size; at += int64(len(piece)) {
		piece = piece[:min(size-at, int64(len(piece)))]
		if n, err := f.File.ReadAt(piece, at); n < len(piece) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := f.diskFile.WriteAt(piece, at); err != nil {
			return err
		}
	}
	return f.diskFile.Sync(vfs.SYNC_FULL)
}

func (f *logFile) WriteAt(p []byte, off int64) (int, error) {
	if off != f.at+int64(len(f.buffer)) || len(f.buffer)+len(p) > logBuffer {
		if err := f.flush(); err != nil {
			return 0, err
		}
		f.at = off
	}
	f.buffer = append(f.buffer, p...)
	return len(p), nil
}

func (f *logFile) flush() error {
	if len(f.buffer) == 0 {
		return nil
	}
	_, err := f.diskFile.WriteAt(f.buffer, f.at)
	f.at += int64(len(f.buffer))
	f.buffer = f.buffer[:0]
	return err
}

func (f *logFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.diskFile.Sync(flags)
}

func (f *logFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.diskFile.ReadAt(p, off)
}

func (f *logFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.diskFile.Size()
}

func (f *logFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.diskFile.Truncate(size)
}

func (f *logFile) Close() error {
	return errors.Join(f.flush(), f.diskFile.Close())
}
