package httpapi

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// spoolMemory is what a spool keeps in memory, in bytes; what is more goes to a file that has no name.
const spoolMemory = 1 << 20

// errSpoolFull says that a spool can have no more on the disk: all together have as much as they may, or the disk takes no more.
var errSpoolFull = errors.New("there is no room on the disk for more of the batches under way")

// spoolRoom is how many bytes all spools together may have in files.
type spoolRoom struct {
	most, taken atomic.Int64
}

func (r *spoolRoom) take(n int64) bool {
	if r.taken.Add(n) <= r.most.Load() {
		return true
	}
	r.taken.Add(-n)
	return false
}

// spool is a pipe that takes everything at once: its writer never waits for its reader. It has one writer and one reader.
type spool struct {
	room *spoolRoom

	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte   // the newest bytes
	file    *os.File // older ones, nil while there are none
	written int64    // bytes in file
	read    int64    // bytes of file that the reader has
	end     error    // what the reader gets behind the last byte; nil while more may come
}

func newSpool(room *spoolRoom) *spool {
	s := &spool{room: room}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// Write adds bytes. When they cannot be kept, what came before ends with the error.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed.Signal()
	if s.end != nil {
		return 0, s.end
	}
	if len(s.buf)+len(p) > spoolMemory {
		if s.end = s.spill(); s.end != nil {
			return 0, s.end
		}
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}

// spill moves what is in memory to the file.
func (s *spool) spill() error {
	if !s.room.take(int64(len(s.buf))) {
		return errSpoolFull
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "jejak-batch-*")
		if err == nil {
			err = os.Remove(f.Name())
			s.file = f
		}
		if err != nil {
			s.room.taken.Add(-int64(len(s.buf)))
			return fmt.Errorf("keep a batch until it is decided: %w", errors.Join(errSpoolFull, err))
		}
	}
	n, err := s.file.WriteAt(s.buf, s.written)
	if err != nil {
		s.room.taken.Add(-int64(len(s.buf)))
		return fmt.Errorf("keep a batch until it is decided: %w", errors.Join(errSpoolFull, err))
	}
	s.written += int64(n)
	s.buf = s.buf[:0]
	return nil
}

// close says that no more comes, and why: io.EOF, or what broke. Only the first reason counts.
func (s *spool) close(why error) {
	s.mu.Lock()
	if s.end == nil {
		s.end = why
	}
	s.mu.Unlock()
	s.changed.Broadcast()
}

// discard gives back what the spool has on the disk. Neither writer nor reader may use it any more.
func (s *spool) discard() {
	if s.file != nil {
		_ = s.file.Close() // it has no name: closing it is deleting it
		s.room.taken.Add(-s.written)
	}
}

// Read waits for bytes.
func (s *spool) Read(into []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.end == nil && len(s.buf) == 0 && s.read == s.written {
		s.changed.Wait()
	}
	if s.read < s.written {
		n, err := s.file.ReadAt(into[:min(int64(len(into)), s.written-s.read)], s.read)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("read a batch that was kept: %w", err)
		}
		s.read += int64(n)
		return n, nil
	}
	if len(s.buf) == 0 {
		return 0, s.end
	}
	n := copy(into, s.buf)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	return n, nil
}
