package notary

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jejak/eventstore"
)

// guarded is a log of which parts can be taken away. It is for one goroutine.
type guarded struct {
	eventstore.Store
	unread bool   // nothing can be read from the file
	deaf   bool   // nobody can listen
	left   int    // records that can be heard before listening breaks; below 0: no end
	heard  func() // called for each
}

var errTaken = errors.New("taken away")

func (g *guarded) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	if g.unread {
		return func(yield func(eventstore.Record, error) bool) { yield(eventstore.Record{}, errTaken) }
	}
	return g.Store.ReadAll(ctx, after, filter)
}

func (g *guarded) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if g.deaf {
		return nil, errTaken
	}
	sub, err := g.Store.Subscribe(ctx, after, filter)
	return &guardedSubscription{sub, g}, err
}

type guardedSubscription struct {
	eventstore.Subscription
	of *guarded
}

func (s *guardedSubscription) Next(ctx context.Context) (eventstore.Record, error) {
	if s.of.left == 0 {
		return eventstore.Record{}, errTaken
	}
	rec, err := s.Subscription.Next(ctx)
	if err == nil {
		s.of.left--
		s.of.heard()
	}
	return rec, err
}

// guard puts a guard before the log of a house.
func (h *house) guard() *guarded {
	g := &guarded{Store: h.store, left: -1, heard: func() {}}
	h.cfg.Store = g
	return g
}

// hears lets a notary hear all that is recorded by then.
func (h *house) hears(n *Notary, g *guarded) {
	ctx, cancel := context.WithCancel(h.Context())
	defer cancel()
	missing := h.added - int(n.tree.Size())
	if missing == 0 {
		return
	}
	g.heard = func() {
		if missing--; missing == 0 {
			cancel()
		}
	}
	if n.listen(h.Context()) {
		n.hearUntil(ctx)
	}
	g.heard = func() {}
}

// TestSignsWhatItHears: what is recorded while the notary waits comes into the tree without being read from the file, and is the same as if it had been.
func TestSignsWhatItHears(t *testing.T) {
	for engine := range engines {
		t.Run(engine, func(t *testing.T) {
			h := newHouse(t, engine)
			g := h.guard()
			h.record(10)
			n := h.open()
			h.sealed(n)
			g.unread = true
			for _, events := range []int{1, 300, 45} {
				h.record(events)
				h.hears(n, g)
				h.sealed(n)
			}
			g.unread = false
			h.holds(n, nil)
			h.proves(n)
			h.close(n)
		})
	}
}

// TestHearsAndReads: whatever it hears, reads, loses or begins again, in whatever order, the tree is that of the log.
func TestHearsAndReads(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHouse(t, rapid.SampledFrom([]string{"memory", "memory", "sqlite"}).Draw(r, "engine"))
		g := h.guard()
		n := h.open()
		for range rapid.IntRange(1, 7).Draw(r, "steps") {
			h.record(rapid.SampledFrom([]int{0, 1, 5, 260, missed + 10}).Draw(r, "records"))
			g.left, g.deaf = -1, false
			switch rapid.SampledFrom([]string{"hear", "hear a while", "read", "both", "break", "deaf", "go back"}).Draw(r, "step") {
			case "hear":
				h.hears(n, g)
			case "hear a while":
				n.hear(t.Context(), time.Millisecond)
			case "read":
				h.record(1)
				h.sealed(n)
			case "both":
				h.record(1)
				h.hears(n, g)
				h.sealed(n)
			case "break":
				g.left = rapid.IntRange(0, 300).Draw(r, "heard before it breaks")
				n.hear(t.Context(), time.Millisecond)
			case "deaf":
				g.deaf = true
				n.stopHearing()
				n.hear(t.Context(), time.Millisecond)
			case "go back":
				if err := n.resume(); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.record(1)
		h.sealed(n)
		h.holds(n, nil)
		h.close(n)
	})
}

// TestHearsNoMoreThanABatch: then it is time to write, however long it is until the next signature.
func TestHearsNoMoreThanABatch(t *testing.T) {
	h := newHouse(t, "memory")
	n := h.open()
	h.record(batch + 100)
	n.hear(t.Context(), longestHearing)
	if size := n.tree.Size(); size != batch {
		t.Errorf("%d records in the tree", size)
	}
	h.sealed(n)
	h.close(n)
}

// TestRunsBesideAppends: what was recorded while it ran is signed when it ends.
func TestRunsBesideAppends(t *testing.T) {
	for engine := range engines {
		t.Run(engine, func(t *testing.T) {
			h := newHouse(t, engine)
			h.cfg.Every = 3 * time.Millisecond
			n := h.open()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { n.Run(ctx); close(done) }()
			for range 60 {
				h.record(50)
			}
			cancel()
			<-done
			if c := n.Newest(); c == nil || c.N != int64(h.added) {
				t.Errorf("%d records, newest checkpoint %+v", h.added, c)
			}
			h.holds(n, nil)
			h.proves(n)
			h.close(n)
		})
	}
}
