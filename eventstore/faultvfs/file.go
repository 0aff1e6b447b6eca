package faultvfs

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

var _ vfs.VFS = (*Disk)(nil)

// begin asks the plan what becomes of an operation. happens tells whether it is to be carried out, err what the caller gets.
func (d *Disk) begin(op Op, generation int) (happens bool, fault Fault, err error) {
	if d.off || generation != d.generation {
		return false, Fault{}, ErrOff
	}
	switch op.Kind {
	case Read:
		d.reads++
		op.N = d.reads
	case Open:
		d.opens++
		op.N = d.opens
	case Write, Truncate, Sync, SyncDir, Create, Delete:
		d.changes++
		op.N = d.changes
	}
	if d.plan != nil {
		fault = d.plan(op)
	}
	if fault.Cut {
		d.off = true
		return false, fault, ErrOff
	}
	if fault.Err != nil {
		return fault.Done, fault, report(op.Kind, fault.Err)
	}
	if d.readOnly && op.Kind != Read && op.Kind != Open {
		return false, fault, report(op.Kind, syscall.EROFS)
	}
	return true, fault, nil
}

// report gives an error the code that SQLite's own file layer would.
func report(k Kind, err error) error {
	if errors.Is(err, syscall.ENOSPC) && k == Write {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	switch k {
	case Read:
		return vfs.SystemError(err, sqlite3.IOERR_READ)
	case Open, Create:
		return vfs.SystemError(err, sqlite3.CANTOPEN)
	case Write:
		return vfs.SystemError(err, sqlite3.IOERR_WRITE)
	case Truncate:
		return vfs.SystemError(err, sqlite3.IOERR_TRUNCATE)
	case Sync:
		return vfs.SystemError(err, sqlite3.IOERR_FSYNC)
	case SyncDir:
		return vfs.SystemError(err, sqlite3.IOERR_DIR_FSYNC)
	case Delete:
		return vfs.SystemError(err, sqlite3.IOERR_DELETE)
	}
	return err
}

// Open is of vfs.VFS.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" || flags&vfs.OPEN_DELETEONCLOSE != 0 {
		return &vfsutil.SliceFile{}, flags | vfs.OPEN_MEMORY, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	node := d.files[name]
	kind := Open
	if node == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		kind = Create
	}
	happens, _, err := d.begin(Op{Kind: kind, File: name}, d.generation)
	if happens && node == nil {
		node = &inode{}
		d.files[name] = node
		d.renames = append(d.renames, naming{name, node})
	}
	if err == nil && d.readOnly && flags&vfs.OPEN_READWRITE != 0 {
		err = report(Open, syscall.EROFS)
	}
	if err != nil {
		return nil, flags, err
	}
	f := &file{
		d: d, node: node, name: name, generation: d.generation,
		// SQLite's own file layer syncs the folder of a new journal or write-ahead log with its first sync.
		syncDir: flags&vfs.OPEN_CREATE != 0 && flags&(vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_WAL) != 0,
		shared:  vfs.NewSharedMemory(filepath.Join(d.shared, fmt.Sprintf("%d-%s-shm", d.generation, filepath.Base(name))), flags),
	}
	return f, flags, nil
}

// Delete is of vfs.VFS.
func (d *Disk) Delete(name string, syncDir bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	happens, _, err := d.begin(Op{Kind: Delete, File: name}, d.generation)
	if happens {
		delete(d.files, name)
		d.renames = append(d.renames, naming{name, nil})
	}
	if err != nil || !syncDir {
		return err
	}
	return d.syncNames(d.generation)
}

// syncNames makes all names durable.
func (d *Disk) syncNames(generation int) error {
	happens, fault, err := d.begin(Op{Kind: SyncDir}, generation)
	if happens {
		d.onDisk = map[string]*inode{}
		for name, f := range d.files {
			d.onDisk[name] = f
		}
	}
	if happens || fault.Forget {
		d.renames = nil
	}
	return err
}

// Access is of vfs.VFS.
func (d *Disk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return false, ErrOff
	}
	return d.files[name] != nil, nil
}

// FullPathname is of vfs.VFS.
func (*Disk) FullPathname(name string) (string, error) { return name, nil }

// file is an open file.
type file struct {
	d          *Disk
	node       *inode
	name       string
	generation int
	syncDir    bool
	lock       vfs.LockLevel
	shared     vfs.SharedMemory
}

func (f *file) Close() error {
	var err error
	if f.shared != nil {
		err = f.shared.Close()
	}
	return errors.Join(err, f.Unlock(vfs.LOCK_NONE))
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if _, _, err := f.d.begin(Op{Kind: Read, File: f.name, Off: off, Len: len(p)}, f.generation); err != nil {
		return 0, err
	}
	n := 0
	if off < int64(len(f.node.seen)) {
		n = copy(p, f.node.seen[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	grows := func() bool { return off+int64(len(p)) > int64(len(f.node.seen)) }
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.change(Op{Kind: Write, File: f.name, Off: off, Len: len(p), Grows: grows()}, change{data: p, off: off})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *file) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.change(Op{Kind: Truncate, File: f.name, Off: size}, change{off: size, truncate: true})
}

func (f *file) change(op Op, c change) error {
	happens, fault, err := f.d.begin(op, f.generation)
	c.data = append([]byte(nil), c.data...)
	if fault.Cut {
		f.d.inFlight = &flight{f.node, c}
	}
	if happens {
		f.node.seen = c.apply(f.node.seen)
		f.node.pending = append(f.node.pending, c)
	}
	return err
}

func (f *file) Sync(vfs.SyncFlag) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	happens, fault, err := f.d.begin(Op{Kind: Sync, File: f.name}, f.generation)
	if happens {
		for _, c := range f.node.pending {
			f.node.synced = c.apply(f.node.synced)
		}
	}
	if happens || fault.Forget {
		f.node.pending = nil
	}
	if err != nil || !f.syncDir {
		return err
	}
	f.syncDir = false
	return f.d.syncNames(f.generation)
}

func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.off || f.generation != f.d.generation {
		return 0, ErrOff
	}
	return int64(len(f.node.seen)), nil
}

func (*file) SectorSize() int { return 4096 }

func (*file) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SUBPAGE_READ
}

func (f *file) SharedMemory() vfs.SharedMemory { return f.shared }

// locks is who has a file locked, by SQLite's rules (https://sqlite.org/lockingv3.html).
type locks struct {
	shared  int   // how many have SHARED or more
	writing *file // has RESERVED or more
	pending bool  // writing has PENDING or more
}

func (f *file) Lock(level vfs.LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	l := &f.node.locks
	if f.lock >= level {
		return nil
	}
	switch level {
	case vfs.LOCK_SHARED:
		if l.pending {
			return sqlite3.BUSY
		}
		l.shared++
	case vfs.LOCK_RESERVED, vfs.LOCK_PENDING, vfs.LOCK_EXCLUSIVE:
		if l.writing != nil && l.writing != f {
			return sqlite3.BUSY
		}
		l.writing = f
		if level == vfs.LOCK_EXCLUSIVE {
			l.pending = true
			if l.shared > 1 {
				f.lock = vfs.LOCK_PENDING
				return sqlite3.BUSY
			}
		}
	case vfs.LOCK_NONE:
	}
	f.lock = level
	return nil
}

func (f *file) Unlock(level vfs.LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	l := &f.node.locks
	if f.lock <= level {
		return nil
	}
	if l.writing == f {
		l.writing, l.pending = nil, false
	}
	if level == vfs.LOCK_NONE {
		l.shared--
	}
	f.lock = level
	return nil
}

func (f *file) CheckReservedLock() (bool, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.node.locks.writing != nil, nil
}
