package history

import (
	"context"
	"time"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/refold"
)

// occurred makes the state of a ledger of what had occurred by a moment.
func (h *History) occurred(ctx context.Context, election string, unit domain.Code, cut Cut, place Place) (*kept, error) {
	if k := h.takeOccurred(election, unit, cut, place.Version); k != nil {
		return k, nil
	}
	k := &kept{turn: turn{election, unit}, cut: cut, upTo: place.Version, state: h.source.New(election, unit)}
	stream := journal.LedgerStream(election, unit)
	c := h.choose(stream, cut.At, place.Version)
	err := h.source.FoldChosen(ctx, k.state, h.cfg.Store.Read(ctx, stream, 0), func(step refold.Step) (refold.Choice, error) { return c.choose(ctx, step) }, nil)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// chooser takes the events of a ledger that had occurred by a moment.
type chooser struct {
	at   time.Time
	last uint64 // versions after it are not looked at
	seen map[uint64]time.Time
	read func(ctx context.Context, version uint64) (time.Time, error)
}

func (h *History) choose(stream string, at time.Time, last uint64) *chooser {
	return &chooser{at: at, last: last, seen: map[uint64]time.Time{}, read: func(ctx context.Context, version uint64) (time.Time, error) {
		rec, err := h.record(ctx, stream, version)
		if err != nil {
			return time.Time{}, err
		}
		return occurredAt(&rec)
	}}
}

func occurredAt(rec *eventstore.Record) (time.Time, error) {
	meta, err := journal.ReadMetadata(rec)
	return meta.OccurredAt, err
}

// choose says whether an event had occurred. The events of the register bear the time of the act that brought them. A discrepancy that this act brought
// on something later (a box was sealed without being checked, and the sealing was told first) has occurred only when that has too.
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
	raised, ok := step.Event.Event.(*incident.Raised)
	if !ok {
		return refold.Take, nil
	}
	for _, proof := range raised.Proof {
		when, known := c.seen[proof.Version]
		if !known {
			var err error
			if when, err = c.read(ctx, proof.Version); err != nil {
				return refold.Leave, err
			}
			c.seen[proof.Version] = when
		}
		if when.After(c.at) {
			return refold.Leave, nil
		}
	}
	return refold.Take, nil
}
