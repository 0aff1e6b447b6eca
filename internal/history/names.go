package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/domain/supporting"
	"jejak/eventstore"
)

// figureNames are the names that figures of a ledger can have, sorted: those of its row, and those that are left out of it while they are nothing.
func figureNames(s *ledger.State) []string {
	names := map[string]bool{"plan.none": true}
	for name := range figuresOf(s, eventstore.Position(0)) {
		names[name] = true
		if item, received := strings.CutSuffix(name, ".received"); received {
			names[item+".need"] = true
		}
	}
	for state := range box.States {
		names["boxes."+box.State(state).String()] = true
	}
	for _, kind := range domain.Kinds() {
		names["discrepancies."+string(kind)] = true
	}
	for _, group := range supporting.Groups() {
		for _, status := range supporting.Statuses() {
			names["supporting."+group+"."+string(status)] = true
		}
	}
	for _, status := range need.Statuses() {
		names["plan."+string(status)] = true
	}
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// noFigure is a *Fault where a figure was asked for by a name that none has in a ledger, nil otherwise. Before its first reference data a ledger has no
// items, so that nobody can say which there will be.
func noFigure(s *ledger.State, figure string) error {
	if figure == "" || s.Reference() == nil && strings.HasPrefix(figure, "items.") {
		return nil
	}
	names := figureNames(s)
	if _, is := slices.BinarySearch(names, figure); is {
		return nil
	}
	near := strings.Join(nearest(figure, names), ", ")
	return &Fault{Field: "figure", ID: fmt.Sprintf("tidak ada angka %q", figure), EN: fmt.Sprintf("there is no figure %q", figure),
		FixID: "yang mirip: " + near, Fix: "near it are " + near}
}

// mostNear is how many names a mistake is answered with.
const mostNear = 5

// nearest are the names most like one that is none, the likest first: those that have it in them, then those that take the fewest changes.
func nearest(name string, names []string) []string {
	distances := make(map[string]int, len(names))
	for _, n := range names {
		distances[n] = distance(name, n)
		if strings.Contains(n, name) {
			distances[n] = 0
		}
	}
	list := slices.Clone(names)
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(distances[a], distances[b]) })
	far := distances[list[0]] + 2
	return slices.DeleteFunc(list[:min(mostNear, len(list))], func(n string) bool { return distances[n] > far })
}

// distance is how many characters must be added, left out or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	before := make([]int, utf8.RuneCountInString(b)+1)
	for j := range before {
		before[j] = j
	}
	for i, x := range []rune(a) {
		row := make([]int, len(before))
		row[0] = i + 1
		for j, y := range []rune(b) {
			change := before[j]
			if x != y {
				change++
			}
			row[j+1] = min(change, before[j+1]+1, row[j]+1)
		}
		before = row
	}
	return before[len(before)-1]
}
