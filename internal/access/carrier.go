package access

import (
	"fmt"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/api"
)

// carrierGuard lets a carrier whose account names a party act on that firm's shipments alone. A shipment that the ledger does not know yet, and one whose
// carrier nobody has named, are nobody's: they are let through, as are all where the account names no party. The ledger marks what comes that way.
func carrierGuard(actor domain.Actor, cmd domain.Command) func(s *ledger.State) *api.Problem {
	if actor.Party == "" {
		return nil
	}
	switch c := cmd.(type) {
	case *incident.Raise:
		return func(s *ledger.State) *api.Problem {
			for i, unit := range c.Units {
				if p := carriedGuard(s, actor, unit, "/data/units"+domain.Index(i)); p != nil {
					return p
				}
			}
			return nil
		}
	case shipment.Command:
		return func(s *ledger.State) *api.Problem { return carriedGuard(s, actor, shipmentOf(c), "/data/shipment") }
	}
	return nil
}

// carriedGuard refuses a shipment that another firm drives.
func carriedGuard(s *ledger.State, actor domain.Actor, id, path string) *api.Problem {
	shp := s.Shipments.Shipments[id]
	if shp == nil || CarriedBy(actor, s.BoxRegister.Texts.Text(shp.Carrier)) {
		return nil
	}
	return problem("party_not_allowed", path,
		fmt.Sprintf("pengiriman %s bukan angkutan %s", id, actor.Party), fmt.Sprintf("shipment %s is not carried by %s", id, actor.Party),
		"kirim untuk pengiriman perusahaan Anda sendiri", "send for shipments of your own firm")
}

// CarriedBy tells whether a shipment may be an actor's as far as its carrier decides, "" for one that nobody has named: who is of a carrier, and whose
// account names a party, acts on and sees what that firm drives. It is true for everybody else.
func CarriedBy(actor domain.Actor, carrier string) bool {
	return actor.Role != domain.RoleCarrier || actor.Party == "" || carrier == "" || carrier == actor.Party
}
