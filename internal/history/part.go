package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/internal/trail"
	"jejak/projections/subject"
)

// mostPart is how many events a part has at most: with more the whole ledger is folded.
const mostPart = 5_000

// part is the story of some things of a ledger: the events that concern them, and those that say more about these: of the shipments, handoffs,
// discrepancies that they were in, and the frame of the ledger.
type part struct {
	stream  string
	things  []trail.Thing
	records map[uint64]eventstore.Record
	own     []uint64 // versions of the events that name one of the things, rising
}

// Part is State of a ledger in which only what concerns some things is sure to be right: it has all that a card of them shows, and is made of their
// events alone. Where there is no index it is State.
func (h *History) Part(ctx context.Context, election string, unit domain.Code, cut Cut, things []trail.Thing, read func(s *ledger.State, at eventstore.Position) error) error {
	place, err := h.Locate(ctx, election, unit, cut)
	if err != nil {
		return err
	}
	if h.cfg.Index == nil {
		return h.State(ctx, election, unit, cut, read)
	}
	p, err := h.part(ctx, election, unit, h.indexed(election, unit, place), things)
	if errors.Is(err, trail.ErrBehind) {
		return h.State(ctx, election, unit, cut, read)
	}
	if err != nil {
		return fmt.Errorf("events of %s in %s: %w", unit, election, err)
	}
	state := h.source.New(election, unit)
	if err := h.foldPart(ctx, p, state, cut, place, nil); err != nil {
		return fmt.Errorf("events of %s in %s at %s: %w", unit, election, cut, err)
	}
	return read(state, place.Position)
}

// foldPart folds a part with a cut.
func (h *History) foldPart(ctx context.Context, p *part, state *ledger.State, cut Cut, place Place, each func(refold.Step) error) error {
	choose := func(refold.Step) (refold.Choice, error) { return refold.Take, nil }
	if !cut.At.IsZero() && cut.Clock == Occurred {
		c := h.choose(p.stream, cut.At, place.Version)
		choose = func(step refold.Step) (refold.Choice, error) { return c.choose(ctx, step) }
	}
	return h.source.FoldChosen(ctx, state, p.all(), choose, each)
}

// all are the records, in the order of the log.
func (p *part) all() iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for _, v := range slices.Sorted(maps.Keys(p.records)) {
			if !yield(p.records[v], nil) {
				return
			}
		}
	}
}

// finder finds the versions of a ledger's events that concern some things.
type finder func(ctx context.Context, things ...trail.Thing) ([]uint64, error)

// indexed finds by the index, up to a place.
func (h *History) indexed(election string, unit domain.Code, place Place) finder {
	return func(ctx context.Context, things ...trail.Thing) ([]uint64, error) {
		return h.cfg.Index.Versions(ctx, trail.Ledger{Election: election, Unit: unit}, place.Version, things...)
	}
}

// part collects the records of a part.
func (h *History) part(ctx context.Context, election string, unit domain.Code, find finder, things []trail.Thing) (*part, error) {
	p := &part{stream: journal.LedgerStream(election, unit), things: things, records: map[uint64]eventstore.Record{}}
	own, err := find(ctx, things...)
	if err != nil {
		return nil, err
	}
	p.own = own
	frame, err := find(ctx, trail.Thing{ID: subject.Frame})
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{subject.Frame: true}
	versions := slices.Concat(own, frame)
	// What the things were in, then the shipments from which handoffs came.
	for next := own; len(next) > 0; {
		if err := h.fetch(ctx, p, versions); err != nil {
			return nil, err
		}
		var more []trail.Thing
		for _, v := range next {
			related, err := p.related(v)
			if err != nil {
				return nil, err
			}
			for _, id := range related {
				if id != "" && !asked[id] {
					asked[id] = true
					more = append(more, trail.Thing{ID: id})
				}
			}
		}
		if len(more) == 0 {
			break
		}
		found, err := find(ctx, more...)
		if err != nil {
			return nil, err
		}
		next = slices.DeleteFunc(slices.Clone(found), func(v uint64) bool { _, there := p.records[v]; return there })
		versions = found
		if len(p.records)+len(next) > mostPart {
			return nil, trail.ErrBehind
		}
	}
	return p, h.fetch(ctx, p, versions)
}

// related are the things that say more about an event: of those that name what was asked for all, of the others the shipment that a handoff came from.
func (p *part) related(version uint64) ([]string, error) {
	rec := p.records[version]
	event, err := journal.Decode(&rec, ledger.NewEventOf)
	if err != nil {
		return nil, err
	}
	if _, own := slices.BinarySearch(p.own, version); own {
		return subject.Related(event.Event, p.concerns), nil
	}
	if offered, ok := event.Event.(*handoff.Offered); ok {
		return []string{offered.Shipment}, nil
	}
	return nil, nil
}

func (p *part) concerns(id string) bool {
	return slices.ContainsFunc(p.things, func(t trail.Thing) bool { return t.Is(id) })
}

// near versions are read in one go: passing over a few records costs less than looking one up.
const near = 8

// fetch reads the records of versions that are not there yet.
func (h *History) fetch(ctx context.Context, p *part, versions []uint64) error {
	if len(versions)+len(p.records) > mostPart {
		return trail.ErrBehind
	}
	missing := slices.DeleteFunc(slices.Sorted(slices.Values(versions)), func(v uint64) bool { _, there := p.records[v]; return there })
	missing = slices.Compact(missing)
	for len(missing) > 0 {
		n := 1
		for n < len(missing) && missing[n]-missing[n-1] <= near {
			n++
		}
		if err := h.fetchRun(ctx, p, missing[:n]); err != nil {
			return err
		}
		missing = missing[n:]
	}
	return nil
}

func (h *History) fetchRun(ctx context.Context, p *part, run []uint64) error {
	for rec, err := range h.cfg.Store.Read(ctx, p.stream, eventstore.Version(run[0]-1)) {
		if err != nil {
			return err
		}
		if uint64(rec.Version) == run[0] {
			p.records[run[0]] = rec
			if run = run[1:]; len(run) == 0 {
				return nil
			}
		}
	}
	return fmt.Errorf("%s version %d is not there, though the index of things has it: delete trail.db, and it is made anew", p.stream, run[0])
}
