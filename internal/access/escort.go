package access

import (
	"slices"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/api"
)

// escortGuard lets a police unit act on the shipments that it escorts or has escorted, and raise incidents about them and in its own area.
func escortGuard(actor domain.Actor, mode domain.Mode, cmd domain.Command) func(s *ledger.State) *api.Problem {
	switch c := cmd.(type) {
	case *shipment.AcceptEscort:
		if mode == domain.Report {
			// The unit that takes over may have signal before the one that handed over: the ledger marks a yes that nobody asked for.
			return nil
		}
		return escortedGuard(c.Shipment, "/data/shipment", actor)
	case *handoff.Attest:
		return func(s *ledger.State) *api.Problem {
			for id, handoffs := range s.Handoffs.ByShipment {
				if slices.Contains(handoffs, c.Handoff) {
					return escortedGuard(id, "/data/handoff", actor)(s)
				}
			}
			return nil
		}
	case *incident.Raise:
		return func(s *ledger.State) *api.Problem {
			for i, unit := range c.Units {
				if p := policeIncident(s, actor, unit, "/data/units"+domain.Index(i)); p != nil {
					return p
				}
			}
			return nil
		}
	case shipment.Command:
		return escortedGuard(shipmentOf(c), "/data/shipment", actor)
	}
	return nil
}

// escortedGuard refuses a shipment whose escort was never this police unit's. One that nobody was asked to escort yet is let through: the
// assignment may still be on its way.
func escortedGuard(id, path string, actor domain.Actor) func(s *ledger.State) *api.Problem {
	return func(s *ledger.State) *api.Problem {
		own := func(shp *shipment.Shipment) bool { return shp.Escort == 0 || escorts(s, shp, actor.Scope) }
		return shipmentGuard(id, path, own, actor)(s)
	}
}

// escorts tells whether a police unit was ever asked to escort a shipment, took it over, or said yes. What it did before it handed the escort
// over may arrive long after.
func escorts(s *ledger.State, shp *shipment.Shipment, policeUnit string) bool {
	number, known := s.BoxRegister.Texts.Find(policeUnit)
	return known && slices.ContainsFunc(shp.Facts, func(f shipment.Fact) bool {
		return f.Text == number && (f.Kind == shipment.KindAssigned || f.Kind == shipment.KindHandedOver || f.Kind == shipment.KindAccepted)
	})
}

// policeIncident judges one unit of an incident: boxes and places in the police unit's area, boxes on what it escorts, its shipments.
func policeIncident(s *ledger.State, actor domain.Actor, unit, path string) *api.Problem {
	place := domain.Code(unit)
	box, err := domain.ParseBoxID(unit)
	if err == nil {
		place = box.Destination()
	} else if _, err := domain.ParseCode(unit); err != nil {
		return escortedGuard(unit, path, actor)(s)
	}
	if slices.ContainsFunc(policeArea(s, actor.Scope), func(area domain.Code) bool { return area.Covers(place) }) {
		return nil
	}
	if number, known := s.BoxRegister.Number(box); known {
		for _, shp := range s.Shipments.Shipments {
			if _, on := slices.BinarySearch(shp.Boxes, number); on && escorts(s, shp, actor.Scope) {
				return nil
			}
		}
	}
	return outside(path, unit, actor.Scope)
}

// policeArea lists the regions of a police unit.
func policeArea(s *ledger.State, policeUnit string) []domain.Code {
	if ref := s.Reference(); ref != nil {
		for _, unit := range ref.PoliceUnits {
			if unit.ID == policeUnit {
				return unit.Regions
			}
		}
	}
	return nil
}
