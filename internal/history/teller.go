package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/internal/refold"
	"jejak/projections"
	"jejak/projections/form"
)

// teller makes the entries of a timeline while its part is folded.
type teller struct {
	h       *History
	kind    Kind
	id      string
	part    *part
	state   *ledger.State
	entries map[uint64]*form.TimelineEntry
	order   []uint64
	cases   map[string]bool // that concern the thing
	docs    map[string]bool // handoffs of the shipment
}

// step makes an entry of an event, if it belongs into the timeline.
func (t *teller) step(step refold.Step) error {
	e, err := entryOf(step)
	if err != nil {
		return err
	}
	// All that was folded is kept until it is known which events of shipments the thing was there for.
	e.Believed = t.said(t.state)
	version := step.Event.Version
	t.entries[version] = &e
	if t.belongs(version, step.Event.Event) {
		t.order = append(t.order, version)
	}
	return nil
}

// belongs tells whether an event names the thing, or is of a discrepancy or handoff that does.
func (t *teller) belongs(version uint64, event domain.Event) bool {
	if t.cases == nil {
		t.cases, t.docs = map[string]bool{}, map[string]bool{}
	}
	_, own := slices.BinarySearch(t.part.own, version)
	switch e := event.(type) {
	case *handoff.Offered:
		t.docs[e.Handoff] = t.docs[e.Handoff] || own && t.kind == OfShipment
	case *handoff.Accepted:
		return own || t.docs[e.Handoff]
	case *handoff.Witnessed:
		return own || t.docs[e.Handoff]
	case *handoff.DocumentIssued:
		return own || t.docs[e.Handoff]
	}
	if id := caseOf(event); id != "" {
		t.cases[id] = t.cases[id] || own
		return t.cases[id]
	}
	return own
}

// caseOf is the discrepancy or incident that an event is about, "" for none.
func caseOf(event domain.Event) string {
	switch e := event.(type) {
	case *incident.IncidentRaised:
		return e.Incident
	case *incident.IncidentAssessed:
		return e.Incident
	case *incident.ActionOrdered:
		return e.Incident
	case *incident.IncidentResolved:
		return e.Incident
	case *incident.IncidentReopened:
		return e.Incident
	case interface{ Case() string }:
		return e.Case()
	}
	return ""
}

// said is what a ledger says of the thing.
func (t *teller) said(s *ledger.State) string {
	switch t.kind {
	case OfBox:
		v := s.Boxes().Box(domain.BoxID(t.id))
		return v.State.String() + " @ " + string(v.Custody)
	case OfSeal:
		var on []string
		for _, use := range projections.SealUses(s, t.id) {
			if use.On {
				on = append(on, use.Box)
			}
		}
		return strings.Join(on, " ")
	case OfStation:
		return string(s.Station(domain.Code(t.id)))
	case OfShipment:
		if shp := s.Shipments.Shipments[t.id]; shp != nil {
			return shp.Status.String()
		}
	case OfHandoff:
		return handedOver(s.Handoffs.Handoffs[t.id])
	case OfDiscrepancy:
		if c := s.Register.Cases[t.id]; c != nil {
			return string(c.Status)
		}
	case OfPerson:
	}
	return ""
}

func handedOver(h *handoff.Handoff) string {
	switch {
	case h == nil:
		return ""
	case len(h.Accepts) > 0:
		return "accepted"
	}
	return "offered"
}

// timeline puts the entries into the order in which they occurred.
func (t *teller) timeline(place Place) form.Timeline {
	line := form.Timeline{Kind: string(t.kind), ID: t.id, Position: uint64(place.Position), Entries: []form.TimelineEntry{}, Simulated: t.h.cfg.Simulated}
	if t.kind == OfBox {
		t.walkBox(place)
	}
	slices.Sort(t.order)
	for _, v := range slices.Compact(t.order) {
		line.Entries = append(line.Entries, *t.entries[v])
	}
	InOrder(line.Entries)
	count(&line)
	return line
}

// InOrder sorts entries as they occurred, those of one moment as they were recorded.
func InOrder(entries []form.TimelineEntry) {
	type placed struct {
		at    time.Time
		entry form.TimelineEntry
	}
	order := make([]placed, len(entries))
	for i, e := range entries {
		order[i] = placed{moment(e.OccurredAt), e}
	}
	slices.SortStableFunc(order, func(a, b placed) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.entry.Position, b.entry.Position))
	})
	for i := range order {
		entries[i] = order[i].entry
	}
}

func moment(stamp string) time.Time {
	t, _ := domain.StoredTime(stamp) // it was written by stamp
	return t
}

func count(line *form.Timeline) {
	for _, e := range line.Entries {
		if e.Late {
			line.Late++
		}
		if e.Gap != "" {
			line.Gaps++
		}
	}
}

// settle fills in the states: of a box those that its facts gave it stand there already, what is in between keeps the one before.
func (t *teller) settle(entries []form.TimelineEntry) {
	last := ""
	if t.kind == OfBox {
		last = "labelled @ " + string(t.state.Unit)
	}
	for i := range entries {
		e := &entries[i]
		if t.kind == OfBox && e.State == "" {
			e.State = last
		}
		if last = e.State; e.Believed == e.State {
			e.Believed = ""
		}
	}
}

// walkBox gives the facts of a box the state after them and finds the gaps in its custody.
func (t *teller) walkBox(place Place) {
	box, ok := projections.Box(t.state, place.Position, domain.BoxID(t.id))
	if !ok {
		return
	}
	number, _ := t.state.BoxRegister.Number(domain.BoxID(t.id)) // there is one: something is known of the box
	held, taken := string(t.state.Unit), ""
	for _, f := range box.Timeline {
		e := t.entries[f.Version]
		if e == nil {
			continue
		}
		e.State = f.State + " @ " + f.Custody
		t.order = append(t.order, f.Version)
		switch f.Fact {
		case "loaded":
			from := string(t.state.ShipmentBook().Journey(f.Shipment).From)
			if from != "" && from != held {
				e.Gap, e.GapEN = fmt.Sprintf("terakhir pada %s, dimuat dari %s tanpa serah terima", held, from), fmt.Sprintf("last with %s, loaded from %s without a handoff", held, from)
				held = from // it must have been there
			}
		case "accepted":
			if f.Handoff != taken {
				e.Gap, e.GapEN = t.gap(number, held, f.Handoff)
			}
			taken, held = f.Handoff, f.Custody
		case "replaces":
			held = f.Custody
		}
	}
}

// gap is what is missing before a box was accepted in a handoff.
func (t *teller) gap(box uint32, held, id string) (string, string) {
	offer := t.state.HandoffBook().Offer(id)
	switch {
	case !offer.Known:
		return "diterima tanpa penyerahan", "taken over without an offer"
	case !offer.Has(box):
		return "diterima, tetapi tidak termasuk yang diserahkan", "taken over, but not among what was offered"
	case offer.From != "" && string(offer.From) != held && !(offer.Walked && offer.From.Covers(domain.Code(held))):
		return fmt.Sprintf("terakhir pada %s, diserahkan oleh %s", held, offer.From), fmt.Sprintf("last with %s, handed over by %s", held, offer.From)
	}
	return "", ""
}
