package terminal

import (
	"strconv"
	"strings"
)

// Column heads a column of a table.
type Column struct {
	Title string
	Right bool // figures stand right
}

// Table lays rows out under their columns, two spaces between, and ends every line with a line feed. A row may be shorter than the head. Titles and cells
// are cleaned.
func Table(columns []Column, rows [][]string) Text {
	return table(placedAll(columns, rows))
}

// placedAll are titles and cells as they may be shown.
func placedAll(columns []Column, rows [][]string) ([]Column, [][]string) {
	heads, cells := make([]Column, len(columns)), make([][]string, len(rows))
	for i, column := range columns {
		heads[i] = Column{placed(column.Title), column.Right}
	}
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for j, cell := range row {
			cells[i][j] = placed(cell)
		}
	}
	return heads, cells
}

// table lays out what is placed.
func table(columns []Column, rows [][]string) Text {
	widths := make([]int, len(columns))
	for i, column := range columns {
		widths[i] = width(column.Title)
	}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	var out strings.Builder
	line := func(cells []string) {
		var b strings.Builder
		for i, cell := range cells {
			space := strings.Repeat(" ", widths[i]-width(cell))
			if columns[i].Right {
				b.WriteString(space + cell)
			} else {
				b.WriteString(cell + space)
			}
			b.WriteString("  ")
		}
		out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	titles := make([]string, len(columns))
	for i, column := range columns {
		titles[i] = column.Title
	}
	line(titles)
	for _, row := range rows {
		line(row)
	}
	return Text{out.String()}
}

// Number writes n with a comma between thousands: 8206 is 8,206.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var out strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return sign + out.String()
}
