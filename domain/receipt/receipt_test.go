package receipt_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/procurement"
	. "jejak/domain/receipt"
)

const (
	ord = "ORD-3578-1"
	dlv = "DLV-3578-1"
	clm = "CLM-3578-1"
)

var bothModes = []domain.Mode{domain.Request, domain.Report}

func line(item, variant string, n int64) goods.Line {
	return goods.Line{Item: goods.Item{Item: item, Variant: variant}, Quantity: n}
}

func ballots(design string, n int64) goods.Line { return line("ballot", design, n) }

func counted(item, variant string, good, damaged, missing, extra int64) procurement.CountLine {
	return procurement.CountLine{Item: goods.Item{Item: item, Variant: variant}, Good: good, Damaged: damaged, Missing: missing, Extra: extra}
}

func count(lines ...procurement.CountLine) *CountGoods {
	return &CountGoods{Delivery: dlv, Lines: lines}
}

func sorting(design string, good int64) *ReportSorting {
	return &ReportSorting{Delivery: dlv, Design: design, Good: good}
}

func ledgerOf(t given.TB) *given.Scene { return given.Ledger(t, given.Reference(), given.Unit) }

// announced is a ledger to which 100 booths and 1,000 ballots of Council1 are announced.
func announced(t given.TB) *given.Scene {
	return ledgerOf(t).Did(domain.Report, given.System, announcement())
}

func announcement() *procurement.AnnounceDelivery {
	return &procurement.AnnounceDelivery{Delivery: dlv, Lines: []goods.Line{line("booth", "", 100), ballots(given.Council1, 1000)}}
}

// complete is announced, and everything counted as good.
func complete(t given.TB) *given.Scene {
	return announced(t).Did(domain.Report, given.Warehouse, count(counted("booth", "", 100, 0, 0, 0), counted("ballot", given.Council1, 1000, 0, 0, 0)))
}

func accept() *procurement.AcceptDelivery {
	return &procurement.AcceptDelivery{Delivery: dlv, Document: "BAST-1"}
}

const council1 = dlv + "/ballot/" + given.Council1

func TestCount(t *testing.T) {
	full := counted("ballot", given.Council1, 1000, 0, 0, 0)
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			announced(t).When(mode, given.Warehouse, count(counted("booth", "", 100, 0, 0, 0), full)).Then("receipt.goods_counted").RaisesNothing()
			announced(t).When(mode, given.Warehouse, count(counted("booth", "", 90, 4, 6, 0), full)).
				Then("receipt.goods_counted", "discrepancy.raised", "discrepancy.raised").
				RaisesQuantity(domain.Damaged, 4, dlv+"/booth").RaisesQuantity(domain.Short, 6, dlv+"/booth")
			announced(t).When(mode, given.Warehouse, count(counted("booth", "", 520, 0, 0, 420), full)).
				Then("receipt.goods_counted", "discrepancy.raised").RaisesQuantity(domain.Over, 420, dlv+"/booth")
			announced(t).When(mode, given.Warehouse, count(counted("booth", "", 100, 0, 0, 0), counted("ballot", given.Council1, 500, 0, 500, 0),
				counted("ballot", given.Council2, 500, 0, 0, 500))).
				RaisesQuantity(domain.WrongDesign, 500, dlv+"/ballot/"+given.Council2).RaisesQuantity(domain.Short, 500, council1).
				OpenIs("wrong_design "+dlv+"/ballot/"+given.Council2, "short "+council1)
			// Goods that nobody announced, other than ballots, are simply too many.
			announced(t).When(mode, given.Warehouse, count(counted("booth", "", 100, 0, 0, 0), full, counted("ink", "", 3, 0, 0, 3))).
				RaisesQuantity(domain.Over, 3, dlv+"/ink")
		})
	}
}

func TestCountMustAddUp(t *testing.T) {
	full := counted("ballot", given.Council1, 1000, 0, 0, 0)
	for name, wrong := range map[string]*CountGoods{
		"too few":  count(counted("booth", "", 90, 0, 0, 0), full),
		"left out": count(full),
		"too many": count(counted("booth", "", 110, 0, 0, 0), full),
	} {
		t.Run(name, func(t *testing.T) {
			announced(t).When(domain.Request, given.Warehouse, wrong).Rejected("count_unbalanced")
			announced(t).When(domain.Report, given.Warehouse, wrong).
				Then("receipt.goods_counted", "discrepancy.raised").Raises(domain.RuleBroken, dlv+"/booth")
		})
	}
}

func TestCountOfWhatNobodyAnnounced(t *testing.T) {
	c := count(counted("booth", "", 100, 0, 0, 0), counted("ballot", given.Council1, 1000, 0, 0, 0))
	ledgerOf(t).When(domain.Request, given.Warehouse, c).Rejected("delivery_not_announced")
	ledgerOf(t).When(domain.Report, given.Warehouse, c).RaisesProvisional(domain.WrongDestination, dlv).
		When(domain.Report, given.System, announcement()).Explains(domain.WrongDestination, dlv).OpenIs()
}

func TestCountedTwice(t *testing.T) {
	c := count(counted("booth", "", 99, 0, 1, 0), counted("ballot", given.Council1, 1000, 0, 0, 0))
	complete(t).When(domain.Request, given.Warehouse, c).Rejected("counted_twice")
	complete(t).When(domain.Report, given.Warehouse, c).Raises(domain.RuleBroken, dlv).OpenIs("rule_broken " + dlv)
	t.Run("the earlier one holds, told late", func(t *testing.T) {
		complete(t).At(given.Start).When(domain.Report, given.Warehouse, c).
			Raises(domain.RuleBroken, dlv).RaisesQuantity(domain.Short, 1, dlv+"/booth")
	})
}

func TestSorting(t *testing.T) {
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			complete(t).When(mode, given.Warehouse, sorting(given.Council1, 1000)).Then("receipt.sorting_reported").RaisesNothing()
			carton := &ReportSorting{Delivery: dlv, Design: given.Council1, Carton: "K-1", Good: 480, Damaged: map[string]int64{"torn": 3, "wet": 2},
				Missing: 5, Foreign: []ForeignSheets{{Design: given.Council2, Count: 10}}}
			s := complete(t).When(mode, given.Warehouse, carton).
				RaisesQuantity(domain.Damaged, 5, council1).RaisesQuantity(domain.Short, 5, council1).RaisesQuantity(domain.WrongDesign, 10, council1)
			s.When(mode, given.Warehouse, sorting(given.Council1, 500)).RaisesNothing()
		})
	}
	t.Run("not more than counted", func(t *testing.T) {
		complete(t).When(domain.Request, given.Warehouse, sorting(given.Council1, 1001)).Rejected("sorted_more_than_counted")
		complete(t).When(domain.Request, given.Warehouse, sorting(given.Council2, 1)).Rejected("sorted_more_than_counted")
		complete(t).When(domain.Report, given.Warehouse, sorting(given.Council1, 1001)).RaisesQuantity(domain.RuleBroken, 1, council1).
			When(domain.Request, given.Warehouse, sorting(given.Council1, 1)).Rejected("sorted_more_than_counted").
			When(domain.Report, given.Warehouse, sorting(given.Council1, 9)).RaisesQuantity(domain.RuleBroken, 10, council1)
	})
	t.Run("before the count has arrived", func(t *testing.T) {
		announced(t).When(domain.Request, given.Warehouse, sorting(given.Council1, 1)).Rejected("sorted_more_than_counted")
		announced(t).When(domain.Report, given.Warehouse, sorting(given.Council1, 500)).RaisesProvisional(domain.RuleBroken, council1).
			When(domain.Report, given.Warehouse, count(counted("booth", "", 100, 0, 0, 0), counted("ballot", given.Council1, 1000, 0, 0, 0))).
			Explains(domain.RuleBroken, council1).OpenIs()
	})
}

// use is a stand-in for packing: it issues stock as that room would.
func use(s *given.Scene, item, variant string, n int64) []domain.Finding {
	s.State.Receipt.Issue(item, variant, n)
	return NewRoom(&s.State.Receipt, &s.State.Procurement, nil, given.Unit).Books()[domain.SubjectStock].
		Findings(StockSubject(item, variant).ID)
}

func TestStock(t *testing.T) {
	available := func(s *given.Scene, item, variant string) int64 {
		return s.State.Receipt.Available(&s.State.Procurement, goods.Item{Item: item, Variant: variant})
	}
	s := complete(t)
	check := func(when string, booths, sheets int64) {
		t.Helper()
		if got := available(s, "booth", ""); got != booths {
			t.Errorf("%s: %d booths available, expected %d", when, got, booths)
		}
		if got := available(s, "ballot", given.Council1); got != sheets {
			t.Errorf("%s: %d ballots available, expected %d", when, got, sheets)
		}
	}
	check("counted", 0, 0)
	s.Did(domain.Report, given.Warehouse, &ReportSorting{Delivery: dlv, Design: given.Council1, Good: 490, Missing: 10})
	check("sorted", 0, 0)
	s.Did(domain.Request, given.Officer, accept())
	check("accepted", 100, 490)
	s.Did(domain.Report, given.Warehouse, sorting(given.Council1, 500))
	check("all sorted", 100, 990)
	s.Did(domain.Report, given.Operator, claim(ballots(given.Council1, 10), line("booth", "", 2))).
		Did(domain.Report, given.Operator, settle(ballots(given.Council1, 10), line("booth", "", 2)))
	check("claim settled", 102, 1000)
	if f := use(s, "ballot", given.Council1, 1000); len(f) != 0 {
		t.Errorf("enough, but %v", f)
	}
	f := use(s, "ballot", given.Council1, 197)
	if len(f) != 1 || f[0].Rule != RuleStockNotEnough || f[0].Quantity != 197 || !f[0].Provisional || f[0].Units[0] != "ballot/"+given.Council1 {
		t.Errorf("197 too many, but %v", f)
	}
	if f := use(s, "ballot", given.Council1, -197); len(f) != 0 {
		t.Errorf("put back, but %v", f)
	}
	if f := use(s, "cable_tie", "", 1); len(f) != 1 {
		t.Errorf("none there, but %v", f)
	}
	if got := available(s, "nothing", ""); got != 0 {
		t.Errorf("%d of nothing", got)
	}
}

func claim(lines ...goods.Line) *FileClaim {
	return &FileClaim{Claim: clm, Delivery: dlv, Reason: "rusak", Lines: lines}
}

func settle(lines ...goods.Line) *SettleClaim {
	return &SettleClaim{Claim: clm, Lines: lines, Document: "BA-1",
		Witnesses: []Witness{{Role: WitnessSupervisor, ID: "usr-b"}, {Role: WitnessPolice, ID: "usr-p"}}}
}

func TestClaims(t *testing.T) {
	ten := ballots(given.Council1, 10)
	for _, mode := range bothModes {
		complete(t).When(mode, given.Operator, claim(ten)).Then("receipt.claim_filed").
			When(mode, given.Operator, settle(ballots(given.Council1, 4))).Then("receipt.claim_settled").RaisesNothing().
			When(mode, given.Operator, settle(ballots(given.Council1, 7))).RaisesQuantity(domain.Over, 1, clm+"/ballot/"+given.Council1)
	}
	t.Run("twice", func(t *testing.T) {
		complete(t).Did(domain.Report, given.Operator, claim(ten)).
			When(domain.Request, given.Operator, claim(ten)).Rejected("claim_exists").
			When(domain.Report, given.Operator, claim(ten)).Raises(domain.RuleBroken, clm)
	})
	t.Run("settled before it was filed", func(t *testing.T) {
		s := complete(t).When(domain.Request, given.Operator, settle(ten)).Rejected("claim_unknown").
			When(domain.Report, given.Operator, settle(ten)).RaisesProvisional(domain.RuleBroken, clm).
			When(domain.Report, given.Operator, claim(ten)).Explains(domain.RuleBroken, clm).OpenIs()
		item := goods.Item{Item: "ballot", Variant: given.Council1}
		if got := s.State.Procurement.Delivery(dlv).ReplacedOf(item); got != 10 {
			t.Errorf("%d replaced", got)
		}
		t.Run("and the one that counts is about another delivery", func(t *testing.T) {
			other := claim(ten)
			other.Delivery = "DLV-3578-2"
			s.At(given.Start.Add(time.Second)).Did(domain.Report, given.Operator, other)
			if a, b := s.State.Procurement.Delivery(dlv).ReplacedOf(item), s.State.Procurement.Delivery("DLV-3578-2").ReplacedOf(item); a != 0 || b != 10 {
				t.Errorf("replaced %d and %d", a, b)
			}
		})
	})
	t.Run("without witnesses", func(t *testing.T) {
		alone := settle(ten)
		alone.Witnesses = alone.Witnesses[:1]
		complete(t).Did(domain.Report, given.Operator, claim(ten)).
			When(domain.Request, given.Operator, alone).Rejected("claim_without_witnesses").
			When(domain.Report, given.Operator, alone).Raises(domain.RuleBroken, clm)
	})
}

func TestMalformed(t *testing.T) {
	s := complete(t)
	s.When(domain.Report, given.Warehouse, count()).Malformed("empty_list").
		When(domain.Report, given.Warehouse, count(counted("booth", "", -1, -1, -1, -1))).Malformed("negative", "negative", "negative", "negative").
		When(domain.Report, given.Warehouse, count(counted("ballot", "", 1, 0, 0, 0), counted("b", "", 1, 0, 0, 0), counted("b", "", 1, 0, 0, 0))).
		Malformed("field_missing", "repeated").
		When(domain.Report, given.Warehouse, &CountGoods{Delivery: "DLV-3501-1", Lines: []procurement.CountLine{counted("b", "", 1, 0, 0, 0)}}).
		Malformed("bad_id").
		When(domain.Report, given.Warehouse, &ReportSorting{Delivery: dlv, Good: -1, Missing: -1, Damaged: map[string]int64{"eaten": 1, "torn": -1}}).
		Malformed("field_missing", "negative", "negative", "not_one_of", "negative").
		When(domain.Report, given.Warehouse, &ReportSorting{Delivery: dlv, Design: given.Council1,
			Foreign: []ForeignSheets{{given.Council1, 1}, {given.Council2, 0}, {given.Council2, 1}}}).
		Malformed("foreign_is_own", "not_positive", "repeated").
		When(domain.Report, given.Operator, &FileClaim{Delivery: "x"}).Malformed("field_missing", "bad_id", "field_missing", "empty_list").
		When(domain.Report, given.Operator, &SettleClaim{Claim: clm, Document: "d", Lines: []goods.Line{line("b", "", 1)},
			Witnesses: []Witness{{"friend", "usr-1"}, {"police", "usr-1"}, {"police", ""}}}).
		Malformed("not_one_of", "repeated", "field_missing")
}
