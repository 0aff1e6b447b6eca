package subject

import (
	"slices"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/shipment"
)

// Related are the things whose own events say more about what an event did to the things that concerns names: the shipment that a box was loaded on,
// the handoff, the shipment that this came from, the discrepancy, the boxes that a seal was put on.
func Related(event domain.Event, concerns func(id string) bool) []string {
	switch e := event.(type) {
	case *shipment.Loaded:
		return []string{e.Shipment}
	case *handoff.Offered:
		return []string{e.Handoff, e.Shipment}
	case *handoff.Accepted:
		return []string{e.Handoff}
	case *packing.BoxesSealed:
		var boxes []string
		for _, b := range e.Boxes {
			if slices.ContainsFunc(b.Seals, concerns) {
				boxes = append(boxes, string(b.Box))
			}
		}
		return boxes
	case *incident.Raised:
		return []string{e.Discrepancy}
	case *incident.Revised:
		return []string{e.Discrepancy}
	case *incident.IncidentRaised:
		return []string{e.Incident}
	case *incident.IncidentAssessed:
		return []string{e.Incident}
	}
	return nil
}
