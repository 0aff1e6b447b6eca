package history

import (
	"context"
	"iter"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// outOfStep is how much two ledgers' records may be out of step in the log: times are in order within a ledger only.
const outOfStep = 2 * time.Minute

// Span are the records of the ledgers of an election, or of one unit's ("" for all), that were recorded at or after from and before to, after a position, in the
// order of the log. What has not come yet is left out.
func (h *History) Span(ctx context.Context, election string, unit domain.Code, from, to time.Time, after eventstore.Position) (iter.Seq2[eventstore.Record, error], error) {
	within := func(rec *eventstore.Record) bool {
		return !rec.RecordedAt.Before(from) && rec.RecordedAt.Before(to) && rec.Position > after
	}
	prefix := journal.LedgerPrefix + election + "."
	records, slack := iter.Seq2[eventstore.Record, error](nil), outOfStep
	if unit != "" {
		stream := journal.LedgerStream(election, unit)
		version, _, err := h.cfg.Store.StreamHead(ctx, stream)
		if err != nil {
			return nil, err
		}
		place, err := h.search(ctx, stream, uint64(version), func(rec *eventstore.Record) bool { return rec.RecordedAt.Before(from) || rec.Position <= after })
		if err != nil {
			return nil, err
		}
		records, slack = h.cfg.Store.Read(ctx, stream, eventstore.Version(place.Version)), 0
	} else {
		begin, err := h.Before(ctx, from)
		if err != nil {
			return nil, err
		}
		records = h.cfg.Store.ReadAll(ctx, max(begin, after), eventstore.Filter{StreamPrefix: prefix})
	}
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range records {
			if err == nil && rec.RecordedAt.After(to.Add(slack)) {
				return
			}
			if err != nil || within(&rec) {
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}, nil
}

// Before finds a position after which everything is that was recorded at or after a moment, and not much else.
func (h *History) Before(ctx context.Context, at time.Time) (eventstore.Position, error) {
	at = at.Add(-outOfStep)
	head, err := h.cfg.Store.Head(ctx)
	if err != nil {
		return 0, err
	}
	found := eventstore.Position(0)
	for low, high := eventstore.Position(0), head; low < high; {
		middle := low + (high-low)/2
		rec, ok, err := h.next(ctx, middle)
		if err != nil {
			return 0, err
		}
		if ok && rec.RecordedAt.Before(at) {
			found, low = rec.Position, max(rec.Position, middle+1)
		} else {
			high = middle
		}
	}
	return found, nil
}

// next is the first record after a position.
func (h *History) next(ctx context.Context, after eventstore.Position) (eventstore.Record, bool, error) {
	for rec, err := range h.cfg.Store.ReadAll(ctx, after, eventstore.Filter{}) {
		return rec, err == nil, err
	}
	return eventstore.Record{}, false, nil
}
