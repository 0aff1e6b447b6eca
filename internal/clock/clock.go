// Package clock tells the server's time: the machine's, or in a simulated data directory the one that a simulator drives.
package clock

import (
	"fmt"
	"sync"
	"time"
)

// Clock tells the time and when it changes.
type Clock interface {
	Now() time.Time
	// Simulated tells a driven clock from a real one.
	Simulated() bool
	// Changed returns a channel that is closed when the clock is next set: take it, then look at Now, then wait. It is nil, and so never
	// ready, for a clock that runs by itself.
	Changed() <-chan struct{}
}

// System is the machine's clock.
type System struct{}

// Now is the machine's time.
func (System) Now() time.Time { return time.Now() }

// Simulated is false.
func (System) Simulated() bool { return false }

// Changed is nil: the machine's clock runs by itself.
func (System) Changed() <-chan struct{} { return nil }

// Driven stands still until it is set, and never goes back.
type Driven struct {
	mu      sync.Mutex
	now     time.Time
	changed chan struct{}
}

// NewDriven starts at a time.
func NewDriven(start time.Time) *Driven { return &Driven{now: start, changed: make(chan struct{})} }

// Now is the time last set.
func (d *Driven) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// Simulated is true.
func (d *Driven) Simulated() bool { return true }

// Changed is closed at the next Set.
func (d *Driven) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// Set moves the clock forward. A time before the present one is an error and changes nothing.
func (d *Driven) Set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.Before(d.now) {
		return fmt.Errorf("driven clock: %s is before its present time %s: it only moves forward", t.Format(time.RFC3339), d.now.Format(time.RFC3339))
	}
	if t.Equal(d.now) {
		return nil
	}
	d.now = t
	close(d.changed)
	d.changed = make(chan struct{})
	return nil
}
