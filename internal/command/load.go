package command

import (
	"context"
	"fmt"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/journal"
)

// load makes sure that there is a state: from the cache and the rest of the stream. It says nothing of events that other servers write later.
func (w *writer) load() error {
	if w.state != nil {
		return nil
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
			return fmt.Errorf("load ledger: %w", err)
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
		if err := w.ensure(w.h.ctx, data.Adopted); err != nil {
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
		at = cache.Mark{Position: rec.Position, Event: rec.ID}
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
