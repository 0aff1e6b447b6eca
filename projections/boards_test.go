package projections_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/projections"
	"jejak/projections/form"
)

// each calls f for the JSON of every event of a story.
func (s *teller) each(f func(event string, at time.Time, e told)) {
	for _, rec := range s.history {
		raw, err := json.Marshal(rec.Event)
		if err != nil {
			panic(err)
		}
		var e told
		_ = json.Unmarshal(raw, &e) // what has another form is not counted here
		f(rec.Event.EventType(), rec.Meta.OccurredAt, e)
	}
}

// checkCustody: every box and kit is with whoever took it over last, those of stations summed over the district.
func checkCustody(t *rapid.T, s *teller, want *recount) {
	row := projections.Custody(s.state, 77)
	got, expected := map[string]int64{}, map[string]int64{}
	all := map[string]int64{}
	for _, h := range row.Holders {
		for state, n := range h.Boxes {
			got[h.Level+" "+h.Place+" box "+state] += n
			all[state] += n
		}
		for state, n := range h.Kits {
			got[h.Level+" "+h.Place+" kit "+state] += n
		}
	}
	count := func(id, state string) {
		holder := "unit " + string(given.Unit)
		switch c := want.custody[id]; len(c) {
		case 6:
			holder = "district " + c
		case 10:
			holder = "village " + c
		case 13:
			holder = "stations " + c[:6]
		}
		what := " box "
		if strings.HasSuffix(id, "-KIT") {
			what = " kit "
		}
		expected[holder+what+state]++
	}
	for _, id := range allBoxes() {
		if want.boxes[id] == "" {
			count(id, "labelled")
		}
	}
	for id, state := range want.boxes {
		count(id, state)
	}
	same(t, "custody", expected, got)
	same(t, "boxes of all holders", nonzero(projections.Regency(s.state, 77).Boxes), all)
	if !slices.IsSortedFunc(row.Holders, func(a, b form.CustodyHolder) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Level, b.Level))
	}) {
		t.Error("holders are not in order")
	}
}

// checkDeadlines: a station has its boxes when the last of them, or what took its place, has been accepted there.
func checkDeadlines(t *rapid.T, s *teller, seen map[string]int) {
	offers, next, passed := map[string]string{}, map[string]string{}, map[string]bool{}
	came := map[string]time.Time{} // at its own station, first
	s.each(func(event string, at time.Time, e told) {
		switch event {
		case "handoff.offered":
			offers[e.Handoff] = e.To
		case "handoff.accepted":
			for _, b := range boxesIn(e.Boxes) {
				if to := offers[e.Handoff]; len(to) == 13 && strings.HasPrefix(b.Box, to+"-") && came[b.Box].IsZero() {
					came[b.Box] = at
				}
			}
		case "packing.box_replaced":
			next[e.Box] = e.Replacement
		case "deadline.passed":
			passed[e.Area] = true
		}
	})
	d, _ := reference.Deadline(election.DeadlineStationReceipt)
	var want form.Receipts
	for _, code := range reference.StationsIn(given.Unit) {
		inTime, ever := true, true
		for _, original := range reference.StationBoxes(code) {
			this, thisEver := false, false
			for id := string(original); id != ""; id = next[id] {
				at, there := came[id]
				thisEver = thisEver || there
				this = this || there && !at.After(d.At)
			}
			inTime, ever = inTime && this, ever && thisEver
		}
		want.Stations++
		switch {
		case inTime:
			want.InTime++
			seen["in time"]++
		case ever:
			want.Afterwards++
			seen["afterwards"]++
		default:
			want.Without++
		}
		if passed[string(code)[:6]] && !inTime {
			want.Late++
			seen["late"]++
		}
	}
	row := projections.Deadlines(s.state, 77)
	same(t, "deadlines", []form.Deadline{{
		Deadline: d.ID, Name: d.Name, At: d.At.UTC().Format(time.RFC3339Nano), Districts: len(reference.Children[given.Unit]), Passed: len(passed), Receipts: &want,
	}}, row.Deadlines)
}

// checkClaims: what is claimed and brought, claim by claim.
func checkClaims(t *rapid.T, s *teller, seen map[string]int) {
	suppliers, orders, of := map[string]string{}, map[string]string{}, map[string]string{}
	filed, settled := map[string]int64{}, map[string]int64{}
	s.each(func(event string, _ time.Time, e told) {
		switch event {
		case "procurement.order_placed":
			suppliers[e.Order] = e.Supplier
		case "procurement.delivery_announced":
			orders[e.Delivery] = e.Order
		case "receipt.claim_filed":
			of[e.Claim] = e.Delivery
			for _, l := range e.Lines {
				filed[e.Claim] += l.Quantity
			}
		case "receipt.claim_settled":
			for _, l := range e.Lines {
				settled[e.Claim] += l.Quantity
			}
		}
	})
	want := map[string]form.SupplierClaims{}
	for _, n := range []string{"CLM-3578-1", "CLM-3578-2", "CLM-3578-3"} {
		if filed[n]+settled[n] == 0 {
			continue
		}
		name := suppliers[orders[of[n]]]
		c := want[name]
		c.Supplier = name
		item := c.Items["booth"]
		left := max(filed[n]-settled[n], 0)
		c.Items = map[string]form.ClaimItem{"booth": {Claimed: item.Claimed + filed[n], Replaced: item.Replaced + settled[n], Open: item.Open + left}}
		switch {
		case filed[n] == 0:
		case left == 0:
			c.Filed, c.Settled = c.Filed+1, c.Settled+1
			seen["claim settled"]++
		default:
			c.Filed, c.Open = c.Filed+1, c.Open+1
			seen["claim open"]++
		}
		want[name] = c
	}
	got := map[string]form.SupplierClaims{}
	for _, c := range projections.Claims(s.state, 77).Suppliers {
		got[c.Supplier] = c
	}
	same(t, "claims", want, got)
}

// checkSeals: every number that was ever applied, by the boxes that it is and was on.
func checkSeals(t *rapid.T, s *teller, seen map[string]int) {
	type use struct{ box, from, until string }
	on, uses := map[string][]string{}, map[string][]*use{}
	open := map[string]*use{} // by box and seal
	s.each(func(event string, at time.Time, e told) {
		off := func(box string) {
			for _, seal := range on[box] {
				open[box+" "+seal].until = at.UTC().Format(time.RFC3339Nano)
			}
			delete(on, box)
		}
		switch event {
		case "packing.boxes_sealed":
			for _, b := range boxesIn(e.Boxes) {
				off(b.Box)
				on[b.Box] = b.Seals
				for _, seal := range b.Seals {
					u := &use{box: b.Box, from: at.UTC().Format(time.RFC3339Nano)}
					open[b.Box+" "+seal], uses[seal] = u, append(uses[seal], u)
				}
			}
		case "packing.boxes_unsealed":
			for _, b := range boxesIn(e.Boxes) {
				off(b.Box)
			}
		case "packing.box_replaced":
			off(e.Box)
		}
	})
	for seal, want := range uses {
		got := []use{}
		for _, u := range projections.SealUses(s.state, seal) {
			got = append(got, use{u.Box, u.From, u.Until})
			if u.On != (u.Until == "") || u.Unit != string(given.Unit) || s.history[u.Version-1].ID.String() != u.Event {
				t.Errorf("seal %s: %+v", seal, u)
			}
			if u.On {
				seen["seal on"]++
			} else {
				seen["seal off"]++
			}
		}
		all := []use{}
		for _, u := range want {
			all = append(all, *u)
		}
		slices.SortFunc(all, func(a, b use) int { return cmp.Or(cmp.Compare(a.box, b.box), cmp.Compare(a.from, b.from)) })
		if !slices.Equal(all, got) {
			t.Errorf("seal %s: want %v, got %v", seal, all, got)
		}
	}
	if len(projections.SealUses(s.state, "never applied")) != 0 {
		t.Error("a seal that was never applied is on a box")
	}
}

// TestBoardsOfNothing: an empty ledger has empty lists, never null, and names its unit.
func TestBoardsOfNothing(t *testing.T) {
	empty := ledger.New(given.Election, given.Unit, only{reference})
	for _, row := range []any{projections.Custody(empty, 0), projections.Deadlines(empty, 0), projections.Claims(empty, 0)} {
		text, err := json.Marshal(row)
		if err != nil || strings.Contains(string(text), "null") || !strings.Contains(string(text), `"code":"3578"`) {
			t.Errorf("%s %v", text, err)
		}
	}
}
