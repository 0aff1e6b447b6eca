package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/projections/subject"
)

// Log is what the index is made of.
type Log struct {
	Store   eventstore.Store
	Catalog command.Catalog
}

// Built is what Build did.
type Built struct {
	Events, Postings, Rows uint64
}

// subjectsOf are the subjects of a record of a ledger.
func subjectsOf(rec *eventstore.Record) ([]string, error) {
	event, err := journal.Decode(rec, ledger.NewEventOf)
	if err != nil {
		return nil, err
	}
	return subject.Of(event), nil
}

// every so many events are reported.
const every = 2000

// Build puts the whole log into an empty file, ledger by ledger, workers at once, the longest first. What is appended meanwhile is left for catching
// up. When it fails the file stays without a head, and the next Build must begin with a new file. progress, unless nil, is told how many of all events
// are done, by several goroutines.
func (f *File) Build(ctx context.Context, log Log, workers int, progress func(done, all uint64)) (Built, error) {
	end, err := lastOf(ctx, log.Store)
	if err != nil {
		return Built{}, fmt.Errorf("build the index: %w", err)
	}
	list, all, err := log.ledgers(ctx)
	if err != nil {
		return Built{}, fmt.Errorf("build the index: %w", err)
	}
	queue := make(chan stream, len(list))
	for _, s := range list {
		queue <- s
	}
	close(queue)
	var wait sync.WaitGroup
	var done, posted, rows atomic.Uint64
	errs := make([]error, workers)
	for i := range errs {
		wait.Go(func() {
			for s := range queue {
				if errs[i] = f.buildOne(ctx, log, s, end.Position, func(n int) {
					if sum := done.Add(uint64(n)); progress != nil {
						progress(sum, all)
					}
				}, &posted, &rows); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	err = errors.Join(errs...)
	if err == nil {
		err = f.change("finish", func() error { return f.setHead(end) })
	}
	if err != nil {
		return Built{}, fmt.Errorf("build the index: %w", err)
	}
	return Built{Events: done.Load(), Postings: posted.Load(), Rows: rows.Load()}, nil
}

// buildOne puts a ledger in, up to a position.
func (f *File) buildOne(ctx context.Context, log Log, s stream, end eventstore.Position, told func(n int), posted, rows *atomic.Uint64) error {
	all := postings{}
	last, n := uint64(0), 0
	for rec, err := range log.Store.Read(ctx, journal.LedgerStream(s.Election, s.Unit), 0) {
		if err != nil {
			return err
		}
		if rec.Position > end {
			break
		}
		subjects, err := subjectsOf(&rec)
		if err != nil {
			return err
		}
		last = uint64(rec.Version)
		all.add(last, subjects)
		posted.Add(uint64(len(subjects)))
		if n++; n == every {
			told(n)
			n = 0
		}
	}
	told(n)
	if last == 0 {
		return nil
	}
	return f.change("build", func() error {
		made, err := f.put(s.Ledger, last, all)
		rows.Add(uint64(made))
		return err
	})
}

// stream is a ledger with its length.
type stream struct {
	Ledger
	version uint64
}

// ledgers are those that have events, the longest first, and how many events all have.
func (l *Log) ledgers(ctx context.Context) (list []stream, all uint64, err error) {
	if err := l.Catalog.Discover(ctx); err != nil {
		return nil, 0, err
	}
	for _, election := range l.Catalog.Elections() {
		for _, unit := range l.Catalog.Units(election) {
			version, _, err := l.Store.StreamHead(ctx, journal.LedgerStream(election, unit))
			if err != nil {
				return nil, 0, err
			}
			if version > 0 {
				list = append(list, stream{Ledger{election, unit}, uint64(version)})
				all += uint64(version)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b stream) int { return int(b.version) - int(a.version) })
	return list, all, nil
}

// lastOf is the place of the newest record of all.
func lastOf(ctx context.Context, store eventstore.Store) (at cache.Mark, err error) {
	head, err := store.Head(ctx)
	if err != nil || head == 0 {
		return at, err
	}
	for rec, err := range store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		if err != nil {
			return at, err
		}
		if rec.Position == head {
			at = cache.Mark{Position: rec.Position, Event: rec.ID}
		}
		break
	}
	return at, nil
}

// belongs tells whether a mark is of this log: the record at its position is the one it names. The zero mark belongs to every log.
func belongs(ctx context.Context, store eventstore.Store, at cache.Mark) (bool, error) {
	if at.Position == 0 {
		return true, nil
	}
	for rec, err := range store.ReadAll(ctx, at.Position-1, eventstore.Filter{}) {
		if err != nil {
			return false, err
		}
		return rec.Position == at.Position && rec.ID == at.Event, nil
	}
	return false, nil
}
