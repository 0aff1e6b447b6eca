// Package faultvfs is a simulated disk under SQLite, for tests: files in memory of which it knows what has been synced and what has not, so that
// a loss of power can be played at every single write, and whose operations can be made to fail.
//
// A test registers a Disk (New), gives its Name to whoever opens the database, cuts or breaks it by a Plan, and starts it again with Restart.
package faultvfs

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/vfs"
)

// Kind is what is done to the disk.
type Kind int

// The kinds. Write to Delete change something and are numbered together; Read and Open have numbers of their own.
const (
	Read Kind = iota
	Open      // of a file that is there
	Write
	Truncate
	Sync    // of the content of a file
	SyncDir // of the names
	Create
	Delete
)

func (k Kind) String() string {
	return [...]string{"read", "open", "write", "truncate", "sync", "sync of the directory", "create", "delete"}[k]
}

// Op is one operation, before it happens.
type Op struct {
	Kind  Kind
	N     int    // 1, 2, ... of all changes, of all reads, or of all opens, since New
	File  string // full name
	Off   int64  // of Read and Write
	Len   int    // likewise; of Truncate, Off is the size
	Grows bool   // a Write beyond the end of the file
}

// Fault is what becomes of an operation. The zero Fault: it happens.
type Fault struct {
	Err  error // it fails with this
	Done bool  // although it fails it has happened
	// Forget, of a Sync that fails: what was to be synced is taken for written by every later Sync, as Linux does, and is yet lost with the power.
	Forget bool
	// Cut: the process is killed, or the power is lost, while this operation is under way. It and all later ones fail until Restart.
	Cut bool
}

// Plan decides what becomes of an operation. It is called with the disk locked, so it must not use the disk.
type Plan func(Op) Fault

// ErrOff is the error of every operation between a cut and Restart, and for ever for who had a file open then.
var ErrOff = errors.New("the simulated machine is off")

// Disk is a disk and the SQLite VFS to it. It is safe for concurrent use.
type Disk struct {
	name   string
	shared string // folder for the shared memory, which needs real files

	mu         sync.Mutex
	files      map[string]*inode // as processes see them
	onDisk     map[string]*inode // names as synced
	renames    []naming          // names changed since the directory was synced
	plan       Plan
	changes    int
	reads      int
	opens      int
	off        bool
	readOnly   bool
	generation int
	inFlight   *flight
}

// inode is the content of a file.
type inode struct {
	seen    []byte   // by processes
	synced  []byte   // on the disk for sure
	pending []change // from synced to seen
	locks   locks
}

// change is a write or a truncation.
type change struct {
	data     []byte
	off      int64
	truncate bool // to off
}

// naming is a file that was created (inode set) or deleted.
type naming struct {
	name string
	file *inode
}

// flight is the write that the cut met.
type flight struct {
	file *inode
	change
}

var disks atomic.Uint64

// New makes an empty disk and registers it. The caller ends it with Close.
func New() (*Disk, error) {
	shared, err := os.MkdirTemp("", "jejak-disk-*")
	if err != nil {
		return nil, fmt.Errorf("simulated disk: %w", err)
	}
	d := &Disk{
		name:   fmt.Sprintf("jejak-disk-%d", disks.Add(1)),
		shared: shared,
		files:  map[string]*inode{},
		onDisk: map[string]*inode{},
	}
	vfs.Register(d.name, d)
	return d, nil
}

// Name is what the VFS is registered as.
func (d *Disk) Name() string { return d.name }

// Close ends the registration. Nobody may have a file open.
func (d *Disk) Close() error {
	vfs.Unregister(d.name)
	return os.RemoveAll(d.shared)
}

// SetPlan puts a plan in place of the one before; nil lets everything happen.
func (d *Disk) SetPlan(p Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan = p
}

// Changes returns how many operations have changed something, or tried to.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// Reads returns how many reads there have been.
func (d *Disk) Reads() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reads
}

// SetReadOnly makes every change fail, as a file system does that was mounted for reading after an error.
func (d *Disk) SetReadOnly(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readOnly = on
}

// Content returns a copy of a file as processes see it, nil when it is not there.
func (d *Disk) Content(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[name]; f != nil {
		return append([]byte{}, f.seen...)
	}
	return nil
}

// Put makes a file with that content, synced, in place of the one before; nobody may have that open.
func (d *Disk) Put(name string, content []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &inode{seen: append([]byte{}, content...), synced: append([]byte{}, content...)}
	d.files[name], d.onDisk[name] = f, f
}

// Flip changes the bits of mask in one byte of a file, on the disk and for all who read it from now on.
func (d *Disk) Flip(name string, off int64, mask byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[name]
	f.seen[off] ^= mask
	if off < int64(len(f.synced)) {
		f.synced[off] ^= mask
	}
	for _, c := range f.pending {
		if !c.truncate && c.off <= off && off < c.off+int64(len(c.data)) {
			c.data[off-c.off] ^= mask
		}
	}
}

// Off tells whether the disk has been cut and not started again.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}
