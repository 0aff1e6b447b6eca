package history

import (
	"context"
	"fmt"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/internal/trail"
)

// occurred makes the state of a ledger of what had occurred by a moment. Up to the first event that had not it is the ledger of the recorded clock, so it
// goes on from a clone of that; which events come after it the times of the ledger say.
func (h *History) occurred(ctx context.Context, of turn, cut Cut, place Place, leave bool) (*kept, error) {
	if k := h.takeOccurred(of, cut, place.Version); k != nil {
		return k, nil
	}
	t, at := h.timesOf(of), instantOf(cut.At)
	defer h.trimTimes(of)
	if err := h.learn(ctx, of, t, place.Version); err != nil {
		return nil, err
	}
	state, err := h.recorded(ctx, of, min(t.firstLeft(at)-1, place.Version), leave)
	if err != nil {
		return nil, err
	}
	if leave {
		h.keep(&kept{turn: of, state: state.Clone()})
	}
	if err := h.foldPicked(ctx, state, t.taken(state.Version, place.Version, at), nil); err != nil {
		return nil, err
	}
	return &kept{turn: of, cut: cut, upTo: place.Version, state: state}, nil
}

// passOver is how many records between two that are wanted are read in vain rather than beginning to read anew.
const passOver = 256

// whenOccurred reads when an event of a stream occurred.
func (h *History) whenOccurred(stream string) func(context.Context, uint64) (time.Time, error) {
	return func(ctx context.Context, version uint64) (time.Time, error) {
		rec, err := h.record(ctx, stream, version)
		if err != nil {
			return time.Time{}, err
		}
		return occurredAt(&rec)
	}
}

func occurredAt(rec *eventstore.Record) (time.Time, error) {
	meta, err := journal.ReadMetadata(rec)
	return meta.OccurredAt, err
}

// chooser takes those of some events of a ledger that had occurred by a moment: as times does, which knows all events.
type chooser struct {
	at   time.Time
	last uint64 // versions after it are not looked at
	seen map[uint64]time.Time
	read func(ctx context.Context, version uint64) (time.Time, error)
}

func (h *History) choose(stream string, at time.Time, last uint64) *chooser {
	return &chooser{at: at, last: last, seen: map[uint64]time.Time{}, read: h.whenOccurred(stream)}
}

// choose says whether an event had occurred: see times.had.
func (c *chooser) choose(ctx context.Context, step refold.Step) (refold.Choice, error) {
	version, occurred := step.Event.Version, step.Event.Meta.OccurredAt
	if version > c.last {
		return refold.Stop, nil
	}
	c.seen[version] = occurred
	if _, adopts := step.Event.Event.(*ledger.ReferenceAdopted); adopts && step.State.Reference() == nil {
		return refold.Take, nil
	}
	if occurred.After(c.at) {
		return refold.Leave, nil
	}
	since, err := provedSince(trail.OccurrenceOf(step.Event), func(version uint64) (when time.Time, err error) {
		when, known := c.seen[version]
		if !known {
			if when, err = c.read(ctx, version); err == nil {
				c.seen[version] = when
			}
		}
		return when, err
	})
	if err != nil || since.After(c.at) {
		return refold.Leave, err
	}
	return refold.Take, nil
}

// provedSince is since when an event has occurred: a discrepancy that an act brought on something later (a box was sealed without being checked, and the
// sealing was told first) bears the time of that act, and has occurred only when all that proves it has. when finds when another event occurred.
func provedSince(o trail.Occurrence, when func(version uint64) (time.Time, error)) (time.Time, error) {
	since := o.At
	for _, version := range o.Proof {
		other, err := when(version)
		if err != nil {
			return since, fmt.Errorf("when the proof of the discrepancy in version %d occurred: %w", o.Version, err)
		}
		if other.After(since) {
			since = other
		}
	}
	return since, nil
}
