package receipt_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/procurement"
	. "jejak/domain/receipt"
)

// Few ids, few items, small numbers and few moments, so that acts meet.
var (
	orders     = rapid.SampledFrom([]string{"ORD-3578-1", "ORD-3578-2", "ORD-35-1"})
	deliveries = rapid.SampledFrom([]string{"DLV-3578-1", "DLV-3578-2", "DLV-3578-3"})
	claims     = rapid.SampledFrom([]string{"CLM-3578-1", "CLM-3578-2"})
	designs    = rapid.SampledFrom([]string{given.Council1, given.Council2})
	items      = rapid.SampledFrom([]goods.Item{{Item: "booth"}, {Item: "ink"}, {Item: "ballot", Variant: given.Council1},
		{Item: "ballot", Variant: given.Council2}, {Item: "revote_ballot", Variant: given.Council1}})
	few     = rapid.Int64Range(0, 3)
	moments = rapid.Custom(func(t *rapid.T) time.Time {
		return given.Start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "minute")) * time.Minute)
	})
)

func someItems(t *rapid.T) []goods.Item {
	return rapid.SliceOfNDistinct(items, 1, 3, rapid.ID[goods.Item]).Draw(t, "items")
}

func someLines(t *rapid.T) (lines []goods.Line) {
	for _, item := range someItems(t) {
		lines = append(lines, goods.Line{Item: item, Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity")})
	}
	return lines
}

func somePriced(t *rapid.T) (lines []procurement.PricedLine) {
	for _, l := range someLines(t) {
		lines = append(lines, procurement.PricedLine{Line: l, UnitPrice: rapid.Int64Range(0, 10).Draw(t, "price")})
	}
	return lines
}

// aCount adds up with what is announced in the state, more often than not.
func aCount(t *rapid.T, s *given.Scene) *CountGoods {
	c := &CountGoods{Delivery: deliveries.Draw(t, "delivery")}
	if a := s.State.Procurement.Delivery(c.Delivery).Announcement(); a != nil && rapid.IntRange(0, 3).Draw(t, "adds up") > 0 {
		for _, l := range a.Lines {
			missing := rapid.Int64Range(0, l.Quantity).Draw(t, "missing")
			damaged := rapid.Int64Range(0, l.Quantity-missing).Draw(t, "damaged")
			extra := few.Draw(t, "extra")
			c.Lines = append(c.Lines, procurement.CountLine{Item: l.Item, Good: l.Quantity - missing - damaged + extra, Damaged: damaged,
				Missing: missing, Extra: extra})
		}
		return c
	}
	for _, item := range someItems(t) {
		c.Lines = append(c.Lines, procurement.CountLine{Item: item, Good: few.Draw(t, "good"), Damaged: few.Draw(t, "damaged"),
			Missing: few.Draw(t, "missing"), Extra: few.Draw(t, "extra")})
	}
	return c
}

func aSorting(t *rapid.T) *ReportSorting {
	r := &ReportSorting{Delivery: deliveries.Draw(t, "delivery"), Design: designs.Draw(t, "design"), Good: few.Draw(t, "good"),
		Damaged: map[string]int64{"torn": few.Draw(t, "torn")}, Missing: few.Draw(t, "missing")}
	if n := few.Draw(t, "foreign"); n > 0 {
		r.Foreign = []ForeignSheets{{Design: "PPWP", Count: n}}
	}
	return r
}

func aSettlement(t *rapid.T) *SettleClaim {
	c := &SettleClaim{Claim: claims.Draw(t, "claim"), Lines: someLines(t), Document: "BA"}
	for i, role := range []string{WitnessSupervisor, WitnessPolice} {
		if rapid.IntRange(0, 4).Draw(t, role) > 0 {
			c.Witnesses = append(c.Witnesses, Witness{Role: role, ID: "usr-" + strconv.Itoa(i)})
		}
	}
	return c
}

// aReport is something that somebody may have seen.
func aReport(t *rapid.T, s *given.Scene) domain.Command {
	switch rapid.IntRange(0, 6).Draw(t, "report") {
	case 0:
		return &procurement.RecordExternalOrder{Order: orders.Draw(t, "order"), PlacedBy: "35", Supplier: "s", Lines: somePriced(t)}
	case 1:
		return &procurement.ReportProduction{Order: orders.Draw(t, "order"), Item: items.Draw(t, "item"), Printed: few.Draw(t, "printed"),
			Sent: few.Draw(t, "sent"), Stored: few.Draw(t, "stored")}
	case 2:
		return &procurement.AnnounceDelivery{Delivery: deliveries.Draw(t, "delivery"), Lines: someLines(t),
			Order: rapid.SampledFrom([]string{"", "ORD-3578-1", "ORD-3578-2", "ORD-35-1"}).Draw(t, "order")}
	case 3:
		return aCount(t, s)
	case 4:
		return aSorting(t)
	case 5:
		return &FileClaim{Claim: claims.Draw(t, "claim"), Reason: "r", Lines: someLines(t),
			Delivery: rapid.SampledFrom([]string{"", "DLV-3578-1", "DLV-3578-2"}).Draw(t, "delivery")}
	default:
		return aSettlement(t)
	}
}

func aDecision(t *rapid.T) domain.Command {
	switch rapid.IntRange(0, 5).Draw(t, "decision") {
	case 0:
		return &procurement.SetBudget{Ceiling: rapid.Int64Range(0, 300).Draw(t, "ceiling"), Document: "D"}
	case 1:
		o := &procurement.PlaceOrder{Order: rapid.SampledFrom([]string{"ORD-3578-1", "ORD-3578-2"}).Draw(t, "order"), Supplier: "s", Lines: somePriced(t)}
		if rapid.IntRange(0, 4).Draw(t, "exception") == 0 {
			o.Exception = &procurement.Exception{Approver: "a", Document: "D"}
		}
		return o
	case 2:
		return &procurement.AmendOrder{Order: "ORD-3578-1", Lines: somePriced(t), Reason: "r"}
	case 3:
		return &procurement.AcceptDelivery{Delivery: deliveries.Draw(t, "delivery"), Document: "D"}
	case 4:
		return &procurement.RecordPayment{Order: "ORD-3578-1", Amount: rapid.Int64Range(1, 30).Draw(t, "amount"), Document: "D"}
	default:
		return &procurement.CloseOrder{Order: "ORD-3578-1"}
	}
}

// TestInvariants sends legal and illegal commands in any order. That a rejected command changes nothing and that folding gives what
// executing gave is checked by the Scene at every step.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := ledgerOf(t).
			Did(domain.Request, given.Officer, &procurement.SetBudget{Ceiling: 200, Document: "D"}).
			Did(domain.Request, given.Officer, &procurement.PlaceOrder{Order: "ORD-3578-1", Supplier: "s",
				Lines: []procurement.PricedLine{{Line: line("booth", "", 9), UnitPrice: 10}}})
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			if rapid.IntRange(0, 3).Draw(t, "decides") == 0 {
				s.When(domain.Request, given.Officer, aDecision(t))
			} else {
				s.At(moments.Draw(t, "moment")).When(rapid.SampledFrom(bothModes).Draw(t, "mode"), given.Warehouse, aReport(t, s))
			}
			balanced(t, s)
			withinBudget(t, s)
			registered(t, s)
		}
	})
}

// balanced: announced + extra = received + missing + in transit, but where a discrepancy says that it does not add up.
func balanced(t *rapid.T, s *given.Scene) {
	room := NewRoom(&s.State.Receipt, &s.State.Procurement, nil, given.Unit)
	for id, d := range s.State.Procurement.Deliveries {
		for _, b := range room.Balances(id) {
			if b.Announced+b.Extra != b.Received+b.Missing+b.InTransit+b.Unaccounted {
				t.Fatalf("%s: %+v", id, b)
			}
			if b.InTransit != 0 && d.Count() != nil {
				t.Fatalf("%s counted, but in transit: %+v", id, b)
			}
			said := false
			for _, c := range s.Open() {
				said = said || c.Rule == RuleUnbalanced.ID && c.Units[0] == id+"/"+b.Item.String() || c.Rule == RuleNotAnnounced.ID && c.Units[0] == id
			}
			if b.Unaccounted != 0 && !said {
				t.Fatalf("%s does not add up and no discrepancy says so: %+v", id, b)
			}
		}
	}
}

// withinBudget recounts the money from the orders themselves.
func withinBudget(t *rapid.T, s *given.Scene) {
	p := &s.State.Procurement
	var committed, paid int64
	for id, o := range p.Orders {
		paid += o.Paid
		if o.Own == nil {
			continue
		}
		cost, _ := procurement.Total(o.Lines())
		committed += cost
		if o.Paid > p.AcceptedValue(id) && o.Paid > 0 {
			// A count that occurred earlier and was told later may lower the value after it was paid; never above the order.
			if o.Paid > cost && o.Amended == nil {
				t.Fatalf("%s: paid %d of %d", id, o.Paid, cost)
			}
		}
	}
	if committed != p.Budget.Committed || paid != p.Budget.Paid {
		t.Fatalf("committed %d, recounted %d; paid %d, recounted %d", p.Budget.Committed, committed, p.Budget.Paid, paid)
	}
}

// registered: the open discrepancies are exactly the findings of every subject, so no Plan left out a subject that it touches.
func registered(t *rapid.T, s *given.Scene) {
	found := map[string]int64{}
	p, r := &s.State.Procurement, &s.State.Receipt
	warehouse := NewRoom(r, p, nil, given.Unit).Books()
	books := procurement.NewRoom(p, nil, nil, given.Unit).Books()
	maps.Copy(books, warehouse)
	for kind, ids := range map[domain.SubjectKind][]string{
		domain.SubjectOrder: keys(p.Orders), domain.SubjectDelivery: keys(p.Deliveries), domain.SubjectSorting: keys(r.Cartons),
		domain.SubjectStock: keys(r.Stock), domain.SubjectClaim: keys(r.Claims), domain.SubjectBudget: {""},
	} {
		for _, id := range ids {
			for _, f := range books[kind].Findings(id) {
				if _, twice := found[f.Key]; twice {
					t.Fatalf("key %s twice", f.Key)
				}
				found[f.Key] = f.Quantity
			}
		}
	}
	open := map[string]int64{}
	for _, c := range s.Open() {
		open[c.Key] = c.Quantity
	}
	if diff := cmp.Diff(found, open); diff != "" {
		t.Fatalf("findings and open discrepancies differ (-found +open):\n%s", diff)
	}
}

func keys[T any](m map[string]*T) []string { return slices.Collect(maps.Keys(m)) }

// outcome is what must not depend on the order in which reports came.
type outcome struct {
	Open      map[string]openCase
	Balances  map[string][]Balance
	Available map[string]int64
	Accepted  map[string]bool
}

type openCase struct {
	Kind        domain.Kind
	Severity    domain.Severity
	Units       []string
	Quantity    int64
	Provisional bool
	Message     domain.Text
}

type told struct {
	id  uuid.UUID
	at  time.Time
	cmd domain.Command
}

// outcomeOf tells the reports in this order, then accepts what can be accepted.
func outcomeOf(t *rapid.T, reports []told) outcome {
	s := ledgerOf(t).
		Did(domain.Request, given.Officer, &procurement.SetBudget{Ceiling: 1000, Document: "D"}).
		Did(domain.Request, given.Officer, &procurement.PlaceOrder{Order: "ORD-3578-1", Supplier: "s",
			Lines: []procurement.PricedLine{{Line: line("booth", "", 9), UnitPrice: 10}}})
	for _, r := range reports {
		s.As(r.id).At(r.at).Did(domain.Report, given.Warehouse, r.cmd)
	}
	o := outcome{map[string]openCase{}, map[string][]Balance{}, map[string]int64{}, map[string]bool{}}
	room := NewRoom(&s.State.Receipt, &s.State.Procurement, nil, given.Unit)
	for _, id := range slices.Sorted(maps.Keys(s.State.Procurement.Deliveries)) {
		if d := s.State.Procurement.Delivery(id); d.Announcement() == nil && d.Count() == nil {
			continue // only named by a claim or a carton
		}
		s.When(domain.Request, given.Officer, &procurement.AcceptDelivery{Delivery: id, Document: "D"})
		o.Accepted[id] = len(s.Last.Events) > 0
		o.Balances[id] = room.Balances(id)
	}
	for id := range s.State.Receipt.Stock {
		o.Available[id] = s.State.Receipt.Available(&s.State.Procurement, goods.Of(id))
	}
	for _, c := range s.Open() {
		o.Open[c.Key] = openCase{c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional, s.State.Register.Text(c)}
	}
	return o
}

// TestOrderOfArrival tells the same reports in two orders: what is wrong, what is there and what may be accepted is the same.
func TestOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scratch := ledgerOf(t)
		var reports []told
		for i := range rapid.IntRange(2, 10).Draw(t, "reports") {
			r := told{id: uuid.NewSHA1(uuid.Nil, []byte{byte(i)}), at: moments.Draw(t, "moment"), cmd: aReport(t, scratch)}
			scratch.As(r.id).At(r.at).Did(domain.Report, given.Warehouse, r.cmd)
			reports = append(reports, r)
		}
		inOrder := outcomeOf(t, reports)
		shuffled := outcomeOf(t, rapid.Permutation(reports).Draw(t, "order"))
		if diff := cmp.Diff(inOrder, shuffled, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the order of arrival shows (-one +other):\n%s", diff)
		}
	})
}
