package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jejak/internal/simulation"
	"jejak/internal/terminal"
)

// firstShown is how many of each kind of difference are shown; the file of the verdict has more.
const firstShown = 10

// printVerdict prints what a comparison says, for people.
func printVerdict(w io.Writer, v *simulation.Verdict) error {
	var out terminal.Page
	head := "PASSED"
	if !v.OK {
		head = "FAILED"
	}
	out.Printf("Verdict: %s. What the server says %s what was played (seed %d; in full: %s)\n", head,
		map[bool]string{true: "is", false: "is not"}[v.OK], v.Seed, scopeOf(v.Regencies))
	out.Printf("  %s answered in %s, %s of them rightly rejected; %s compared\n\n", number(int(v.Acts), "act", "acts"), v.Duration,
		terminal.Number(v.Rejected), number(v.Compared, "figure", "figures"))
	kinds := slices.Sorted(maps.Keys(v.Injected))
	rows := make([][]string, 0, len(kinds)+1)
	injected, found := 0, 0
	for _, kind := range kinds {
		injected, found = injected+v.Injected[kind], found+v.Found[kind]
		rows = append(rows, []string{kind, terminal.Number(int64(v.Injected[kind])), terminal.Number(int64(v.Found[kind]))})
	}
	rows = append(rows, []string{"all", terminal.Number(int64(injected)), terminal.Number(int64(found))})
	out.Add(terminal.Table([]terminal.Column{{Title: "failures by kind"}, {Title: "injected", Right: true}, {Title: "found", Right: true}}, rows))
	out.Printf("\n%s missing, %s, %s that differ, %s\n", terminal.Number(int64(v.MissingCount)), number(v.FalseAlarmsCount, "false alarm", "false alarms"),
		number(v.MismatchesCount, "figure", "figures"), number(v.SurprisesCount, "unexpected answer", "unexpected answers"))
	printDifferences(&out, v)
	err := terminal.Print(w, out.Text())
	return err
}

// printDifferences lists the first of everything that differs.
func printDifferences(out *terminal.Page, v *simulation.Verdict) {
	section := func(title string, lines []string, all int) {
		if all == 0 {
			return
		}
		out.Printf("\n%s:\n", title)
		for _, line := range lines[:min(len(lines), firstShown)] {
			out.Printf("  %s\n", line)
		}
		if all > firstShown {
			out.Printf("  ... and %s more\n", terminal.Number(int64(all-firstShown)))
		}
	}
	section("Injected but not found", findings(v.Missing), v.MissingCount)
	section("False alarms: found but not injected", findings(v.FalseAlarms), v.FalseAlarmsCount)
	differing := make([]string, len(v.Mismatches))
	for i, m := range v.Mismatches {
		differing[i] = fmt.Sprintf("%s %s: played %s, the server says %s", m.Unit, m.What, m.Want, m.Got)
	}
	section("Figures that differ", differing, v.MismatchesCount)
	section("Unexpected answers", v.Surprises, v.SurprisesCount)
}

func findings(list []simulation.Finding) []string {
	lines := make([]string, len(list))
	for i, f := range list {
		line := fmt.Sprintf("%s %s on %s", f.Unit, f.Kind, strings.Join(f.Units, ", "))
		if f.Quantity != 0 {
			line += ", quantity " + strconv.FormatInt(f.Quantity, 10)
		}
		if f.Count > 1 {
			line += fmt.Sprintf(" (%d times)", f.Count)
		}
		if f.Message != "" {
			line += ": " + f.Message
		}
		lines[i] = line
	}
	return lines
}

func scopeOf(codes []string) string {
	if len(codes) > 12 {
		return number(len(codes), "regency", "regencies")
	}
	return strings.Join(codes, ",")
}
