package verify_test

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
	"jejak/internal/notary/verify"
)

// BenchmarkRun is how fast records are held against honest tiles, once they are read.
func BenchmarkRun(b *testing.B) {
	const size = 200_000
	content := fmt.Appendf(nil, `{"text":"%0350d"}`, 0)
	records := func(yield func(bundle.Record, error) bool) {
		for i := range size {
			rec := eventstore.Record{Stream: "ledger-e.3578", Version: eventstore.Version(i + 1), Position: eventstore.Position(i + 1), Event: eventstore.Event{
				ID: uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16)}, Type: "packing.boxes_sealed", Schema: 1, RecordedAt: time.Unix(int64(i), 0), Data: content, Metadata: content,
			}}
			if !yield(bundle.Record{Record: rec, Leaf: -1}, nil) {
				return
			}
		}
	}
	files, err := tree.OpenFiles(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	var tr tree.Tree
	for rec := range iter.Seq2[bundle.Record, error](records) {
		tr.Add(leaf.Hash(&rec.Record))
	}
	if err := files.Write(tr.Take()); err != nil {
		b.Fatal(err)
	}
	note, key := signedBy(b, &tr)
	n := 0
	for b.Loop() {
		trust, err := verify.Keys(key)
		if err != nil {
			b.Fatal(err)
		}
		report, err := verify.Run(b.Context(), trust, &verify.Source{
			Records: records, Tiles: files.Read, Signed: func(do func([]byte, time.Time) error) error { return do(note, time.Time{}) },
		}, verify.Options{})
		if err != nil || len(report.Problems) > 0 || report.Records != size {
			b.Fatal(err, report)
		}
		n += size
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
