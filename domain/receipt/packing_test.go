package receipt_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/packing"
)

// packed is one council box of Station1: 193 voters, so 197 ballots.
func packed() *packing.PackBoxes {
	return &packing.PackBoxes{Boxes: []packing.PackedBox{
		{Box: domain.BoxID(string(given.Station1) + "-DPRDK"), Design: given.Council1, Ballots: 197}}}
}

func TestOnlySortedBallotsOfAcceptedDeliveriesArePacked(t *testing.T) {
	const stock = "ballot/" + given.Council1
	complete(t).When(domain.Request, given.Warehouse, packed()).Rejected("stock_not_enough")
	complete(t).When(domain.Report, given.Warehouse, packed()).RaisesProvisional(domain.RuleBroken, stock).
		When(domain.Request, given.Officer, accept()).Then("procurement.delivery_accepted").
		When(domain.Report, given.Warehouse, sorting(given.Council1, 190)).RaisesQuantity(domain.RuleBroken, 7, stock).
		When(domain.Report, given.Warehouse, sorting(given.Council1, 7)).Explains(domain.RuleBroken, stock).OpenIs()
	complete(t).Did(domain.Report, given.Warehouse, sorting(given.Council1, 197)).
		When(domain.Request, given.Warehouse, packed()).Rejected("stock_not_enough").
		When(domain.Report, given.Warehouse, packed()).RaisesQuantity(domain.RuleBroken, 197, stock).
		When(domain.Request, given.Officer, accept()).Explains(domain.RuleBroken, stock).OpenIs()
	complete(t).Did(domain.Report, given.Warehouse, sorting(given.Council1, 197)).
		Did(domain.Request, given.Officer, accept()).
		When(domain.Request, given.Warehouse, packed()).Then("packing.boxes_packed").RaisesNothing()
	t.Run("or replacements", func(t *testing.T) {
		complete(t).Did(domain.Report, given.Warehouse, packed()).
			Did(domain.Report, given.Operator, claim(ballots(given.Council1, 197))).
			When(domain.Report, given.Operator, settle(ballots(given.Council1, 197))).Explains(domain.RuleBroken, stock).OpenIs()
	})
}
