// Package refold folds ledgers from the log: whole, up to a place, on from a state, or with some of the events left out. Every state that is made
// of the log again (a ledger that is loaded, read models that are rebuilt, what was known at a moment) is made here.
package refold

import (
	"context"
	"fmt"
	"iter"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Catalog is where the reference data comes from that ledgers adopt.
type Catalog interface {
	election.Catalog
	// Refresh reads on in an election's stream.
	Refresh(ctx context.Context, electionID string) error
}

// Source is a log with its reference data. The zero value is of no use.
type Source struct {
	Store   eventstore.Store
	Catalog Catalog
}

// Step is an event that has been folded.
type Step struct {
	Record *eventstore.Record // valid until the next step
	Event  domain.Recorded
	State  *ledger.State // with the event in it; not to be kept or changed
}

// New is the ledger of a unit before its first event.
func (s Source) New(electionID string, unit domain.Code) *ledger.State {
	return ledger.New(electionID, unit, s.Catalog)
}

// Fold folds what the log has of a ledger after state into state, in order, until the log ends, each returns false, or an error comes; each is
// called after every event, and may be nil. Records are read and decoded ahead by another goroutine, which has ended when Fold returns; what is wrong
// with one of them is an error only when the fold comes to it. After an error, or a panic in a fold, which comes back as an error too, state is
// of no use.
func (s Source) Fold(ctx context.Context, state *ledger.State, each func(Step) (more bool, err error)) error {
	stream := journal.LedgerStream(state.Election, state.Unit)
	records := func(reading context.Context) iter.Seq2[eventstore.Record, error] {
		return s.Store.Read(reading, stream, eventstore.Version(state.Version))
	}
	return run(ctx, state, records, func(step Step) (bool, error) {
		if err := s.fold(ctx, state.Fold, step); err != nil || each == nil {
			return err == nil, err
		}
		return each(step)
	})
}

// FoldOne folds an event into a state that leaves events of its stream out: see ledger.State.FoldLater.
func (s Source) FoldOne(ctx context.Context, state *ledger.State, event domain.Recorded) error {
	return s.fold(ctx, state.FoldLater, Step{Event: event, State: state})
}

// fold folds an event, with reference data that the catalog has by then.
func (s Source) fold(ctx context.Context, fold func(domain.Recorded) error, step Step) error {
	if adopted, ok := step.Event.Event.(*ledger.ReferenceAdopted); ok {
		if err := s.Ensure(ctx, step.State.Election, adopted.Version); err != nil {
			return err
		}
	}
	if err := fold(step.Event); err != nil {
		if step.Record == nil {
			return err
		}
		return journal.Unreadable(step.Record, err)
	}
	return nil
}

// run hands on records of a ledger's stream with their events, in order, until they end, do returns false, or an error comes. A panic is an error too.
func run(ctx context.Context, state *ledger.State, records func(reading context.Context) iter.Seq2[eventstore.Record, error],
	do func(Step) (more bool, err error)) (err error) {
	stream := journal.LedgerStream(state.Election, state.Unit)
	var at *eventstore.Record // under way
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold %s after version %d: panic: %v", stream, state.Version, p)
			if at != nil {
				err = journal.Unreadable(at, err)
			}
		}
	}()
	reading, cancel := context.WithCancel(ctx)
	ahead := readAhead(reading, records(reading), stream, state.Version)
	defer ahead.end(cancel)
	for chunk := range ahead.chunks {
		for i := range chunk {
			next := &chunk[i]
			if next.err != nil {
				return next.err
			}
			at = &next.record
			if more, err := do(Step{Record: &next.record, Event: next.event, State: state}); err != nil || !more {
				return err
			}
		}
		ahead.free(chunk)
	}
	if !ahead.whole {
		return fmt.Errorf("read %s after version %d: %w", stream, state.Version, ctx.Err())
	}
	return nil
}

// Ensure has the catalog read on when it does not know a version of the reference data yet: another server may have imported it.
func (s Source) Ensure(ctx context.Context, electionID, version string) error {
	if _, known := s.Catalog.Reference(electionID, version); known {
		return nil
	}
	if err := s.Catalog.Refresh(ctx, electionID); err != nil {
		return fmt.Errorf("read reference data %s of %s: %w", version, electionID, err)
	}
	return nil
}
