package esdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

func open(t *testing.T, connection string, opt Options) *Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Open(ctx, connection, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func event(i int) eventstore.Event {
	command := uuid.New()
	return eventstore.Event{ID: uuid.NewSHA1(command, []byte{0}), Command: command, Type: "box.sealed", Schema: 1,
		RecordedAt: time.Date(2024, 2, 13, 0, 0, 0, 0, time.UTC), Data: fmt.Appendf(nil, `{"i":%d}`, i)}
}

// calls are one of each kind.
func calls(s *Store, stream string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Append": func(ctx context.Context) error { _, err := s.Append(ctx, stream, 1, event(1)); return err },
		"Read": func(ctx context.Context) error {
			for _, err := range s.Read(ctx, stream, 0) {
				return err
			}
			return nil
		},
		"ReadAll": func(ctx context.Context) error {
			for _, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
				return err
			}
			return nil
		},
		"Head":       func(ctx context.Context) error { _, err := s.Head(ctx); return err },
		"StreamHead": func(ctx context.Context) error { _, _, err := s.StreamHead(ctx, stream); return err },
		"Subscribe": func(ctx context.Context) error {
			sub, err := s.Subscribe(ctx, 0, eventstore.Filter{})
			if err == nil {
				err = sub.Close()
			}
			return err
		},
	}
}

// TestDeadAddress: whatever is asked of a server that is gone or silent, by however many, ends with its context; and all is well again
// when the server is.
func TestDeadAddress(t *testing.T) {
	p := startProxy(t, testServer(t))
	s := open(t, p.string, Options{Prefixes: prefixes})
	stream := "outage-" + uuid.NewString()
	if _, err := s.Append(t.Context(), stream, 0, event(0)); err != nil {
		t.Fatal(err)
	}
	for what, dead := range map[string]func(){"refused": p.down, "silent": func() { p.deaf.Store(true); p.swallow.Store(true) }} {
		dead()
		began := time.Now()
		var all sync.WaitGroup
		for i := range 17 {
			for name, call := range calls(s, stream) {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					err := call(ctx)
					if !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s %d, %s: %v", name, i, what, err)
					}
				})
			}
		}
		all.Wait()
		t.Logf("%s: 102 callers with contexts of 1 s are back after %s", what, time.Since(began).Round(time.Millisecond))
		p.deaf.Store(false)
		p.swallow.Store(false)
		p.down()
		p.up()
		began = time.Now()
		for name, call := range calls(s, stream) {
			for {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				err := call(ctx)
				cancel()
				if err == nil || errors.Is(err, eventstore.ErrConflict) {
					break
				}
				if time.Since(began) > time.Minute {
					t.Fatalf("%s, after %s: %v", name, what, err)
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		t.Logf("%s: all kinds of calls succeed %s after the server is back", what, time.Since(began).Round(time.Millisecond))
	}
}

// TestOutages: nothing is left behind by outages.
func TestOutages(t *testing.T) {
	p := startProxy(t, testServer(t))
	s := open(t, p.string, Options{Prefixes: prefixes})
	sub, err := s.Subscribe(t.Context(), 0, eventstore.Filter{StreamPrefix: "outage-"})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	stream := "outage-" + uuid.NewString()
	outages, before := 100, 0
	if testing.Short() {
		outages = 20
	}
	for i := range outages {
		p.down()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		for _, call := range calls(s, stream) {
			_ = call(ctx)
		}
		cancel()
		p.up()
		for {
			if _, err := s.Head(t.Context()); err == nil {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if i == 4 { // all that is ever started has been
			before = settled(0)
		}
	}
	if after := settled(before); after > before+5 {
		all := make([]byte, 1<<20)
		t.Errorf("%d goroutines after 5 outages, %d after %d:\n%s", before, after, outages, all[:runtime.Stack(all, true)])
	}
}

// settled is the number of goroutines, when it has come down to enough or does not change for a while.
func settled(enough int) int {
	least, same := runtime.NumGoroutine(), 0
	for same < 60 && least > enough {
		time.Sleep(20 * time.Millisecond)
		if n := runtime.NumGoroutine(); n < least {
			least, same = n, 0
		} else {
			same++
		}
	}
	return runtime.NumGoroutine()
}

// TestCutAnswers: connections are cut and answers swallowed at random. Every append gets an answer that is true, and is there once; a
// subscription gets everything once.
func TestCutAnswers(t *testing.T) {
	p := startProxy(t, testServer(t))
	s := open(t, p.string, Options{Prefixes: prefixes})
	prefix := "cut-" + uuid.NewString()[:8] + "-"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	head, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const writers, appends = 8, 60
	stop := make(chan struct{})
	var faults sync.WaitGroup
	faults.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(10+rand.IntN(30)) * time.Millisecond):
			}
			p.swallow.Store(true)
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
			p.cut()
			p.swallow.Store(false)
		}
	})
	written := make([][]eventstore.Event, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			stream := fmt.Sprint(prefix, w)
			for v := range eventstore.Version(appends) {
				e := event(int(v))
				for {
					_, err := s.Append(ctx, stream, v, e)
					if err == nil {
						break
					}
					if !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome) {
						t.Errorf("Append: %v", err)
						return
					}
					time.Sleep(time.Millisecond)
				}
				written[w] = append(written[w], e)
			}
		})
	}
	sub := subscribed(t, s, head, prefix)
	defer sub.Close()
	var live []uuid.UUID
	for len(live) < writers*appends && !t.Failed() {
		r, err := sub.Next(ctx)
		if err != nil {
			t.Fatalf("Next, after %d records: %v", len(live), err)
		}
		live = append(live, r.ID)
	}
	all.Wait()
	close(stop)
	faults.Wait()
	var stored []uuid.UUID
	perStream := map[string][]uuid.UUID{}
	for r, err := range s.ReadAll(ctx, head, eventstore.Filter{StreamPrefix: prefix}) {
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, r.ID)
		perStream[r.Stream] = append(perStream[r.Stream], r.ID)
	}
	if !slices.Equal(stored, live) {
		t.Errorf("the subscription got %d records, the log has %d, or in another order", len(live), len(stored))
	}
	for w, events := range written {
		got := perStream[fmt.Sprint(prefix, w)]
		if !slices.EqualFunc(events, got, func(e eventstore.Event, id uuid.UUID) bool { return e.ID == id }) {
			t.Errorf("writer %d was told of %d events, the log has %d, or others", w, len(events), len(got))
		}
	}
}

func subscribed(t *testing.T, s *Store, after eventstore.Position, prefix string) eventstore.Subscription {
	t.Helper()
	for {
		sub, err := s.Subscribe(t.Context(), after, eventstore.Filter{StreamPrefix: prefix})
		if err == nil {
			return sub
		}
		if !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}
