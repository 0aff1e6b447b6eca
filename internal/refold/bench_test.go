package refold_test

import (
	"cmp"
	"os"
	"syscall"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/refold"
	"jejak/internal/server"
	"jejak/projections"
)

// openData opens the log of a data directory, which the environment names: real logs are large and not in the repository.
func openData(b *testing.B) (refold.Source, string, domain.Code) {
	b.Helper()
	dir := os.Getenv("JEJAK_BENCH_DATA")
	if dir == "" {
		b.Skip("JEJAK_BENCH_DATA names no data directory (jejak demo --all --exit --data DIR makes one)")
	}
	log, err := server.OpenLog(b.Context(), dir, "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := log.Catalog.Discover(b.Context()); err != nil {
		b.Fatal(err)
	}
	server.TuneMemory(b.Context(), 0)
	return refold.Source{Store: log.Store, Catalog: log.Catalog}, log.Catalog.Elections()[0], domain.Code(cmp.Or(os.Getenv("JEJAK_BENCH_UNIT"), "3578"))
}

// BenchmarkFold folds one ledger from its first event, and once more with the row of the regency made after every event.
func BenchmarkFold(b *testing.B) {
	source, election, unit := openData(b)
	fold := func(b *testing.B, each func(refold.Step) (bool, error)) {
		events, began := uint64(0), processor(b)
		for b.Loop() {
			state := source.New(election, unit)
			if err := source.Fold(b.Context(), state, each); err != nil {
				b.Fatal(err)
			}
			events += state.Version
		}
		b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		b.ReportMetric((processor(b)-began).Seconds()*1e6/float64(events), "cpu-µs/event")
	}
	b.Run("alone", func(b *testing.B) { fold(b, nil) })
	b.Run("with rows", func(b *testing.B) {
		fold(b, func(step refold.Step) (bool, error) {
			projections.Regency(step.State, step.Record.Position)
			return true, nil
		})
	})
}

// processor is the processor time of this process so far: on a busy machine it says more than the clock.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkRows makes the rows of a ledger at its end.
func BenchmarkRows(b *testing.B) {
	source, election, unit := openData(b)
	state := source.New(election, unit)
	if err := source.Fold(b.Context(), state, nil); err != nil {
		b.Fatal(err)
	}
	for name, row := range map[string]func(*ledger.State, eventstore.Position){
		"regency":   func(s *ledger.State, at eventstore.Position) { projections.Regency(s, at) },
		"custody":   func(s *ledger.State, at eventstore.Position) { projections.Custody(s, at) },
		"deadlines": func(s *ledger.State, at eventstore.Position) { projections.Deadlines(s, at) },
		"claims":    func(s *ledger.State, at eventstore.Position) { projections.Claims(s, at) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			began := processor(b)
			for b.Loop() {
				row(state, 1)
			}
			b.ReportMetric((processor(b)-began).Seconds()*1e6/float64(b.N), "cpu-µs/op")
		})
	}
}
