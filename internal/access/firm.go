package access

import (
	"fmt"
	"strings"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/internal/api"
)

// supplierGuard lets a supplier whose account names a party act on that firm's orders and deliveries alone. An order that the ledger does not know yet, and one
// whose supplier is written as a name and not as a party, are nobody's: they are let through, as are all where the account names no party.
func supplierGuard(actor domain.Actor, cmd domain.Command) func(s *ledger.State) *api.Problem {
	if actor.Party == "" {
		return nil
	}
	switch c := cmd.(type) {
	case *procurement.ReportProduction:
		return func(s *ledger.State) *api.Problem { return orderGuard(s, actor, c.Order, "/data/order") }
	case *procurement.AnnounceDelivery:
		return func(s *ledger.State) *api.Problem {
			if p := orderGuard(s, actor, c.Order, "/data/order"); p != nil {
				return p
			}
			return deliveryGuard(s, actor, c.Delivery, "/data/delivery")
		}
	case *incident.Raise:
		return func(s *ledger.State) *api.Problem {
			for i, unit := range c.Units {
				id, _, _ := strings.Cut(unit, "/") // goods of a document are named below it
				path := "/data/units" + domain.Index(i)
				if p := orderGuard(s, actor, id, path); p != nil {
					return p
				}
				if p := deliveryGuard(s, actor, id, path); p != nil {
					return p
				}
			}
			return nil
		}
	}
	return nil
}

// orderGuard refuses an order of another firm.
func orderGuard(s *ledger.State, actor domain.Actor, order, path string) *api.Problem {
	placing := s.Procurement.Orders[order].Placing()
	if placing == nil || !domain.IsParty(placing.Supplier) || placing.Supplier == actor.Party {
		return nil
	}
	return problem("party_not_allowed", path,
		fmt.Sprintf("bukan pesanan kepada %s", actor.Party), fmt.Sprintf("it is not an order to %s", actor.Party),
		"kirim untuk pesanan perusahaan Anda sendiri", "send for orders to your own firm")
}

// deliveryGuard refuses a delivery that was announced for an order of another firm.
func deliveryGuard(s *ledger.State, actor domain.Actor, delivery, path string) *api.Problem {
	if a := s.Procurement.Deliveries[delivery].Announcement(); a != nil {
		return orderGuard(s, actor, a.Order, path)
	}
	return nil
}
