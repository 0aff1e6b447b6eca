package history_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/history"
	"jejak/projections"
	"jejak/projections/form"
)

// flat are the numbers in the JSON of a regency's row by their paths, and its words as a 1.
func flat(s *ledger.State) map[string]int64 {
	raw, err := json.Marshal(projections.Regency(s, 0))
	if err != nil {
		panic(err)
	}
	var row map[string]any
	if err := json.Unmarshal(raw, &row); err != nil {
		panic(err)
	}
	all := map[string]int64{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(path+"."+name, inner)
			}
		case float64:
			if v != 0 {
				all[path[1:]] = int64(v)
			}
		case string:
			all[path[1:]+"."+v] = 1
		}
	}
	for _, name := range []string{"items", "boxes", "stations", "shipments", "discrepancies", "budget", "supporting", "plan"} {
		walk("."+name, row[name])
	}
	return all
}

// along folds events and says the figures before each.
func (h *house) along(t *testing.T, upTo int) []map[string]int64 {
	t.Helper()
	s := ledger.New(given.Election, given.Unit, small)
	list := []map[string]int64{flat(s)}
	for _, rec := range h.events[:upTo] {
		if err := s.Fold(rec); err != nil {
			t.Fatal(err)
		}
		list = append(list, flat(s))
	}
	return list
}

// TestWhatChangedAddsUp: the changes of every figure lead from the first moment to the second, and the events are exactly those at which it changed.
func TestWhatChangedAddsUp(t *testing.T) {
	for seed := range uint64(stories / 5) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 4))
		hist := h.history(nil)
		steps := h.along(t, len(h.events))
		for range moments / 4 {
			a, b := h.moment(rng), h.moment(rng)
			if b.Before(a) {
				a, b = b, a
			}
			known := func(at time.Time) int {
				return len(h.events) - len(slices.DeleteFunc(slices.Clone(h.events), func(r domain.Recorded) bool { return !r.Meta.RecordedAt.After(at) }))
			}
			from, to := known(a), known(b)
			want := map[string][]string{} // events by figure, with the figure before and after
			for i := from; i < to; i++ {
				names := maps.Clone(steps[i])
				maps.Copy(names, steps[i+1])
				for name := range names {
					if steps[i][name] != steps[i+1][name] {
						want[name] = append(want[name], fmt.Sprintf("%s %d %d", h.events[i].ID, steps[i][name], steps[i+1][name]))
					}
				}
			}
			cutA, cutB := history.Cut{Clock: history.Recorded, At: a}, history.Cut{Clock: history.Recorded, At: b}
			d, err := hist.Diff(t.Context(), given.Election, given.Unit, cutA, cutB, "")
			if err != nil {
				t.Fatal(err)
			}
			names := []string{}
			for _, f := range d.Figures {
				names = append(names, f.Figure)
				total := 0
				for _, n := range f.Types {
					total += n
				}
				if f.From != steps[from][f.Figure] || f.To != steps[to][f.Figure] || f.Changes != len(want[f.Figure]) || total != f.Changes {
					t.Errorf("seed %d %s: %+v, want %d to %d by %d", seed, f.Figure, f, steps[from][f.Figure], steps[to][f.Figure], len(want[f.Figure]))
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), names); diff != "" && len(want)+len(names) > 0 {
				t.Fatalf("figures (-want +got):\n%s", diff)
			}
			for _, name := range names[:min(len(names), 3)] {
				d, err := hist.Diff(t.Context(), given.Election, given.Unit, cutA, cutB, name)
				if err != nil || len(d.Figures) != 1 {
					t.Fatalf("%s: %v, %+v", name, err, d)
				}
				if diff := cmp.Diff(want[name], written(d.Figures[0].Events)); diff != "" {
					t.Errorf("events of %s (-want +got):\n%s", name, diff)
				}
			}
		}
	}
}

// TestFiguresHaveNames: no name is refused that a figure ever has, on either clock, whether it changed or not; any other is, with those near it.
func TestFiguresHaveNames(t *testing.T) {
	ask := func(hist *history.History, from, to time.Time, name string) (diff, believed error) {
		_, diff = hist.Diff(t.Context(), given.Election, given.Unit, history.Cut{Clock: history.Recorded, At: from}, history.Cut{Clock: history.Recorded, At: to}, name)
		_, believed = hist.Believed(t.Context(), given.Election, given.Unit, to, name)
		return diff, believed
	}
	for seed := range uint64(stories / 20) {
		h := tell(t, seed)
		hist := h.history(nil)
		names := map[string]bool{"plan.none": true, "plan.approved": true, "discrepancies.lost": true, "boxes.seized": true, "items.ballot.need": true, "supporting.A.verified": true}
		for _, figures := range h.along(t, len(h.events)) {
			for name := range figures {
				names[name] = true
			}
		}
		for name := range names {
			if diff, believed := ask(hist, h.end, h.end, name); diff != nil || believed != nil {
				t.Errorf("seed %d %s: %v, %v", seed, name, diff, believed)
			}
		}
		first := h.events[0].Meta.RecordedAt.Add(-time.Minute)
		if diff, believed := ask(hist, first, first, "items.ballot.need"); diff != nil || believed != nil {
			t.Errorf("before any reference data: %v, %v", diff, believed)
		}
	}
	h := tell(t, 1)
	hist := h.history(nil)
	for name, near := range map[string]string{
		"boxes.saeled": "boxes.sealed", "at_village": "boxes.at_village", "station.ready": "stations.ready", "items.balot.need": "items.ballot.need", "nix": "",
		"boxes": "boxes.", "boxes.sealed ": "boxes.sealed",
	} {
		diff, believed := ask(hist, h.end, h.end, name)
		for _, err := range []error{diff, believed} {
			fault, ok := history.Asks(err)
			if !ok || fault.Field != "figure" || !strings.Contains(fault.EN, strconv.Quote(name)) || !strings.Contains(fault.Fix, near) || !strings.Contains(fault.FixID, near) {
				t.Errorf("%q: %v %+v", name, err, fault)
			}
		}
	}
}

func written(events []form.FigureEvent) (list []string) {
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %d %d", e.Event, e.From, e.To))
	}
	return list
}

// TestWhatWasBelievedAgainstWhatWasTrue: the figures of both clocks, and between them exactly the events that had occurred and were told later. Once
// everything is told, what is believed is true.
func TestWhatWasBelievedAgainstWhatWasTrue(t *testing.T) {
	differ := 0
	for seed := range uint64(stories / 5) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 5))
		hist := h.history(nil)
		for range moments / 4 {
			at := h.moment(rng)
			var sides [2]map[string]int64
			for i, clock := range []history.Clock{history.Recorded, history.Occurred} {
				err := hist.State(t.Context(), given.Election, given.Unit, history.Cut{Clock: clock, At: at}, func(s *ledger.State, _ eventstore.Position) error {
					sides[i] = flat(s)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			b, err := hist.Believed(t.Context(), given.Election, given.Unit, at, "")
			if err != nil {
				t.Fatal(err)
			}
			late := 0
			for i, rec := range h.events {
				if i > 0 && rec.Meta.RecordedAt.After(at) && !rec.Meta.OccurredAt.After(at) && !provedLater(h.events, rec, at) {
					late++
				}
			}
			if at.Before(h.events[0].Meta.RecordedAt) {
				continue // nothing is adopted yet
			}
			if b.Late != late {
				t.Errorf("seed %d at %s: %d told later, want %d", seed, at, b.Late, late)
			}
			all := maps.Clone(sides[0])
			maps.Copy(all, sides[1])
			want := map[string][2]int64{}
			for name := range all {
				if sides[0][name] != sides[1][name] {
					want[name] = [2]int64{sides[0][name], sides[1][name]}
				}
			}
			got := map[string][2]int64{}
			for _, f := range b.Figures {
				got[f.Figure] = [2]int64{f.Believed, f.True}
				if f.Changes == 0 && len(b.Ahead) == 0 {
					t.Errorf("seed %d at %s: nothing makes the difference of %s", seed, at, f.Figure)
				}
				differ++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d at %s (-want +got):\n%s", seed, at, diff)
			}
		}
		b, err := hist.Believed(t.Context(), given.Election, given.Unit, h.end.Add(time.Minute), "")
		if err != nil || len(b.Figures) != 0 || b.Late != 0 || len(b.Ahead) != 0 {
			t.Errorf("seed %d, when everything is told: %+v, %v", seed, b, err)
		}
	}
	if differ == 0 {
		t.Error("nothing ever differed: the test says nothing")
	}
}
