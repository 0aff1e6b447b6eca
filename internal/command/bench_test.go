package command_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
)

// BenchmarkSubmit: 256 callers that wait for each answer, over ledgers of one unit or three.
func BenchmarkSubmit(b *testing.B) {
	for _, units := range [][]domain.Code{{"3501"}, {"35", "3501", "3509"}} {
		b.Run(fmt.Sprintf("ledgers=%d", len(units)), func(b *testing.B) { benchmarkSubmit(b, units) })
	}
}

func benchmarkSubmit(b *testing.B, units []domain.Code) {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "events.db"), sqlite.Options{})
	must(err)
	defer store.Close()
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	must(err)
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e)})
	}
	_, err = store.Append(ctx, journal.ElectionStream(pemilu), 0, batch...)
	must(err)
	log := slog.New(slog.DiscardHandler)
	handler, err := command.Open(ctx, command.Config{
		Store: store, Catalog: command.NewStoreCatalog(store, log), Clock: clock.System{}, Logger: log, Elections: []string{pemilu},
	})
	must(err)
	defer handler.Close(ctx)
	submit := func(unit domain.Code, data domain.Command, mode domain.Mode) api.Answer {
		id := uuid.Must(uuid.NewV7())
		return <-handler.Submit(ctx, command.Command{
			ID: id, Mode: mode, Election: pemilu, Unit: unit, OccurredAt: begin, Actor: command.System(unit), Hash: sha256.Sum256(id[:]), Data: data,
		})
	}
	for _, unit := range units {
		if a := submit(unit, &ledger.AdoptReference{Version: ref.Version}, domain.Request); a.Result != api.Accepted {
			b.Fatalf("%+v", a)
		}
	}
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(128) // of two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			a := submit(units[i%int64(len(units))], &incident.Raise{
				Kind: domain.Accident, Severity: domain.Low, Units: []string{fmt.Sprint("SHP-", i)}, Note: "ban kempis",
			}, domain.Report)
			if a.Result != api.AcceptedWithDiscrepancy {
				b.Errorf("%+v", a)
			}
		}
	})
	b.StopTimer()
	s := store.Stats()
	b.ReportMetric(float64(s.Events)/float64(max(s.Batches, 1)), "events/transaction")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
}
