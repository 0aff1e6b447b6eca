package main

import (
	"strings"
	"testing"
	"time"

	"jejak/projections/form"
)

var statusNow = time.Date(2024, 2, 13, 18, 0, 0, 0, time.UTC)

func statusRow(code string, age time.Duration, late, open int64) form.RegencyRow {
	row := form.RegencyRow{
		Code: code, Name: "Kabupaten " + code, Stations: map[string]int64{"late": late, "ready": 7}, Discrepancies: map[string]int64{"short": open},
		Boxes: map[string]int64{"at_station": 35},
	}
	if age >= 0 {
		row.LastRecordedAt = statusNow.Add(-age).Format(time.RFC3339Nano)
	}
	return row
}

// TestConditions: who is silent is unknown, whatever the last figures say, and never fine; who is late stays late.
func TestConditions(t *testing.T) {
	for name, c := range map[string]struct {
		age        time.Duration // below 0: nothing was ever recorded
		late, open int64
		want       condition
	}{
		"fine":            {time.Minute, 0, 0, isQuiet},
		"just not silent": {12 * time.Hour, 0, 0, isQuiet},
		"open":            {time.Minute, 0, 3, isOpen},
		"late":            {time.Minute, 1, 3, isLate},
		"silent":          {12*time.Hour + time.Second, 0, 0, isUnknown},
		"silent and open": {24 * time.Hour, 0, 9, isUnknown},
		"silent and late": {24 * time.Hour, 2, 9, isLate},
		"nothing ever":    {-1, 0, 0, isUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := judge(statusRow("3501", c.age, c.late, c.open), statusNow, 12*time.Hour)
			if err != nil || e.Condition != c.want {
				t.Errorf("%s, %v; want %s", e.Condition, err, c.want)
			}
			if text := statusTable([]boardEntry{e}, true).String(); c.want != isQuiet && strings.Contains(text, string(words[isQuiet].colour)) {
				t.Errorf("green:\n%s", text)
			}
		})
	}
	if _, err := judge(form.RegencyRow{Code: "3501", LastRecordedAt: "yesterday"}, statusNow, time.Hour); err == nil || !strings.Contains(err.Error(), "3501") {
		t.Errorf("error %v", err)
	}
}

func TestWorstFirst(t *testing.T) {
	var rows []boardEntry
	for _, row := range []form.RegencyRow{
		statusRow("3501", time.Minute, 0, 0), statusRow("3502", time.Minute, 0, 4), statusRow("3503", 48*time.Hour, 0, 0), statusRow("3504", time.Minute, 2, 0),
		statusRow("3505", 48*time.Hour, 30, 0), statusRow("3506", time.Minute, 0, 5), statusRow("3507", time.Minute, 0, 0),
	} {
		e, err := judge(row, statusNow, 12*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, e)
	}
	worstFirst(rows)
	var order []string
	for _, e := range rows {
		order = append(order, e.Row.Code)
	}
	if got := strings.Join(order, " "); got != "3505 3504 3503 3506 3502 3501 3507" {
		t.Errorf("order %s", got)
	}
	table := statusTable(rows, false).String()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != 8 || !strings.Contains(lines[1], "TERLAMBAT") || !strings.Contains(lines[1], "2 hari") || !strings.Contains(lines[3], "tidak diketahui") {
		t.Errorf("table\n%s", table)
	}
	for _, want := range []string{"Kabupaten 3505", "umur / age 2 hari", "posisi / all figures up to position 0", "late"} {
		if text := details(rows[0], false).String(); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
