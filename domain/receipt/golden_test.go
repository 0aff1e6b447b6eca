package receipt_test

import (
	"testing"

	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/procurement"
	. "jejak/domain/receipt"
)

func TestGoldenEvents(t *testing.T) {
	council := goods.Item{Item: "ballot", Variant: "DPRDK-357801"}
	claimed := []goods.Line{{Item: council, Quantity: 22}}
	given.Golden(t, NewRoom(&State{}, &procurement.State{}, nil, given.Unit).NewEvent,
		&GoodsCounted{Delivery: "DLV-3578-100", Lines: []procurement.CountLine{
			{Item: goods.Item{Item: "booth"}, Good: 31_040, Damaged: 4}, {Item: council, Good: 990, Damaged: 4, Missing: 6}}},
		&SortingReported{Delivery: "DLV-3578-100", Design: "DPRDK-357801", Carton: "K-17", Good: 478,
			Damaged: map[string]int64{"torn": 3, "wet": 2}, Missing: 7, Foreign: []ForeignSheets{{Design: "DPRDK-357802", Count: 10}}},
		&ClaimFiled{Claim: "CLM-3578-100", Delivery: "DLV-3578-100", Reason: "rusak", Lines: claimed},
		&ClaimSettled{Claim: "CLM-3578-100", Lines: claimed, Document: "BA-100",
			Witnesses: []Witness{{Role: "supervisor", ID: "usr-b"}, {Role: "police", ID: "usr-p"}}})
}
