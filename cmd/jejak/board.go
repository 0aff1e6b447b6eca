package main

import (
	"cmp"
	"slices"
	"strings"

	"jejak/internal/terminal"
	"jejak/projections/form"
)

// stages are the columns of boxes, from the station back to the warehouse: how far they are is what one looks for.
var stages = []struct {
	title  string
	states []string
}{
	{"at TPS", []string{"at_station"}},
	{"village", []string{"at_village"}},
	{"district", []string{"at_district"}},
	{"road", []string{"loaded", "in_transit"}},
	{"sealed", []string{"sealed"}},
	{"packed", []string{"packed", "checked"}},
	{"empty", []string{"labelled"}},
}

// boardTable lays out the regencies: first those that are played in full (nil: all), worst first, then the others by their codes, where nobody delivers
// and so all is late in the end. What decides stands left, where also a narrow window shows it.
func boardTable(rows []form.RegencyRow, inFull map[string]bool) terminal.Text {
	return terminal.Table(boardCells(rows, inFull))
}

func boardCells(rows []form.RegencyRow, inFull map[string]bool) ([]terminal.Column, [][]string) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b form.RegencyRow) int {
		played := inFull == nil || inFull[a.Code]
		if inFull[a.Code] != inFull[b.Code] {
			if played {
				return -1
			}
			return 1
		}
		if played {
			return cmp.Or(cmp.Compare(b.Stations["late"], a.Stations["late"]), cmp.Compare(total(b.Discrepancies), total(a.Discrepancies)), cmp.Compare(a.Code, b.Code))
		}
		return cmp.Compare(a.Code, b.Code)
	})
	columns := []terminal.Column{
		{Title: "code"}, {Title: "regency"}, {Title: "plan"}, {Title: "open", Right: true}, {Title: "late", Right: true}, {Title: "ready", Right: true}, {Title: "TPS", Right: true},
	}
	for _, stage := range stages {
		columns = append(columns, terminal.Column{Title: stage.title, Right: true})
	}
	columns = append(columns, terminal.Column{Title: "other", Right: true})
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = boardLine(row)
	}
	return columns, cells
}

func boardLine(row form.RegencyRow) []string {
	line := []string{
		row.Code, shortName(row.Name), row.Plan, figure(total(row.Discrepancies)), figure(row.Stations["late"]),
		figure(row.Stations["ready"] + row.Stations["ready_with_issue"]), figure(total(row.Stations)),
	}
	other := total(row.Boxes)
	for _, stage := range stages {
		var n int64
		for _, state := range stage.states {
			n += row.Boxes[state]
		}
		other -= n
		line = append(line, figure(n))
	}
	return append(line, figure(other))
}

// together is the row of all rows.
func together(rows []form.RegencyRow) form.RegencyRow {
	all := form.RegencyRow{Name: "semua / all", Boxes: map[string]int64{}, Stations: map[string]int64{}, Discrepancies: map[string]int64{}}
	for _, row := range rows {
		for _, counts := range []struct{ of, to map[string]int64 }{{row.Boxes, all.Boxes}, {row.Stations, all.Stations}, {row.Discrepancies, all.Discrepancies}} {
			for name, n := range counts.of {
				counts.to[name] += n
			}
		}
	}
	return all
}

func total(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// figure leaves zero out: in a table of 38 rows what is there must stand out.
func figure(n int64) string {
	if n == 0 {
		return "-"
	}
	return terminal.Number(n)
}

func shortName(name string) string {
	return strings.Replace(name, "Kabupaten ", "Kab. ", 1)
}
