package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/simulation"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

func progressed(phase string, wave int, acts int64) simulation.Progress {
	return simulation.Progress{Phase: phase, Now: time.Date(2024, 1, 20, 12, 0, 0, 0, time.UTC), Wave: wave, Waves: 9, Acts: acts, Expected: 1000}
}

// Into a pipe a phase is told once, however often it takes turns with others.
func TestShowInAPipe(t *testing.T) {
	var out strings.Builder
	s := newShow(&out, func() (terminal.Text, error) { return terminal.Text{}, errors.New("nobody reads a board in a pipe") })
	for i, phase := range []string{"kotak diisi", "surat suara: disortir", "kotak diperiksa", "surat suara: dihitung", "kotak diisi"} {
		s.progress(progressed(phase, i+1, int64(i)))
	}
	s.progress(progressed("selesai", 9, 1234))
	s.end()
	want := "2024-01-20 12:00  kotak diisi (0 of about 1,000 acts)\n2024-01-20 12:00  surat suara: disortir (1 of about 1,000 acts)\n" +
		"2024-01-20 12:00  perbandingan dengan kenyataan / comparing with the truth (1,234 of about 1,000 acts)\n"
	if out.String() != want {
		t.Errorf("shown:\n%swant:\n%s", out.String(), want)
	}
}

func TestBoard(t *testing.T) {
	rows := make([]form.RegencyRow, 38)
	for i := range rows {
		rows[i] = form.RegencyRow{
			Code: fmt.Sprint(3501 + i), Name: fmt.Sprintf("Kabupaten %d", i), Plan: "approved",
			Boxes: map[string]int64{"labelled": 10, "sealed": 1200, "loaded": 3, "in_transit": 4, "lost": 2}, Stations: map[string]int64{"not_packed": 300},
		}
	}
	rows[7].Discrepancies = map[string]int64{"wet": 5}
	rows[9].Stations = map[string]int64{"late": 3, "ready": 7, "ready_with_issue": 2}
	rows[20].Stations = map[string]int64{"late": 3000}
	table := boardTable(rows, map[string]bool{"3508": true, "3510": true}).String()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != 39 {
		t.Fatalf("%d lines; with the two of the bar and one of the prompt they must fit into 44", len(lines))
	}
	for i, want := range []string{"code ", "3510 ", "3508 ", "3501 "} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want %s", i, lines[i], want)
		}
	}
	// open late ready TPS | at TPS village district road sealed packed empty other
	if got := strings.Join(strings.Fields(lines[1])[4:], " "); got != "- 3 9 12 - - - 7 1,200 - 10 2" {
		t.Errorf("row %q", got)
	}
	for _, line := range lines {
		if len(line) > 130 {
			t.Errorf("%d wide: %s", len(line), line)
		}
	}
	if first := strings.Split(boardTable(rows, nil).String(), "\n")[1]; !strings.HasPrefix(first, "3521 ") {
		t.Errorf("the worst of all is %q", first)
	}
}

func TestVerdictShowsTheFirstDifferences(t *testing.T) {
	v := &simulation.Verdict{
		Seed: 3, Regencies: []string{"3576"}, Acts: 4683, Rejected: 12, Compared: 6394, Duration: "9s",
		Injected: map[string]int{"short": 3, "wet": 1}, Found: map[string]int{"short": 2, "wet": 1},
		Missing: []simulation.Finding{{Unit: "3576", Kind: "short", Quantity: 75, Units: []string{"3576011001001-PPWP"}, Count: 2}}, MissingCount: 1,
		FalseAlarms: []simulation.Finding{}, Surprises: []string{"answer 500"}, SurprisesCount: 1,
	}
	for i := range 12 {
		v.Mismatches = append(v.Mismatches, simulation.Mismatch{Unit: "3576", What: fmt.Sprintf("boxes %d", i), Want: "1", Got: "2"})
	}
	v.MismatchesCount = 2345
	var out strings.Builder
	if err := printVerdict(&out, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Verdict: FAILED. What the server says is not what was played (seed 3; in full: 3576)", "4,683 acts answered in 9s, 12 of them rightly rejected; 6,394 figures compared",
		"1 missing, 0 false alarms, 2,345 figures that differ, 1 unexpected answer", "3576 short on 3576011001001-PPWP, quantity 75 (2 times)",
		"3576 boxes 9: played 1, the server says 2", "... and 2,335 more", "Unexpected answers:\n  answer 500",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "boxes 10") {
		t.Error("more than the first ten are shown")
	}
	if err := disagrees(v, "verdict.json"); exit.Of(err) != exit.Mismatch {
		t.Errorf("%v: code %d", err, exit.Of(err))
	}
	if err := disagrees(&simulation.Verdict{OK: true}, ""); err != nil {
		t.Error(err)
	}
}

// A deletion that is cut off leaves the mark, so that it can be done again; what another made is left alone.
func TestStartOver(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(startOver(dir), startOver(filepath.Join(dir, "not there"))); err != nil {
		t.Fatalf("nothing to delete: %v", err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("letter.txt", "mine")
	if err := startOver(dir); exit.Of(err) != exit.Usage {
		t.Fatalf("a directory of somebody else: %v", err)
	}
	write(server.MarkFile, `{"format":1,"kind":"simulated"}`)
	if err := startOver(dir); exit.Of(err) != exit.Usage {
		t.Fatalf("a simulation that no demo made: %v", err)
	}
	write(server.MarkFile, `{"format":1,"kind":"simulated","demo":true}`)
	if err := startOver(dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "lock" {
		t.Errorf("left are %v (%v), want the lock alone", left, err)
	}
	if err := startOver(dir); err != nil {
		t.Errorf("again: %v", err)
	}
}
