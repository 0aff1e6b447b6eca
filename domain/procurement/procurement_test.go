package procurement_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/given"
	"jejak/domain/goods"
	. "jejak/domain/procurement"
	"jejak/domain/receipt"
)

const (
	ord = "ORD-3578-1"
	dlv = "DLV-3578-1"
)

func line(item, variant string, n int64) goods.Line {
	return goods.Line{Item: goods.Item{Item: item, Variant: variant}, Quantity: n}
}

func priced(item, variant string, n, price int64) PricedLine {
	return PricedLine{Line: line(item, variant, n), UnitPrice: price}
}

func counted(item, variant string, good, damaged, missing, extra int64) CountLine {
	return CountLine{Item: goods.Item{Item: item, Variant: variant}, Good: good, Damaged: damaged, Missing: missing, Extra: extra}
}

func ledgerOf(t *testing.T) *given.Scene { return given.Ledger(t, given.Reference(), given.Unit) }

func booths(order string, n int64) *PlaceOrder {
	return &PlaceOrder{Order: order, Supplier: "usr-supplier", Lines: []PricedLine{priced("booth", "", n, 1000)}}
}

// withOrder is a ledger with a budget of Rp 1,000,000 of which Rp 100,000 is committed to 100 booths.
func withOrder(t *testing.T) *given.Scene {
	return ledgerOf(t).
		Did(domain.Request, given.Officer, &SetBudget{Ceiling: 1_000_000, Document: "DIPA-1"}).
		Did(domain.Request, given.Officer, booths(ord, 100))
}

// withDelivery is withOrder and a delivery of all booths, counted as 95 good and 5 damaged.
func withDelivery(t *testing.T) *given.Scene {
	return withOrder(t).
		Did(domain.Report, given.Supplier, announce(dlv, ord, 100)).
		Did(domain.Report, given.Warehouse, &receipt.CountGoods{Delivery: dlv, Lines: []CountLine{counted("booth", "", 95, 5, 0, 0)}})
}

func announce(delivery, order string, n int64) *AnnounceDelivery {
	return &AnnounceDelivery{Delivery: delivery, Order: order, Lines: []goods.Line{line("booth", "", n)}}
}

func external(order string, n int64) *RecordExternalOrder {
	return &RecordExternalOrder{Order: order, PlacedBy: "KPU RI", Supplier: "usr-printer",
		Lines: []PricedLine{priced("ballot", "PPWP", n, 200)}}
}

func printed(order string, n, sent, stored, spoiled int64) *ReportProduction {
	return &ReportProduction{Order: order, Item: goods.Item{Item: "ballot", Variant: "PPWP"}, Printed: n, Sent: sent, Stored: stored, Spoiled: spoiled}
}

func TestDecisionsExistOnlyAsRequests(t *testing.T) {
	for _, cmd := range []domain.Command{
		&SetBudget{Ceiling: 1, Document: "D"},
		booths("ORD-3578-2", 1),
		&AmendOrder{Order: ord, Lines: []PricedLine{priced("booth", "", 1, 1)}, Reason: "r"},
		&AcceptDelivery{Delivery: dlv, Document: "BAST-1"},
		&RecordPayment{Order: ord, Amount: 1, Document: "SPM-1"},
		&CloseOrder{Order: ord},
	} {
		s := withDelivery(t)
		if p, ok := cmd.(*RecordPayment); ok {
			s.Did(domain.Request, given.Officer, &AcceptDelivery{Delivery: dlv, Document: "BAST-1"}).
				When(domain.Request, given.Officer, p).Then("procurement.payment_recorded")
		}
		if b, ok := cmd.(*SetBudget); ok {
			s.When(domain.Report, given.Officer, b).Rejected("request_only", "over_budget")
			continue
		}
		s.When(domain.Report, given.Officer, cmd).Rejected("request_only")
	}
}

// A decision that is sent as a report is told everything that is wrong with it at once.
func TestReportedDecisionsAreToldEverything(t *testing.T) {
	accept, pay := &AcceptDelivery{Delivery: dlv, Document: "BAST-1"}, &RecordPayment{Order: ord, Amount: 1, Document: "SPM-1"}
	amend := &AmendOrder{Order: ord, Lines: []PricedLine{priced("booth", "", 1001, 1000)}, Reason: "r"}
	closed := func() *given.Scene {
		return withDelivery(t).Did(domain.Request, given.Officer, &CloseOrder{Order: ord})
	}
	for _, c := range []struct {
		s    *given.Scene
		cmd  domain.Command
		rule string
	}{
		{ledgerOf(t), booths(ord, 1), "budget_not_set"},
		{withOrder(t), booths(ord, 1), "order_id_used"},
		{withOrder(t), booths("ORD-3578-2", 901), "over_budget"},
		{withOrder(t), amend, "over_budget"},
		{ledgerOf(t), amend, "no_such_order"},
		{ledgerOf(t).Did(domain.Report, given.Officer, external(ord, 1)), amend, "not_our_order"},
		{closed(), amend, "order_is_closed"},
		{withOrder(t), accept, "delivery_not_counted"},
		{withOrder(t).Did(domain.Report, given.Warehouse, &receipt.CountGoods{Delivery: dlv, Lines: []CountLine{counted("booth", "", 1, 0, 0, 0)}}),
			accept, "accepted_unannounced"},
		{withDelivery(t).Did(domain.Request, given.Officer, accept), accept, "accepted_twice"},
		{withDelivery(t), pay, "paid_more_than_accepted"},
		{closed(), &CloseOrder{Order: ord}, "order_is_closed"},
	} {
		c.s.When(domain.Request, given.Officer, c.cmd).Rejected(c.rule).
			When(domain.Report, given.Officer, c.cmd).Rejected("request_only", c.rule)
	}
}

func TestBudget(t *testing.T) {
	t.Run("is set and replaced", func(t *testing.T) {
		s := ledgerOf(t).
			When(domain.Request, given.Officer, &SetBudget{Ceiling: 100, Document: "DIPA-1"}).Then("procurement.budget_set").
			When(domain.Request, given.Officer, &SetBudget{Ceiling: 50, Document: "DIPA-2"}).Then("procurement.budget_set")
		if b := s.State.Procurement.Budget; b.Ceiling != 50 || b.Document != "DIPA-2" {
			t.Errorf("budget %+v", b)
		}
	})
	t.Run("must be set before an order", func(t *testing.T) {
		ledgerOf(t).When(domain.Request, given.Officer, booths(ord, 1)).Rejected("budget_not_set")
	})
	t.Run("may be missing under an exception", func(t *testing.T) {
		order := booths(ord, 1)
		order.Exception = &Exception{Approver: "usr-head", Document: "SK-1"}
		ledgerOf(t).When(domain.Request, given.Officer, order).Rejected("approval_missing").
			Did(domain.Request, given.Head, allow(ord, 1000)).
			When(domain.Request, given.Officer, order).Then("procurement.order_placed")
	})
	t.Run("holds exactly", func(t *testing.T) {
		withOrder(t).When(domain.Request, given.Officer, booths("ORD-3578-2", 900)).Then("procurement.order_placed")
	})
	t.Run("is not exceeded", func(t *testing.T) {
		withOrder(t).When(domain.Request, given.Officer, booths("ORD-3578-2", 901)).Rejected("over_budget")
	})
	t.Run("is exceeded with an approved exception, which counts for what follows", func(t *testing.T) {
		order := booths("ORD-3578-2", 901)
		order.Exception = &Exception{Approver: "usr-head", Document: "SK-1"}
		withOrder(t).
			Did(domain.Request, given.Head, allow("ORD-3578-2", 1000)).
			When(domain.Request, given.Officer, order).Then("procurement.order_placed").
			When(domain.Request, given.Officer, booths("ORD-3578-3", 1)).Rejected("over_budget").
			When(domain.Request, given.Officer, &SetBudget{Ceiling: 1_000_000, Document: "DIPA-2"}).Then("procurement.budget_set").
			When(domain.Request, given.Officer, &SetBudget{Ceiling: 999_999, Document: "DIPA-3"}).Rejected("over_budget")
	})
	t.Run("is not touched by another unit's order", func(t *testing.T) {
		s := withOrder(t).When(domain.Report, given.Officer, external("ORD-35-1", 1_000_000)).Then("procurement.external_order_recorded")
		if got := s.State.Procurement.Budget.Committed; got != 100_000 {
			t.Errorf("committed %d", got)
		}
	})
}

// allow approves that an order passes what is left of the ceiling by an amount.
func allow(order string, amount int64) *approval.Give {
	return &approval.Give{Purpose: approval.BudgetException, Subject: approval.Subjects{order}, Terms: &approval.Terms{Amount: amount}}
}

// TestExceptionsOfBefore: an order of schema 1 stands above the ceiling by the name of an approver, as it did.
func TestExceptionsOfBefore(t *testing.T) {
	s := ledgerOf(t).Did(domain.Request, given.Officer, &SetBudget{Ceiling: 1_000_000, Document: "DIPA-1"}).
		Has(&OrderPlaced{Order: ord, Supplier: "s", Lines: booths(ord, 5000).Lines, Exception: &Excepted{Approver: "usr-head", Document: "SK-1"}},
			&OrderAmended{Order: ord, Lines: booths(ord, 6000).Lines, Reason: "adendum"})
	if b := s.State.Procurement.Budget; b.Committed != 6_000_000 || b.Excepted != 6_000_000 {
		t.Errorf("%+v", b)
	}
	s.When(domain.Request, given.Officer, &AmendOrder{Order: ord, Lines: booths(ord, 5999).Lines, Reason: "kurang"}).Then("procurement.order_amended").
		When(domain.Request, given.Officer, &AmendOrder{Order: ord, Lines: booths(ord, 6000).Lines, Reason: "lebih"}).Rejected("approval_missing").
		When(domain.Request, given.Officer, &SetBudget{Ceiling: 0, Document: "DIPA-2"}).Then("procurement.budget_set")
}

func TestOrderIDsAreUsedOnce(t *testing.T) {
	withOrder(t).When(domain.Request, given.Officer, booths(ord, 1)).Rejected("order_id_used")
	withOrder(t).When(domain.Request, given.Officer, external(ord, 1)).Rejected("order_exists")
	withOrder(t).When(domain.Report, given.Officer, external(ord, 1)).
		Then("procurement.external_order_recorded", "discrepancy.raised").Raises(domain.RuleBroken, ord)
	ledgerOf(t).
		Did(domain.Report, given.Officer, external("ORD-35-1", 1)).
		When(domain.Report, given.Officer, external("ORD-35-1", 2)).Raises(domain.RuleBroken, "ORD-35-1").
		When(domain.Request, given.Officer, external("ORD-35-1", 2)).Rejected("order_exists")
}

func TestAmendOrder(t *testing.T) {
	amend := func(order string, n int64) *AmendOrder {
		return &AmendOrder{Order: order, Lines: []PricedLine{priced("booth", "", n, 1000)}, Reason: "adendum"}
	}
	s := withOrder(t).When(domain.Request, given.Officer, amend(ord, 1000)).Then("procurement.order_amended")
	if b := s.State.Procurement.Budget; b.Committed != 1_000_000 {
		t.Errorf("committed %d", b.Committed)
	}
	s.When(domain.Request, given.Officer, amend(ord, 1001)).Rejected("over_budget").
		When(domain.Request, given.Officer, amend(ord, 10)).Then("procurement.order_amended").
		When(domain.Request, given.Officer, amend("ORD-3578-9", 10)).Rejected("no_such_order").
		Did(domain.Report, given.Officer, external("ORD-3578-8", 10)).
		When(domain.Request, given.Officer, amend("ORD-3578-8", 10)).Rejected("not_our_order").
		Did(domain.Request, given.Officer, &CloseOrder{Order: ord}).
		When(domain.Request, given.Officer, amend(ord, 10)).Rejected("order_is_closed")
}

func TestAmendingExplainsOverDelivery(t *testing.T) {
	withOrder(t).
		When(domain.Report, given.Supplier, announce(dlv, ord, 520)).RaisesQuantity(domain.Over, 420, ord+"/booth").
		When(domain.Request, given.Officer, &AmendOrder{Order: ord, Lines: []PricedLine{priced("booth", "", 300, 1000)}, Reason: "r"}).
		RaisesQuantity(domain.Over, 220, ord+"/booth").
		When(domain.Request, given.Officer, &AmendOrder{Order: ord, Lines: []PricedLine{priced("booth", "", 520, 1000)}, Reason: "r"}).
		Explains(domain.Over, ord+"/booth").OpenIs()
}

func TestProduction(t *testing.T) {
	for _, mode := range []domain.Mode{domain.Request, domain.Report} {
		t.Run(string(mode), func(t *testing.T) {
			known := func() *given.Scene { return ledgerOf(t).Did(domain.Report, given.Officer, external("ORD-35-1", 1000)) }
			known().When(mode, given.Printer, printed("ORD-35-1", 1000, 900, 90, 10)).Then("procurement.production_reported").RaisesNothing()
			known().
				Did(mode, given.Printer, printed("ORD-35-1", 600, 600, 0, 0)).
				When(mode, given.Printer, printed("ORD-35-1", 401, 401, 0, 0)).RaisesQuantity(domain.Over, 1, "ORD-35-1/ballot/PPWP")
			known().When(mode, given.Printer, printed("ORD-35-1", 1000, 900, 90, 9)).
				Then("procurement.production_reported", "discrepancy.raised").RaisesQuantity(domain.RuleBroken, 1, "ORD-35-1/ballot/PPWP")
		})
	}
	t.Run("of an unknown order", func(t *testing.T) {
		ledgerOf(t).When(domain.Request, given.Printer, printed("ORD-35-1", 1, 1, 0, 0)).Rejected("order_unknown")
		ledgerOf(t).When(domain.Report, given.Printer, printed("ORD-35-1", 2, 2, 0, 0)).RaisesProvisional(domain.RuleBroken, "ORD-35-1").
			When(domain.Report, given.Officer, external("ORD-35-1", 1)).Explains(domain.RuleBroken, "ORD-35-1").
			RaisesQuantity(domain.Over, 1, "ORD-35-1/ballot/PPWP")
	})
}

func TestAnnounceDelivery(t *testing.T) {
	for _, mode := range []domain.Mode{domain.Request, domain.Report} {
		withOrder(t).When(mode, given.Supplier, announce(dlv, ord, 100)).Then("procurement.delivery_announced").RaisesNothing()
		withOrder(t).
			Did(mode, given.Supplier, announce(dlv, ord, 60)).
			When(mode, given.Supplier, announce("DLV-3578-2", ord, 41)).RaisesQuantity(domain.Over, 1, ord+"/booth")
		ledgerOf(t).When(mode, given.System, announce(dlv, "", 100)).RaisesNothing()
	}
	t.Run("of an item that was not ordered", func(t *testing.T) {
		withOrder(t).When(domain.Report, given.Supplier,
			&AnnounceDelivery{Delivery: dlv, Order: ord, Lines: []goods.Line{line("ink", "", 7)}}).RaisesQuantity(domain.Over, 7, ord+"/ink")
	})
	t.Run("of an unknown order", func(t *testing.T) {
		ledgerOf(t).When(domain.Request, given.Supplier, announce(dlv, "ORD-35-1", 1)).Rejected("order_unknown")
		ledgerOf(t).When(domain.Report, given.Supplier, announce(dlv, "ORD-35-1", 1)).RaisesProvisional(domain.RuleBroken, "ORD-35-1").
			When(domain.Request, given.Supplier, announce("DLV-3578-2", "ORD-35-1", 1)).Rejected("order_unknown")
	})
	t.Run("twice", func(t *testing.T) {
		withOrder(t).Did(domain.Report, given.Supplier, announce(dlv, ord, 1)).
			When(domain.Request, given.Supplier, announce(dlv, ord, 1)).Rejected("announced_twice").
			When(domain.Report, given.Supplier, announce(dlv, ord, 1)).Raises(domain.RuleBroken, dlv)
	})
	t.Run("twice, the earlier told later, for another order", func(t *testing.T) {
		s := withOrder(t).Did(domain.Request, given.Officer, booths("ORD-3578-2", 100))
		early := s.Now()
		s.Did(domain.Report, given.Supplier, announce(dlv, ord, 101)).OpenIs("over "+ord+"/booth").
			At(early).When(domain.Report, given.Supplier, announce(dlv, "ORD-3578-2", 50)).
			Explains(domain.Over, ord+"/booth").Raises(domain.RuleBroken, dlv)
	})
	t.Run("after the order was closed", func(t *testing.T) {
		s := withOrder(t).Did(domain.Request, given.Officer, &CloseOrder{Order: ord})
		closed := s.Now()
		s.When(domain.Request, given.Supplier, announce(dlv, ord, 1)).Rejected("announced_after_close").
			When(domain.Report, given.Supplier, announce(dlv, ord, 1)).Raises(domain.RuleBroken, dlv).
			At(closed.Add(-time.Second)).When(domain.Report, given.Supplier, announce("DLV-3578-2", ord, 1)).RaisesNothing()
	})
}

func TestAcceptDelivery(t *testing.T) {
	accept := &AcceptDelivery{Delivery: dlv, Document: "BAST-1"}
	withOrder(t).When(domain.Request, given.Officer, accept).Rejected("delivery_not_counted")
	withOrder(t).Did(domain.Report, given.Supplier, announce(dlv, ord, 100)).
		When(domain.Request, given.Officer, accept).Rejected("delivery_not_counted")
	withOrder(t).
		Did(domain.Report, given.Warehouse, &receipt.CountGoods{Delivery: dlv, Lines: []CountLine{counted("booth", "", 1, 0, 0, 0)}}).
		When(domain.Request, given.Officer, accept).Rejected("accepted_unannounced")
	withDelivery(t).
		When(domain.Request, given.Officer, accept).Then("procurement.delivery_accepted").
		When(domain.Request, given.Officer, accept).Rejected("accepted_twice")
}

func TestPayment(t *testing.T) {
	pay := func(order string, amount int64) *RecordPayment {
		return &RecordPayment{Order: order, Amount: amount, Document: "SPM-1"}
	}
	withDelivery(t).When(domain.Request, given.Officer, pay(ord, 1)).Rejected("paid_more_than_accepted")
	s := withDelivery(t).Did(domain.Request, given.Officer, &AcceptDelivery{Delivery: dlv, Document: "BAST-1"}).
		When(domain.Request, given.Officer, pay(ord, 95_001)).Rejected("paid_more_than_accepted").
		When(domain.Request, given.Officer, pay(ord, 95_000)).Then("procurement.payment_recorded").
		When(domain.Request, given.Officer, pay(ord, 1)).Rejected("paid_more_than_accepted")
	t.Run("of what was replaced", func(t *testing.T) {
		s.Did(domain.Report, given.Operator, &receipt.FileClaim{Claim: "CLM-3578-1", Delivery: dlv, Reason: "rusak",
			Lines: []goods.Line{line("booth", "", 5)}}).
			Did(domain.Report, given.Operator, &receipt.SettleClaim{Claim: "CLM-3578-1", Document: "BA-1", Lines: []goods.Line{line("booth", "", 5)},
				Witnesses: []receipt.Witness{{Role: "police", ID: "usr-1"}, {Role: "supervisor", ID: "usr-2"}}}).
			When(domain.Request, given.Officer, pay(ord, 5_001)).Rejected("paid_more_than_accepted").
			When(domain.Request, given.Officer, pay(ord, 5_000)).Then("procurement.payment_recorded")
		if b := s.State.Procurement.Budget; b.Paid != 100_000 {
			t.Errorf("paid %d", b.Paid)
		}
	})
	t.Run("not of pieces above the order", func(t *testing.T) {
		withOrder(t).
			Did(domain.Report, given.Supplier, announce(dlv, ord, 520)).
			Did(domain.Report, given.Warehouse, &receipt.CountGoods{Delivery: dlv, Lines: []CountLine{counted("booth", "", 520, 0, 0, 0)}}).
			Did(domain.Request, given.Officer, &AcceptDelivery{Delivery: dlv, Document: "BAST-1"}).
			When(domain.Request, given.Officer, pay(ord, 100_001)).Rejected("paid_more_than_accepted")
	})
	s.When(domain.Request, given.Officer, pay("ORD-3578-9", 1)).Rejected("no_such_order").
		Did(domain.Report, given.Officer, external("ORD-3578-8", 10)).
		When(domain.Request, given.Officer, pay("ORD-3578-8", 1)).Rejected("not_our_order").
		Did(domain.Request, given.Officer, &CloseOrder{Order: ord}).
		When(domain.Request, given.Officer, pay(ord, 1)).Rejected("order_is_closed")
}

func TestCloseOrder(t *testing.T) {
	withOrder(t).
		When(domain.Request, given.Officer, &CloseOrder{Order: "ORD-3578-9"}).Rejected("no_such_order").
		When(domain.Request, given.Officer, &CloseOrder{Order: ord}).Then("procurement.order_closed").
		When(domain.Request, given.Officer, &CloseOrder{Order: ord}).Rejected("order_is_closed")
}

func TestMalformed(t *testing.T) {
	s := withOrder(t)
	s.When(domain.Request, given.Officer, &SetBudget{Ceiling: -1}).Malformed("negative", "field_missing").
		When(domain.Request, given.Officer, &SetBudget{Ceiling: MaxAmount + 1, Document: "D"}).Malformed("amount_too_large").
		When(domain.Request, given.Officer, &PlaceOrder{Order: "ORD-3501-1"}).Malformed("bad_id", "field_missing", "empty_list").
		When(domain.Request, given.Officer, &PlaceOrder{Order: "ORD-3578-2", Supplier: "s", Exception: &Exception{},
			Lines: []PricedLine{priced("booth", "", 0, -1), priced("Booth!", "", 1, 1), priced("ballot", "", 1, 1), priced("ballot", "", 1, 1)}}).
		Malformed("not_positive", "negative", "bad_item", "field_missing", "field_missing", "repeated", "field_missing").
		When(domain.Request, given.Officer, booths("ORD-3578-2", goods.MaxQuantity+1)).Malformed("quantity_too_large", "amount_too_large").
		When(domain.Request, given.Officer, &PlaceOrder{Order: "ORD-3578-2", Supplier: "s",
			Lines: []PricedLine{priced("a", "", goods.MaxQuantity, MaxAmount), priced("b", "", goods.MaxQuantity, MaxAmount)}}).
		Malformed("amount_too_large").
		When(domain.Report, given.Officer, &RecordExternalOrder{Order: "X", Lines: []PricedLine{priced("a", "", 1, 1)}}).
		Malformed("bad_id", "field_missing", "field_missing").
		When(domain.Request, given.Officer, &AmendOrder{Order: ord}).Malformed("field_missing", "empty_list").
		When(domain.Report, given.Supplier, printed(ord, -1, -1, -1, -1)).Malformed("negative", "negative", "negative", "negative").
		When(domain.Report, given.Supplier, &AnnounceDelivery{Delivery: "d", Order: "o"}).Malformed("bad_id", "bad_id", "empty_list").
		When(domain.Request, given.Officer, &AcceptDelivery{}).Malformed("field_missing", "field_missing").
		When(domain.Request, given.Officer, &RecordPayment{Order: ord, Amount: 0}).Malformed("not_positive", "field_missing").
		When(domain.Request, given.Officer, &CloseOrder{}).Malformed("field_missing")
}

// What suppliers tell of an order whose supplier is another firm, a name in words, or whose account has no party is marked once, whatever the order of telling.
func TestWhoseOrderItIs(t *testing.T) {
	nobody, other := given.Supplier, given.Supplier
	nobody.ID, nobody.Party = "usr-nobody", ""
	other.ID, other.Party = "usr-other", "PT-LAIN"
	found := given.Found(domain.RulePartyUnknown, ord)
	begin := func(t given.TB) *given.Scene {
		return given.Ledger(t, given.Reference(), given.Unit).Did(domain.Request, given.Officer, &SetBudget{Ceiling: 1_000_000, Document: "DIPA-1"}).
			Did(domain.Request, given.Officer, booths(ord, 100))
	}
	production := &ReportProduction{Order: ord, Item: goods.Item{Item: "booth"}, Printed: 1, Sent: 1}
	for _, who := range []domain.Actor{nobody, other} {
		s := given.Noted(t, begin, who, announce(dlv, ord, 10), found)
		s.When(domain.Report, who, announce("DLV-3578-2", ord, 10)).RaisesExactly() // one of the order, not one of the act
		s.When(domain.Report, given.Supplier, production).RaisesExactly().OpenRules("party_unknown")
		given.Noted(t, begin, who, production, found)
	}
	given.Noted(t, begin, given.Supplier, announce(dlv, ord, 10))
	given.Noted(t, begin, given.Officer, announce(dlv, ord, 10)) // the office tells for nobody's firm

	inWords := func(t given.TB) *given.Scene {
		o := booths("ORD-3578-2", 100)
		o.Supplier = "PT Maju Jaya"
		return begin(t).Did(domain.Request, given.Officer, o)
	}
	given.Noted(t, inWords, given.Supplier, announce(dlv, "ORD-3578-2", 10), given.Found(domain.RulePartyUnknown, "ORD-3578-2"))

	// Of an order that is not here yet it is known only when the order comes.
	s := ledgerOf(t).When(domain.Report, other, printed("ORD-35-1", 10, 10, 0, 0)).OpenRules("order_unknown")
	s.When(domain.Report, given.Officer, external("ORD-35-1", 1000)).OpenRules("party_unknown")
	s = ledgerOf(t).When(domain.Report, given.Printer, printed("ORD-35-1", 10, 10, 0, 0)).OpenRules("order_unknown")
	s.When(domain.Report, given.Officer, external("ORD-35-1", 1000)).OpenRules()

	// Goods that come for no order: who brings them is known by the account alone.
	empty := func(t given.TB) *given.Scene { return given.Ledger(t, given.Reference(), given.Unit) }
	given.Noted(t, empty, nobody, announce(dlv, "", 10), given.Found(domain.RulePartyUnknown, dlv))
	given.Noted(t, empty, given.Supplier, announce(dlv, "", 10))
}
