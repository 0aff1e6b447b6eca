// Package broadcast wakes all who wait for the next change.
package broadcast

import "sync"

// Signal is a repeatable event that any number of goroutines can wait for. The zero Signal is ready.
type Signal struct {
	mu sync.Mutex
	ch chan struct{} // nil while nobody has asked since the last Raise
}

// Wait returns a channel that is closed by the next Raise. Ask for it before looking at what may have changed, so that no change is missed.
func (s *Signal) Wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

// Raise wakes all who wait. It costs next to nothing when nobody does.
func (s *Signal) Raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
