package refold

import (
	"context"
	"iter"

	"jejak/domain/ledger"
	"jejak/eventstore"
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
	each func(Step) error) error {
	given := func(context.Context) iter.Seq2[eventstore.Record, error] { return records }
	return run(ctx, state, given, func(step Step) (bool, error) {
		choice, err := choose(step)
		if err != nil || choice != Take {
			return choice == Leave, err
		}
		if err := s.fold(ctx, state.FoldLater, step); err != nil || each == nil {
			return err == nil, err
		}
		err = each(step)
		return err == nil, err
	})
}
