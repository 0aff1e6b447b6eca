package terminal

import (
	"slices"
	"strings"
)

const (
	// narrowest is what a column that is shortened keeps at least: one that is less wide than that is shown whole or not at all.
	narrowest = 24
	between   = 2
)

// Fit chooses the columns of a table that is wider than the screen: those named in order, then the others from the left, as long as there is room for them.
// Wide ones are cut, with an ellipsis at the end. left are the titles of those left out, cut of those cut; with both empty, or screen 0, it is the whole table.
// Titles and cells are cleaned.
func Fit(columns []Column, rows [][]string, screen int, order []string) (fitted Text, left, cut []string) {
	columns, rows = placedAll(columns, rows)
	widths := make([]int, len(columns))
	whole := -between
	for i, c := range columns {
		widths[i] = width(c.Title)
		for _, row := range rows {
			if i < len(row) {
				widths[i] = max(widths[i], width(row[i]))
			}
		}
		whole += widths[i] + between
	}
	if screen <= 0 || whole <= screen {
		return table(columns, rows), nil, nil
	}
	shown, room := choose(columns, widths, screen, order)
	kept, cells := make([]Column, 0, len(columns)), make([][]string, len(rows))
	for i, c := range columns {
		if !shown[i] {
			left = append(left, c.Title)
			continue
		}
		kept = append(kept, c)
		most := widths[i]
		if most > narrowest {
			most = min(most, narrowest+room)
			room -= most - narrowest
		}
		if most < widths[i] {
			cut = append(cut, c.Title)
		}
		for r, row := range rows {
			if i < len(row) {
				cells[r] = append(cells[r], shorten(row[i], most))
			}
		}
	}
	return table(kept, cells), left, cut
}

// choose says which columns are shown, and how much room is left for those that want more than narrowest.
func choose(columns []Column, widths []int, screen int, order []string) (shown []bool, room int) {
	shown, room = make([]bool, len(columns)), screen+between
	take := func(i int) {
		if need := min(widths[i], narrowest) + between; !shown[i] && need <= room {
			shown[i] = true
			room -= need
		}
	}
	for _, title := range order {
		if i := slices.IndexFunc(columns, func(c Column) bool { return c.Title == title }); i >= 0 {
			take(i)
		}
	}
	for i := range columns {
		take(i)
	}
	return shown, room
}

func shorten(text string, most int) string {
	if width(text) <= most {
		return text
	}
	inside, isolated := strings.CutPrefix(text, firstStrong)
	short := string([]rune(inside)[:most-1]) + "…"
	if isolated {
		return firstStrong + short + popIsolate
	}
	return short
}
