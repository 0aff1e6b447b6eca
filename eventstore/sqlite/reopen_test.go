package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/eventstore"
)

// faultyStore opens a store over a disk on which nothing fails yet.
func faultyStore(t *testing.T, fault *faultyVFS, opt Options) *Store {
	t.Helper()
	fault.VFS = vfs.Find("")
	fault.after.Store(1 << 40)
	vfs.Register(t.Name(), fault)
	t.Cleanup(func() { vfs.Unregister(t.Name()) })
	opt.VFS = t.Name()
	return open(t, filepath.Join(t.TempDir(), "events.db"), opt)
}

func TestReopen(t *testing.T) {
	for name, fault := range map[string]*faultyVFS{
		"sync":  {kind: vfs.OPEN_WAL, sync: syscall.EIO},
		"write": {kind: vfs.OPEN_WAL, write: syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			s := faultyStore(t, fault, Options{})
			defer s.Close()
			if err := s.Reopen(t.Context()); err != nil {
				t.Errorf("Reopen of a store that has not failed = %v", err)
			}
			follow, err := s.Subscribe(t.Context(), 0, eventstore.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			defer follow.Close()
			for v := range eventstore.Version(3) {
				if _, err := s.Append(t.Context(), "a", v, newEvent(0)); err != nil {
					t.Fatal(err)
				}
			}
			fault.after.Store(0)
			lost := newEvent(0)
			if _, err := s.Append(t.Context(), "a", 3, lost); !errors.Is(err, eventstore.ErrFailed) || !errors.Is(err, eventstore.ErrUnknownOutcome) {
				t.Fatalf("Append = %v", err)
			}
			if err := s.Reopen(t.Context()); !errors.Is(err, eventstore.ErrFailed) {
				t.Errorf("Reopen while the disk is bad = %v", err)
			}
			if _, err := s.Append(t.Context(), "b", 0, newEvent(0)); !errors.Is(err, eventstore.ErrFailed) {
				t.Errorf("Append = %v", err)
			}
			fault.after.Store(1 << 40)
			if err := s.Reopen(t.Context()); err != nil {
				t.Fatalf("Reopen = %v", err)
			}
			if err := s.Stats().Failed; err != nil {
				t.Errorf("Stats().Failed = %v", err)
			}
			head, err := s.Head(t.Context())
			if err != nil || head < 3 || head > 4 {
				t.Fatalf("Head = %d, %v", head, err)
			}
			if v, p, err := s.StreamHead(t.Context(), "a"); err != nil || eventstore.Position(v) != head || p != head {
				t.Errorf("StreamHead = %d, %d, %v, head %d", v, p, err, head)
			}
			if _, there, err := s.ByCommand(t.Context(), lost.Command); err != nil || there != (head == 4) {
				t.Errorf("ByCommand = %t, %v, head %d", there, err, head)
			}
			if p, err := s.Append(t.Context(), "a", 3, lost); err != nil || p != 4 {
				t.Errorf("Append again = %d, %v", p, err)
			}
			if p, err := s.Append(t.Context(), "b", 0, newEvent(0)); err != nil || p != 5 {
				t.Errorf("Append of another stream = %d, %v", p, err)
			}
			for want := range eventstore.Position(5) {
				r, err := follow.Next(t.Context())
				if err != nil || r.Position != want+1 {
					t.Fatalf("Next = %d, %v, want %d", r.Position, err, want+1)
				}
			}
			if err := s.Verify(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Reopen(t.Context()); !errors.Is(err, eventstore.ErrClosed) {
				t.Errorf("Reopen after Close = %v", err)
			}
		})
	}
}

// TestReopenMissing: a log from which something acknowledged has gone stays failed.
func TestReopenMissing(t *testing.T) {
	fault := &faultyVFS{kind: vfs.OPEN_WAL, sync: syscall.EIO}
	s := faultyStore(t, fault, Options{CheckpointPages: 1})
	defer s.Close()
	for v := range eventstore.Version(3) {
		if _, err := s.Append(t.Context(), "a", v, newEvent(0)); err != nil {
			t.Fatal(err)
		}
	}
	fault.after.Store(0)
	if _, err := s.Append(t.Context(), "b", 0, newEvent(0)); !errors.Is(err, eventstore.ErrFailed) {
		t.Fatal(err)
	}
	fault.after.Store(1 << 40)
	edit(t, s.path, allowDelete+`DELETE FROM events WHERE position >= 3`+restoreDelete)
	if err := s.Reopen(t.Context()); !errors.Is(err, eventstore.ErrFailed) || !strings.Contains(err.Error(), "2, but 3 was acknowledged") {
		t.Errorf("Reopen = %v", err)
	}
	if _, err := s.Append(t.Context(), "a", 2, newEvent(0)); !errors.Is(err, eventstore.ErrFailed) {
		t.Errorf("Append = %v", err)
	}
}

// TestReopenUnderLoad fails and reopens the store again and again while all that it offers is in use.
func TestReopenUnderLoad(t *testing.T) {
	const writers, rounds = 8, 6
	fault := &faultyVFS{kind: vfs.OPEN_WAL, sync: syscall.EIO}
	s := faultyStore(t, fault, Options{CheckpointPages: 20, Readers: 2})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var all, writing sync.WaitGroup
	var appended atomic.Int64
	ending := make(chan struct{})
	ended := func() bool {
		select {
		case <-ending:
			return true
		default:
			return ctx.Err() != nil
		}
	}
	versions := make([]eventstore.Version, writers)
	for w := range writers {
		writing.Go(func() {
			event := newEvent(0)
			for !ended() {
				_, err := s.Append(ctx, fmt.Sprint(w), versions[w], event)
				switch {
				case err == nil:
					versions[w]++
					appended.Add(1)
					event = newEvent(0)
				case !errors.Is(err, eventstore.ErrFailed):
					t.Errorf("Append = %v", err)
					return
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for !ended() {
				last := eventstore.Position(0)
				for r, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
					if errors.Is(err, eventstore.ErrClosed) {
						return
					}
					if err != nil || r.Position != last+1 {
						t.Errorf("ReadAll: %d after %d, %v", r.Position, last, err)
						return
					}
					last = r.Position
				}
			}
		})
	}
	all.Go(func() {
		u, err := s.Subscribe(ctx, 0, eventstore.Filter{})
		if err != nil {
			t.Error(err)
			return
		}
		defer u.Close()
		for last := eventstore.Position(0); ; last++ {
			r, err := u.Next(ctx)
			if errors.Is(err, eventstore.ErrClosed) {
				return
			}
			if err != nil || r.Position != last+1 {
				t.Errorf("Next: %d after %d, %v", r.Position, last, err)
				return
			}
		}
	})
	for round := range rounds {
		for before := appended.Load(); appended.Load() < before+20 && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
		fault.after.Store(int64(round % 3))
		for s.Stats().Failed == nil && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		fault.after.Store(1 << 40)
		for range 2 {
			all.Go(func() {
				if err := s.Reopen(ctx); err != nil {
					t.Errorf("Reopen = %v", err)
					stop()
				}
			})
		}
	}
	for before := appended.Load(); appended.Load() < before+20 && ctx.Err() == nil; {
		time.Sleep(time.Millisecond)
	}
	close(ending)
	writing.Wait()
	if err := s.Verify(ctx); err != nil {
		t.Error(err)
	}
	for w, v := range versions {
		if got, _, err := s.StreamHead(ctx, fmt.Sprint(w)); err != nil || got < v || got > v+1 {
			t.Errorf("stream %d has %d events, of which %d were answered: %v", w, got, v, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if ctx.Err() != nil {
		t.Error("it took too long")
	}
}
