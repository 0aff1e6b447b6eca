package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/internal/trail"
	"jejak/projections/form"
)

// Kind is what a timeline is of.
type Kind string

// The kinds.
const (
	OfBox         Kind = "box"
	OfSeal        Kind = "seal"
	OfStation     Kind = "station"
	OfShipment    Kind = "shipment"
	OfHandoff     Kind = "handoff"
	OfDiscrepancy Kind = "discrepancy"
	OfPerson      Kind = "person"
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{OfBox, OfSeal, OfStation, OfShipment, OfHandoff, OfDiscrepancy, OfPerson}
}

// lateAfter is how long after it occurred an event may be told without being marked as late.
const lateAfter = time.Hour

// Timeline is everything that the ledger of a unit has about a thing at a cut. Which ledger that is the thing's id says, of a seal the caller must ask
// all. For people see Person.
func (h *History) Timeline(ctx context.Context, election string, unit domain.Code, kind Kind, id string, cut Cut) (form.Timeline, error) {
	place, err := h.Locate(ctx, election, unit, cut)
	if err != nil {
		return form.Timeline{}, err
	}
	things := []trail.Thing{{ID: id}}
	if kind == OfStation {
		things = StationThings(domain.Code(id))
	}
	p, err := h.story(ctx, election, unit, place, things)
	if err != nil {
		return form.Timeline{}, fmt.Errorf("timeline of %s %s: %w", kind, id, err)
	}
	if kind == OfDiscrepancy {
		if err := h.withProof(ctx, p); err != nil {
			return form.Timeline{}, fmt.Errorf("timeline of %s %s: %w", kind, id, err)
		}
	}
	t := teller{h: h, kind: kind, id: id, part: p, state: h.source.New(election, unit), entries: map[uint64]*form.TimelineEntry{}}
	if err := h.foldPart(ctx, p, t.state, cut, place, t.step); err != nil {
		return form.Timeline{}, fmt.Errorf("timeline of %s %s: %w", kind, id, err)
	}
	line := t.timeline(place)
	if kind != OfBox {
		if err := t.byOccurrence(ctx, place, line.Entries); err != nil {
			return form.Timeline{}, fmt.Errorf("timeline of %s %s: %w", kind, id, err)
		}
	}
	t.settle(line.Entries)
	return line, nil
}

// story collects a part, by the index or, where there is none, by reading the ledger.
func (h *History) story(ctx context.Context, election string, unit domain.Code, place Place, things []trail.Thing) (*part, error) {
	if h.cfg.Index != nil {
		p, err := h.part(ctx, election, unit, h.indexed(election, unit, place), things)
		if !errors.Is(err, trail.ErrBehind) {
			return p, err
		}
	}
	if err := h.begin(ctx, turn{election, unit}); err != nil {
		return nil, err
	}
	defer h.end(turn{election, unit})
	scanned, err := trail.Scan(ctx, h.cfg.Store, trail.Ledger{Election: election, Unit: unit}, place.Version)
	if err != nil {
		return nil, err
	}
	p, err := h.part(ctx, election, unit, func(_ context.Context, things ...trail.Thing) ([]uint64, error) {
		return scanned.Versions(things...), nil
	}, things)
	if errors.Is(err, trail.ErrBehind) {
		return nil, &Fault{Field: "id", ID: "kejadiannya terlalu banyak untuk satu riwayat: baca GET /v1/events", EN: "too much happened for one timeline: read GET /v1/events"}
	}
	return p, err
}

// withProof adds the events that prove discrepancies to those that a timeline shows.
func (h *History) withProof(ctx context.Context, p *part) error {
	var more []uint64
	for _, v := range p.own {
		rec := p.records[v]
		event, err := journal.Decode(&rec, ledger.NewEventOf)
		if err != nil {
			return err
		}
		switch e := event.Event.(type) {
		case *incident.Raised:
			for _, proof := range e.Proof {
				more = append(more, proof.Version)
			}
		case *incident.Revised:
			more = append(more, e.By.Version)
		case *incident.Explained:
			more = append(more, e.By.Version)
		case *incident.Reopened:
			more = append(more, e.By.Version)
		}
	}
	p.own = slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.own, more))))
	return h.fetch(ctx, p, more)
}

// entryOf is what a record says by itself.
func entryOf(step refold.Step) (form.TimelineEntry, error) { return entry(step.Record) }

func entry(rec *eventstore.Record) (form.TimelineEntry, error) {
	meta, err := journal.ReadMetadata(rec)
	if err != nil {
		return form.TimelineEntry{}, err
	}
	_, unit, _ := journal.SplitStream(rec.Stream)
	late := rec.RecordedAt.Sub(meta.OccurredAt)
	e := form.TimelineEntry{
		OccurredAt: stamp(meta.OccurredAt), RecordedAt: stamp(rec.RecordedAt), LateSeconds: int64(late / time.Second), Late: late > lateAfter, Type: rec.Type,
		Details: details(rec.Data), Actor: form.Actor{ID: meta.Actor.ID, Role: string(meta.Actor.Role), Unit: meta.Actor.Scope}, SubmittedBy: meta.SubmittedBy,
		Device: meta.Device.ID, DeviceSeq: meta.Device.Seq, Mode: string(meta.Mode), Unit: string(unit), Version: uint64(rec.Version),
		Position: uint64(rec.Position), Event: rec.ID.String(),
	}
	if meta.Place != nil {
		e.Place = &form.Coordinates{Lat: meta.Place.Lat, Lon: meta.Place.Lon, Accuracy: meta.Place.Accuracy}
	}
	for _, hash := range meta.Evidence {
		e.Evidence = append(e.Evidence, form.EvidenceHash{SHA256: hash.SHA256, MediaType: hash.MediaType, Kind: hash.Kind})
	}
	return e, nil
}

// details are the texts of an event's data by name.
func details(data []byte) map[string]string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(data, &fields) // what is no object has none
	texts := map[string]string{}
	for name, raw := range fields {
		var text string
		if name != "key" && json.Unmarshal(raw, &text) == nil && text != "" {
			texts[name] = text
		}
	}
	return texts
}

// mostOfPerson is how many entries the timeline of a person has at most.
const mostOfPerson = 50_000

// Person is everything that names a person, in all ledgers of an election that sees shows: acts, approvals, testimonies.
func (h *History) Person(ctx context.Context, election, id string, cut Cut, sees func(unit domain.Code) bool) (form.Timeline, error) {
	line := form.Timeline{Kind: string(OfPerson), ID: id, Entries: []form.TimelineEntry{}, Simulated: h.cfg.Simulated}
	if err := h.reached(ctx, cut); err != nil {
		return line, err
	}
	head, err := h.cfg.Store.Head(ctx)
	if err != nil {
		return line, err
	}
	line.Position = uint64(head)
	records, err := h.Events(ctx, id, election, "", 0)
	if errors.Is(err, trail.ErrBehind) {
		records, err = h.cfg.Store.ReadAll(ctx, 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix + election + "."}), nil
	}
	if err != nil {
		return line, err
	}
	for rec, err := range records {
		if err != nil {
			return line, err
		}
		_, unit, _ := journal.SplitStream(rec.Stream)
		if !cut.Has(&rec) || !sees(unit) {
			continue
		}
		if concerned, err := trail.Concerns(&rec, id); err != nil || !concerned {
			if err != nil {
				return line, err
			}
			continue
		}
		if len(line.Entries) == mostOfPerson {
			return line, &Fault{Field: "id", ID: "kejadiannya terlalu banyak untuk satu riwayat: baca GET /v1/events", EN: "too much happened for one timeline: read GET /v1/events"}
		}
		e, err := entry(&rec)
		if err != nil {
			return line, err
		}
		line.Entries = append(line.Entries, e)
	}
	InOrder(line.Entries)
	count(&line)
	return line, nil
}
