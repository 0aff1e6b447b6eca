package command

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/journal"
)

// task is a command that waits for its answer.
type task struct {
	command Command
	answer  chan api.Answer // buffered: giving the answer never blocks
	arrived time.Time
}

func (w *writer) reply(t *task, a api.Answer) {
	w.h.cfg.Metrics.Answered(string(a.Result), time.Since(t.arrived))
	for _, e := range a.Errors {
		w.h.cfg.Metrics.Broken(e.Rule)
	}
	t.answer <- a
}

// view is a read that waits.
type view struct {
	ctx     context.Context
	atLeast eventstore.Position
	read    func(*ledger.State, eventstore.Position)
	done    chan error
	state   atomic.Int32
}

const (
	viewWaiting int32 = iota
	viewRunning
	viewWithdrawn
)

// writer owns the state of one ledger.
type writer struct {
	h      *Handler
	key    ledgerKey
	stream string

	mu      sync.Mutex
	tasks   []*task
	views   []*view
	closing bool
	wake    chan struct{}

	// What follows belongs to the goroutine of run.
	state *ledger.State // nil: not loaded, or thrown away
	last  cache.Mark    // last event folded and stored
	saved uint64        // version in the cache
	// unreadable is why this program can never load the ledger: one of its records. It is not tried again.
	unreadable error
	spare      []*task // an emptied slice, to be used again
	batch      batch   // the same
	late       []*view // views that wait for events of other servers
	// contended counts down the batches before which events of other servers are looked for.
	contended int
	taken     atomic.Int64 // commands taken from tasks and not yet answered
}

// maxTaken is the most commands that are decided together: more would make the first wait for the last.
const maxTaken = 1024

func newWriter(h *Handler, key ledgerKey) *writer {
	return &writer{h: h, key: key, stream: journal.LedgerStream(key.election, key.unit), wake: make(chan struct{}, 1)}
}

func (w *writer) enqueue(t *task) *refusal {
	t.arrived = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return &refusal{status: 503, retryAfter: 5, rule: RuleClosing}
	}
	if len(w.tasks) >= w.h.cfg.QueueLength {
		return &refusal{status: 503, retryAfter: 1, rule: RuleOverloaded, path: "/unit", args: []any{w.key.unit}}
	}
	w.tasks = append(w.tasks, t)
	w.signal()
	return nil
}

func (w *writer) enqueueView(v *view) *refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return &refusal{status: 503, retryAfter: 5, rule: RuleClosing}
	}
	w.views = append(w.views, v)
	w.signal()
	return nil
}

func (w *writer) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing = true
	w.signal()
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tasks) + int(w.taken.Load())
}

// take returns what waits.
func (w *writer) take() (tasks []*task, views []*view, closing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tasks, views, closing = w.tasks, w.views, w.closing
	w.tasks, w.views, w.spare = w.spare, nil, nil
	w.taken.Store(int64(len(tasks)))
	return tasks, views, closing
}

func (w *writer) run() {
	poll := time.NewTicker(10 * time.Millisecond)
	poll.Stop()
	defer poll.Stop()
	for {
		tasks, views, closing := w.take()
		for rest := tasks; len(rest) > 0; {
			n := min(len(rest), maxTaken)
			w.process(rest[:n])
			w.taken.Add(-int64(n))
			rest = rest[n:]
		}
		clear(tasks)
		w.spare = tasks[:0]
		w.show(views)
		if closing && len(tasks) == 0 && len(views) == 0 {
			w.dismiss()
			return
		}
		if len(tasks) > 0 {
			w.save(false)
		}
		if len(tasks) > 0 || len(views) > 0 {
			continue // What came meanwhile waits already, perhaps without a signal of its own: one was enough for what was taken too.
		}
		if len(w.late) > 0 {
			poll.Reset(10 * time.Millisecond)
		}
		select {
		case <-w.wake:
		case <-poll.C:
		}
		poll.Stop()
	}
}

// process decides and answers tasks, again and again while others write to the same ledger.
func (w *writer) process(tasks []*task) {
	const rounds = 20
	for round := 0; len(tasks) > 0; round++ {
		done, err := w.decideAll(tasks)
		tasks = tasks[done:]
		if err == nil {
			continue
		}
		w.state = nil
		if again := errors.Is(err, eventstore.ErrConflict) || errors.Is(err, eventstore.ErrExists); again && round < rounds && w.h.ctx.Err() == nil {
			reason := "conflict"
			if errors.Is(err, eventstore.ErrExists) {
				reason = "exists"
			}
			w.h.cfg.Metrics.Retried(reason)
			if w.h.cfg.Shared {
				w.contended = quiet
			}
			continue
		}
		if v, ok := Unreadable(err); ok { // nothing is wrong with the store, nor with the other ledgers
			for _, t := range tasks {
				w.reply(t, failure(t.command, 503, 60, v.Rule, v.Path, v.Args...))
			}
			return
		}
		w.h.cfg.Logger.Error("commands cannot be decided or stored", "stream", w.stream, "commands", len(tasks), "error", err)
		w.h.failing(err)
		for _, t := range tasks {
			w.reply(t, failure(t.command, 503, 2, ruleUnavailable, "", err.Error()))
		}
		return
	}
}

// show runs the views whose position is reached; the others wait in w.late.
func (w *writer) show(views []*view) {
	views = append(w.late, views...)
	w.late = nil
	for _, v := range views {
		if v.ctx.Err() != nil {
			v.end(v.ctx.Err())
			continue
		}
		err := w.load()
		reached := false
		if err == nil {
			reached, err = w.reached(v.ctx, v.atLeast)
		}
		switch {
		case err != nil:
			v.end(fmt.Errorf("view ledger %s of %s: %w", w.key.unit, w.key.election, err))
		case !reached:
			w.late = append(w.late, v)
		case v.state.CompareAndSwap(viewWaiting, viewRunning):
			v.done <- w.look(v)
		}
	}
}

func (w *writer) look(v *view) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("view ledger %s of %s: panic: %v", w.key.unit, w.key.election, p)
		}
	}()
	v.read(w.state, w.last.Position)
	return nil
}

func (v *view) end(err error) {
	if v.state.CompareAndSwap(viewWaiting, viewRunning) {
		v.done <- err
	}
}

// dismiss ends the views that still wait when the server stops.
func (w *writer) dismiss() {
	for _, v := range w.late {
		v.end(&refusal{status: 503, retryAfter: 5, rule: RuleClosing})
	}
	w.late = nil
}
