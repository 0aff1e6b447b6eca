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
}

// System is the machine's clock.
type System struct{}

// Now is the machine's time.
func (System) Now() time.Time { return time.Now() }

// Simulated is false.
func (System) Simulated() bool { return false }

// Driven stands still until it is set, and never goes back.
type Driven struct {
	mu  sync.Mutex
	now time.Time
}

// NewDriven starts at a time.
func NewDriven(start time.Time) *Driven { return &Driven{now: start} }

// Now is the time last set.
func (d *Driven) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

// Simulated is true.
func (d *Driven) Simulated() bool { return true }

// Set moves the clock forward. A time before the present one is an error and changes nothing.
func (d *Driven) Set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.Before(d.now) {
		return fmt.Errorf("driven clock: %s is before its present time %s: it only moves forward", t.Format(time.RFC3339), d.now.Format(time.RFC3339))
	}
	d.now = t
	return nil
}
