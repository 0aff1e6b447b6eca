package terminal

import (
	"slices"
	"unicode/utf8"
)

const (
	// narrowest is what a column that is shortened keeps at least: one that is less wide than that is shown whole or not at all.
	narrowest = 24
	between   = 2
)

// Fit chooses the columns of a table that is wider than width: those named in order, then the others from the left, as long as there is room for them.
// Wide ones are cut, with an ellipsis at the end. left are the titles of those left out, cut of those cut; with both empty, or width 0, it is the whole table.
func Fit(columns []Column, rows [][]string, width int, order []string) (table string, left, cut []string) {
	widths := make([]int, len(columns))
	whole := -between
	for i, c := range columns {
		widths[i] = utf8.RuneCountInString(c.Title)
		for _, row := range rows {
			if i < len(row) {
				widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
			}
		}
		whole += widths[i] + between
	}
	if width <= 0 || whole <= width {
		return Table(columns, rows), nil, nil
	}
	shown, room := choose(columns, widths, width, order)
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
	return Table(kept, cells), left, cut
}

// choose says which columns are shown, and how much room is left for those that want more than narrowest.
func choose(columns []Column, widths []int, width int, order []string) (shown []bool, room int) {
	shown, room = make([]bool, len(columns)), width+between
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
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
