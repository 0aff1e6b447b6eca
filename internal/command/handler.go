package command

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
)

// Handler is the Ledgers of one server: a writer for each ledger in use.
type Handler struct {
	cfg Config

	// ctx ends when Close gives up: appends under way then end with an unknown outcome.
	ctx    context.Context
	cancel context.CancelFunc
	// stopDiscovery ends the search for elections.
	stopDiscovery context.CancelFunc

	mu       sync.RWMutex
	writers  map[ledgerKey]*writer
	attempts map[ledgerKey]*attempts
	closing  bool

	saving      sync.Mutex     // held by the writer that saves its ledger
	running     sync.WaitGroup // writers
	keeping     sync.WaitGroup // attempts
	unavailable atomic.Pointer[trouble]
}

const maxElectionName = 64

type ledgerKey struct {
	election string
	unit     domain.Code
}

var _ Ledgers = (*Handler)(nil)

// Open returns a Handler. Ledgers are loaded when they are first asked for.
func Open(ctx context.Context, cfg Config) (*Handler, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	for _, e := range cfg.Elections {
		if err := cfg.Catalog.Refresh(ctx, e); err != nil {
			return nil, fmt.Errorf("open command handling: %w", err)
		}
	}
	if len(cfg.Catalog.Elections()) == 0 {
		if err := cfg.Catalog.Discover(ctx); err != nil {
			return nil, fmt.Errorf("open command handling: %w", err)
		}
	}
	h := &Handler{cfg: cfg, writers: map[ledgerKey]*writer{}, attempts: map[ledgerKey]*attempts{}}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	var discover context.Context
	discover, h.stopDiscovery = context.WithCancel(h.ctx)
	h.running.Go(func() {
		if err := cfg.Catalog.Discover(discover); err != nil && discover.Err() == nil {
			cfg.Logger.Warn("elections that no one has asked for yet are not listed", "error", err)
		}
	})
	return h, nil
}

// Submit is described at Ledgers.
func (h *Handler) Submit(ctx context.Context, c Command) <-chan api.Answer {
	t := &task{command: c, answer: make(chan api.Answer, 1)}
	if err := ctx.Err(); err != nil {
		t.answer <- failure(c, 503, 1, ruleUnavailable, "", "the request has ended: "+err.Error())
		return t.answer
	}
	w, problem := h.writer(ctx, c.Election, c.Unit)
	if problem != nil {
		t.answer <- problem.answer(c)
		return t.answer
	}
	if refused := w.enqueue(t); refused != nil {
		t.answer <- refused.answer(c)
	}
	return t.answer
}

// View is described at Ledgers. The position given to read is that of the last event of the ledger that is folded.
func (h *Handler) View(ctx context.Context, electionID string, unit domain.Code, atLeast eventstore.Position, read func(*ledger.State, eventstore.Position)) error {
	w, problem := h.writer(ctx, electionID, unit)
	if problem != nil {
		return problem
	}
	v := &view{ctx: ctx, atLeast: atLeast, read: read, done: make(chan error, 1)}
	if refused := w.enqueueView(v); refused != nil {
		return refused
	}
	select {
	case err := <-v.done:
		return err
	case <-ctx.Done():
		if v.state.CompareAndSwap(viewWaiting, viewWithdrawn) {
			return ctx.Err()
		}
		return <-v.done
	}
}

// Elections is described at Ledgers.
func (h *Handler) Elections() []string { return h.cfg.Catalog.Elections() }

// Units is described at Ledgers.
func (h *Handler) Units(election string) []domain.Code { return h.cfg.Catalog.Units(election) }

// Unavailable says why commands cannot be taken at present (the store fails), "" while they can: for readiness.
func (h *Handler) Unavailable() string {
	if t := h.unavailable.Load(); t != nil {
		return t.reason
	}
	return ""
}

// Waiting returns how many commands wait for each ledger in use, for metrics.
func (h *Handler) Waiting(report func(election string, unit domain.Code, commands int)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for key, w := range h.writers {
		report(key.election, key.unit, w.waiting())
	}
}

// writer returns the running writer of a ledger; it starts it when the unit exists.
func (h *Handler) writer(ctx context.Context, electionID string, unit domain.Code) (*writer, *refusal) {
	key := ledgerKey{electionID, unit}
	h.mu.RLock()
	w, closing := h.writers[key], h.closing
	h.mu.RUnlock()
	if closing {
		return nil, &refusal{status: 503, retryAfter: 5, rule: RuleClosing}
	}
	if w != nil {
		return w, nil
	}
	if refused := h.known(ctx, electionID, unit); refused != nil {
		return nil, refused
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return nil, &refusal{status: 503, retryAfter: 5, rule: RuleClosing}
	}
	if w := h.writers[key]; w != nil {
		return w, nil
	}
	w = newWriter(h, key)
	h.writers[key] = w
	h.running.Go(w.run)
	return w, nil
}

// known refuses elections and units that no reference data names.
func (h *Handler) known(ctx context.Context, electionID string, unit domain.Code) *refusal {
	units := h.cfg.Catalog.Units(electionID)
	if len(units) == 0 && len(electionID) <= maxElectionName {
		if err := h.cfg.Catalog.Refresh(ctx, electionID); err != nil {
			return &refusal{status: 503, retryAfter: 2, rule: ruleUnavailable, args: []any{err.Error()}}
		}
		units = h.cfg.Catalog.Units(electionID)
	}
	if len(units) == 0 {
		return &refusal{status: 422, rule: RuleUnknownElection, path: "/election", args: []any{electionID, list(h.Elections())}}
	}
	for _, u := range units {
		if u == unit {
			return nil
		}
	}
	return &refusal{status: 422, rule: RuleUnknownUnit, path: "/unit", args: []any{unit, electionID}}
}

// attemptsOf returns the keeper of a ledger's rejected commands. Only writers call it, so that it is never asked after they have ended.
func (h *Handler) attemptsOf(key ledgerKey) *attempts {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.attempts[key]
	if a == nil {
		a = newAttempts(h, key)
		h.attempts[key] = a
		h.keeping.Go(a.run)
	}
	return a
}

// Close stops taking commands, answers those that wait, saves the ledgers to the cache and ends. When ctx ends before all are answered it gives
// up: what is still waiting is answered 503, and appends under way end with an unknown outcome, as in a crash. Ledgers that are not saved by
// then are no error: the next start takes longer.
func (h *Handler) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	writers := make([]*writer, 0, len(h.writers))
	for _, w := range h.writers {
		writers = append(writers, w)
	}
	h.mu.Unlock()
	h.stopDiscovery()
	for _, w := range writers {
		w.stop()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.running.Wait()
		h.mu.RLock()
		keepers := make([]*attempts, 0, len(h.attempts))
		for _, a := range h.attempts {
			keepers = append(keepers, a)
		}
		h.mu.RUnlock()
		for _, a := range keepers {
			a.stop()
		}
		h.keeping.Wait()
	}()
	select {
	case <-done:
		for _, w := range writers { // one by one: a snapshot takes as much memory again
			if ctx.Err() == nil {
				w.save(true)
			}
		}
		h.cancel()
		return nil
	case <-ctx.Done():
		h.cancel()
		<-done
		return fmt.Errorf("close command handling: gave up before everything was answered: %w", ctx.Err())
	}
}

// trouble is why the store takes nothing.
type trouble struct {
	reason string
	failed bool // the engine must be reopened
	away   bool // the engine does not answer: when it does again, that is the end of it
}

// failing remembers why the store takes nothing.
func (h *Handler) failing(err error) {
	h.unavailable.Store(&trouble{
		reason: err.Error(), failed: errors.Is(err, eventstore.ErrFailed),
		away: errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome),
	})
}

// working forgets it. An engine that has failed may still be read: only an append tells that it works again.
func (h *Handler) working(appended bool) {
	if t := h.unavailable.Load(); t != nil && (appended || !t.failed) {
		h.unavailable.CompareAndSwap(t, nil)
	}
}

// Answering says that the store answers reads: commands may be taken again if its silence was the trouble.
func (h *Handler) Answering() {
	if t := h.unavailable.Load(); t != nil && t.away && !t.failed {
		h.unavailable.CompareAndSwap(t, nil)
	}
}

// Reopened says that the store has been reopened after it had failed. Ledgers whose appends were cut off have been thrown away and are loaded anew.
func (h *Handler) Reopened() { h.unavailable.Store(nil) }
