package share_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"jejak/internal/share"
)

// However many of one holder's wait, another is next: and nobody has more than his share.
func TestWhatBecomesFreeGoesToWhoHasLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := share.NewPlaces(share.Limit{Name: "scans", Each: 2, All: 3, Wait: time.Minute})
		take := func(holder string) func() {
			t.Helper()
			free, err := p.Take(t.Context(), holder)
			if err != nil {
				t.Fatal(err)
			}
			return free
		}
		greedy := []func(){take("greedy"), take("greedy")}
		other := take("other")
		order := make(chan string, 10)
		wait := func(holder string) {
			go func() {
				free, err := p.Take(t.Context(), holder)
				if err != nil {
					order <- err.Error()
					return
				}
				order <- holder
				time.Sleep(time.Second)
				free()
			}()
			synctest.Wait() // it stands in the queue
		}
		for range 5 {
			wait("greedy")
		}
		wait("late")
		greedy[0]()
		if got := <-order; got != "late" {
			t.Errorf("the place went to %s, who has one already", got)
		}
		greedy[1]()
		other()
		greedy[1]() // again: nothing is freed twice
		for range 5 {
			if got := <-order; got != "greedy" {
				t.Errorf("then %s", got)
			}
			if n := p.Taken(); n > 3 {
				t.Errorf("%d places are taken", n)
			}
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if n := p.Taken(); n != 0 {
			t.Errorf("%d places are taken in the end", n)
		}
	})
}

func TestAWaitHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := share.NewPlaces(share.Limit{Name: "batches", Each: 1, All: 2, Wait: time.Second})
		free, err := p.Take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		var full *share.FullError
		if _, err := p.Take(t.Context(), "a"); !errors.As(err, &full) || !full.Own {
			t.Errorf("beyond his share: %v", err)
		}
		if _, err := p.Take(t.Context(), "b"); err != nil {
			t.Errorf("another: %v", err)
		}
		if _, err := p.Take(t.Context(), "c"); !errors.As(err, &full) || full.Own {
			t.Errorf("beyond all: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Take(gone, "c"); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone: %v", err)
		}
		if n := p.Refused(); n != 2 {
			t.Errorf("%d were refused", n)
		}
		free()
		if free, err := p.Take(t.Context(), "a"); err != nil {
			t.Errorf("afterwards: %v", err)
		} else {
			free()
		}
	})
}

// A queue is bounded too: who has a share of one may have four more wait, the next is refused at once.
func TestAQueueHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := share.NewPlaces(share.Limit{Name: "scans", Each: 1, All: 1, Wait: time.Hour})
		free, err := p.Take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 4)
		for range 4 {
			go func() {
				free, err := p.Take(t.Context(), "a")
				if err == nil {
					free()
				}
				done <- err
			}()
		}
		synctest.Wait()
		begun := time.Now()
		if _, err := p.Take(t.Context(), "a"); err == nil || time.Since(begun) > 0 {
			t.Errorf("the fifth: %v after %s", err, time.Since(begun))
		}
		free()
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRates(t *testing.T) {
	r, now := share.NewRates(), time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	hourly := share.Rate{PerSecond: 10.0 / 3600, Burst: 10}
	for i := range 10 {
		if _, ok := r.Do("a", hourly, 1, now); !ok {
			t.Fatalf("the %d. was refused", i+1)
		}
	}
	wait, ok := r.Do("a", hourly, 1, now)
	if ok || wait != 6*time.Minute {
		t.Errorf("the eleventh: %v, to wait %s", ok, wait)
	}
	if _, ok := r.Do("b", hourly, 1, now); !ok {
		t.Error("another was refused")
	}
	if _, ok := r.Do("a", hourly, 1, now.Add(wait)); !ok {
		t.Error("after the wait it was refused")
	}
	// What is counted beyond leaves nothing, but no debt either.
	r.Count("c", hourly, 1000, now)
	if wait, ok := r.Left("c", hourly, 1, now); ok || wait != 6*time.Minute {
		t.Errorf("after much more: %v, to wait %s", ok, wait)
	}
	if r.Refused() != 2 {
		t.Errorf("%d were refused", r.Refused())
	}
}

// Memory has an end: who may do all again is forgotten first.
func TestManyHoldersAreForgotten(t *testing.T) {
	r, now := share.NewRates(), time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	second := share.Rate{PerSecond: 1, Burst: 1}
	for i := range 250_000 {
		r.Do(fmt.Sprint(i), second, 1, now.Add(time.Duration(i)*time.Millisecond))
	}
	if n := r.Holders(); n > 100_000 {
		t.Errorf("%d holders are remembered", n)
	}
}
