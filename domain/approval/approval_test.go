package approval_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	. "jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/packing"
	"jejak/domain/procurement"
	"jejak/domain/shipment"
)

const ord, ord2, shp = "ORD-3578-1", "ORD-3578-2", given.Shipment2

var council, ppwp = given.Box(given.Station1, "DPRDK"), given.Box(given.Station1, "PPWP")

func order(id string, price int64) *procurement.PlaceOrder {
	item := goods.Line{Item: goods.Item{Item: "booth"}, Quantity: 1}
	return &procurement.PlaceOrder{Order: id, Supplier: "s", Lines: []procurement.PricedLine{{Line: item, UnitPrice: price}},
		Exception: &procurement.Exception{Document: "ND-7"}}
}

func amend(id string, price int64) *procurement.AmendOrder {
	return &procurement.AmendOrder{Order: id, Lines: order(id, price).Lines, Reason: "adendum"}
}

func budget(order string, amount int64) *Give {
	return &Give{Purpose: BudgetException, Subject: Subjects{order}, Terms: &Terms{Amount: amount}}
}

func give(purpose Purpose, subjects ...string) *Give {
	return &Give{Purpose: purpose, Subject: subjects}
}

// withBudget is a ledger that may commit Rp 100.
func withBudget(t given.TB) *given.Scene {
	return given.Ledger(t, given.Reference(), given.Unit).Did(domain.Request, given.Officer, &procurement.SetBudget{Ceiling: 100, Document: "DIPA"})
}

// leaving is a ledger with a shipment of ballots that has no escort, ready to leave.
func leaving(t given.TB) *given.Scene {
	acts := append(given.Sealing(council), given.ToDistrict(council)[:3]...)
	return given.After(given.Stocked, acts)(t)
}

func dispatch() *shipment.Dispatch {
	return &shipment.Dispatch{Shipment: shp, Override: &shipment.Override{Approver: given.Head.ID, Reason: "darurat"}}
}

// pack is too few ballots in each of the boxes.
func pack(boxes ...domain.BoxID) *packing.PackBoxes {
	p := given.Pack(boxes...)
	for i := range p.Boxes {
		p.Boxes[i].Ballots -= 7
	}
	p.Exception = &packing.Exception{Approver: given.Operator.ID, Reason: "lokasi khusus"}
	return p
}

func revoke(s *given.Scene) *Revoke { return &Revoke{Approval: s.LastID.String(), Reason: "salah"} }

func TestBudgetException(t *testing.T) {
	t.Run("a name is no approval", func(t *testing.T) {
		for _, name := range []string{"mickey mouse", given.Officer.ID, given.Head.ID} {
			o := order(ord, 90_000_000_000)
			o.Exception.Approver = name
			withBudget(t).When(domain.Request, given.Officer, o).Rejected("approval_missing").
				When(domain.Report, given.Officer, o).Rejected("request_only", "approval_missing")
		}
	})
	t.Run("the approval holds up to its amount", func(t *testing.T) {
		s := withBudget(t).Did(domain.Request, given.Officer, order(ord2, 90))
		s.Did(domain.Request, given.Head, budget(ord, 40))
		id := s.LastID.String()
		s.When(domain.Request, given.Officer, order(ord, 51)).Rejected("approval_missing").
			When(domain.Request, given.Officer, order("ORD-3578-3", 50)).Rejected("approval_missing").
			When(domain.Request, given.Officer, order(ord, 50)).Then("procurement.order_placed")
		if e := s.Last.Events[0].Event.(*procurement.OrderPlaced); e.Exception.Approval != id || e.Schema() != 2 {
			t.Errorf("the order stands on %+v, schema %d", e.Exception, e.Schema())
		}
		if b := s.State.Procurement.Budget; b.Committed != 140 || b.Excepted != 40 {
			t.Errorf("%+v", b)
		}
		s.When(domain.Request, given.Officer, amend(ord, 51)).Rejected("approval_missing").
			Did(domain.Request, given.Head, budget(ord, 41)).
			When(domain.Request, given.Officer, amend(ord, 51)).Then("procurement.order_amended").
			When(domain.Request, given.Officer, amend(ord, 52)).Rejected("approval_missing").
			When(domain.Request, given.Officer, amend(ord, 20)).Then("procurement.order_amended").
			When(domain.Request, given.Head, &Revoke{Approval: id, Reason: "salah"}).Rejected("approval_used").
			When(domain.Report, given.Head, &Revoke{Approval: id, Reason: "salah"}).Rejected("request_only", "approval_used")
		if b := s.State.Procurement.Budget; b.Committed != 110 || b.Excepted != 10 {
			t.Errorf("%+v", b)
		}
	})
	t.Run("two approvals do not add up", func(t *testing.T) {
		withBudget(t).Did(domain.Request, given.Head, budget(ord, 40)).Did(domain.Request, given.Head2, budget(ord, 60)).
			When(domain.Request, given.Officer, order(ord, 200)).Rejected("approval_missing")
	})
	t.Run("each order has its own, also when several pass the ceiling", func(t *testing.T) {
		s := withBudget(t).Did(domain.Request, given.Head, budget(ord, 50)).Did(domain.Request, given.Officer, order(ord, 150)).
			When(domain.Request, given.Officer, order(ord2, 50)).Rejected("approval_missing").
			Did(domain.Request, given.Head, budget(ord2, 50)).Did(domain.Request, given.Officer, order(ord2, 50)).
			When(domain.Request, given.Officer, amend(ord, 151)).Rejected("approval_missing")
		if b := s.State.Procurement.Budget; b.Committed-b.Excepted != 100 {
			t.Errorf("%+v", b)
		}
	})
	t.Run("named, only that one serves", func(t *testing.T) {
		s := withBudget(t).Did(domain.Request, given.Head, budget(ord, 50)).Did(domain.Request, given.Head, budget(ord2, 50))
		other := order(ord, 150)
		other.Exception.Approval = strings.ToUpper(s.LastID.String())
		s.When(domain.Request, given.Officer, other).Rejected("approval_missing")
		s.Did(domain.Request, given.Head2, budget(ord, 50))
		other.Exception.Approval = strings.ToUpper(s.LastID.String())
		s.When(domain.Request, given.Officer, other).Then("procurement.order_placed")
	})
	t.Run("revoked before its use", func(t *testing.T) {
		s := withBudget(t).Did(domain.Request, given.Head, budget(ord, 100))
		s.When(domain.Request, given.Operator, revoke(s)).Rejected("not_entitled")
		s = withBudget(t).Did(domain.Request, given.Head, budget(ord, 100))
		id := revoke(s)
		s.Did(domain.Request, given.Head2, id).
			When(domain.Request, given.Head, id).Rejected("approval_revoked").
			When(domain.Report, given.Head, id).Rejected("request_only", "approval_revoked").
			When(domain.Request, given.Officer, order(ord, 150)).Rejected("approval_missing")
	})
	t.Run("within the ceiling none is needed", func(t *testing.T) {
		s := withBudget(t).Did(domain.Request, given.Head, budget(ord, 100))
		id := revoke(s)
		s.Did(domain.Request, given.Officer, order(ord, 100)).Did(domain.Request, given.Head, id)
	})
	t.Run("in the province's own ledger another of the province gives it", func(t *testing.T) {
		own := order("ORD-35-1", 50)
		s := given.Ledger(t, given.Reference(), given.Province).Did(domain.Request, given.Head, budget("ORD-35-1", 50)).
			When(domain.Request, given.Head, own).Rejected("approver_is_actor").
			Did(domain.Request, given.Head2, budget("ORD-35-1", 50)).
			When(domain.Request, given.Head, own).Then("procurement.order_placed")
		s.When(domain.Request, given.Head, budget("ORD-35-1", 500)).Rejected("approver_is_actor").
			When(domain.Report, given.Head, budget("ORD-35-1", 500)).Rejected("request_only", "approver_is_actor").
			Did(domain.Request, given.Head2, budget("ORD-35-1", 60)).
			When(domain.Request, given.Head2, &procurement.AmendOrder{Order: "ORD-35-1", Lines: order("", 60).Lines, Reason: "r"}).Rejected("approver_is_actor")
	})
}

func TestNoEscort(t *testing.T) {
	alone := []given.Discrepancy{given.Found(shipment.RuleEscortOverridden, shp).ForNow(), given.Found(RuleMissing, shp).ForNow()}
	t.Run("the approval comes later and explains", func(t *testing.T) {
		s := given.Noted(t, leaving, given.Warehouse, dispatch(), alone...)
		s.When(domain.Request, given.Operator, give(NoEscort, shp)).ExplainsExactly("approval_missing").OpenRules("escort_overridden")
		s.When(domain.Request, given.Operator, revoke(s)).Rejected("approval_used")
		s.When(domain.Request, given.Head, revoke(s)).Rejected("unknown_approval") // a command that was rejected is none
	})
	t.Run("or before", func(t *testing.T) {
		s := leaving(t).Did(domain.Request, given.Operator, give(NoEscort, shp)).
			When(domain.Report, given.Warehouse, dispatch()).RaisesExactly(alone[0])
		if got := s.State.Register.Text(s.Last.Raised[0]).EN; !strings.HasSuffix(got, "approved by "+given.Operator.ID) {
			t.Error(got)
		}
	})
	t.Run("of a shipment that nobody knows yet", func(t *testing.T) {
		given.Stocked(t).Did(domain.Request, given.Head, give(NoEscort, shp)).Story(domain.Report, given.Sealing(council), given.ToDistrict(council)[:3]).
			When(domain.Report, given.Warehouse, dispatch()).RaisesExactly(alone[0])
	})
	t.Run("of another shipment", func(t *testing.T) {
		leaving(t).Did(domain.Request, given.Head, give(NoEscort, given.Shipment3)).When(domain.Report, given.Warehouse, dispatch()).RaisesExactly(alone...)
	})
	t.Run("by who lets it leave", func(t *testing.T) {
		leaving(t).Did(domain.Request, given.Operator, give(NoEscort, shp)).
			When(domain.Request, given.Operator, dispatch()).Rejected("approver_is_actor").
			When(domain.Report, given.Operator, dispatch()).RaisesExactly(alone...).
			When(domain.Request, given.Operator, give(NoEscort, shp)).Rejected("approver_is_actor").
			When(domain.Request, given.Head, give(NoEscort, shp)).ExplainsExactly("approval_missing")
	})
	t.Run("revoked before it leaves", func(t *testing.T) {
		s := leaving(t).Did(domain.Request, given.Operator, give(NoEscort, shp))
		s.Did(domain.Request, given.Operator, revoke(s)).When(domain.Report, given.Warehouse, dispatch()).RaisesExactly(alone...)
	})
	t.Run("an escort is better than an approval", func(t *testing.T) {
		s := given.After(leaving, []given.Act{given.By(given.Warehouse, dispatch())})(t)
		at := s.Now()
		s.At(at.Add(-2)).Did(domain.Report, given.Operator, given.Assign(shp)).
			At(at.Add(-1)).When(domain.Report, given.Escort, given.AcceptEscort(shp)).ExplainsExactly("escort_overridden", "approval_missing").OpenRules()
	})
	t.Run("without an override an approval allows nothing", func(t *testing.T) {
		leaving(t).Did(domain.Request, given.Head, give(NoEscort, shp)).When(domain.Request, given.Warehouse, given.Dispatch(shp)).Rejected("no_escort")
	})
	t.Run("a dispatch of before is covered by the name it gave", func(t *testing.T) {
		s := leaving(t).Has(&shipment.Dispatched{Shipment: shp, Override: &shipment.Overridden{Approver: "usr-head", Reason: "darurat"}})
		var got []string
		for _, f := range s.State.ShipmentBook().Findings(shp) {
			got = append(got, f.Rule.ID)
		}
		if !slices.Equal(got, []string{"escort_overridden"}) {
			t.Error(got)
		}
	})
}

func TestBallotNumber(t *testing.T) {
	short := func(id domain.BoxID) given.Discrepancy { return given.Found(box.RuleBallotNumber, string(id)).Of(7) }
	t.Run("the approval comes later and explains", func(t *testing.T) {
		s := given.Refused(t, given.Stocked, given.Warehouse, pack(council), []string{"ballot_number", "approval_missing"}, short(council))
		s.When(domain.Request, given.Checker, give(BallotNumber, string(council))).ExplainsExactly("ballot_number").OpenRules()
		s.When(domain.Request, given.Checker, revoke(s)).Rejected("approval_used")
	})
	t.Run("or before, for each of the boxes that it names", func(t *testing.T) {
		s := given.Stocked(t).Did(domain.Request, given.Operator, give(BallotNumber, string(council)))
		s.When(domain.Request, given.Warehouse, pack(ppwp, council)).Rejected("ballot_number", "approval_missing")
		if path := s.Last.Rejections[0].Path; path != "/data/boxes/0/ballots" {
			t.Error(path)
		}
		s.When(domain.Report, given.Warehouse, pack(ppwp, council)).RaisesExactly(short(ppwp))
	})
	t.Run("by who packed one of the boxes", func(t *testing.T) {
		both := give(BallotNumber, string(council), string(ppwp))
		s := given.Stocked(t).Did(domain.Report, given.Operator, pack(council)).Did(domain.Report, given.Warehouse, pack(ppwp)).
			When(domain.Request, given.Operator, both).Rejected("approver_is_actor")
		if path := s.Last.Rejections[0].Path; path != "/data/subject/0" {
			t.Error(path)
		}
		given.Stocked(t).Did(domain.Request, given.Operator, both).
			When(domain.Report, given.Operator, pack(council)).RaisesExactly(short(council)).
			When(domain.Request, given.Operator, pack(ppwp)).Rejected("approver_is_actor").
			When(domain.Report, given.Warehouse, pack(ppwp)).RaisesNothing()
	})
	t.Run("the right number needs none", func(t *testing.T) {
		p := given.Pack(council)
		p.Exception = &packing.Exception{Reason: "r"}
		given.Noted(t, given.Stocked, given.Warehouse, p)
	})
	t.Run("without an exception an approval allows nothing", func(t *testing.T) {
		p := pack(council)
		p.Exception = nil
		given.Stocked(t).Did(domain.Request, given.Head, give(BallotNumber, string(council))).When(domain.Request, given.Warehouse, p).Rejected("ballot_number")
	})
	t.Run("of a box that there is not", func(t *testing.T) {
		given.Stocked(t).When(domain.Request, given.Head, give(BallotNumber, "3509012001001-PPWP")).Rejected("unknown_station")
	})
}

// TestWhoIsEntitled: role and scope, cell by cell.
func TestWhoIsEntitled(t *testing.T) {
	may := map[Purpose]string{BudgetException: "province@35", NoEscort: "operator@3578 province@35", BallotNumber: "checker@3578 operator@3578 province@35"}
	roles := []domain.Role{domain.RoleAdmin, domain.RoleProvince, domain.RoleOperator, domain.RoleWarehouse, domain.RoleChecker, domain.RoleCommitmentOfficer,
		domain.RoleSupplier, domain.RoleCarrier, domain.RoleDistrict, domain.RoleVillage, domain.RoleStation, domain.RoleEscort, domain.RoleSupervisor,
		domain.RoleObserver, domain.RoleAuditor, domain.RoleSimulator, domain.RoleSystem}
	for _, purpose := range Purposes() {
		for _, role := range roles {
			for _, scope := range []string{"35", "3578", "357801", "3509", "36", "P3578A", ""} {
				want := strings.Contains(" "+may[purpose]+" ", " "+string(role)+"@"+scope+" ")
				who := domain.Actor{ID: "usr-x", Role: role, Scope: scope}
				if Entitled(purpose, who, given.Unit) != want {
					t.Errorf("%s by %s of %s: %v", purpose, role, scope, !want)
				}
			}
		}
	}
	below := domain.Actor{ID: "usr-operator", Role: domain.RoleOperator, Scope: "3578"}
	if Entitled(NoEscort, below, given.Province) {
		t.Error("an operator of a regency approves for the province")
	}
	s := given.Stocked(t)
	for _, mode := range []domain.Mode{domain.Request, domain.Report} {
		want := []string{"not_entitled"}
		if mode == domain.Report {
			want = append(want, "request_only")
		}
		s.When(mode, given.Warehouse, give(NoEscort, shp)).Rejected(want...).
			When(mode, given.Operator, budget(ord, 1)).Rejected(want...).
			When(mode, given.Checker, &Refuse{Purpose: BudgetException, Subject: Subjects{ord}, Reason: "r"}).Rejected(want...)
	}
	s.When(domain.Request, given.Head, &Revoke{Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "r"}).Rejected("unknown_approval").
		When(domain.Report, given.Head, &Revoke{Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "r"}).Rejected("request_only", "unknown_approval")
}

// TestARecordByWhoMayNot: what stands in a log counts by role and scope of its record, whoever put it there.
func TestARecordByWhoMayNot(t *testing.T) {
	id := string(council)
	s := given.Stocked(t).Has(&Given{Purpose: BallotNumber, Subject: Subjects{id}}) // by the system
	s.When(domain.Report, given.Warehouse, pack(council)).RaisesQuantity(domain.Short, 7, id)
}

func TestRefusal(t *testing.T) {
	s := leaving(t).Did(domain.Report, given.Warehouse, dispatch()).
		When(domain.Request, given.Head, &Refuse{Purpose: NoEscort, Subject: Subjects{shp}, Reason: "tunggu pengawal"}).Then("approval.refused").
		OpenRules("approval_missing", "escort_overridden")
	if !s.State.Approvals.Declined(NoEscort, shp) {
		t.Error("nobody has refused")
	}
	s.When(domain.Request, given.Head, revoke(s)).Rejected("unknown_approval")
}

func TestForm(t *testing.T) {
	s := given.Stocked(t)
	for want, cmd := range map[string]domain.Command{
		"purpose_not_yet":   give("correction", "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40"),
		"not_one_of":        give("holiday", shp),
		"terms_not_asked":   &Give{Purpose: NoEscort, Subject: Subjects{shp}, Terms: &Terms{Amount: 1}},
		"field_missing":     give(BudgetException, ord),
		"not_positive":      budget(ord, -1),
		"approved_too_much": budget(ord, MaxAmount+1),
		"bad_approval":      &Revoke{Approval: "yes", Reason: "r"},
		"bad_id":            give(NoEscort, ord),
		"too_many":          give(NoEscort, shp, given.Shipment3),
		"empty_list":        give(BallotNumber),
		"repeated":          give(BallotNumber, string(council), string(council)),
		"bad_box":           give(BallotNumber, "x"),
	} {
		s.When(domain.Request, given.Head, cmd).Malformed(want)
	}
}

// TestOneSubjectAlone: a client may write one subject without the list around it.
func TestOneSubjectAlone(t *testing.T) {
	for _, text := range []string{`{"purpose":"no_escort","subject":"SHP-3578-1"}`, `{"purpose":"no_escort","subject":["SHP-3578-1"]}`} {
		var g Give
		if err := json.Unmarshal([]byte(text), &g); err != nil || !slices.Equal(g.Subject, Subjects{"SHP-3578-1"}) {
			t.Errorf("%s: %v, %v", text, g.Subject, err)
		}
	}
	var g Give
	if err := json.Unmarshal([]byte(`{"subject":[7]}`), &g); err == nil {
		t.Error("a number is no subject")
	}
}
