// Package harness is what all measurements share: their form, rounds in which the contenders take turns, and medians.
package harness

import (
	"context"
	"slices"

	"jejak/internal/bench/report"
)

// Options of a run.
type Options struct {
	Quick    bool
	Rounds   int
	Dir      string // for temporary files, on the disk that is measured
	Progress func(string)
}

// Section is a group of measurements.
type Section struct {
	Name, Title string
	Run         func(ctx context.Context, opt Options) ([]report.Table, error)
}

// Median of the values; 0 of none.
func Median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(xs))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}
