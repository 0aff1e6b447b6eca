package history

import (
	"context"
	"maps"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/journal"
	"jejak/internal/trail"
	"jejak/projections/form"
)

// mostFolds bounds how many events are folded for the states of a timeline.
const mostFolds = 50_000

// byOccurrence says how the thing stood after each entry as things occurred. A later moment mostly adds events to the end of those of the one before, and
// goes on from there; where it adds one in between, what had occurred is folded anew. With too much of that nothing is said, and what was believed
// stands alone.
func (t *teller) byOccurrence(ctx context.Context, place Place, entries []form.TimelineEntry) error {
	events, err := t.dated(ctx, place)
	if err != nil {
		return err
	}
	var state *ledger.State
	var before time.Time
	folds := 0
	for i := range entries {
		at := moment(entries[i].OccurredAt)
		if i > 0 && at.Equal(before) {
			entries[i].State = entries[i-1].State
			continue
		}
		if state == nil || slices.ContainsFunc(events, func(e dated) bool { return e.event.Version <= state.Version && e.by(at) && !e.by(before) }) {
			state = t.h.source.New(t.state.Election, t.state.Unit)
		}
		for _, e := range events {
			if e.event.Version <= state.Version || !e.by(at) {
				continue
			}
			if folds++; folds > mostFolds {
				for n := range entries {
					entries[n].State = ""
				}
				return nil
			}
			if err := t.h.source.FoldOne(ctx, state, e.event); err != nil {
				return err
			}
		}
		entries[i].State, before = t.said(state), at
	}
	return nil
}

// dated is an event of a part, and when it had occurred: see times.had.
type dated struct {
	event  domain.Recorded
	always bool
	since  time.Time
}

func (e *dated) by(at time.Time) bool { return e.always || !e.since.After(at) }

// dated are the events of the part up to a place, in the order of the log.
func (t *teller) dated(ctx context.Context, place Place) ([]dated, error) {
	var events []dated
	occurred := map[uint64]time.Time{}
	var decoder journal.Decoder
	adopted := false
	for _, version := range slices.Sorted(maps.Keys(t.part.records)) {
		if version > place.Version {
			break
		}
		rec := t.part.records[version]
		event, err := decoder.Decode(&rec, ledger.NewEventOf)
		if err != nil {
			return nil, err
		}
		e := dated{event: event}
		occurred[version] = event.Meta.OccurredAt
		e.since, err = provedSince(trail.OccurrenceOf(event), func(version uint64) (when time.Time, err error) {
			when, known := occurred[version]
			if !known {
				if when, err = t.h.whenOccurred(t.part.stream)(ctx, version); err == nil {
					occurred[version] = when
				}
			}
			return when, err
		})
		if err != nil {
			return nil, err
		}
		if _, adopts := event.Event.(*ledger.ReferenceAdopted); adopts {
			e.always, adopted = !adopted, true
		}
		events = append(events, e)
	}
	return events, nil
}
