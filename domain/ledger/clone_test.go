package ledger_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
)

// TestClone: what is folded into a ledger is not in its clone, nor the reverse, and both are what their own events make of an empty ledger.
func TestClone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var executed *ledger.State
		var history []domain.Recorded
		ref := reference
		if rapid.Bool().Draw(t, "story") {
			x := newTeller(t)
			for _, a := range drawStory(t).acts {
				x.tell(t, a)
			}
			executed, history = x.state, x.history
		} else {
			ref = soonDue()
			s := given.Ledger(t, ref, given.Unit)
			for range rapid.IntRange(1, 25).Draw(t, "acts") {
				cmd := rapid.OneOf(rapid.Custom(anAct), rapid.SampledFrom(examples())).Draw(t, "command")
				s.At(someMoment.Draw(t, "moment")).When(anyMode.Draw(t, "mode"), somebody.Draw(t, "who"), cmd)
			}
			executed, history = s.State, s.History
		}
		empty := func() *ledger.State { return ledger.New(given.Election, given.Unit, only{ref}) }
		cut := rapid.IntRange(0, len(history)).Draw(t, "cut")
		whole, plain := empty(), empty()
		fold(t, whole, history[:cut])
		fold(t, plain, history[:cut])
		whole.Stations() // whose tally follows what changes
		part := whole.Clone()
		apart(t, "Data", reflect.ValueOf(whole.Data), reflect.ValueOf(part.Data))
		for _, rec := range history[cut:] { // in turns
			if err := whole.Fold(rec); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "left out") {
				continue
			}
			for _, s := range []*ledger.State{part, plain} {
				if err := s.FoldLater(rec); err != nil {
					t.Fatal(err)
				}
			}
		}
		holds(t, whole, history)
		for name, pair := range map[string][2]*ledger.State{"whole": {executed, whole}, "clone": {plain, part}} {
			if want, got := encoded(t, pair[0]), encoded(t, pair[1]); !reflect.DeepEqual(want, got) {
				t.Fatalf("the %s is another state than its events make (-folded +%s):\n%s", name, name, cmp.Diff(want, got))
			}
		}
	})
}

// apart fails for a table that both have, and for a list to which one could add where the other reads.
func apart(t *rapid.T, name string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			apart(t, name+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Map:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			t.Fatalf("a clone has the same table %s", name)
		}
	case reflect.Slice:
		if a.Cap() > 0 && a.Pointer() == b.Pointer() && b.Cap() > b.Len() {
			t.Fatalf("a clone adds to the same list %s", name)
		}
		if a.Type().Elem().Kind() == reflect.Struct {
			for i := range min(a.Len(), b.Len()) {
				apart(t, name, a.Index(i), b.Index(i))
			}
		}
	}
}

// BenchmarkClone clones a ledger of some thousand boxes.
func BenchmarkClone(b *testing.B) {
	ref := city(500)
	c := newClerk(b, ref)
	for _, station := range stationsOf(ref) {
		c.wholeWay(b, ref, station)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.state.Clone()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.state.Version), "ns/event")
}
