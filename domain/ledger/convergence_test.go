package ledger_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/station"
)

// teller tells a story to a ledger, one act after the other as they arrive.
type teller struct {
	state   *ledger.State
	history []domain.Recorded
}

func newTeller(t given.TB) *teller {
	x := &teller{state: ledger.New(given.Election, given.Unit, only{reference})}
	x.tell(t, told{at: given.Start, mode: domain.Request, Act: given.By(given.System, &ledger.AdoptReference{Version: given.Version})})
	return x
}

// tell returns whether the act was accepted. A report always is, unless it says what cannot be.
func (x *teller) tell(t given.TB, a told) bool {
	t.Helper()
	d := x.state.Execute(domain.Act{ID: a.id, Mode: a.mode, Election: given.Election, Unit: given.Unit, Actor: a.Who, OccurredAt: a.at,
		RecordedAt: given.VotingDay}, a.Cmd)
	if len(d.Rejections) > 0 && a.mode == domain.Report {
		t.Fatalf("report %s was refused: %v", a.Cmd.CommandType(), d.Rejections)
	}
	x.history = append(x.history, d.Events...)
	return len(d.Events) > 0
}

// outcome is what everyone must see alike, whatever the order in which the acts arrived.
type outcome struct {
	Boxes     map[domain.BoxID]box.View
	Stations  map[domain.Code]station.Status
	Shipments map[string]string
	Available map[string]int64
	Issued    map[string]int64
	Open      map[string]aCase
}

func (x *teller) outcome() outcome {
	s := x.state
	o := outcome{map[domain.BoxID]box.View{}, map[domain.Code]station.Status{}, map[string]string{}, map[string]int64{}, map[string]int64{}, map[string]aCase{}}
	s.Boxes().EachBox(func(v box.View) bool { o.Boxes[v.ID] = v; return true })
	for code := range reference.Stations {
		o.Stations[code] = s.Station(code)
	}
	for id, x := range s.Shipments.Shipments {
		o.Shipments[id] = x.Status.String() + " from " + string(x.From) + " for " + string(x.Bound) + " with " + s.BoxRegister.Texts.Text(x.Vehicle) + " of " + s.BoxRegister.Texts.Text(x.Carrier) + " and " +
			s.BoxRegister.Texts.Text(x.Escort) + " among " + strings.Join(s.ShipmentBook().Escorting(x), " ")
		if !x.Told {
			o.Shipments[id] = "only from those whom nobody asked"
		}
	}
	for id, st := range s.Receipt.Stock {
		if n := s.Receipt.Available(&s.Procurement, goods.Of(id)); n != 0 {
			o.Available[id] = n
		}
		if st.Issued != 0 {
			o.Issued[id] = st.Issued
		}
	}
	for _, c := range s.Register.Cases {
		if c.Status == incident.StatusOpen && !c.Held {
			key := c.Key
			if key == "" { // the id of what a person raised depends on the order; what it says does not
				key = c.Handled().Note
			}
			o.Open[key] = aCase{c.Rule, c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional, s.Register.Text(c).ID}
		}
	}
	return o
}

// goodsStory tells of the deliveries that the ballots come from, some of them too small, and that are accepted in the end.
func (s *story) goodsStory() {
	for _, dlv := range []string{"DLV-3578-1", "DLV-3578-2"}[:rapid.IntRange(1, 2).Draw(s.t, "deliveries")] {
		announce, count := &procurement.AnnounceDelivery{Delivery: dlv}, &receipt.CountGoods{Delivery: dlv}
		for _, d := range given.Designs() {
			item, n := goods.Item{Item: goods.Ballot, Variant: d}, rapid.SampledFrom([]int64{200, 400, 1000}).Draw(s.t, "pieces")
			missing := rapid.SampledFrom([]int64{0, 0, 5}).Draw(s.t, "missing")
			announce.Lines = append(announce.Lines, goods.Line{Item: item, Quantity: n})
			count.Lines = append(count.Lines, procurement.CountLine{Item: item, Good: n - missing, Missing: missing})
			s.tell(given.Warehouse, &receipt.ReportSorting{Delivery: dlv, Design: d, Good: n - 10, Damaged: map[string]int64{"torn": 3}})
		}
		s.tell(given.System, announce)
		s.tell(given.Warehouse, count)
		s.accepted = append(s.accepted, dlv)
	}
}

// outcomeOf tells the decisions of the office first, in their order, then the reports as they come, and accepts the deliveries in the end.
func outcomeOf(t *rapid.T, decisions, reports []told, deliveries []string) outcome {
	x := newTeller(t)
	for _, a := range slices.Concat(decisions, reports) {
		if !x.tell(t, a) {
			t.Fatalf("%s was refused", a.Cmd.CommandType())
		}
	}
	for i, dlv := range deliveries {
		a := told{at: given.VotingDay, mode: domain.Request, Act: given.By(given.Officer, &procurement.AcceptDelivery{Delivery: dlv, Document: "BAST"})}
		a.id[0] = byte(i + 1)
		if !x.tell(t, a) {
			t.Fatalf("delivery %s was not accepted", dlv)
		}
	}
	holds(t, x.state, x.history)
	return x.outcome()
}

// TestOrderOfArrival: phones are offline for a day and send late, in any order. When all have sent everything, custody, boxes, stations,
// shipments, stock and open discrepancies are as if everyone had always been online.
func TestOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		var decisions, reports []told
		for _, a := range s.acts {
			if a.mode == domain.Request {
				decisions = append(decisions, a)
			} else {
				reports = append(reports, a)
			}
		}
		slices.SortStableFunc(reports, func(a, b told) int { return a.at.Compare(b.at) })
		inOrder := outcomeOf(t, decisions, reports, s.accepted)
		shuffled := outcomeOf(t, decisions, rapid.Permutation(reports).Draw(t, "order"), s.accepted)
		if diff := cmp.Diff(inOrder, shuffled, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the order of arrival shows (-in order +shuffled):\n%s", diff)
		}
	})
}

// TestAlwaysOnline: what is sent at once, decisions among reports as they were made, ends in the same as what was sent late.
func TestAlwaysOnline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		online := newTeller(t)
		var decisions, reports []told
		for _, a := range s.acts {
			accepted := online.tell(t, a)
			switch {
			case a.mode == domain.Report:
				reports = append(reports, a)
			case accepted:
				decisions = append(decisions, a)
			}
		}
		holds(t, online.state, online.history)
		late := newTeller(t)
		for _, a := range slices.Concat(decisions, rapid.Permutation(reports).Draw(t, "order")) {
			if !late.tell(t, a) {
				t.Fatalf("%s was refused", a.Cmd.CommandType())
			}
		}
		if diff := cmp.Diff(online.outcome(), late.outcome(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("late phones show (-online +late):\n%s", diff)
		}
	})
}

// TestAnyReportsInAnyOrder is TestOrderOfArrival for reports that make no story: anything by anybody at any moment.
func TestAnyReportsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := newTeller(t)
		var decisions, reports []told
		for i := range rapid.IntRange(2, 20).Draw(t, "acts") {
			a := told{at: someMoment.Draw(t, "moment"), mode: domain.Report, Act: given.By(somebody.Draw(t, "who"), aFact(t))}
			a.id[0], a.id[1] = byte(rapid.IntRange(0, 3).Draw(t, "id")), byte(i+1)
			if r, ok := a.Cmd.(*incident.Raise); ok {
				r.Note = "incident " + strconv.Itoa(i)
			}
			if given.Decision(a.Cmd) {
				a.mode = domain.Request
			}
			switch {
			case a.mode == domain.Report:
				reports = append(reports, a)
			case first.tell(t, a):
				decisions = append(decisions, a)
			}
		}
		var ends [2]outcome
		for i, order := range [][]told{reports, rapid.Permutation(reports).Draw(t, "order")} {
			x := newTeller(t)
			for _, a := range slices.Concat(decisions, order) {
				if !x.tell(t, a) {
					t.Fatalf("%s was refused", a.Cmd.CommandType())
				}
			}
			holds(t, x.state, x.history)
			ends[i] = x.outcome()
		}
		if diff := cmp.Diff(ends[0], ends[1], cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the order of arrival shows (-one +other):\n%s", diff)
		}
	})
}

// TestSnapshots: a ledger that goes on from a snapshot taken anywhere is the ledger that folds all from the beginning.
func TestSnapshots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newTeller(t)
		for _, a := range drawStory(t).acts {
			x.tell(t, a)
		}
		cut := rapid.IntRange(0, len(x.history)).Draw(t, "cut")
		state := ledger.New(given.Election, given.Unit, only{reference})
		fold(t, state, x.history[:cut])
		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode(state.Data); err != nil {
			t.Fatal(err)
		}
		fold(t, state, x.history[cut:]) // a snapshot shares nothing with the state that goes on
		var data ledger.Data
		if err := gob.NewDecoder(&buf).Decode(&data); err != nil {
			t.Fatal(err)
		}
		restored, err := ledger.Restore(given.Election, given.Unit, only{reference}, data)
		if err != nil {
			t.Fatal(err)
		}
		fold(t, restored, x.history[cut:])
		holds(t, restored, x.history)
		want := encoded(t, x.state)
		for name, got := range map[string]*ledger.State{"folded": state, "restored": restored} {
			if got := encoded(t, got); !reflect.DeepEqual(want, got) { // much faster than a Diff, which is for reading
				t.Fatalf("%s is another state than executed (-executed +%s):\n%s", name, name, cmp.Diff(want, got))
			}
		}
	})
}

func fold(t *rapid.T, s *ledger.State, history []domain.Recorded) {
	t.Helper()
	for _, rec := range history {
		if err := s.Fold(rec); err != nil {
			t.Fatal(err)
		}
	}
}

// encoded is a state as JSON in which an empty list is as good as none.
func encoded(t *rapid.T, s *ledger.State) map[string]any {
	t.Helper()
	data, err := json.Marshal(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return pruned(m).(map[string]any)
}

func pruned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range maps.Clone(v) {
			if v[k] = pruned(v[k]); v[k] == nil {
				delete(v, k)
			}
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = pruned(v[i])
		}
	}
	return v
}
