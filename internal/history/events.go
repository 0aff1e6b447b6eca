package history

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/trail"
)

// Events are the records of all ledgers, or of one unit's ("" for all) in one election ("" for all), that concern a thing, after a position and in its
// order. Without an index, or where it is too far behind, it is trail.ErrBehind: the caller reads the log.
func (h *History) Events(ctx context.Context, id, election string, unit domain.Code, after eventstore.Position) (iter.Seq2[eventstore.Record, error], error) {
	if h.cfg.Index == nil {
		return nil, trail.ErrBehind
	}
	found, upTo, err := h.cfg.Index.Everywhere(id)
	if err != nil {
		return nil, err
	}
	head, err := h.cfg.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head > upTo+maxScan {
		return nil, trail.ErrBehind
	}
	wanted := func(l trail.Ledger) bool {
		return (election == "" || l.Election == election) && (unit == "" || l.Unit == unit)
	}
	var parts []iter.Seq2[eventstore.Record, error]
	for l, versions := range found {
		if wanted(l) {
			parts = append(parts, h.chosen(ctx, journal.LedgerStream(l.Election, l.Unit), versions, after))
		}
	}
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range merge(parts) {
			if !yield(rec, err) || err != nil {
				return
			}
		}
		for rec, err := range h.cfg.Store.ReadAll(ctx, max(after, upTo), eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
			if err != nil {
				yield(rec, err)
				return
			}
			of, u, _ := journal.SplitStream(rec.Stream)
			if !wanted(trail.Ledger{Election: of, Unit: u}) {
				continue
			}
			concerned, err := trail.Concerns(&rec, id)
			if err != nil {
				yield(eventstore.Record{}, err)
				return
			}
			if concerned && !yield(rec, nil) {
				return
			}
		}
	}, nil
}

// maxScan is how far the index may be behind the log, in positions.
const maxScan = 100_000

// LedgerEvents are the records of a unit's ledgers in some elections after a position, in its order.
func (h *History) LedgerEvents(ctx context.Context, elections []string, unit domain.Code, after eventstore.Position) (iter.Seq2[eventstore.Record, error], error) {
	var parts []iter.Seq2[eventstore.Record, error]
	for _, election := range elections {
		stream := journal.LedgerStream(election, unit)
		version, _, err := h.cfg.Store.StreamHead(ctx, stream)
		if err != nil {
			return nil, err
		}
		place := Place{}
		if after > 0 {
			if place, err = h.search(ctx, stream, uint64(version), func(rec *eventstore.Record) bool { return rec.Position <= after }); err != nil {
				return nil, err
			}
		}
		parts = append(parts, h.cfg.Store.Read(ctx, stream, eventstore.Version(place.Version)))
	}
	return merge(parts), nil
}

// chosen reads the records of some versions of a stream, those after a position.
func (h *History) chosen(ctx context.Context, stream string, versions []uint64, after eventstore.Position) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		if after > 0 {
			low, high := 0, len(versions)
			for low < high {
				middle := (low + high) / 2
				rec, err := h.record(ctx, stream, versions[middle])
				if err != nil {
					yield(rec, err)
					return
				}
				if rec.Position <= after {
					low = middle + 1
				} else {
					high = middle
				}
			}
			versions = versions[low:]
		}
		for rec, err := range h.pick(ctx, stream, versions, near) {
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// pick reads the records of some versions of a stream, which rise. Where they are no more than so many apart those in between are read in vain.
func (h *History) pick(ctx context.Context, stream string, versions []uint64, apart uint64) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for len(versions) > 0 {
			n := 1
			for n < len(versions) && versions[n]-versions[n-1] <= apart {
				n++
			}
			run := versions[:n]
			versions = versions[n:]
			for rec, err := range h.cfg.Store.Read(ctx, stream, eventstore.Version(run[0]-1)) {
				if err == nil && uint64(rec.Version) != run[0] {
					continue
				}
				if !yield(rec, err) || err != nil {
					return
				}
				if run = run[1:]; len(run) == 0 {
					break
				}
			}
			if len(run) > 0 {
				yield(eventstore.Record{}, fmt.Errorf("read %s version %d: it is not there", stream, run[0]))
				return
			}
		}
	}
}

// merge puts records that come in the order of their positions into one such order.
func merge(parts []iter.Seq2[eventstore.Record, error]) iter.Seq2[eventstore.Record, error] {
	if len(parts) == 1 {
		return parts[0]
	}
	type head struct {
		rec  eventstore.Record
		err  error
		next func() (eventstore.Record, error, bool)
	}
	return func(yield func(eventstore.Record, error) bool) {
		var heads []*head
		for _, p := range parts {
			next, stop := iter.Pull2(p)
			defer stop()
			if rec, err, ok := next(); ok {
				heads = append(heads, &head{rec, err, next})
			}
		}
		for len(heads) > 0 {
			first := 0
			for i, h := range heads {
				if h.err != nil || heads[first].err == nil && h.rec.Position < heads[first].rec.Position {
					first = i
				}
			}
			h := heads[first]
			if !yield(h.rec, h.err) || h.err != nil {
				return
			}
			var ok bool
			if h.rec, h.err, ok = h.next(); !ok {
				heads = slices.Delete(heads, first, first+1)
			}
		}
	}
}
