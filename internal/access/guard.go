package access

import (
	"fmt"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/api"
)

// Guard returns what only the ledger can judge of a command, nil for nothing. What the ledger does not know yet is let through: a report whose
// predecessor is still on its way must not be lost.
func Guard(actor domain.Actor, mode domain.Mode, cmd domain.Command) func(s *ledger.State) *api.Problem {
	switch actor.Role {
	case domain.RoleSupplier:
		return supplierGuard(actor, cmd)
	case domain.RoleCarrier:
		return carrierGuard(actor, cmd)
	}
	switch commandTable[cmd.CommandType()][actor.Role] {
	case Place:
		return committeeGuard(actor, cmd)
	case Escorted:
		return escortGuard(actor, mode, cmd)
	case No, Own, Inside, Above, Nobody:
	}
	return nil
}

// committeeGuard lets a committee act on shipments that leave from or go to its area, and take over what was offered to it.
func committeeGuard(actor domain.Actor, cmd domain.Command) func(s *ledger.State) *api.Problem {
	scope := domain.Code(actor.Scope)
	switch c := cmd.(type) {
	case *handoff.Accept:
		return func(s *ledger.State) *api.Problem {
			if offer := s.HandoffBook().Offer(c.Handoff); offer.Known && !scope.Covers(offer.To) {
				return outside("/data/handoff", fmt.Sprintf("%s (%s)", c.Handoff, offer.To), actor.Scope)
			}
			return nil
		}
	case *handoff.Attest:
		return partyGuard(c.Handoff, actor)
	case *handoff.IssueDocument:
		return partyGuard(c.Handoff, actor)
	case *handoff.Offer:
		return shipmentGuard(c.Shipment, "/data/shipment", func(s *shipment.Shipment) bool { return scope.Covers(s.From) }, actor)
	case *shipment.ReportArrival:
		return shipmentGuard(c.Shipment, "/data/shipment", func(s *shipment.Shipment) bool {
			// Where a truck came to the wrong place, those who are there are the ones who know.
			return scope.Covers(c.Place) || scope.Covers(s.Bound) || scope.Covers(s.To) || s.Bound.Covers(scope) || scope.Covers(s.From)
		}, actor)
	case shipment.Command:
		return shipmentGuard(shipmentOf(c), "/data/shipment", func(s *shipment.Shipment) bool { return scope.Covers(s.From) }, actor)
	}
	return nil
}

// partyGuard lets those act on a handoff who give, take, or work in the place that takes.
func partyGuard(id string, actor domain.Actor) func(s *ledger.State) *api.Problem {
	scope := domain.Code(actor.Scope)
	return func(s *ledger.State) *api.Problem {
		offer := s.HandoffBook().Offer(id)
		if !offer.Known || scope.Covers(offer.From) || scope.Covers(offer.To) || offer.To.Covers(scope) {
			return nil
		}
		return outside("/data/handoff", fmt.Sprintf("%s (%s)", id, offer.To), actor.Scope)
	}
}

// shipmentOf is the shipment that a command is about. A plan is judged by what it says itself.
func shipmentOf(cmd shipment.Command) string {
	switch c := cmd.(type) {
	case *shipment.Plan:
		return ""
	case *shipment.Load:
		return c.Shipment
	case *shipment.InspectVehicle:
		return c.Shipment
	case *shipment.AssignEscort:
		return c.Shipment
	case *shipment.AcceptEscort:
		return c.Shipment
	case *shipment.HandOverEscort:
		return c.Shipment
	case *shipment.Dispatch:
		return c.Shipment
	case *shipment.ReportCheckpoint:
		return c.Shipment
	case *shipment.ReportDelay:
		return c.Shipment
	case *shipment.Divert:
		return c.Shipment
	case *shipment.TransferLoad:
		return c.Shipment
	case *shipment.ReportArrival:
		return c.Shipment
	case *shipment.Cancel:
		return c.Shipment
	}
	return ""
}

// shipmentGuard refuses a shipment that is not the actor's, as own judges it. One whose plan the ledger does not have yet is let through.
func shipmentGuard(id, path string, own func(s *shipment.Shipment) bool, actor domain.Actor) func(s *ledger.State) *api.Problem {
	return func(s *ledger.State) *api.Problem {
		shp := s.Shipments.Shipments[id]
		if shp == nil || shp.From == "" || own(shp) {
			return nil
		}
		return notYoursToAct(id, path, actor)
	}
}
