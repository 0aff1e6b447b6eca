package procurement_test

import (
	"testing"

	"jejak/domain/given"
	"jejak/domain/goods"
	. "jejak/domain/procurement"
)

func TestGoldenEvents(t *testing.T) {
	booth := goods.Item{Item: "booth"}
	ballot := goods.Item{Item: "ballot", Variant: "PPWP"}
	priced := func(item goods.Item, quantity, price int64) []PricedLine {
		return []PricedLine{{Line: goods.Line{Item: item, Quantity: quantity}, UnitPrice: price}}
	}
	given.Golden(t, NewRoom(&State{}, nil, nil, given.Unit).NewEvent,
		&BudgetSet{Ceiling: 1_250_000_000, Document: "DIPA-3578-2023"},
		&OrderPlaced{Order: "ORD-3578-100", Supplier: "usr-supplier", Lines: priced(booth, 31_044, 17_500),
			Exception: &Excepted{Asked: "usr-head", Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Document: "ND-7"}},
		&ExternalOrderRecorded{Order: "ORD-35-PPWP", PlacedBy: "KPU RI", Supplier: "usr-printer", Lines: priced(ballot, 2_267_341, 250)},
		&OrderAmended{Order: "ORD-3578-100", Lines: priced(booth, 31_464, 17_500), Reason: "adendum 1"},
		&ProductionReported{Order: "ORD-35-PPWP", Item: ballot, Printed: 1000, Sent: 900, Stored: 90, Spoiled: 10},
		&DeliveryAnnounced{Delivery: "DLV-3578-100", Order: "ORD-3578-100", Lines: []goods.Line{{Item: booth, Quantity: 31_464}}},
		&DeliveryAccepted{Delivery: "DLV-3578-100", Document: "BAST-100"},
		&PaymentRecorded{Order: "ORD-3578-100", Amount: 543_270_000, Document: "SPM-100"},
		&OrderClosed{Order: "ORD-3578-100"})
}
