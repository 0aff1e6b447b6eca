package epcis

import (
	"slices"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/polling"
)

func (b *batch) packing(event packing.Event) {
	switch e := event.(type) {
	case *packing.BoxesPacked:
		var empty []string
		for _, p := range e.Boxes {
			ballots := b.some(nil, goods.Item{Item: goods.Ballot, Variant: p.Design}, p.Ballots)
			if ballots == nil {
				empty = append(empty, b.Box(p.Box))
				continue
			}
			b.add(Event{Type: aggregation, Action: Add, Step: "packing", Disposition: "container_open", Parent: b.Box(p.Box), Content: ballots, Location: b.here()})
		}
		if empty != nil {
			b.add(Event{Type: object, Action: Observe, Step: "packing", Disposition: "container_open", Objects: empty, Location: b.here()})
		}
	case *packing.KitsPacked:
		b.add(Event{Type: object, Action: Add, Step: "assembling", Disposition: "active", Objects: b.boxes(e.Kits), Location: b.here()})
	case *packing.BoxesChecked:
		b.add(Event{Type: object, Action: Observe, Step: "inspecting", Disposition: "in_progress", Objects: b.boxes(e.Boxes), Location: b.here()})
	case *packing.BoxesSealed:
		for _, s := range e.Boxes {
			seals := make([]string, len(s.Seals))
			for i, number := range s.Seals {
				seals[i] = b.seal(b.State.Election, number)
			}
			b.add(Event{Type: association, Action: Add, Step: "packing", Disposition: "container_closed", Parent: b.Box(s.Box), Children: seals, Location: b.here()})
		}
	case *packing.BoxesUnsealed:
		for _, id := range e.Boxes {
			b.add(Event{Type: association, Action: Delete, Step: "unpacking", Disposition: "container_open", Parent: b.Box(id), Location: b.here()})
		}
	case *packing.BoxReplaced:
		b.add(Event{Type: object, Action: Delete, Step: "decommissioning", Disposition: "inactive", Objects: []string{b.Box(e.Box)}})
		b.add(Event{Type: object, Action: Add, Step: "commissioning", Disposition: "active", Objects: []string{b.Box(e.Replacement)},
			Replaces: b.Box(e.Box), Location: b.here()})
	}
}

func (b *batch) polling(event polling.Event) {
	switch e := event.(type) {
	case *polling.BallotsCounted:
		var found []Quantity
		own := e.Found
		for _, f := range e.Foreign {
			own -= f.Count
			found = b.some(found, goods.Item{Item: goods.Ballot, Variant: f.Design}, f.Count)
		}
		found = append(b.some(nil, goods.Item{Item: goods.Ballot, Variant: b.State.Boxes().Box(e.Box).Design}, own), found...)
		b.add(Event{Type: object, Action: Observe, Step: "cycle_counting", Disposition: "in_progress", Objects: []string{b.Box(e.Box)}, Quantities: found,
			Location: b.place(string(e.Box.Destination()))})
	}
}

// ofKind is the disposition of boxes after an incident; other kinds change no thing.
var ofKind = map[domain.Kind]string{domain.Damaged: "damaged", domain.Wet: "damaged", domain.Lost: "unknown", domain.Seized: "unavailable"}

func (b *batch) incident(event incident.RoomEvent) {
	switch e := event.(type) {
	case *incident.IncidentRaised:
		disposition := ofKind[e.Kind]
		if disposition == "" {
			return
		}
		var boxes []string
		for _, unit := range e.Units {
			if id, err := domain.ParseBoxID(unit); err == nil && !slices.Contains(boxes, b.Box(id)) {
				boxes = append(boxes, b.Box(id))
			}
		}
		if boxes != nil {
			b.add(Event{Type: object, Action: Observe, Disposition: disposition, Objects: boxes})
		}
	case *incident.IncidentAssessed, *incident.ActionOrdered, *incident.IncidentResolved, *incident.IncidentReopened, *incident.SealConflictReported:
	}
}
