package journal

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
)

// TestTimesOfEarlierPrograms: offsets of a day and more, which earlier programs took, are read by their instant, by every way in which metadata is read.
func TestTimesOfEarlierPrograms(t *testing.T) {
	meta := domain.Meta{
		CommandID: uuid.MustParse("018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40"), Actor: domain.Actor{ID: "usr-1", Role: "kpps", Scope: "3572011001001"}, Mode: domain.Report,
		OccurredAt: time.Date(2026, 11, 30, 12, 0, 0, 0, time.FixedZone("", 7*3600)), RecordedAt: time.Date(2026, 11, 30, 5, 0, 1, 0, time.UTC),
	}
	event := &incident.Explained{Discrepancy: "D-1"}
	for _, place := range []*api.Place{nil, {Lat: -7.25, Lon: 112.75}} { // read without and with reflection
		stored, err := Encode(domain.Recorded{Event: event, Meta: meta}, &Origin{Place: place}, true)
		if err != nil {
			t.Fatal(err)
		}
		for zone, want := range map[string]string{"+24:00": "2026-11-29T12:00:00Z", "-24:00": "2026-12-01T12:00:00Z", "+25:00": "2026-11-29T11:00:00Z"} {
			rec := eventstore.Record{Event: stored, Stream: LedgerStream("pemilu2024", "3572"), Version: 7}
			rec.Metadata = []byte(strings.Replace(string(stored.Metadata), "12:00:00+07:00", "12:00:00"+zone, 1))
			got, err := Decode(&rec, ledger.NewEventOf)
			if err != nil || got.Meta.OccurredAt.Format(time.RFC3339Nano) != want {
				t.Errorf("%s: decoded as %v, %v; want %s", zone, got.Meta.OccurredAt, err, want)
			}
			all, err := ReadMetadata(&rec)
			if err != nil || all.OccurredAt.Format(time.RFC3339Nano) != want {
				t.Errorf("%s: read as %v, %v; want %s", zone, all.OccurredAt, err, want)
			}
			if _, _, err := CommandHash(&rec); err != nil {
				t.Errorf("%s: %v", zone, err)
			}
		}
	}
}
