package command_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/command"
)

// retries counts the batches that had to be decided again.
type retries struct {
	command.NoMetrics
	n atomic.Int64
}

func (r *retries) Retried(string) { r.n.Add(1) }

// TestAnotherServersEventsAreFollowed: a ledger that two servers take turns at is loaded anew once, not at every turn.
func TestAnotherServersEventsAreFollowed(t *testing.T) {
	h := newHouse(t)
	seen := &retries{}
	share := func(c *command.Config) { c.Shared, c.Metrics = true, seen }
	servers := []*command.Handler{h.adopted(share), h.handler(share, func(c *command.Config) { c.Cache = nil })}
	var sent []command.Command
	for n := range 60 {
		c := h.trouble(n)
		h.accepted(servers[n%2], c)
		sent = append(sent, c)
	}
	h.once(sent...)
	if n := seen.n.Load(); n > 2 {
		t.Errorf("decided again %d times, want once for each server", n)
	}
}

// TestPositionsOfSharedStore: with an engine whose positions have gaps every command is answered with the position of its own last event.
func TestPositionsOfSharedStore(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted(func(c *command.Config) { c.Shared, c.Store = true, &sparse{Store: h.store} })
	entered, release := h.store.gate()
	first := handler.Submit(t.Context(), h.trouble(0))
	<-entered
	var sent []command.Command
	var answers []<-chan api.Answer
	for n := 1; n <= 20; n++ {
		c := h.trouble(n)
		sent, answers = append(sent, c), append(answers, handler.Submit(t.Context(), c))
	}
	release()
	<-first
	for i, answer := range answers {
		a := <-answer
		last := eventstore.Position(0)
		for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
			h.must(err)
			if rec.Command == sent[i].ID {
				last = rec.Position * sparsity
			}
		}
		if a.Position != uint64(last) {
			t.Errorf("command %d: position %d, want %d", i, a.Position, last)
		}
	}
}

// sparse is a store with gaps between its positions.
type sparse struct{ eventstore.Store }

const sparsity = 7

func (s *sparse) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	p, err := s.Store.Append(ctx, stream, expected, events...)
	return p * sparsity, err
}

func (s *sparse) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range s.Store.Read(ctx, stream, after) {
			rec.Position *= sparsity
			if !yield(rec, err) {
				return
			}
		}
	}
}

// TestTroubleEnds: what ends each kind of trouble with the store, before a command has to try.
func TestTroubleEnds(t *testing.T) {
	for name, c := range map[string]struct {
		err                  error
		byAnswer, byReopened bool
	}{
		"away":    {eventstore.ErrUnavailable, true, true},
		"failed":  {eventstore.ErrFailed, false, true},
		"unknown": {fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, eventstore.ErrFailed), false, true},
		"refused": {fmt.Errorf("access denied"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			handler := h.adopted()
			h.store.disturb(func(context.Context, string) error { return c.err }, nil)
			h.answered(handler, h.trouble(0), api.Error, "store_unavailable")
			handler.Answering()
			if got := handler.Unavailable() == ""; got != c.byAnswer {
				t.Errorf("available after an answer: %t", got)
			}
			handler.Reopened()
			if got := handler.Unavailable() == ""; got != c.byReopened {
				t.Errorf("available after reopening: %t", got)
			}
		})
	}
}
