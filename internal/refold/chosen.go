package refold

import (
	"context"
	"fmt"
	"iter"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Choice is what becomes of an event.
type Choice int

// The choices.
const (
	Take  Choice = iota // fold it
	Leave               // leave it out
	Stop                // leave it and all that follow out
)

// FoldChosen folds those of some records of a ledger's stream, in the order of their versions, that choose takes; choose sees the state before the
// event. records may have gaps. The state must not be used for decisions: see ledger.State.FoldLater. each is called after every event that was
// folded, and may be nil. Reading ahead, errors and panics are as with Fold: records is run through by another goroutine.
func (s Source) FoldChosen(ctx context.Context, state *ledger.State, records iter.Seq2[eventstore.Record, error], choose func(Step) (Choice, error),
	each func(Step) error) (err error) {
	stream := journal.LedgerStream(state.Election, state.Unit)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold events of %s after version %d: panic: %v", stream, state.Version, p)
		}
	}()
	reading, cancel := context.WithCancel(ctx)
	ahead := readAhead(reading, records, stream, state.Version)
	defer ahead.end(cancel)
	for chunk := range ahead.chunks {
		for i := range chunk {
			next := &chunk[i]
			if next.err != nil {
				return next.err
			}
			step := Step{Record: &next.record, Event: next.event, State: state}
			choice, err := choose(step)
			if err != nil || choice == Stop {
				return err
			}
			if choice == Leave {
				continue
			}
			if err := s.foldLater(ctx, state, next.event); err != nil {
				return err
			}
			if each != nil {
				if err := each(step); err != nil {
					return err
				}
			}
		}
		ahead.free(chunk)
	}
	if !ahead.whole {
		return fmt.Errorf("read events of %s after version %d: %w", stream, state.Version, ctx.Err())
	}
	return nil
}

func (s Source) foldLater(ctx context.Context, state *ledger.State, event domain.Recorded) error {
	if adopted, ok := event.Event.(*ledger.ReferenceAdopted); ok {
		if err := s.Ensure(ctx, state.Election, adopted.Version); err != nil {
			return err
		}
	}
	return state.FoldLater(event)
}
