package clock_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"jejak/internal/clock"
)

// machine is one whose clock a test sets.
type machine struct {
	wall    time.Time
	running time.Duration
}

func (m *machine) Wall() time.Time        { return m.wall }
func (m *machine) Running() time.Duration { return m.running }

// runs lets time go by.
func (m *machine) runs(d time.Duration) { m.wall, m.running = m.wall.Add(d), m.running+d }

func TestASteppedClockIsNotBelieved(t *testing.T) {
	for _, step := range []time.Duration{3 * 365 * 24 * time.Hour, 25 * time.Hour, -25 * time.Hour, -30 * 365 * 24 * time.Hour} {
		var log bytes.Buffer
		m := &machine{wall: start}
		c := clock.NewWatched(m, slog.New(slog.NewTextHandler(&log, nil)))
		m.runs(48 * time.Hour) // time that has gone by is no step
		if now, stepped := c.Now(), c.Stepped(); !now.Equal(start.Add(48*time.Hour)) || stepped != nil {
			t.Fatalf("%s: now %s, %v", step, now, stepped)
		}
		m.wall = m.wall.Add(step)
		m.runs(time.Minute)
		want := start.Add(48*time.Hour + time.Minute)
		for range 3 {
			stepped := c.Stepped()
			if now := c.Now(); !now.Equal(want) || stepped == nil || !stepped.Expected.Equal(want) || !stepped.Says.Equal(want.Add(step)) {
				t.Fatalf("%s: now %s, %v", step, now, stepped)
			}
		}
		m.wall = m.wall.Add(-step)
		m.runs(time.Minute)
		if now, stepped := c.Now(), c.Stepped(); !now.Equal(want.Add(time.Minute)) || stepped != nil {
			t.Errorf("%s and back: now %s, %v", step, now, stepped)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "not believed") {
			t.Errorf("%s: told %d times: %s", step, n, &log)
		}
	}
}

// TestSmallSteps: what NTP or a person corrects is taken, also again and again, and slow drift is no step.
func TestSmallSteps(t *testing.T) {
	m := &machine{wall: start}
	c := clock.NewWatched(m, slog.New(slog.DiscardHandler))
	for range 10 {
		m.wall = m.wall.Add(23 * time.Hour)
		m.runs(time.Second)
		if now, stepped := c.Now(), c.Stepped(); !now.Equal(m.wall) || stepped != nil {
			t.Fatalf("now %s, %v", now, stepped)
		}
	}
}

func TestThisMachine(t *testing.T) {
	c := clock.NewWatched(nil, slog.New(slog.DiscardHandler))
	before := time.Now()
	if now := c.Now(); now.Sub(before).Abs() > time.Minute || c.Stepped() != nil || c.Simulated() || c.Changed() != nil {
		t.Errorf("now %s, before %s, %v", now, before, c.Stepped())
	}
}

// TestAcceptedSteps: a step is taken on a person's word, forward and back, and only then; the next one is not believed again.
func TestAcceptedSteps(t *testing.T) {
	m := &machine{wall: start}
	c := clock.NewWatched(m, slog.New(slog.DiscardHandler))
	if done := c.Accept(); done.Stepped || !done.Now.Equal(start) || !done.Before.Equal(start) {
		t.Errorf("there was nothing to accept: %+v", done)
	}
	for _, step := range []time.Duration{3 * 365 * 24 * time.Hour, -2 * 365 * 24 * time.Hour} {
		m.runs(time.Hour)
		before := c.Now()
		m.wall = m.wall.Add(step)
		m.runs(time.Minute)
		done := c.Accept()
		if !done.Stepped || !done.Before.Equal(before.Add(time.Minute)) || !done.Now.Equal(m.wall) {
			t.Fatalf("%s: %+v", step, done)
		}
		m.runs(time.Hour)
		if now, stepped := c.Now(), c.Stepped(); !now.Equal(m.wall) || stepped != nil {
			t.Errorf("%s was accepted, but now is %s: %v", step, now, stepped)
		}
		if behind := c.Behind(); (behind > 0) != (step < 0) {
			t.Errorf("%s: behind by %s", step, behind)
		}
		if again := c.Accept(); again.Stepped {
			t.Errorf("%s is accepted again: %+v", step, again)
		}
	}
	m.wall = m.wall.Add(25 * time.Hour)
	if c.Stepped() == nil {
		t.Error("after a word every step is believed")
	}
}
