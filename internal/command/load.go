package command

import (
	"context"
	"fmt"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// load makes sure that there is a state: from the cache and the rest of the stream. It says nothing of events that other servers write later.
func (w *writer) load() error {
	if w.state != nil {
		return nil
	}
	started := time.Now()
	state, at, cached := w.fromCache()
	if !cached {
		state, at = ledger.New(w.key.election, w.key.unit, w.h.cfg.Catalog), 0
	}
	w.saved = state.Version
	from := state.Version
	at, err := w.foldTail(w.h.ctx, state, at)
	if err != nil && cached {
		// The snapshot may be of another log, or worse. The log is the truth.
		w.h.cfg.Logger.Warn("snapshot does not fit its stream; folding the whole stream", "stream", w.stream, "error", err)
		state, cached, from, w.saved = ledger.New(w.key.election, w.key.unit, w.h.cfg.Catalog), false, 0, 0
		at, err = w.foldTail(w.h.ctx, state, 0)
	}
	if err != nil {
		return fmt.Errorf("load ledger: %w", err)
	}
	w.state, w.position = state, at
	w.h.failing("")
	w.h.cfg.Metrics.Loaded(int(state.Version-from), cached, time.Since(started))
	return nil
}

func (w *writer) fromCache() (*ledger.State, eventstore.Position, bool) {
	if w.h.cfg.Cache == nil {
		return nil, 0, false
	}
	data, at, ok := w.h.cfg.Cache.Load(w.h.ctx, w.stream)
	if !ok {
		return nil, 0, false
	}
	version, position, err := w.h.cfg.Store.StreamHead(w.h.ctx, w.stream)
	if err != nil || data.Version > uint64(version) || at > position {
		return nil, 0, false
	}
	if _, known := w.h.cfg.Catalog.Reference(w.key.election, data.Adopted); data.Adopted != "" && !known {
		if err := w.h.cfg.Catalog.Refresh(w.h.ctx, w.key.election); err != nil {
			return nil, 0, false
		}
	}
	state, err := ledger.Restore(w.key.election, w.key.unit, w.h.cfg.Catalog, data)
	if err != nil {
		w.h.cfg.Logger.Warn("snapshot cannot be used; folding the whole stream", "stream", w.stream, "error", err)
		return nil, 0, false
	}
	return state, at, true
}

// foldTail folds what the stream has after the state and returns the position of the last event.
func (w *writer) foldTail(ctx context.Context, state *ledger.State, at eventstore.Position) (last eventstore.Position, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold %s after version %d: panic: %v", w.stream, state.Version, p)
		}
	}()
	for rec, err := range w.h.cfg.Store.Read(ctx, w.stream, eventstore.Version(state.Version)) {
		if err != nil {
			return at, fmt.Errorf("read %s after version %d: %w", w.stream, state.Version, err)
		}
		recorded, err := journal.Decode(&rec, state.NewEvent)
		if err != nil {
			return at, err
		}
		if adopted, ok := recorded.Event.(*ledger.ReferenceAdopted); ok {
			if err := w.ensure(ctx, adopted.Version); err != nil {
				return at, err
			}
		}
		if err := state.Fold(recorded); err != nil {
			return at, err
		}
		at = rec.Position
	}
	return at, nil
}

// ensure has the catalog read on when it does not know a version yet: another server may have imported it.
func (w *writer) ensure(ctx context.Context, version string) error {
	if _, known := w.h.cfg.Catalog.Reference(w.key.election, version); known {
		return nil
	}
	if err := w.h.cfg.Catalog.Refresh(ctx, w.key.election); err != nil {
		return fmt.Errorf("read reference data %s of %s: %w", version, w.key.election, err)
	}
	return nil
}

// catchUp folds what other servers have written. The state must hold nothing that is not in the log.
func (w *writer) catchUp(ctx context.Context) error {
	at, err := w.foldTail(ctx, w.state, w.position)
	if err != nil {
		w.state = nil
		return err
	}
	w.position = at
	return nil
}

// reached tells whether everything of this ledger up to a position is folded.
func (w *writer) reached(ctx context.Context, position eventstore.Position) (bool, error) {
	if position <= w.position {
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

// save puts the state into the cache, when enough has happened since the last time and nothing waits.
func (w *writer) save(last bool) {
	if w.h.cfg.Cache == nil || w.state == nil {
		return
	}
	events := w.state.Version - w.saved
	every := uint64(w.h.cfg.SnapshotEvery)
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
	if err := w.h.cfg.Cache.Save(w.h.ctx, w.stream, &w.state.Data, w.position); err != nil {
		w.h.cfg.Logger.Warn("snapshot was not saved; starting will take longer", "stream", w.stream, "error", err)
	}
	w.saved = w.state.Version // also after a failure: not at every batch again
}
