package access

import (
	"fmt"
	"slices"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/api"
)

// escortGuard lets a police unit act on the shipments that it escorts, report what it saw while it did, and raise incidents about them and in its own area.
func escortGuard(actor domain.Actor, mode domain.Mode, cmd domain.Command) func(s *ledger.State) *api.Problem {
	switch c := cmd.(type) {
	case *shipment.AcceptEscort:
		if mode == domain.Report {
			// The unit that takes over may have signal before the one that handed over. Until somebody asks it, its yes counts for nothing.
			return nil
		}
		return escortedGuard(c.Shipment, "/data/shipment", actor, mode)
	case *shipment.HandOverEscort:
		return handOverGuard(c.Shipment, actor, mode)
	case *handoff.Attest:
		return func(s *ledger.State) *api.Problem {
			for id, handoffs := range s.Handoffs.ByShipment {
				if slices.Contains(handoffs, c.Handoff) {
					return escortedGuard(id, "/data/handoff", actor, mode)(s)
				}
			}
			return nil
		}
	case *incident.Raise:
		return func(s *ledger.State) *api.Problem {
			for i, unit := range c.Units {
				if p := policeIncident(s, actor, mode, unit, "/data/units"+domain.Index(i)); p != nil {
					return p
				}
			}
			return nil
		}
	case shipment.Command:
		return escortedGuard(shipmentOf(c), "/data/shipment", actor, mode)
	}
	return nil
}

// escortedGuard refuses a shipment that is not this police unit's to act on. What nobody was asked to escort yet is let through as a report: the plan or the
// assignment may still be on its way, and until it is here the ledger holds the report back.
func escortedGuard(id, path string, actor domain.Actor, mode domain.Mode) func(s *ledger.State) *api.Problem {
	return func(s *ledger.State) *api.Problem {
		shp, known := s.Shipments.Shipments[id]
		standing, asked := s.ShipmentBook().Standing(id, actor.Scope)
		switch {
		case standing == shipment.Escorting:
			return nil
		case mode == domain.Report && (standing == shipment.Former || !asked):
			return nil
		case !asked && (!known || !shp.Told):
			return nil // a request about nothing: the ledger says so
		}
		return notYoursToAct(id, path, actor)
	}
}

// handOverGuard lets a police unit hand over what it escorts. Who did and does not any more may report it, which the ledger records as a serious matter.
func handOverGuard(id string, actor domain.Actor, mode domain.Mode) func(s *ledger.State) *api.Problem {
	return func(s *ledger.State) *api.Problem {
		if shp, known := s.Shipments.Shipments[id]; known && shp.Told {
			if standing, _ := s.ShipmentBook().Standing(id, actor.Scope); standing == shipment.NotAsked {
				return notYoursToAct(id, "/data/shipment", actor)
			}
		}
		return escortedGuard(id, "/data/shipment", actor, mode)(s)
	}
}

// policeIncident judges one unit of an incident: boxes and places in the police unit's area, boxes on what it escorts, its shipments.
func policeIncident(s *ledger.State, actor domain.Actor, mode domain.Mode, unit, path string) *api.Problem {
	if s.ShipmentBook().IsShipment(unit) {
		return escortedGuard(unit, path, actor, mode)(s)
	}
	place := domain.Code(unit)
	box, err := domain.ParseBoxID(unit)
	if err == nil {
		place = box.Destination()
	}
	if slices.ContainsFunc(policeArea(s, actor.Scope), func(area domain.Code) bool { return area.Covers(place) }) {
		return nil
	}
	if number, known := s.BoxRegister.Number(box); known {
		for id, shp := range s.Shipments.Shipments {
			if _, on := slices.BinarySearch(shp.Boxes, number); on {
				standing, _ := s.ShipmentBook().Standing(id, actor.Scope)
				if standing == shipment.Escorting || standing == shipment.Former && mode == domain.Report {
					return nil
				}
			}
		}
	}
	return outside(path, unit, actor.Scope)
}

func notYoursToAct(id, path string, actor domain.Actor) *api.Problem {
	return problem("shipment_not_allowed", path,
		fmt.Sprintf("pengiriman %s bukan urusan Anda (%s)", id, actor.Scope), fmt.Sprintf("shipment %s is not yours (%s) to act on", id, actor.Scope),
		"kirim untuk pengiriman Anda sendiri", "send for your own shipments")
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
