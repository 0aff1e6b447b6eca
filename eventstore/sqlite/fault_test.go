package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/eventstore"
)

// faultyVFS is the operating system's, with one operation on one kind of file that fails.
type faultyVFS struct {
	vfs.VFS
	kind        vfs.OpenFlag
	sync, write error        // what fails, and how
	after       atomic.Int64 // this many succeed before
	failures    atomic.Int64
}

func (v *faultyVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return v.wrap(vfsutil.WrapOpen(v.VFS, name, flags))
}

func (v *faultyVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return v.wrap(vfsutil.WrapOpenFilename(v.VFS, name, flags))
}

func (v *faultyVFS) wrap(file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err != nil || flags&v.kind == 0 {
		return file, flags, err
	}
	return &faultyFile{file, v}, flags, nil
}

func (v *faultyVFS) due(err error) error {
	if err == nil || v.after.Add(-1) >= 0 {
		return nil
	}
	v.failures.Add(1)
	return err
}

type faultyFile struct {
	vfs.File
	v *faultyVFS
}

func (f *faultyFile) Sync(flags vfs.SyncFlag) error {
	if err := f.v.due(f.v.sync); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.v.due(f.v.write); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *faultyFile) Unwrap() vfs.File { return f.File }

func (f *faultyFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func wantFailed(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrFailed) || !strings.Contains(err.Error(), text) {
		t.Fatalf("error %v, want ErrFailed with %q", err, text)
	}
}

// TestFaults: after a failed write or sync nothing more is taken, nothing answered is lost, and each append without an answer can be sent again
// once the log has been opened anew.
func TestFaults(t *testing.T) {
	for name, v := range map[string]*faultyVFS{
		"sync of the write-ahead log":    {kind: vfs.OPEN_WAL, sync: syscall.EIO},
		"write of the write-ahead log":   {kind: vfs.OPEN_WAL, write: syscall.EIO},
		"disk full":                      {kind: vfs.OPEN_WAL, write: syscall.ENOSPC},
		"sync of the file (checkpoint)":  {kind: vfs.OPEN_MAIN_DB, sync: syscall.EIO},
		"write of the file (checkpoint)": {kind: vfs.OPEN_MAIN_DB, write: syscall.EIO},
	} {
		for _, after := range []int64{0, 1, 10, 25} {
			t.Run(fmt.Sprintf("%s/after %d", name, after), func(t *testing.T) {
				fault := &faultyVFS{VFS: vfs.Find(""), kind: v.kind, sync: v.sync, write: v.write}
				fault.after.Store(1 << 40)
				testFault(t, fault, after)
			})
		}
	}
}

func testFault(t *testing.T, fault *faultyVFS, after int64) {
	const writers = 16
	vfs.Register(t.Name(), fault)
	defer vfs.Unregister(t.Name())
	path := filepath.Join(t.TempDir(), "events.db")
	s := open(t, path, Options{VFS: t.Name(), CheckpointPages: 20})
	defer s.Close()
	fault.after.Store(after)

	pending := make([]eventstore.Event, writers) // the append of each that failed
	versions := make([]eventstore.Version, writers)
	deadline := time.Now().Add(time.Minute)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for v := eventstore.Version(0); time.Now().Before(deadline); v++ {
				event := newEvent(0)
				if _, err := s.Append(t.Context(), fmt.Sprint(w), v, event); err != nil {
					if !errors.Is(err, eventstore.ErrFailed) {
						t.Errorf("Append = %v", err)
					}
					pending[w], versions[w] = event, v
					return
				}
			}
			t.Error("nothing failed")
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	first := fault.failures.Load()
	if _, err := s.Append(t.Context(), "later", 0, newEvent(0)); !errors.Is(err, eventstore.ErrFailed) {
		t.Errorf("Append = %v", err)
	}
	if again := fault.failures.Load(); again != first {
		t.Errorf("what failed was tried again: %d failures, then %d", first, again)
	}
	cause := fault.sync
	if cause == nil {
		cause = fault.write
	}
	if !errors.Is(s.Stats().Failed, cause) {
		t.Errorf("failure %v does not say what the system said: %v", s.Stats().Failed, cause)
	}
	full := strings.Contains(s.Stats().Failed.Error(), "free some space")
	if want := errors.Is(fault.write, syscall.ENOSPC); full != want {
		t.Errorf("failure %v: tells of a full disk: %t, want %t", s.Stats().Failed, full, want)
	}
	// Reading goes on, and shows only what was answered.
	n := eventstore.Version(0)
	for _, err := range s.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	for _, v := range versions {
		n -= v
	}
	if n != 0 {
		t.Errorf("%d events more can be read than were answered", n)
	}
	if err := s.Close(); err != nil {
		t.Logf("Close: %v", err)
	}

	s = open(t, path, Options{})
	defer s.Close()
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for w, event := range pending {
		if v, _, _ := s.StreamHead(t.Context(), fmt.Sprint(w)); v < versions[w] || v > versions[w]+1 {
			t.Errorf("stream %d has %d events, of which %d were answered", w, v, versions[w])
		}
		if _, err := s.Append(t.Context(), fmt.Sprint(w), versions[w], event); err != nil {
			t.Errorf("Append again = %v", err)
		}
		if v, _, _ := s.StreamHead(t.Context(), fmt.Sprint(w)); v != versions[w]+1 {
			t.Errorf("stream %d has %d events, want %d", w, v, versions[w]+1)
		}
	}
}
