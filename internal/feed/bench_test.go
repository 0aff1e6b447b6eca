package feed

import (
	"testing"

	"jejak/eventstore"
	"jejak/projections/feed"
)

// BenchmarkPublish publishes a log of packing, a trip and incidents into a broker in this process, file storage, over TCP: messages/s.
func BenchmarkPublish(b *testing.B) {
	const units, each = 40, 1000
	broker, l := newBroker(b), newLog(b)
	l.tell()
	for u := range units {
		events := make([]eventstore.Event, each)
		for i := range events {
			events[i] = accident("3509", 100_000+u*each+i)
		}
		l.add(other, events...)
	}
	messages := len(l.want())
	for b.Loop() {
		cfg := broker.config(l, &memory{})
		p, stop := run(b, cfg)
		broker.caughtUp(l, p)
		stop()
		b.StopTimer()
		if err := cfg.JetStream.DeleteStream(b.Context(), Stream); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(messages)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkMessages makes the same messages without publishing them.
func BenchmarkMessages(b *testing.B) {
	l := newLog(b)
	l.tell()
	var records []feed.Record
	for rec, err := range l.ReadAll(b.Context(), 0, eventstore.Filter{StreamPrefix: "ledger-"}) {
		if err != nil {
			b.Fatal(err)
		}
		r, err := read(&rec)
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, r)
	}
	made := 0
	for b.Loop() {
		router := feed.NewRouter()
		for i := range records {
			messages, err := router.Messages(&records[i])
			if err != nil {
				b.Fatal(err)
			}
			made += len(messages)
		}
	}
	b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "messages/s")
}
