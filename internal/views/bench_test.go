package views_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/views"
)

// BenchmarkRebuild folds two ledgers of the small election from nothing. A real log is measured with jejak projections rebuild.
func BenchmarkRebuild(b *testing.B) {
	h := newHouse(b).published()
	h.adopt("3501", "3509")
	for range 5000 {
		h.announce("3501")
		h.announce("3509")
	}
	events, rows := 0, 0
	for b.Loop() {
		done, err := views.Rebuild(b.Context(), h.log(), views.All(true), nil)
		h.must(err)
		events, rows = events+int(done.Events), rows+done.Rows
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSave saves the rows of a province as they are made one unit after another.
func BenchmarkSave(b *testing.B) {
	h := newHouse(b).published()
	h.adopt("3501")
	file, err := views.Open(h.path())
	h.must(err)
	b.Cleanup(func() { h.must(file.Close()) })
	var rows []views.Row
	for _, v := range views.All(true) {
		rows = append(rows, views.Row{View: v.Name, Version: v.Version, Election: pemilu, Unit: "3501", Body: h.made(v, "3501")})
	}
	for b.Loop() {
		h.must(file.Save(rows))
	}
	b.ReportMetric(float64(b.N*len(rows))/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkRows makes all rows of one ledger.
func BenchmarkRows(b *testing.B) {
	h := newHouse(b).published()
	h.adopt("3501")
	var state *ledger.State // nobody else uses the ledger meanwhile
	h.must(h.ledgers.View(b.Context(), pemilu, domain.Code("3501"), 0, func(s *ledger.State, _ eventstore.Position) { state = s }))
	for b.Loop() {
		for _, v := range views.All(true) {
			if _, err := v.Row(state, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
}
