package projections

import (
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Box is everything that happened to a box or kit, in the order in which it occurred, with what its shipments did while it was on them. What
// only the log knows (positions, devices, roles) is for the caller to fill in, by the version of each fact. ok is false when the election has no
// such box in this unit.
func Box(s *ledger.State, at eventstore.Position, id domain.BoxID) (t form.BoxTimeline, ok bool) {
	ref := s.Reference()
	if ref == nil || !s.Unit.Covers(id.Destination()) || !ref.HasBox(id) {
		return t, false
	}
	if _, known := s.BoxRegister.Number(id); !known && id != id.Original() {
		return t, false // a replacement exists from the act that makes it
	}
	t = form.BoxTimeline{
		BoxCard: boxCard(s, ref, id), Destination: string(id.Destination()), Regency: string(s.Unit), Position: uint64(at),
		Discrepancies: openAbout(s, string(id)), Timeline: []form.BoxFact{},
	}
	facts, after := s.Boxes().Facts(id), s.Boxes().Trace(id)
	var moments []moment
	for i, f := range facts {
		moments = append(moments, moment{occurred: f.OccurredAt, fact: boxFact(f, after[i])})
		if f.Kind == box.Loaded {
			until := time.Time{}
			if next := i + 1 + slices.IndexFunc(facts[i+1:], func(n box.Event) bool { return n.Kind == box.Accepted || n.Kind == box.Loaded }); next > i {
				until = facts[next].OccurredAt
			}
			moments = append(moments, onTheRoad(s, f, until)...)
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.occurred.Compare(b.occurred) })
	t.Timeline = settle(moments, s.Unit)
	return t, true
}

// moment is a fact with its time; carried marks one of the shipment, whose effect on the box follows from what was before.
type moment struct {
	occurred time.Time
	fact     form.BoxFact
	carried  bool
}

func boxFact(f box.Event, after box.View) form.BoxFact {
	fact := form.BoxFact{
		Event: f.Ref.Event.String(), Version: f.Ref.Version, Fact: f.Kind.String(), OccurredAt: stamp(f.OccurredAt), Actor: form.Actor{ID: f.Actor, Unit: f.Place},
		Place: f.Place, State: after.State.String(), Custody: string(after.Custody), Seals: f.Seals, Condition: f.Condition, Other: string(f.Other),
	}
	switch f.Kind {
	case box.Packed, box.Counted, box.Foreign:
		ballots := f.Count
		fact.Ballots, fact.Design = &ballots, f.Design
	case box.Loaded:
		fact.Shipment = f.Document
	case box.Missing, box.Accepted:
		fact.Handoff = f.Document
	case box.Replaces, box.Unsealed, box.Checked, box.Sealed, box.Replaced, box.Lost, box.Seized, box.Damaged:
	}
	return fact
}

// onTheRoad are the facts of the shipment that a box was loaded on, until it was taken over (the zero time: until now).
func onTheRoad(s *ledger.State, loaded box.Event, until time.Time) []moment {
	shp := s.Shipments.Shipments[loaded.Document]
	if shp == nil {
		return nil
	}
	var moments []moment
	for _, f := range s.ShipmentBook().Counting(shp) {
		switch f.Kind {
		case shipment.KindDispatched, shipment.KindCheckpoint, shipment.KindDelayed, shipment.KindDiverted, shipment.KindTransferred,
			shipment.KindArrived, shipment.KindCancelled:
		case shipment.KindPlanned, shipment.KindLoaded, shipment.KindInspected, shipment.KindAssigned, shipment.KindAccepted, shipment.KindHandedOver:
			continue // before the box moves
		}
		act := &s.BoxRegister.Acts[f.Act]
		occurred := time.UnixMicro(act.Occurred).UTC()
		if occurred.Before(loaded.OccurredAt) || (!until.IsZero() && occurred.After(until)) {
			continue
		}
		place := s.BoxRegister.Texts.Text(act.Place)
		moments = append(moments, moment{occurred: occurred, carried: true, fact: form.BoxFact{
			Event: act.Ref().Event.String(), Version: act.Version, Fact: f.Kind.String(), OccurredAt: stamp(occurred),
			Actor: form.Actor{ID: s.BoxRegister.Texts.Text(act.Actor), Unit: place}, Place: placeOnTheRoad(s, f, place), Shipment: loaded.Document,
		}})
	}
	return moments
}

// placeOnTheRoad is the place that a fact of a shipment names, or where its actor serves.
func placeOnTheRoad(s *ledger.State, f shipment.Fact, actors string) string {
	switch f.Kind {
	case shipment.KindCheckpoint, shipment.KindArrived, shipment.KindDiverted:
		return s.BoxRegister.Texts.Text(f.Text)
	case shipment.KindPlanned, shipment.KindLoaded, shipment.KindInspected, shipment.KindAssigned, shipment.KindAccepted, shipment.KindHandedOver,
		shipment.KindCancelled, shipment.KindDispatched, shipment.KindDelayed, shipment.KindTransferred:
	}
	return actors
}

// settle gives the facts of shipments the state and custody that the box has after them.
func settle(moments []moment, unit domain.Code) []form.BoxFact {
	facts := make([]form.BoxFact, len(moments))
	state, custody := box.Labelled.String(), string(unit)
	for i, m := range moments {
		if m.carried {
			if m.fact.Fact == shipment.KindDispatched.String() && state == box.OnVehicle.String() {
				state = box.InTransit.String()
			}
			m.fact.State, m.fact.Custody = state, custody
		}
		state, custody = m.fact.State, m.fact.Custody
		facts[i] = m.fact
	}
	return facts
}
