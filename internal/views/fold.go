package views

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/refold"
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
	lengths, err := command.Lengths(ctx, l.Store, l.Catalog)
	list := make([]stream, len(lengths))
	for i, of := range lengths {
		list[i] = stream{place{of.Election, of.Unit}, of.Events}
	}
	return list, err
}

// reporter counts events.
type reporter struct {
	done atomic.Uint64
	all  uint64
	tell func(done, all uint64)
	mu   sync.Mutex
}

// every so many folded events are reported.
const every = 2000

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
func (l *Log) fold(ctx context.Context, p place, stops []uint64, progress *reporter, at func(*ledger.State, cache.Mark) error) error {
	source := refold.Source{Store: l.Store, Catalog: l.Catalog}
	state := source.New(p.election, p.unit)
	err := source.Fold(ctx, state, func(step refold.Step) (bool, error) {
		if state.Version%every == 0 {
			progress.add(every)
		}
		for len(stops) > 0 && stops[0] == state.Version {
			stops = stops[1:]
			if err := at(state, cache.Mark{Position: step.Record.Position, Event: step.Record.ID}); err != nil {
				return false, err
			}
		}
		return len(stops) > 0, nil
	})
	if err != nil {
		return err
	}
	progress.add(state.Version % every)
	if len(stops) > 0 {
		return fmt.Errorf("the ledger of %s ends at version %d, before %d", p, state.Version, stops[0])
	}
	return nil
}
