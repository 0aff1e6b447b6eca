package command

import (
	"context"
	"fmt"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/refold"
)

// load makes sure that there is a state: from the cache and the rest of the stream. It says nothing of events that other servers write later.
func (w *writer) load() error {
	if w.state != nil {
		return nil
	}
	if w.unreadable != nil {
		return w.unreadable
	}
	started := time.Now()
	state, at, cached := w.fromCache()
	var err error
	if cached {
		w.saved = state.Version
		if at, err = w.foldTail(w.h.ctx, state, at); err != nil {
			// The log is the truth: perhaps it is the snapshot that is wrong.
			w.h.cfg.Logger.Warn("snapshot does not fit its stream; folding the whole stream", "stream", w.stream, "error", err)
			cached = false
		}
	}
	if !cached {
		state, w.saved = ledger.New(w.key.election, w.key.unit, w.h.cfg.Catalog), 0
		if at, err = w.foldTail(w.h.ctx, state, cache.Mark{}); err != nil {
			if err = fmt.Errorf("load ledger: %w", err); w.h.cfg.Unreadable.Note(err) {
				w.unreadable = err
			}
			return err
		}
	}
	w.state, w.last = state, at
	w.h.working(false)
	w.h.cfg.Metrics.Loaded(int(state.Version-w.saved), cached, time.Since(started))
	return nil
}

// fromCache returns a state whose last event is in this stream at the same place.
func (w *writer) fromCache() (*ledger.State, cache.Mark, bool) {
	if w.h.cfg.Cache == nil {
		return nil, cache.Mark{}, false
	}
	data, at, ok := w.h.cfg.Cache.Load(w.h.ctx, w.stream)
	if !ok || data.Version == 0 {
		return nil, cache.Mark{}, false
	}
	fits := false
	for rec, err := range w.h.cfg.Store.Read(w.h.ctx, w.stream, eventstore.Version(data.Version-1)) {
		fits = err == nil && rec.ID == at.Event && rec.Position == at.Position
		break
	}
	if !fits {
		return nil, cache.Mark{}, false
	}
	if data.Adopted != "" {
		if err := w.source().Ensure(w.h.ctx, w.key.election, data.Adopted); err != nil {
			return nil, cache.Mark{}, false
		}
	}
	state, err := ledger.Restore(w.key.election, w.key.unit, w.h.cfg.Catalog, data)
	if err != nil {
		w.h.cfg.Logger.Warn("snapshot cannot be used; folding the whole stream", "stream", w.stream, "error", err)
		return nil, cache.Mark{}, false
	}
	return state, at, true
}

// foldTail folds what the stream has after the state, whose last event is at, and returns the last event then.
func (w *writer) foldTail(ctx context.Context, state *ledger.State, at cache.Mark) (last cache.Mark, err error) {
	err = w.source().Fold(ctx, state, func(step refold.Step) (bool, error) {
		at = cache.Mark{Position: step.Record.Position, Event: step.Record.ID}
		return true, nil
	})
	return at, err
}

func (w *writer) source() refold.Source {
	return refold.Source{Store: w.h.cfg.Store, Catalog: w.h.cfg.Catalog}
}

// catchUp folds what other servers have written. The state must hold nothing that is not in the log.
func (w *writer) catchUp(ctx context.Context) error {
	at, err := w.foldTail(ctx, w.state, w.last)
	if err != nil {
		w.state = nil
		return err
	}
	w.last = at
	return nil
}

// reached tells whether everything of this ledger up to a position is folded.
func (w *writer) reached(ctx context.Context, position eventstore.Position) (bool, error) {
	if position <= w.last.Position {
		return true, nil
	}
	head, err := w.h.cfg.Store.Head(ctx)
	if err != nil {
		return false, err
	}
	version, _, err := w.h.cfg.Store.StreamHead(ctx, w.stream)
	if err != nil {
		return false, err
	}
	if uint64(version) > w.state.Version {
		if err := w.catchUp(ctx); err != nil {
			return false, err
		}
	}
	return head >= position, nil
}

// snapshotShare: an eighth of a ledger is folded again after a crash, at most (four times that when its commands never pause).
const snapshotShare = 8

// save puts the state into the cache, when enough has happened since the last time and nothing waits. While another ledger is being saved it
// leaves it for later: a snapshot takes about as much memory as the state.
func (w *writer) save(last bool) {
	if w.h.cfg.Cache == nil || w.state == nil {
		return
	}
	events := w.state.Version - w.saved
	// A snapshot costs as much as the ledger is long: with a share of it between two, all snapshots together cost as much as a few of the last.
	every := max(uint64(w.h.cfg.SnapshotEvery), w.state.Version/snapshotShare)
	switch {
	case last && events*4 < every, !last && events < every:
		return
	case !last && events < 4*every:
		w.mu.Lock()
		busy := len(w.tasks)+len(w.views) > 0
		w.mu.Unlock()
		if busy {
			return
		}
	}
	if !w.h.saving.TryLock() {
		return
	}
	defer w.h.saving.Unlock()
	if err := w.h.cfg.Cache.Save(w.h.ctx, w.stream, &w.state.Data, w.last); err != nil {
		w.h.cfg.Logger.Warn("snapshot was not saved; starting will take longer", "stream", w.stream, "error", err)
	}
	w.saved = w.state.Version // also after a failure: not at every batch again
}
