package projections_test

import (
	"fmt"
	"slices"
	"testing"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/packing"
	"jejak/domain/procurement"
	"jejak/domain/shipment"
	"jejak/projections"
)

// listed are the approvals as "state purpose subjects by".
func listed(s *given.Scene, q projections.ApprovalQuery) (list []string) {
	for _, c := range projections.Approvals(s.State, q) {
		list = append(list, fmt.Sprint(c.State, " ", c.Purpose, " ", c.Subject, " ", c.By))
	}
	return list
}

// TestApprovals: what waits, what is in force and what has been used, at each step of a story.
func TestApprovals(t *testing.T) {
	council, ppwp := given.Box(given.Station1, "DPRDK"), given.Box(given.Station1, "PPWP")
	const shp, ord = given.Shipment2, "ORD-3578-1"
	short := given.Pack(council, ppwp)
	for i := range short.Boxes {
		short.Boxes[i].Ballots -= 7
	}
	short.Exception = &packing.Exception{Reason: "lokasi khusus"}
	give := func(purpose approval.Purpose, subjects ...string) *approval.Give {
		return &approval.Give{Purpose: purpose, Subject: subjects}
	}
	boxes, both := give(approval.BallotNumber, string(ppwp)), fmt.Sprint([]string{string(council), string(ppwp)})

	s := given.Stocked(t).Did(domain.Report, given.Warehouse, short)
	expect := func(q projections.ApprovalQuery, want ...string) {
		t.Helper()
		if got := listed(s, q); !slices.Equal(got, want) {
			t.Errorf("%q, expected %q", got, want)
		}
	}
	all, waiting := projections.ApprovalQuery{}, projections.ApprovalQuery{State: projections.ApprovalWaiting}
	expect(all, "waiting ballot_number "+both+" usr-warehouse")
	card := projections.Approvals(s.State, all)[0]
	if fmt.Sprint(card.Entitled) != "[operator checker province]" || card.Version == 0 || s.History[card.Version-1].ID.String() != card.Event {
		t.Errorf("%+v", card)
	}

	s.Did(domain.Request, given.Checker, boxes)
	expect(all, "waiting ballot_number ["+string(council)+"] usr-warehouse", "used ballot_number ["+string(ppwp)+"] usr-checker")
	s.Did(domain.Request, given.Operator, &approval.Refuse{Purpose: approval.BallotNumber, Subject: approval.Subjects{string(council)}, Reason: "hitung lagi"})
	expect(waiting)
	expect(projections.ApprovalQuery{State: projections.ApprovalRefused}, "refused ballot_number ["+string(council)+"] usr-operator")

	for _, a := range given.ToDistrict(ppwp)[:3] {
		mode := domain.Report
		if given.Decision(a.Cmd) {
			mode = domain.Request
		}
		s.Did(mode, a.Who, a.Cmd)
	}
	s.Did(domain.Report, given.Warehouse, &shipment.Dispatch{Shipment: shp, Override: &shipment.Override{Reason: "darurat"}})
	expect(waiting, "waiting no_escort ["+shp+"] usr-warehouse")
	s.Did(domain.Request, given.Head, give(approval.NoEscort, shp))
	expect(waiting)

	s.Did(domain.Request, given.Head, &approval.Give{Purpose: approval.BudgetException, Subject: approval.Subjects{ord}, Terms: &approval.Terms{Amount: 9}})
	last := s.LastID.String()
	expect(projections.ApprovalQuery{State: projections.ApprovalInForce}, "in_force budget_exception ["+ord+"] usr-province")
	line := procurement.PricedLine{Line: goods.Line{Item: goods.Item{Item: "booth"}, Quantity: 1}, UnitPrice: 10}
	order := &procurement.PlaceOrder{Order: ord, Supplier: "s", Lines: []procurement.PricedLine{line}, Exception: &procurement.Exception{Document: "ND"}}
	s.When(domain.Request, given.Officer, order).Rejected("approval_missing") // a request that was refused waits for nothing
	expect(waiting)
	s.Did(domain.Request, given.Head2, &approval.Revoke{Approval: last, Reason: "salah"})
	expect(projections.ApprovalQuery{State: projections.ApprovalRevoked}, "revoked budget_exception ["+ord+"] usr-province")

	cards := projections.Approvals(s.State, all)
	for i, c := range cards {
		rest := projections.Approvals(s.State, projections.ApprovalQuery{After: c.Number, Limit: 1})
		if i+1 < len(cards) && (len(rest) != 1 || rest[0].Number != cards[i+1].Number) || i+1 == len(cards) && len(rest) != 0 {
			t.Errorf("after %s: %v", c.Number, rest)
		}
	}
	mine := projections.ApprovalQuery{Sees: func(places []domain.Code) bool { return slices.ContainsFunc(places, given.District2.Covers) }}
	expect(mine)
}
