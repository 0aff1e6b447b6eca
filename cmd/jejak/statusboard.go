package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/domain"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

// condition is how a regency stands, in one word. The worst comes first.
type condition string

const (
	isLate    condition = "late"    // a deadline has passed, and not all is there
	isUnknown condition = "unknown" // it has been silent for too long, so that its figures may be wrong
	isOpen    condition = "open"    // a discrepancy is open
	isQuiet   condition = "ok"      // nothing is known to be wrong
)

var conditions = []condition{isLate, isUnknown, isOpen, isQuiet}

// words are the conditions as staff read them, with a colour of the terminal.
var words = map[condition]struct {
	text   string
	colour terminal.Colour
}{
	isLate:    {"TERLAMBAT", terminal.Red},
	isUnknown: {"tidak diketahui", terminal.Magenta},
	isOpen:    {"ada temuan", terminal.Yellow},
	isQuiet:   {"baik", terminal.Green},
}

// boardEntry is a row with what follows from the time.
type boardEntry struct {
	Condition condition `json:"condition"`
	// AgeSeconds since the last record; null where there is none yet.
	AgeSeconds *int64          `json:"age_seconds"`
	Row        form.RegencyRow `json:"row"`
}

// judge says how a regency stands at a time. silentAfter of silence makes everything about it unknown, but lateness, which silence does not mend.
func judge(row form.RegencyRow, now time.Time, silentAfter time.Duration) (boardEntry, error) {
	e := boardEntry{Condition: isQuiet, Row: row}
	silent := true
	if row.LastRecordedAt != "" {
		last, err := domain.StoredTime(row.LastRecordedAt)
		if err != nil {
			return e, fmt.Errorf("read the row of %s: last_recorded_at: %w", row.Code, err)
		}
		age := max(now.Sub(last), 0)
		seconds := int64(age.Seconds())
		e.AgeSeconds, silent = &seconds, age > silentAfter
	}
	switch {
	case row.Stations["late"] > 0:
		e.Condition = isLate
	case silent:
		e.Condition = isUnknown
	case total(row.Discrepancies) > 0:
		e.Condition = isOpen
	}
	return e, nil
}

func worstFirst(rows []boardEntry) {
	slices.SortStableFunc(rows, func(a, b boardEntry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(conditions, a.Condition), slices.Index(conditions, b.Condition)),
			cmp.Compare(b.Row.Stations["late"], a.Row.Stations["late"]),
			cmp.Compare(total(b.Row.Discrepancies), total(a.Row.Discrepancies)),
			cmp.Compare(a.Row.Code, b.Row.Code),
		)
	})
}

func (e boardEntry) age() string {
	if e.AgeSeconds == nil {
		return "-"
	}
	d := time.Duration(*e.AgeSeconds) * time.Second
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d dtk", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d mnt", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d jam", int(d.Hours()))
	}
	return fmt.Sprintf("%d hari", int(d.Hours()/24))
}

// statusTable lays out the board. Colours are put in last, so that they do not count for the widths.
func statusTable(rows []boardEntry, colour bool) terminal.Text {
	columns := []terminal.Column{
		{Title: "kode"}, {Title: "kabupaten/kota"}, {Title: "keadaan"}, {Title: "umur", Right: true}, {Title: "telat", Right: true}, {Title: "temuan", Right: true},
		{Title: "siap", Right: true}, {Title: "TPS", Right: true},
	}
	for _, stage := range stages {
		columns = append(columns, terminal.Column{Title: stage.title, Right: true})
	}
	cells := make([][]string, len(rows))
	for i, e := range rows {
		row := e.Row
		line := []string{
			row.Code, shortName(row.Name), words[e.Condition].text, e.age(), figure(row.Stations["late"]), figure(total(row.Discrepancies)),
			figure(row.Stations["ready"] + row.Stations["ready_with_issue"]), figure(total(row.Stations)),
		}
		for _, stage := range stages {
			var n int64
			for _, state := range stage.states {
				n += row.Boxes[state]
			}
			line = append(line, figure(n))
		}
		cells[i] = line
	}
	lines := terminal.Table(columns, cells).Split()
	var out terminal.Page
	out.Add(lines[0])
	for i, line := range lines[1:] {
		out.Add(painted(line, rows[i].Condition, colour))
	}
	return out.Text()
}

// painted colours the word of a condition where it stands.
func painted(line terminal.Text, c condition, colour bool) terminal.Text {
	if !colour {
		return line
	}
	return line.Colour(words[c].text, words[c].colour)
}

// details are all figures of one regency, under the moment that they are of.
func details(e boardEntry, colour bool) terminal.Text {
	row := e.Row
	var out terminal.Page
	out.Printf("%s %s: %s\n", row.Code, row.Name, painted(terminal.Sprintf("%s", words[e.Condition].text), e.Condition, colour))
	out.Printf("semua angka sampai posisi / all figures up to position %d, %s, umur / age %s\n", row.Position, cmp.Or(row.LastRecordedAt, "-"), e.age())
	if row.VotersDerived {
		out.Printf("pemilih diturunkan, bukan resmi / voters are derived, not official\n")
	}
	out.Printf("\n%s", itemTable(row.Items))
	for _, group := range []struct {
		title  string
		counts map[string]int64
	}{
		{"kotak / boxes", row.Boxes}, {"TPS / stations", row.Stations}, {"pengiriman / shipments", row.Shipments}, {"temuan terbuka / open discrepancies", row.Discrepancies},
	} {
		out.Printf("\n%s: %s\n", group.title, terminal.Number(total(group.counts)))
		for _, name := range slices.Sorted(maps.Keys(group.counts)) {
			if n := group.counts[name]; n != 0 {
				out.Printf("  %-20s %12s\n", name, terminal.Number(n))
			}
		}
	}
	out.Printf("\nanggaran / budget (rupiah): pagu / ceiling %s, terikat / committed %s, diterima / accepted %s, dibayar / paid %s\n",
		terminal.Number(row.Budget.Ceiling), terminal.Number(row.Budget.Committed), terminal.Number(row.Budget.Accepted), terminal.Number(row.Budget.Paid))
	return out.Text()
}

// itemTable leaves out items that nothing is known of.
func itemTable(items map[string]form.ItemRow) terminal.Text {
	columns := []terminal.Column{{Title: "barang"}, {Title: "need", Right: true}, {Title: "ordered", Right: true}, {Title: "announced", Right: true}, {Title: "received", Right: true},
		{Title: "damaged", Right: true}, {Title: "claimed", Right: true}, {Title: "packed", Right: true}}
	var cells [][]string
	for _, name := range slices.Sorted(maps.Keys(items)) {
		i := items[name]
		need := "?"
		if i.Need != nil {
			need = figure(*i.Need)
		} else if i == (form.ItemRow{}) {
			continue
		}
		cells = append(cells, []string{name, need, figure(i.Ordered), figure(i.Announced), figure(i.Received), figure(i.Damaged), figure(i.Claimed), figure(i.Packed)})
	}
	return terminal.Table(columns, cells)
}
