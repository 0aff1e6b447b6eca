package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// payload is about as long as a domain event's.
var payload = []byte(`{"shipment":"SHP-3578-0001","boxes":["` + strings.Repeat(`3578010001001-PPWP","`, 8) + `"]}`)

var metadata = []byte(`{"command_id":"018d9f5e-5b7c-7c3e-9b1a-0123456789ab","actor":{"id":"u-1","role":"warehouse","unit":"3578"},"mode":"report"}`)

func newEvent(i int) eventstore.Event {
	command := uuid.Must(uuid.NewV7())
	return eventstore.Event{
		ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "shipment.dispatched", Schema: 1,
		RecordedAt: time.Now(), Data: payload, Metadata: metadata,
	}
}

// BenchmarkAppend counts durable appends of one event, each writer with a stream of its own.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkAppend(b, writers, 1) })
	}
	b.Run("writers=16/events=64", func(b *testing.B) { benchmarkAppend(b, 16, 64) })
}

func benchmarkAppend(b *testing.B, writers, events int) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "events.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			stream := fmt.Sprintf("ledger-bench.%04d", w)
			var version eventstore.Version
			batch := make([]eventstore.Event, events)
			for i := w; i < b.N; i += writers {
				for j := range batch {
					batch[j] = newEvent(j)
				}
				if _, err := s.Append(ctx, stream, version, batch...); err != nil {
					b.Error(err)
					return
				}
				version += eventstore.Version(events)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	st := s.Stats()
	b.ReportMetric(float64(st.Events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(st.Appends)/float64(max(st.Batches, 1)), "appends/batch")
}

// BenchmarkScan reads 200,000 events of 400 bytes.
func BenchmarkScan(b *testing.B) {
	const events = 200_000
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "events.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := make([]eventstore.Event, 1000)
	for i := 0; i < events; i += len(batch) {
		for j := range batch {
			batch[j] = newEvent(j)
		}
		if _, err := s.Append(ctx, fmt.Sprintf("ledger-bench.%d", i/len(batch)%39), eventstore.Version(i/len(batch)/39*len(batch)), batch...); err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		filter eventstore.Filter
	}{
		{"all", eventstore.Filter{}},
		{"none", eventstore.Filter{Types: []string{"none"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				for _, err := range s.ReadAll(ctx, 0, c.filter) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("subscription", func(b *testing.B) {
		for b.Loop() {
			u, err := s.Subscribe(ctx, 0, eventstore.Filter{})
			if err != nil {
				b.Fatal(err)
			}
			for range events {
				if _, err := u.Next(ctx); err != nil {
					b.Fatal(err)
				}
			}
			u.Close()
		}
		b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkByCommand(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "events.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := make([]eventstore.Event, 1000)
	for j := range batch {
		batch[j] = newEvent(j)
	}
	if _, err := s.Append(ctx, "ledger-bench", 0, batch...); err != nil {
		b.Fatal(err)
	}
	for _, known := range []bool{false, true} {
		b.Run(fmt.Sprintf("known=%t", known), func(b *testing.B) {
			id := uuid.Must(uuid.NewV7())
			if known {
				id = batch[500].Command
			}
			for b.Loop() {
				if _, ok, err := s.ByCommand(ctx, id); err != nil || ok != known {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
