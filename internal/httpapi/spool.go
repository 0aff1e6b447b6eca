package httpapi

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// spoolMemory is what a spool keeps in memory; what is more goes to a file that has no name.
const spoolMemory = 1 << 20

// spool is a pipe that takes everything at once: its writer never waits for its reader. It has one writer and one reader.
type spool struct {
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte   // the newest bytes
	file    *os.File // older ones, nil while there are none
	written int64    // bytes in file
	read    int64    // bytes of file that the reader has
	urgent  bool     // the reader should pass on what there is
	ended   bool
	err     error // of the file: the rest is lost
}

func newSpool() *spool {
	s := &spool{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// write adds bytes.
func (s *spool) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.buf = append(s.buf, p...)
	if len(s.buf) >= spoolMemory {
		s.err = s.spill()
	}
	if len(s.buf) >= 32<<10 || s.file != nil || s.err != nil {
		s.changed.Signal()
	}
}

// spill moves what is in memory to the file.
func (s *spool) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp("", "jejak-answers-*")
		if err != nil {
			return fmt.Errorf("keep answers for a slow client: %w", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return fmt.Errorf("keep answers for a slow client: %w", err)
		}
	}
	n, err := s.file.WriteAt(s.buf, s.written)
	if err != nil {
		return fmt.Errorf("keep answers for a slow client: %w", err)
	}
	s.written += int64(n)
	s.buf = s.buf[:0]
	return nil
}

// flush tells the reader to pass on what there is.
func (s *spool) flush() {
	s.mu.Lock()
	s.urgent = true
	s.mu.Unlock()
	s.changed.Signal()
}

// end says that no more comes.
func (s *spool) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.changed.Broadcast()
}

// wait waits for the end.
func (s *spool) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended {
		s.changed.Wait()
	}
}

// discard lets go of the file. The writer must have ended.
func (s *spool) discard() {
	if s.file != nil {
		_ = s.file.Close() // it has no name: closing it is deleting it
	}
}

// next waits for bytes; done after the last.
func (s *spool) next(into []byte) (p []byte, flush, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended && !s.urgent && s.err == nil && len(s.buf) < 32<<10 && s.read == s.written {
		s.changed.Wait()
	}
	if s.err != nil {
		return nil, false, true, s.err
	}
	if s.read < s.written {
		n, err := s.file.ReadAt(into[:min(int64(len(into)), s.written-s.read)], s.read)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, true, fmt.Errorf("read answers kept for a slow client: %w", err)
		}
		s.read += int64(n)
		return into[:n], false, false, nil
	}
	n := copy(into, s.buf)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	flush = len(s.buf) == 0
	if flush {
		s.urgent = false
	}
	return into[:n], flush, s.ended && len(s.buf) == 0, nil
}

// copyTo passes everything on until the end, and flushes when nothing more is there.
func (s *spool) copyTo(w io.Writer, flush func() error) error {
	into := make([]byte, 64<<10)
	for {
		p, idle, done, err := s.next(into)
		if err == nil && len(p) > 0 {
			_, err = w.Write(p)
		}
		if err == nil && (idle || done) {
			err = flush()
		}
		if err != nil || done {
			return err
		}
	}
}
