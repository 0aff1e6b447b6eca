package ledger_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/receipt"
)

// holds fails where something that must be true of every ledger is not.
func holds(t given.TB, s *ledger.State, history []domain.Recorded) {
	t.Helper()
	registered(t, s)
	oneCustody(t, s, history)
	sealsOnce(t, s, history)
	accounted(t, s)
	counted(t, s)
	exempted(t, s, history)
}

// aCase is what of a discrepancy follows from the facts.
type aCase struct {
	Rule        string
	Kind        domain.Kind
	Severity    domain.Severity
	Units       []string
	Quantity    int64
	Provisional bool
	Message     string
}

// registered: the discrepancies that are not explained are exactly the findings of all subjects, so that no Plan left out a subject that it
// changes. What people have said of one stands: resolved, it may be about fewer pieces by now; reopened, it is open whatever the facts say; assessed,
// it is about what they say.
func registered(t given.TB, s *ledger.State) {
	t.Helper()
	found, known := map[string]aCase{}, map[string]aCase{}
	for key, f := range s.AllFindings() {
		found[key] = aCase{f.Rule.ID, f.TheKind(), f.TheSeverity(), f.Units, f.Quantity, f.Provisional, domain.Violation{Rule: f.Rule, Args: f.Args}.Message()}
	}
	for _, c := range s.Register.Cases {
		switch {
		case c.Key == "" || c.Status == incident.StatusExplained:
		case c.Status == incident.StatusResolved:
			delete(found, c.Key)
		case !c.Handled().DecidedAt.IsZero() && found[c.Key].Rule == "":
		case c.Handled().Note != "":
			if _, ok := found[c.Key]; !ok {
				t.Fatalf("%s is open, and the facts do not say so", c.Key)
			}
			delete(found, c.Key)
		default:
			known[c.Key] = aCase{c.Rule, c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional, s.Register.Text(c).ID}
		}
	}
	if diff := cmp.Diff(found, known, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the register is not what the facts say (-facts +register):\n%s", diff)
	}
	open := map[string]int{}
	for _, c := range s.Register.Cases {
		if c.Status == incident.StatusOpen && !c.Held {
			for _, u := range c.Units {
				open[u]++
			}
		}
	}
	if diff := cmp.Diff(open, s.Register.Open, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("open cases by unit (-counted +kept):\n%s", diff)
	}
}

// oneCustody: a box is with who accepted it last, told again from the events alone. Where two acceptances are said to be of the same moment,
// or the box was replaced, only that it is somewhere is asked.
func oneCustody(t given.TB, s *ledger.State, history []domain.Recorded) {
	t.Helper()
	offers := map[string]domain.Recorded{}
	last := map[domain.BoxID]domain.Recorded{}
	unclear := map[domain.BoxID]bool{}
	for _, rec := range history {
		switch e := rec.Event.(type) {
		case *handoff.Offered:
			first, ok := offers[e.Handoff]
			if at := rec.Meta.OccurredAt.Compare(first.Meta.OccurredAt); !ok || at < 0 || at == 0 && bytes.Compare(rec.Meta.CommandID[:], first.Meta.CommandID[:]) < 0 {
				offers[e.Handoff] = rec
			}
		case *handoff.Accepted:
			ids := slices.Clone(e.Extra)
			for _, b := range e.Boxes {
				ids = append(ids, b.Box)
			}
			for _, id := range ids {
				old, ok := last[id]
				if ok && old.Meta.OccurredAt.Equal(rec.Meta.OccurredAt) {
					unclear[id] = true
				}
				if !ok || rec.Meta.OccurredAt.After(old.Meta.OccurredAt) {
					last[id] = rec
				}
			}
		case *packing.BoxReplaced:
			unclear[e.Box], unclear[e.Replacement] = true, true
		}
	}
	s.Boxes().EachBox(func(v box.View) bool {
		want := s.Unit
		if rec, ok := last[v.ID]; ok {
			e := rec.Event.(*handoff.Accepted)
			switch offer, ok := offers[e.Handoff]; {
			case ok:
				want = offer.Event.(*handoff.Offered).To
			case domain.Code(rec.Meta.Actor.Scope).Level() != domain.None:
				want = domain.Code(rec.Meta.Actor.Scope)
			}
		}
		if v.Custody != want && !unclear[v.ID] || v.Custody == "" {
			t.Fatalf("%s is with %q, who accepted it last is %s", v.ID, v.Custody, want)
		}
		return true
	})
}

// sealsOnce: a number that was applied twice has a discrepancy that names every box it was applied to.
func sealsOnce(t given.TB, s *ledger.State, history []domain.Recorded) {
	t.Helper()
	times, on := map[string]int64{}, map[string][]string{}
	for _, rec := range history {
		if e, ok := rec.Event.(*packing.BoxesSealed); ok {
			for _, b := range e.Boxes {
				for _, seal := range b.Seals {
					times[seal]++
					if !slices.Contains(on[seal], string(b.Box)) {
						on[seal] = append(on[seal], string(b.Box))
					}
				}
			}
		}
	}
	for seal, n := range times {
		c, known := s.Register.Find("seal_used_twice|" + seal)
		if (n > 1) != known {
			t.Fatalf("seal %s was applied %d times; a discrepancy: %v", seal, n, known)
		}
		slices.Sort(on[seal])
		if known && c.Status == incident.StatusOpen && c.Handled().Note == "" && (c.Quantity != n || !slices.Equal(c.Units, on[seal])) {
			t.Fatalf("seal %s was applied %d times to %v, the discrepancy says %d, %v", seal, n, on[seal], c.Quantity, c.Units)
		}
	}
}

// accounted: what was announced is received, missing or in transit; what was offered is received, missing, or nobody has accepted yet. What
// is none of these has a discrepancy.
func accounted(t given.TB, s *ledger.State) {
	t.Helper()
	room := receipt.NewRoom(&s.Receipt, &s.Procurement, s.Reference(), s.Unit)
	findings := slices.Collect(maps.Values(s.AllFindings()))
	said := func(rule, unit string) bool {
		return slices.ContainsFunc(findings, func(f domain.Finding) bool { return f.Rule.ID == rule && slices.Contains(f.Units, unit) })
	}
	for id := range s.Procurement.Deliveries {
		for _, b := range room.Balances(id) {
			if b.Announced+b.Extra != b.Received+b.Missing+b.InTransit+b.Unaccounted {
				t.Fatalf("delivery %s: %+v", id, b)
			}
			if b.Unaccounted != 0 && !said("count_unbalanced", id+"/"+b.Item.String()) && !said("delivery_not_announced", id) {
				t.Fatalf("delivery %s does not add up and nothing says so: %+v", id, b)
			}
		}
	}
	for id, h := range s.Handoffs.Handoffs {
		if len(h.Offers) == 0 || len(h.Accepts) == 0 {
			continue
		}
		for _, n := range h.Offers[0].Boxes {
			named := slices.ContainsFunc(h.Accepts, func(a handoff.AcceptFact) bool {
				return slices.Contains(a.Boxes, n) || slices.Contains(a.Missing, n) || slices.Contains(a.Extras, n)
			})
			if name := string(s.BoxRegister.ID(n)); !named && !said("handoff_incomplete", name) {
				t.Fatalf("%s was offered in %s, was not received or missing, and nothing says so", name, id)
			}
		}
	}
}

// counted: the numbers by state are those of the boxes and shipments themselves; what was issued is in boxes or has left with a shipment.
func counted(t given.TB, s *ledger.State) {
	t.Helper()
	var boxes, kits [box.States]int
	issued := map[string]int64{}
	s.Boxes().EachBox(func(v box.View) bool {
		if v.ID.IsKit() {
			kits[v.State]++
		} else {
			boxes[v.State]++
		}
		if v.Ballots > 0 {
			issued["ballot/"+v.Design] += v.Ballots
		}
		return true
	})
	if boxes != s.BoxRegister.Counts || kits != s.BoxRegister.Kits {
		t.Fatalf("boxes %v, kept as %v; kits %v, kept as %v", boxes, s.BoxRegister.Counts, kits, s.BoxRegister.Kits)
	}
	for _, x := range s.Shipments.Shipments {
		if x.Journey.HasLeft {
			for _, l := range x.Lines {
				issued[l.Item.String()] += l.Quantity
			}
		}
	}
	for id, st := range s.Receipt.Stock {
		if issued[id] != st.Issued {
			t.Fatalf("%s: %d in boxes and shipments, %d issued", id, issued[id], st.Issued)
		}
		delete(issued, id)
	}
	if len(issued) > 0 {
		t.Fatalf("in boxes or shipments, but not issued: %v", issued)
	}
	counts := s.Shipments.Counts
	for _, x := range s.Shipments.Shipments {
		if x.Told {
			counts[x.Status]--
		}
	}
	if fmt.Sprint(counts) != fmt.Sprint([len(counts)]int{}) {
		t.Fatalf("shipments by status are %v too many", counts)
	}
}
