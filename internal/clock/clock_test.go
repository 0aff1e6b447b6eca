package clock_test

import (
	"sync"
	"testing"
	"time"

	"jejak/internal/clock"
)

var start = time.Date(2024, 2, 13, 6, 45, 0, 0, time.FixedZone("WIB", 7*3600))

func TestDrivenStandsStillAndGoesForwardOnly(t *testing.T) {
	c := clock.NewDriven(start)
	changed := c.Changed()
	if first, second := c.Now(), c.Now(); !first.Equal(start) || !second.Equal(start) || !c.Simulated() {
		t.Fatalf("now %v, simulated %t", c.Now(), c.Simulated())
	}
	if err := c.Set(start.Add(-time.Nanosecond)); err == nil || !c.Now().Equal(start) {
		t.Errorf("it went back: %v, %v", err, c.Now())
	}
	if err := c.Set(start.UTC()); err != nil {
		t.Errorf("the same moment in another zone: %v", err)
	}
	select {
	case <-changed:
		t.Error("told of a change that is none")
	default:
	}
	if err := c.Set(start.Add(time.Hour)); err != nil || !c.Now().Equal(start.Add(time.Hour)) {
		t.Errorf("Set = %v, now %v", err, c.Now())
	}
	<-changed
	select {
	case <-c.Changed():
		t.Error("the next change is told before it is made")
	default:
	}
}

// TestNoChangeIsMissed: who takes the channel before he looks at the clock is woken by every later change.
func TestNoChangeIsMissed(t *testing.T) {
	c := clock.NewDriven(start)
	end := start.Add(1000 * time.Second)
	var waiting sync.WaitGroup
	for range 8 {
		waiting.Go(func() {
			last := start
			for {
				changed := c.Changed()
				now := c.Now()
				if now.Before(last) {
					t.Errorf("it went back from %v to %v", last, now)
				}
				if last = now; now.Equal(end) {
					return
				}
				<-changed
			}
		})
	}
	for i := range 1000 {
		if err := c.Set(start.Add(time.Duration(i+1) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	waiting.Wait()
}

func TestSystem(t *testing.T) {
	var c clock.Clock = clock.System{}
	before := time.Now()
	if now := c.Now(); now.Before(before) || c.Simulated() || c.Changed() != nil {
		t.Errorf("now %v, simulated %t, changed %v", now, c.Simulated(), c.Changed())
	}
}
