package views

import (
	"cmp"
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
)

// Log is what rows are made from when no server runs.
type Log struct {
	Store   eventstore.Store
	Catalog command.Catalog // refreshed or not
	// Workers fold ledgers at once: each holds one in memory. Default 2.
	Workers int
	// Progress is told now and then how many of all events are folded; nil: nobody.
	Progress func(done, all uint64)
}

// stream is a ledger to be folded.
type stream struct {
	place
	version uint64 // at its end
}

func (l *Log) workers() int {
	if l.Workers > 0 {
		return l.Workers
	}
	return 2
}

// ledgers are those that have events, the longest first.
func (l *Log) ledgers(ctx context.Context) ([]stream, error) {
	if err := l.Catalog.Discover(ctx); err != nil {
		return nil, err
	}
	var list []stream
	for _, election := range l.Catalog.Elections() {
		for _, unit := range l.Catalog.Units(election) {
			version, _, err := l.Store.StreamHead(ctx, journal.LedgerStream(election, unit))
			if err != nil {
				return nil, err
			}
			if version > 0 {
				list = append(list, stream{place{election, unit}, uint64(version)})
			}
		}
	}
	slices.SortFunc(list, func(a, b stream) int {
		return cmp.Or(cmp.Compare(b.version, a.version), comparePlaces(a.place, b.place))
	})
	return list, nil
}

// reporter counts events.
type reporter struct {
	done atomic.Uint64
	all  uint64
	tell func(done, all uint64)
	mu   sync.Mutex
}

// step is how many events are folded between two reports.
const step = 2000

func (p *reporter) add(n uint64) {
	done := p.done.Add(n)
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell(done, p.all)
}

// all folds ledgers, in the order given, some at once. do is called by several goroutines.
func (l *Log) all(ctx context.Context, list []stream, do func(context.Context, stream, *reporter) error) error {
	progress := &reporter{tell: l.Progress}
	queue := make(chan stream, len(list))
	for _, s := range list {
		progress.all += s.version
		queue <- s
	}
	close(queue)
	var wait sync.WaitGroup
	errs := make([]error, l.workers())
	for i := range errs {
		wait.Go(func() {
			for s := range queue {
				if ctx.Err() != nil {
					errs[i] = ctx.Err()
					return
				}
				errs[i] = errors.Join(errs[i], do(ctx, s, progress))
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// fold folds a ledger from its first event up to a version and calls at after every event whose version is in stops, which are sorted.
func (l *Log) fold(ctx context.Context, p place, stops []uint64, progress *reporter, at func(*ledger.State, cache.Mark) error) (err error) {
	state := ledger.New(p.election, p.unit, l.Catalog)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold the ledger of %s of %s after version %d: panic: %v", state.Unit, state.Election, state.Version, p)
		}
	}()
	for rec, err := range l.Store.Read(ctx, journal.LedgerStream(p.election, p.unit), 0) {
		if err != nil {
			return fmt.Errorf("read the ledger of %s after version %d: %w", p, state.Version, err)
		}
		recorded, err := journal.Decode(&rec, state.NewEvent)
		if err != nil {
			return err
		}
		if adopted, ok := recorded.Event.(*ledger.ReferenceAdopted); ok {
			if err := l.ensure(ctx, p.election, adopted.Version); err != nil {
				return err
			}
		}
		if err := state.Fold(recorded); err != nil {
			return err
		}
		if state.Version%step == 0 {
			progress.add(step)
		}
		for len(stops) > 0 && stops[0] == state.Version {
			stops = stops[1:]
			if err := at(state, cache.Mark{Position: rec.Position, Event: rec.ID}); err != nil {
				return err
			}
		}
		if len(stops) == 0 {
			break
		}
	}
	progress.add(state.Version % step)
	if len(stops) > 0 {
		return fmt.Errorf("the ledger of %s ends at version %d, before %d", p, state.Version, stops[0])
	}
	return nil
}

// ensure has the catalog read on when it does not know a version yet.
func (l *Log) ensure(ctx context.Context, election, version string) error {
	if _, known := l.Catalog.Reference(election, version); known {
		return nil
	}
	return l.Catalog.Refresh(ctx, election)
}
