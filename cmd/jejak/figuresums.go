package main

import (
	"fmt"
	"maps"
	"slices"

	"jejak/internal/terminal"
)

// figureSum is a figure of several regencies together: of those in which it differs, since only these are told.
type figureSum struct {
	before, after      int64
	changes, regencies int
	types              map[string]int // how many of the changes each type of event made
}

// figureSums are sums by the figures' names.
type figureSums map[string]*figureSum

// add adds what one regency has.
func (f figureSums) add(name string, before, after int64, changes int, types map[string]int) {
	s := f[name]
	if s == nil {
		s = &figureSum{types: map[string]int{}}
		f[name] = s
	}
	s.before, s.after, s.changes, s.regencies = s.before+before, s.after+after, s.changes+changes, s.regencies+1
	for typ, n := range types {
		s.types[typ] += n
	}
}

// write writes a line for each figure, as both says what it was on either side.
func (f figureSums) write(out *terminal.Page, both func(before, after int64) string) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		s := f[name]
		out.Printf("  %-34s %s in %s: %s\n", name, both(s.before, s.after), number(s.regencies, "regency", "regencies"), by(s.changes, s.types))
	}
}

// changed says from what to what a figure went.
func changed(from, to int64) string {
	return fmt.Sprintf("%12s -> %-12s", terminal.Number(from), terminal.Number(to))
}

// differed says what was believed of a figure and what was true.
func differed(believed, truth int64) string {
	return fmt.Sprintf("believed %12s  true %-12s", terminal.Number(believed), terminal.Number(truth))
}
