package views

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/disposable"
	"jejak/internal/journal"
)

// work makes rows, one unit after another, until Close.
func (r *Runner) work() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	survey := time.NewTicker(surveyEvery)
	defer survey.Stop()
	r.complete()
	for {
		p, wait := r.next(time.Now())
		if wait == 0 {
			made := make(chan struct{})
			go func() {
				defer close(made)
				r.renew(ctx, p)
			}()
			select {
			case <-made:
			case closing := <-r.stop: // a ledger that takes long to load is not waited for
				cancel()
				<-made
				r.finish(closing)
				return
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-r.wake:
		case <-timer.C:
		case <-survey.C:
			if err := r.survey(ctx); err != nil {
				r.cfg.Log.Warn("the views cannot look for new elections and try again", "error", err)
			}
		case closing := <-r.stop:
			timer.Stop()
			r.finish(closing)
			return
		}
		timer.Stop()
	}
}

// finish makes the rows of what has happened since the start: the next start then finds them at the head of the log.
func (r *Runner) finish(ctx context.Context) {
	r.mu.Lock()
	units := map[place]bool{}
	for k := range r.rows {
		units[k.place] = true
	}
	for p, w := range r.pending {
		units[p] = w.live
	}
	r.mu.Unlock()
	for _, p := range sortedPlaces(units) {
		if !units[p] || ctx.Err() != nil {
			continue
		}
		version, position, err := r.cfg.Store.StreamHead(ctx, journal.LedgerStream(p.election, p.unit))
		if err == nil && version > 0 {
			r.behind(p, uint64(version), position, true)
		}
		if r.waits(p) {
			r.renew(ctx, p)
		}
	}
}

func (r *Runner) waits(p place) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pending[p] != nil
}

// next chooses the unit whose turn it is; when it is no unit's yet, wait says how long to wait at most.
func (r *Runner) next(now time.Time) (p place, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait = time.Hour
	var chosen *work
	for candidate, w := range r.pending {
		due := later(r.rest, r.pause[candidate], r.again(candidate, w))
		if d := due.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		if chosen == nil || cmp.Or(order(chosen.live, w.live, r.turns%oldTurn == oldTurn-1), w.since.Compare(chosen.since), cmp.Compare(w.first, chosen.first)) < 0 {
			p, chosen = candidate, w
		}
	}
	if chosen != nil {
		wait = 0
	}
	return p, wait
}

// again is when something of a unit may be tried: at once where a view has not failed. The lock is held.
func (r *Runner) again(p place, w *work) time.Time {
	first := time.Now().Add(time.Hour)
	for _, v := range r.cfg.Views {
		switch f := w.fails[v.Name]; {
		case f != nil:
			if f.again.Before(first) {
				first = f.again
			}
		case r.rows[key{v.Name, p}].At.Position < w.last:
			return time.Time{}
		}
	}
	return first
}

// order puts what is live before what was left over from before the start, or the reverse: negative when b goes first.
func order(a, b, reverse bool) int {
	switch {
	case a == b:
		return 0
	case b != reverse:
		return -1
	}
	return 1
}

func later(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// renew makes the rows of a unit, all in one look at its ledger.
func (r *Runner) renew(ctx context.Context, p place) {
	began := time.Now()
	r.turns++
	asked, standing := r.asked(p, began)
	rows, failed, took, err := r.look(ctx, p, asked, standing)
	r.rest, r.pause[p] = time.Now().Add(share*took), began.Add(max(r.cfg.Every, ownShare*took))
	if err == nil && len(rows) > 0 {
		err = r.save(rows)
	}
	if ctx.Err() != nil && err != nil {
		return // it was called off
	}
	if err != nil {
		for _, v := range r.cfg.Views {
			failed[v.Name] = err
		}
		rows = nil
	}
	r.cfg.Metrics.ViewSaved(len(rows), took)
	told := r.settle(p, began, rows, failed)
	r.tell(told)
	r.complete()
}

// asked is up to which position a unit's ledger must be folded, and which of its views are not to be tried yet.
func (r *Runner) asked(p place, now time.Time) (at eventstore.Position, standing map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	standing = map[string]bool{}
	if w := r.pending[p]; w != nil {
		at = w.last
		for view, f := range w.fails {
			standing[view] = f.again.After(now)
		}
	}
	return at, standing
}

// look makes the rows that are behind. What a view fails with stops this view only; err stops all.
func (r *Runner) look(ctx context.Context, p place, at eventstore.Position, standing map[string]bool) (rows []Row, failed map[string]error, took time.Duration, err error) {
	failed = map[string]error{}
	var reached eventstore.Position
	var version uint64
	err = r.cfg.Ledgers.View(ctx, p.election, p.unit, at, func(s *ledger.State, at eventstore.Position) {
		began := time.Now()
		reached, version = at, s.Version
		for _, v := range r.cfg.Views {
			if row, there := r.Row(v.Name, p.election, p.unit); standing[v.Name] || there && row.Ledger == s.Version {
				continue
			}
			body, err := v.make(s, at)
			if err != nil {
				failed[v.Name] = err
				continue
			}
			rows = append(rows, Row{View: v.Name, Version: v.Version, Election: p.election, Unit: p.unit, Ledger: s.Version, Body: body})
		}
		took = time.Since(began)
	})
	if err != nil || version == 0 {
		return nil, failed, took, err
	}
	last, err := r.event(ctx, p, version, reached)
	for i := range rows {
		rows[i].At = last
	}
	return rows, failed, took, err
}

// event is the last event of a ledger at a version.
func (r *Runner) event(ctx context.Context, p place, version uint64, at eventstore.Position) (cache.Mark, error) {
	for rec, err := range r.cfg.Store.Read(ctx, journal.LedgerStream(p.election, p.unit), eventstore.Version(version-1)) {
		if err != nil {
			return cache.Mark{}, err
		}
		if rec.Position != at {
			return cache.Mark{}, fmt.Errorf("the ledger of %s says that version %d is at position %d, but it is at %d", p, version, at, rec.Position)
		}
		return cache.Mark{Position: at, Event: rec.ID}, nil
	}
	return cache.Mark{}, fmt.Errorf("the log has no version %d of the ledger of %s", version, p)
}

// save keeps rows; a file that turns out to be broken is made anew, with every row that is known.
func (r *Runner) save(rows []Row) error {
	if r.whole {
		err := r.cfg.File.Save(rows)
		if !disposable.Damaged(err) {
			return err
		}
		r.cfg.Log.Warn("the file of the views is damaged and is made anew", "error", err)
		r.whole = false
	}
	if err := r.cfg.File.Renew(); err != nil {
		return err
	}
	r.mu.Lock()
	var all []Row
	for _, row := range r.rows {
		all = append(all, row)
	}
	r.mu.Unlock()
	err := r.cfg.File.Save(append(all, rows...))
	r.whole = err == nil
	return err
}

// settle notes what has become of a unit's rows and returns those to be told.
func (r *Runner) settle(p place, began time.Time, rows []Row, failed map[string]error) (told []Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.pending[p]
	for _, row := range rows {
		r.rows[key{row.View, p}] = row
		delete(w.fails, row.View)
		if units := r.building[row.View]; units != nil {
			delete(units, p)
		} else {
			told = append(told, row)
		}
	}
	for view, err := range failed {
		f := w.fails[view]
		if f == nil {
			f = &fail{pause: firstPause}
			w.fails[view] = f
		}
		f.err, f.again, f.pause = err, time.Now().Add(f.pause), min(2*f.pause, longestPause)
		if isUnreadable(err) { // a record stays as it is, and whoever met it has told
			f.err, f.again = err, time.Now().Add(unreadablePause)
			delete(r.building[view], p) // a new version of the view does not wait for it
			continue
		}
		r.cfg.Metrics.ViewFailed(view)
		r.cfg.Log.Error("view stands still for a unit and tries again", "view", view, "unit", p.unit, "election", p.election, "again_in", time.Until(f.again),
			"error", err)
	}
	least := w.last
	for _, v := range r.cfg.Views {
		if w.fails[v.Name] == nil {
			least = min(least, r.rows[key{v.Name, p}].At.Position)
		}
	}
	switch {
	case len(w.fails) == 0 && least >= w.last:
		delete(r.pending, p)
	case len(w.fails) == 0:
		w.since, w.first = began, least+1 // what came meanwhile
	}
	return told
}

// unreadablePause is when a unit is tried again whose ledger has a record that this program cannot read.
const unreadablePause = time.Hour

// isUnreadable tells whether an error is about such a record.
func isUnreadable(err error) bool {
	var record *journal.UnreadableError
	return errors.As(err, &record)
}

// tell hands rows to whoever listens.
func (r *Runner) tell(rows []Row) {
	if r.cfg.OnRow == nil {
		return
	}
	for _, row := range rows {
		r.cfg.OnRow(row.View, row.Election, row.Unit, row.At.Position, row.Body)
	}
}

// complete lets new versions of views that have a row of every unit take the place of the old ones.
func (r *Runner) complete() {
	for _, v := range r.cfg.Views {
		r.mu.Lock()
		units := r.building[v.Name]
		r.mu.Unlock()
		if units == nil || len(units) > 0 {
			continue
		}
		if err := r.cfg.File.DropOthers(v.Name, v.Version); err != nil {
			r.cfg.Log.Warn("the rows of an older version of a view stay for now", "view", v.Name, "error", err)
			continue
		}
		r.mu.Lock()
		delete(r.building, v.Name)
		r.mu.Unlock()
		r.cfg.Log.Info("a new version of a view is complete", "view", v.Name, "version", v.Version)
		var rows []Row
		r.Each(v.Name, func(row Row) { rows = append(rows, row) })
		r.tell(rows)
	}
}
