package web

import (
	"fmt"
	"slices"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

func each[T any](list []T, f func(T) float64) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func rates(loads []load) []float64 { return each(loads, func(l load) float64 { return l.perSecond }) }

// spread writes a median with the least and the greatest.
func spread(xs []float64, form string) string {
	return fmt.Sprintf(form+" ("+form+"-"+form+")", harness.Median(xs), slices.Min(xs), slices.Max(xs))
}

// perSecond writes a median with its spread.
func perSecond(xs []float64) string {
	return fmt.Sprintf("%.0f (%.0f-%.0f)", harness.Median(xs), slices.Min(xs), slices.Max(xs))
}

func milliseconds(loads []load, of func(load) float64) string {
	xs := each(loads, of)
	return fmt.Sprintf("%.2f (%.2f-%.2f)", harness.Median(xs), slices.Min(xs), slices.Max(xs))
}

// quotients of the rounds: what hit both in a round falls out.
func quotients(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / b[i]
	}
	return out
}

// ratio writes the median of the rounds' quotients.
func ratio(a, b []float64) string { return fmt.Sprintf("%.2f", harness.Median(quotients(a, b))) }

// verdict is the line about a target of DESIGN.md, section 10.
func verdict(what string, got, want float64) string {
	word := "met"
	if got < want {
		word = "MISSED"
	}
	return fmt.Sprintf(report.TargetNote+"%s >= %.2f: %s (%.2f, %+.0f %%)", what, want, word, got, (got/want-1)*100)
}
