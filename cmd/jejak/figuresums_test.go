package main

import (
	"strings"
	"testing"

	"jejak/projections/form"
)

// Of several regencies the sums stand first: of those in which a figure differs.
func TestSumsOfFigures(t *testing.T) {
	accepted := func(n int) map[string]int { return map[string]int{"handoff.accepted": n} }
	believed := []form.Believed{
		{Code: "3576", At: "2024-02-12T23:45:00Z", Late: 7, Figures: []form.FigureDifference{
			{Figure: "boxes.at_village", Believed: 10, True: 30, Changes: 2, Types: accepted(2)}, {Figure: "boxes.in_transit", Believed: 20, Changes: 1, Types: map[string]int{"shipment.loaded": 1}}}},
		{Code: "3577", At: "2024-02-12T23:45:00Z", Late: 1, Figures: []form.FigureDifference{{Figure: "boxes.at_village", Believed: 1000, True: 1005, Changes: 1, Types: accepted(1)}}},
	}
	changed := []form.Diff{
		{Code: "3576", Events: 5, Figures: []form.FigureChange{{Figure: "boxes.sealed", From: 4, To: 1, Changes: 3, Types: accepted(3)}}},
		{Code: "3577", Events: 4},
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"believed": {believedText(believed, "", "").String(), []string{
			"semua / all: at 2024-02-13 06:45:00 WIB, 8 events in 2 regencies had occurred and were told later",
			"boxes.at_village believed 1,010 true 1,035 in 2 regencies: 3 changes: 3 handoff.accepted",
			"boxes.in_transit believed 20 true 0 in 1 regency: 1 change: 1 shipment.loaded"}},
		"changed":      {diffText(changed, "").String(), []string{"semua / all: 9 events in 2 regencies", "boxes.sealed 4 -> 1 in 1 regency: 3 changes: 3 handoff.accepted"}},
		"only one":     {believedText(believed[1:], "", "").String(), []string{"3577 : at 2024-02-13 06:45:00 WIB, position 0, 1 event had occurred and were told later"}},
		"nothing else": {diffText(nil, "").String(), []string{strings.TrimSpace(nothingBetween)}},
	} {
		lines := strings.Split(test.text, "\n")
		for i, want := range test.want {
			if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
				t.Errorf("%s: line %d is %q, want %q", name, i+1, got, want)
			}
		}
	}
}
