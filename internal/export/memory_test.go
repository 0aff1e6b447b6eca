package export_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"testing"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/internal/command"
	"jejak/internal/export"
	"jejak/internal/journal"
)

// made is a log that nobody keeps: every ledger has an adoption and then so many records, made while they are read.
type made struct {
	eventstore.Store
	regencies int
	records   int
	reference []eventstore.Event
	version   string
}

func newMade(t *testing.T, regencies, records int) *made {
	events := []election.Event{&election.Defined{Election: pemilu, Name: pemilu, Province: "35", ProvinceName: "Jawa Timur", StationsListed: false}}
	list := &election.RegenciesRegistered{}
	for i := range regencies {
		list.Regencies = append(list.Regencies, election.RegencyEntry{Code: domain.Code(fmt.Sprint(3501 + i)), Name: "x", Kind: "kabupaten"})
	}
	_, ref, err := election.Publish("2024-02-01", append(events, list))
	if err != nil {
		t.Fatal(err)
	}
	published, _, err := election.Publish("2024-02-01", append(events, list))
	if err != nil {
		t.Fatal(err)
	}
	return &made{regencies: regencies, records: records, reference: reference(published), version: ref.Version}
}

func (m *made) StreamHead(context.Context, string) (eventstore.Version, eventstore.Position, error) {
	return 1, 1, nil
}

func (m *made) Read(_ context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		if stream == journal.ElectionStream(pemilu) {
			for i := int(after); i < len(m.reference); i++ {
				if !yield(eventstore.Record{Event: m.reference[i], Position: eventstore.Position(i + 1), Stream: stream, Version: eventstore.Version(i + 1)}, nil) {
					return
				}
			}
			return
		}
		for version := 1; version <= m.records; version++ {
			var data domain.Event = &shipment.CheckpointPassed{Shipment: "SHP-3501-1", Place: "simpang"}
			if version == 1 {
				data = &ledger.ReferenceAdopted{Version: m.version}
			}
			id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, stream, version))
			e, err := journal.Encode(domain.Recorded{ID: id, Event: data, Meta: domain.Meta{CommandID: id, OccurredAt: begin, RecordedAt: begin}}, &journal.Origin{}, true)
			if !yield(eventstore.Record{Event: e, Position: 1, Stream: stream, Version: eventstore.Version(version)}, err) {
				return
			}
		}
	}
}

// Exporting ten ledgers takes no more memory than exporting two: nothing of a ledger, and nothing of what was written, is kept.
func TestMemoryIsBounded(t *testing.T) {
	for name, write := range map[string]func(export.Log) error{
		"epcis": func(l export.Log) error {
			_, err := l.EPCIS(t.Context(), io.Discard, all(), names(t))
			return err
		},
		"csv": func(l export.Log) error {
			_, err := l.CSV(t.Context(), t.TempDir(), all(), export.Form{})
			return err
		},
		"xlsx": func(l export.Log) error {
			_, err := l.XLSX(t.Context(), io.Discard, "", all(), export.Form{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			peak := func(regencies int) (most uint64) {
				store := newMade(t, regencies, 3_000)
				log := export.Log{Store: store, Catalog: command.NewStoreCatalog(store, quiet)}
				log.Progress = func(domain.Code, uint64) {
					var m runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
				if err := write(log); err != nil {
					t.Fatal(err)
				}
				return most
			}
			few, many := peak(2), peak(10)
			// A ledger of 3,000 records is more than 300 kB in memory, what is written of it more than a megabyte.
			if many > few+1<<20 {
				t.Errorf("%d bytes with 2 regencies, %d with 10", few, many)
			}
		})
	}
}
