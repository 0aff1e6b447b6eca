package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"jejak/eventstore"
	"jejak/eventstore/faultvfs"
)

// reopen is a mend of a disk that is well again at once.
func (s *script) reopen() {
	s.t.Helper()
	s.disk.SetPlan(nil)
	s.disk.SetReadOnly(false)
	if s.store == nil {
		return // it failed in opening, which is tried again
	}
	if s.store.Stats().Failed == nil {
		s.t.Fatal("ErrFailed, but the store says that it has not failed")
	}
	if err := s.store.Reopen(s.t.Context()); err != nil {
		s.t.Fatalf("Reopen on a disk that is well again = %v", err)
	}
	s.check()
}

// finish loses the power after the end of a script that met a fault: all that was acknowledged must be on the disk itself.
func (s *script) finish(o faultvfs.Outcome) {
	s.t.Helper()
	_ = s.close()
	s.disk.SetPlan(nil)
	s.disk.Restart(o, uint64(s.disk.Changes()))
	s.open()
	s.goOn()
}

// TestBroken lets every write and sync fail once, also such that they were done in truth, and reopens the log.
func TestBroken(t *testing.T) {
	whole := newScript(t)
	whole.run()
	n := whole.disk.Changes()
	for _, c := range []struct {
		name  string
		fault faultvfs.Fault
		only  func(op faultvfs.Op) bool
		times int
	}{
		{"input/output error", faultvfs.Fault{Err: syscall.EIO}, nil, 1},
		{"input/output error though it was done", faultvfs.Fault{Err: syscall.EIO, Done: true}, nil, 1},
		{"sync that fails once and forgets", faultvfs.Fault{Err: syscall.EIO, Forget: true}, func(op faultvfs.Op) bool { return op.Kind == faultvfs.Sync || op.Kind == faultvfs.SyncDir }, 1},
		{"disk full", faultvfs.Fault{Err: syscall.ENOSPC}, func(op faultvfs.Op) bool { return op.Kind == faultvfs.Create || op.Grows }, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, at := range chosen(t, n, 20) {
				ok := t.Run(fmt.Sprint(at), func(t *testing.T) {
					s := newScript(t)
					left := c.times
					s.disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
						if op.Kind < faultvfs.Write || op.N < at || left == 0 || c.only != nil && !c.only(op) {
							return faultvfs.Fault{}
						}
						left--
						return c.fault
					})
					s.mend = s.reopen
					s.run()
					s.finish(faultvfs.LostAll)
				})
				if !ok {
					return
				}
			}
		})
	}
}

// TestBrokenAndCut loses the power while a log is reopened whose sync has failed: what was not synced then never will be, although it can be read.
func TestBrokenAndCut(t *testing.T) {
	whole := newScript(t)
	whole.run()
	n := whole.disk.Changes()
	for _, at := range chosen(t, n, 40) {
		for _, outcome := range []faultvfs.Outcome{faultvfs.LostAll, faultvfs.LostSome} {
			ok := t.Run(fmt.Sprint(at, " ", outcome), func(t *testing.T) {
				s := newScript(t)
				failed := 0
				cutAt := 0
				s.disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
					if op.Kind == faultvfs.Sync && op.N >= at && failed == 0 {
						failed = op.N
						cutAt = op.N + 2 + at%9
						return faultvfs.Fault{Err: syscall.EIO, Forget: true}
					}
					return faultvfs.Fault{Cut: failed != 0 && op.Kind >= faultvfs.Write && op.N >= cutAt}
				})
				s.mend = func() {
					if s.store != nil && !s.disk.Off() {
						if err := s.store.Reopen(s.t.Context()); err == nil {
							return // it needed fewer operations than that
						}
					}
					if s.disk.Off() {
						s.ended = true
					}
				}
				s.run()
				s.ended, s.mend = false, nil
				s.finish(outcome)
			})
			if !ok {
				return
			}
		}
	}
}

// readAll reads the whole log, which must be what was acknowledged or an error. It returns whether it was read.
func (s *script) readAll() bool {
	s.t.Helper()
	want := map[eventstore.Position]eventstore.Event{}
	for _, a := range s.acked {
		for i, e := range a.Events {
			want[a.Position-eventstore.Position(len(a.Events)-1-i)] = e.Stored()
		}
	}
	for r, err := range s.store.ReadAll(s.t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			return false
		}
		if e := want[r.Position]; e.ID != r.ID || string(e.Data) != string(r.Data) {
			s.t.Fatalf("position %d is not what was written", r.Position)
		}
		delete(want, r.Position)
	}
	if len(want) > 0 {
		s.t.Fatalf("%d records are missing, without an error", len(want))
	}
	return true
}

// TestBrokenReads lets every read fail once: what is read is right or an error, and the next time it is right.
func TestBrokenReads(t *testing.T) {
	play := func(t *testing.T, s *script) {
		s.open()
		for range 4 {
			s.append("ledger-a", 3, 2000)
			s.append("ledger-b", 1, 40_000)
			for tries := 0; !s.ended && !s.readAll(); tries++ {
				if tries > 1 {
					t.Fatal("it can still not be read")
				}
			}
			s.refused()
			_ = s.close()
			s.open()
		}
	}
	whole := newScript(t)
	play(t, whole)
	for _, at := range chosen(t, whole.disk.Reads(), 60) {
		ok := t.Run(fmt.Sprint(at), func(t *testing.T) {
			s := newScript(t)
			s.disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
				if op.Kind == faultvfs.Read && op.N == at {
					return faultvfs.Fault{Err: syscall.EIO}
				}
				return faultvfs.Fault{}
			})
			s.mend = s.reopen
			play(t, s)
			s.finish(faultvfs.LostAll)
		})
		if !ok {
			return
		}
	}
}

// TestReadOnlyDisk: a file system that turns read-only can be read on, and is named as what is wrong.
func TestReadOnlyDisk(t *testing.T) {
	s := newScript(t)
	s.open()
	s.append("ledger-a", 3, 2000)
	s.readAll() // a file that is open stays so
	s.disk.SetReadOnly(true)
	tries := 0
	s.mend = func() {
		if tries++; tries == 1 {
			if !s.readAll() {
				t.Error("the log cannot be read while the disk is read-only")
			}
			for range 2 {
				err := s.store.Reopen(t.Context())
				if !errors.Is(err, eventstore.ErrFailed) || !strings.Contains(err.Error(), syscall.EROFS.Error()) {
					t.Errorf("Reopen on a read-only disk = %v", err)
				}
			}
		}
		s.reopen()
	}
	s.append("ledger-a", 1, 100)
	if tries == 0 {
		t.Error("an append to a read-only disk succeeded")
	}
	s.mend = nil
	_ = s.close()
	s.disk.SetReadOnly(true)
	if store, err := Open(t.Context(), diskPath, Options{VFS: s.disk.Name()}); err == nil {
		store.Close()
		t.Error("a log was opened for writing on a read-only disk")
	}
	s.disk.SetReadOnly(false)
	s.finish(faultvfs.LostAll)
}
