package sqlite

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/memory"
)

// FuzzAppend: whatever is appended is refused as malformed by every engine alike, or comes back as it was.
func FuzzAppend(f *testing.F) {
	f.Add("ledger-pemilu2024.3578", "shipment.dispatched", 1, int64(1_707_781_500_000_000), []byte(`{"shipment":"SHP-3578-1"}`), []byte(`{"mode":"report"}`), []byte("0123456789abcdef"))
	f.Add("", "x y", -1, int64(-1), []byte(`{`), []byte("\"\xff\""), []byte{})
	f.Add("a", "é", 1<<31, int64(1)<<62, []byte(`"\ud800"`), []byte("null\x00"), []byte("0123456789abcdef"))
	disk, err := Open(f.Context(), filepath.Join(f.TempDir(), "events.db"), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { disk.Close() })
	f.Fuzz(func(t *testing.T, stream, typ string, schema int, micros int64, data, metadata, id []byte) {
		event := eventstore.Event{Type: typ, Schema: schema, RecordedAt: time.UnixMicro(micros), Data: data, Metadata: metadata}
		copy(event.ID[:], id)
		if event.ID != uuid.Nil {
			event.ID = uuid.New() // of this run: ids live once
		}
		invalid := eventstore.Validate(stream, []eventstore.Event{event})
		ram := memory.New()
		defer ram.Close()
		for name, s := range map[string]eventstore.Store{"memory": ram, "sqlite": disk} {
			version, _, err := s.StreamHead(t.Context(), stream)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Append(t.Context(), stream, version, event)
			if (err == nil) != (invalid == nil) || err != nil && !errors.Is(err, eventstore.ErrInvalid) && !errors.Is(err, eventstore.ErrTooLarge) {
				t.Fatalf("%s: %v, but Validate says %v", name, err, invalid)
			}
			if err != nil {
				continue
			}
			for rec, err := range s.Read(t.Context(), stream, version) {
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(event.Stored(), rec.Event); diff != "" {
					t.Fatalf("%s (-appended +read):\n%s", name, diff)
				}
			}
		}
	})
}

// FuzzParseTime: a time of the log is read exactly as it stands there, or not at all.
func FuzzParseTime(f *testing.F) {
	f.Add([]byte("2024-02-13T06:45:00.000000Z"))
	f.Add([]byte("2024-02-30T23:59:59.999999Z"))
	f.Add([]byte("0000-00-00T00:00:00.000000Z"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := parseTime(b); err == nil && got.Format(timeLayout) != string(b) {
			t.Errorf("%q is read as %v", b, got)
		}
	})
}
