package views

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/journal"
)

// Runner keeps the rows up to the log. It is safe for concurrent use.
type Runner struct {
	cfg     Config
	cancel  context.CancelFunc // of following
	stop    chan context.Context
	done    sync.WaitGroup
	closing sync.Once
	wake    chan struct{}

	mu       sync.Mutex
	rows     map[key]Row               // of the versions that count now; only what is in this log
	building map[string]map[place]bool // by view: units without a row of a new version
	pending  map[place]*work
	known    map[string]bool // elections that are surveyed
	seen     eventstore.Position
	unread   error // why the log cannot be followed

	// The worker's own: no rows of a unit, and none at all, are made before.
	pause map[place]time.Time
	rest  time.Time
	turns int  // how often rows were made
	whole bool // the file has all rows; false: it must be made anew, and could not be yet
}

// key is of a row of the version that counts.
type key struct {
	view string
	place
}

// work is a unit whose rows do not have all that the log has.
type work struct {
	since time.Time           // when the first record that is not in them was seen
	first eventstore.Position // of that record, as far as it is known
	last  eventstore.Position // of the newest record seen
	live  bool                // something happened since the start, or the unit is waited for
	fails map[string]*fail    // by view
}

// fail is why a view of a unit stands still.
type fail struct {
	err   error
	again time.Time
	pause time.Duration
}

const (
	usualEvery = time.Second
	// share: rows take at most a quarter of one core while several units wait, and
	share = 3
	// ownShare: a twentieth of the time of each ledger.
	ownShare = 20
	// oldTurn: every so many turns a unit that was left over from before the start is preferred, however much goes on.
	oldTurn = 4
	// surveyEvery is how often elections are looked for that were found since.
	surveyEvery = 10 * time.Second

	firstPause, longestPause = 100 * time.Millisecond, 30 * time.Second
)

// Start reads the file, looks which units have moved on since, and keeps the rows up to the log until Close. Rows that are up to it are served from the
// beginning; the others are made one by one.
func Start(ctx context.Context, cfg Config) (*Runner, error) {
	if cfg.Every <= 0 {
		cfg.Every = usualEvery
	}
	if cfg.Metrics == nil {
		cfg.Metrics = noMetrics{}
	}
	r := &Runner{
		cfg: cfg, stop: make(chan context.Context, 1), wake: make(chan struct{}, 1), rows: map[key]Row{}, building: map[string]map[place]bool{},
		whole: true, pending: map[place]*work{}, known: map[string]bool{}, pause: map[place]time.Time{},
	}
	head, err := cfg.Store.Head(ctx) // before the survey: what comes meanwhile is seen by following
	if err != nil {
		return nil, fmt.Errorf("start the views: %w", err)
	}
	r.seen = head
	if err := r.read(ctx); err != nil {
		return nil, fmt.Errorf("start the views: %w", err)
	}
	if err := r.survey(ctx); err != nil {
		return nil, fmt.Errorf("start the views: %w", err)
	}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	r.done.Go(func() { r.follow(following) })
	r.done.Go(r.work)
	return r, nil
}

// read takes over the file's rows that belong to this log.
func (r *Runner) read(ctx context.Context) error {
	rows, err := r.cfg.File.Rows()
	if err != nil {
		r.cfg.Log.Warn("the views cannot be read and are made anew from the log", "error", err)
		return r.cfg.File.Renew()
	}
	checked := map[checkedMark]bool{} // the views of a unit end at the same event
	for _, row := range rows {
		i := slices.IndexFunc(r.cfg.Views, func(v View) bool { return v.Name == row.View })
		switch {
		case i < 0: // of a view that another version of the program has
		case r.cfg.Views[i].Version != row.Version:
			if r.building[row.View] == nil {
				r.building[row.View] = map[place]bool{}
			}
		default:
			mark := checkedMark{row.place(), row.Ledger, row.At}
			fits, known := checked[mark]
			if !known {
				if fits, err = inLog(ctx, r.cfg.Store, &row); err != nil {
					return err
				}
				checked[mark] = fits
			}
			if fits {
				r.rows[key{row.View, row.place()}] = row
			}
		}
	}
	return nil
}

// checkedMark is the end of a row.
type checkedMark struct {
	place
	ledger uint64
	at     cache.Mark
}

// inLog tells whether the log has the row's last event at its place.
func inLog(ctx context.Context, store eventstore.Store, row *Row) (bool, error) {
	if row.Ledger == 0 {
		return false, nil
	}
	for rec, err := range store.Read(ctx, journal.LedgerStream(row.Election, row.Unit), eventstore.Version(row.Ledger-1)) {
		if err != nil {
			return false, err
		}
		return rec.ID == row.At.Event && rec.Position == row.At.Position, nil
	}
	return false, nil
}

// survey looks which units of elections that were not known yet have moved on since their rows were made.
func (r *Runner) survey(ctx context.Context) error {
	for _, election := range r.cfg.Ledgers.Elections() {
		if r.known[election] {
			continue
		}
		for _, unit := range r.cfg.Ledgers.Units(election) {
			version, position, err := r.cfg.Store.StreamHead(ctx, journal.LedgerStream(election, unit))
			if err != nil {
				return err
			}
			if version > 0 {
				r.behind(place{election, unit}, uint64(version), position, false)
			}
		}
		r.mu.Lock()
		r.known[election] = true
		r.mu.Unlock()
	}
	return nil
}

// behind notes a unit whose rows are not at the head of its ledger.
func (r *Runner) behind(p place, version uint64, head eventstore.Position, live bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := head
	all := true
	for _, v := range r.cfg.Views {
		row, there := r.rows[key{v.Name, p}]
		if units := r.building[v.Name]; units != nil && !there {
			units[p] = true
		}
		if !there || row.Ledger != version {
			all = false
			first = min(first, row.At.Position+1)
		}
	}
	if !all {
		r.note(p, first, head, live)
	}
}

// note adds to what waits for a unit. The lock is held.
func (r *Runner) note(p place, first, last eventstore.Position, live bool) {
	w := r.pending[p]
	if w == nil {
		w = &work{since: time.Now(), first: first, fails: map[string]*fail{}}
		r.pending[p] = w
	}
	w.last = max(w.last, last)
	w.live = w.live || live
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// follow reads the ledgers' records until ctx ends. What fails is told and tried again.
func (r *Runner) follow(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		before := r.position()
		err := r.listen(ctx)
		if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) {
			return
		}
		r.mu.Lock()
		r.unread = err
		r.mu.Unlock()
		r.cfg.Log.Error("the views cannot follow the log and try again", "again_in", pause, "error", err)
		if r.position() != before {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) position() eventstore.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

func (r *Runner) listen(ctx context.Context) error {
	sub, err := r.cfg.Store.Subscribe(ctx, r.position(), eventstore.Filter{StreamPrefix: journal.LedgerPrefix})
	if err != nil {
		return err
	}
	defer func() { _ = sub.Close() }() // only read from
	r.mu.Lock()
	r.unread = nil
	r.mu.Unlock()
	for {
		rec, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		election, unit, ok := journal.SplitStream(rec.Stream)
		if !ok {
			return fmt.Errorf("stream %q at position %d is no ledger", rec.Stream, rec.Position)
		}
		r.took(place{election, unit}, rec.Position)
	}
}

// took notes a record, unless the rows have it already.
func (r *Runner) took(p place, at eventstore.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = max(r.seen, at)
	for _, v := range r.cfg.Views {
		if r.rows[key{v.Name, p}].At.Position < at {
			r.note(p, at, at, true)
			return
		}
	}
}

// Row is the newest row of a view and unit that is saved. ok is false while there is none.
func (r *Runner) Row(view, election string, unit domain.Code) (row Row, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row, ok = r.rows[key{view, place{election, unit}}]
	return row, ok
}

// Each calls f for the newest row of every unit of a view, none while a new version of it is being built: what OnRow would have been told. A feed
// that has lost what it was told calls it to have everything again; positions tell which is newer.
func (r *Runner) Each(view string, f func(Row)) {
	r.mu.Lock()
	var rows []Row
	if r.building[view] == nil {
		for k, row := range r.rows {
			if k.view == view {
				rows = append(rows, row)
			}
		}
	}
	r.mu.Unlock()
	sortRows(rows)
	for _, row := range rows {
		f(row)
	}
}

// Close makes the rows of the units that have moved on since the start, as far as ctx lets it, and ends. The ledgers must still be open. OnRow may
// be called until it returns.
func (r *Runner) Close(ctx context.Context) error {
	r.closing.Do(func() {
		r.cancel()
		r.stop <- ctx
		r.done.Wait()
	})
	return nil
}
