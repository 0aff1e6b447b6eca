package procurement_test

import (
	"testing"

	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/given"
	. "jejak/domain/procurement"
)

// TestNobodyPassesTheCeilingAlone: whatever is ordered, amended, approved and revoked, by whomever, what is committed above the ceiling is what others
// of the province have approved, order by order, and an approval that an order stands on stays.
func TestNobodyPassesTheCeilingAlone(t *testing.T) {
	orders := rapid.SampledFrom([]string{"ORD-35-1", "ORD-35-1", "ORD-35-2"})
	people := rapid.SampledFrom([]domain.Actor{given.Head, given.Head2})
	price, ceiling := rapid.Int64Range(0, 30), rapid.Int64Range(0, 10)
	rapid.Check(t, func(t *rapid.T) {
		s := given.Ledger(t, given.Reference(), given.Province)
		var rulings []string
		for range rapid.IntRange(10, 60).Draw(t, "acts") {
			var cmd domain.Command
			id, lines := orders.Draw(t, "order"), []PricedLine{priced("booth", "", 1, price.Draw(t, "price"))}
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				cmd = &SetBudget{Ceiling: ceiling.Draw(t, "ceiling"), Document: "D"}
			case 1, 2:
				o := &PlaceOrder{Order: id, Supplier: "s", Lines: lines}
				if rapid.Bool().Draw(t, "exception") {
					o.Exception = &Exception{Approver: "a", Document: "D"}
				}
				if o.Exception != nil && len(rulings) > 0 && rapid.Bool().Draw(t, "named") {
					o.Exception.Approval = rapid.SampledFrom(rulings).Draw(t, "approval")
				}
				cmd = o
			case 3, 4, 5:
				cmd = &AmendOrder{Order: id, Lines: lines, Reason: "r"}
			case 6, 7, 8:
				cmd = allow(id, 1+price.Draw(t, "amount"))
			default:
				if len(rulings) == 0 {
					continue
				}
				cmd = &approval.Revoke{Approval: rapid.SampledFrom(rulings).Draw(t, "approval"), Reason: "r"}
			}
			s.When(domain.Request, people.Draw(t, "who"), cmd)
			if _, gives := cmd.(*approval.Give); gives && len(s.Last.Events) > 0 {
				rulings = append(rulings, s.LastID.String())
			}
			onlyWhatIsApproved(t, s)
		}
	})
}

func onlyWhatIsApproved(t *rapid.T, s *given.Scene) {
	t.Helper()
	state := s.State.Procurement
	var committed, excepted int64
	for id, o := range state.Orders {
		cost, _ := Total(o.Lines())
		committed, excepted = committed+cost, excepted+o.Excepted
		var most int64
		for _, r := range s.State.Approvals.Rulings {
			if r.InForce() && r.Subjects[0] == id && r.Actor != o.Own.Actor {
				most = max(most, r.Amount)
			}
		}
		if o.Excepted > most || o.Excepted > cost || o.Excepted < 0 {
			t.Fatalf("order %s of Rp %d stands Rp %d above the ceiling, Rp %d are approved", id, cost, o.Excepted, most)
		}
	}
	if b := state.Budget; committed != b.Committed || excepted != b.Excepted || committed-excepted > b.Ceiling {
		t.Fatalf("%+v; the orders are Rp %d, Rp %d of it excepted", b, committed, excepted)
	}
}
