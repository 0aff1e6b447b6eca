package epcis

import (
	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/shipment"
)

func (b *batch) load(id string) []Transaction {
	return []Transaction{{"bol", b.document("shipment", id)}}
}

func (b *batch) shipment(event shipment.Event) {
	switch e := event.(type) {
	case *shipment.Planned, *shipment.VehicleInspected, *shipment.EscortAssigned, *shipment.EscortAccepted, *shipment.EscortHandedOver:
	case *shipment.Loaded:
		b.add(Event{Type: aggregation, Action: Add, Step: "loading", Parent: b.Shipment(e.Shipment), Children: b.boxes(e.Boxes), Vehicle: e.Vehicle, Carrier: e.Carrier,
			Documents: b.load(e.Shipment), Location: b.place(string(b.plan(e.Shipment).From))})
	case *shipment.Dispatched:
		b.moving(e.Shipment, Event{Step: "departing", ReadPoint: b.place(string(b.plan(e.Shipment).From))})
	case *shipment.CheckpointPassed:
		b.moving(e.Shipment, Event{Step: "transporting", ReadPoint: b.place(e.Place)})
	case *shipment.Delayed:
		b.moving(e.Shipment, Event{Step: "transporting", Reason: e.Reason})
	case *shipment.Diverted:
		b.moving(e.Shipment, Event{Step: "transporting", Destination: b.to(string(e.To))})
	case *shipment.LoadTransferred:
		b.moving(e.Shipment, Event{Step: "loading", Vehicle: e.Vehicle})
	case *shipment.Arrived:
		b.moving(e.Shipment, Event{Step: "arriving", Disposition: "in_progress", ReadPoint: b.place(string(e.Place)), Location: b.place(string(e.Place))})
	case *shipment.Cancelled:
		if s := b.State.Shipments.Shipments[e.Shipment]; s != nil && len(s.Boxes) > 0 {
			b.add(Event{Type: aggregation, Action: Delete, Step: "unloading", Parent: b.Shipment(e.Shipment), Documents: b.load(e.Shipment), Location: b.place(string(s.From))})
		}
	}
}

// plan is what is known of a shipment: nothing while its plan is not here.
func (b *batch) plan(id string) shipment.Shipment {
	if s := b.State.Shipments.Shipments[id]; s != nil {
		return *s
	}
	return shipment.Shipment{}
}

// moving adds what is seen of a load as a whole, between the places of its plan.
func (b *batch) moving(id string, e Event) {
	plan := b.plan(id)
	e.Type, e.Action, e.Objects, e.Documents = object, Observe, []string{b.Shipment(id)}, b.load(id)
	if e.Disposition == "" {
		e.Disposition = "in_transit"
	}
	e.Sources = b.from(string(plan.From))
	if e.Destination == nil {
		e.Destination = b.to(string(plan.Bound))
	}
	b.add(e)
}

// conditions are the dispositions of boxes by the condition in which they were taken over.
var conditions = map[handoff.Condition]string{
	handoff.Good: "in_progress", handoff.SealBroken: "container_open", handoff.Unsealed: "container_open", handoff.Damaged: "damaged", handoff.Wet: "damaged",
}

func (b *batch) handoff(event handoff.Event) {
	switch e := event.(type) {
	case *handoff.Offered, *handoff.Witnessed, *handoff.DocumentIssued:
	case *handoff.Accepted:
		b.accepted(e)
	}
}

func (b *batch) accepted(e *handoff.Accepted) {
	offer := b.State.HandoffBook().Offer(e.Handoff)
	to := string(offer.To)
	if to == "" {
		to = b.rec.Meta.Actor.Scope // while the offer is not here custody goes where the receiver serves
	}
	documents := []Transaction{{"recadv", b.document("handoff", e.Handoff)}}
	boxes := map[string][]string{}
	var all []string
	seals := map[string][]Sealed{}
	take := func(disposition string, id domain.BoxID, numbers []string) {
		name := b.Box(id)
		all = append(all, name)
		boxes[disposition] = append(boxes[disposition], name)
		if len(numbers) > 0 {
			seals[disposition] = append(seals[disposition], Sealed{name, numbers})
		}
	}
	for _, box := range e.Boxes {
		take(conditions[box.Condition], box.Box, box.Seals)
	}
	for _, id := range e.Extra {
		take("in_progress", id, nil)
	}
	if shipment := b.shipmentOf(e.Handoff); shipment != "" && all != nil {
		b.add(Event{Type: aggregation, Action: Delete, Step: "unloading", Parent: b.Shipment(shipment), Children: all,
			Documents: append(b.load(shipment), documents...), Location: b.place(to)})
	}
	next := Event{Type: object, Action: Observe, Step: "accepting", Location: b.place(to), Documents: documents,
		Sources: b.from(string(offer.From)), Destination: b.to(to), Missing: b.boxes(e.Missing)}
	for _, disposition := range []string{"in_progress", "container_open", "damaged"} {
		if boxes[disposition] == nil {
			continue
		}
		next.Disposition, next.Objects, next.Seals = disposition, boxes[disposition], seals[disposition]
		b.add(next)
		next.Missing = nil // told once
	}
	if all == nil {
		next.Disposition, next.Objects = "mismatch_instance", []string{}
		b.add(next)
	}
}

// shipmentOf is the shipment that a handoff was offered from, "" for none or unknown.
func (b *batch) shipmentOf(id string) string {
	if h := b.State.Handoffs.Handoffs[id]; h != nil && len(h.Offers) > 0 {
		return h.Offers[0].Shipment
	}
	return ""
}
