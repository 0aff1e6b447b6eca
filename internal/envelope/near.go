package envelope

import (
	"slices"
	"strings"

	"jejak/domain/ledger"
)

// nearTypes are the known types that look most like a wrong one.
func nearTypes(wrong string) []string {
	const most = 5
	known := ledger.CommandTypes()
	if room, _, _ := strings.Cut(wrong, "."); room != "" {
		if same := slices.DeleteFunc(slices.Clone(known), func(t string) bool { return !strings.HasPrefix(t, room+".") }); len(same) > 0 {
			known = same
		}
	}
	wrong = shorten(wrong)
	distances := make(map[string]int, len(known))
	for _, t := range known {
		distances[t] = distance(wrong, t)
	}
	slices.SortStableFunc(known, func(a, b string) int { return distances[a] - distances[b] })
	return known[:min(most, len(known))]
}

// distance is the number of letters to change, add or leave out (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
