package notary

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/notary/bundle"
)

// append makes appends of one event each from many writers, as a busy server does, and returns the ids.
func appendFrom(b *testing.B, store eventstore.Store, writers, each int) []uuid.UUID {
	b.Helper()
	ids := make([]uuid.UUID, writers*each)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				command := uuid.Must(uuid.NewV7())
				id := uuid.NewSHA1(command, []byte{0})
				ids[w*each+i] = id
				if _, err := store.Append(b.Context(), fmt.Sprint("ledger-e.", w), eventstore.Version(i), eventstore.Event{
					ID: id, Command: command, Type: "packing.boxes_sealed", Schema: 1, RecordedAt: time.Now(), Data: make300, Metadata: make300,
				}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return ids
}

var make300 = fmt.Appendf(nil, `{"text":"%0290d"}`, 0)

// BenchmarkAppend is the rate of appends with a notary that signs and without: the ratio is its cost.
func BenchmarkAppend(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "signed"}[with], func(b *testing.B) {
			appended := 0
			for b.Loop() {
				b.StopTimer()
				store, err := sqlite.Open(b.Context(), b.TempDir()+"/events.db", sqlite.Options{})
				if err != nil {
					b.Fatal(err)
				}
				stop := func() {}
				if with {
					n, err := Open(b.Context(), Config{Dir: b.TempDir(), Store: store})
					if err != nil {
						b.Fatal(err)
					}
					ctx, cancel := context.WithCancel(b.Context())
					done := make(chan struct{})
					go func() { n.follow(ctx); close(done) }()
					stop = func() { cancel(); <-done; _ = n.Close() }
				}
				b.StartTimer()
				appended += len(appendFrom(b, store, 128, 400))
				b.StopTimer()
				stop()
				_ = store.Close()
				b.StartTimer()
			}
			b.ReportMetric(float64(appended)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkProve is the time to find and prove an event among 100,000.
func BenchmarkProve(b *testing.B) {
	store, err := sqlite.Open(b.Context(), b.TempDir()+"/events.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	ids := appendFrom(b, store, 100, 1000)
	n, err := Open(b.Context(), Config{Dir: b.TempDir(), Store: store})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	if err := n.CatchUp(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		var rec bundle.Record
		if rec, err = n.Find(b.Context(), ids[i%len(ids)]); err == nil {
			_, err = n.Prove(rec)
		}
		if err != nil {
			b.Fatal(err)
		}
		i += 7919
	}
}
