package journal

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/eventstore"
	"jejak/internal/api"
)

func drawMeta(t *rapid.T) (domain.Meta, Origin) {
	id := func(name string) uuid.UUID {
		return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
	}
	when := func(name string) time.Time {
		zone := time.FixedZone("", rapid.SampledFrom([]int{0, 7 * 3600, -9 * 3600, 5*3600 + 1800}).Draw(t, "zone"))
		return time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, name)).In(zone)
	}
	m := domain.Meta{
		CommandID: id("command"), Actor: domain.Actor{ID: rapid.String().Draw(t, "actor"), Role: domain.Role(rapid.String().Draw(t, "role")), Scope: rapid.String().Draw(t, "scope"),
			Party: rapid.SampledFrom([]string{"", "PT-TEMPRINA"}).Draw(t, "party")},
		Device: domain.Device{ID: rapid.String().Draw(t, "device"), Seq: rapid.Int64().Draw(t, "seq")}, Mode: domain.Mode(rapid.SampledFrom([]string{"request", "report"}).Draw(t, "mode")),
		OccurredAt: when("occurred"), RecordedAt: when("recorded").UTC(),
	}
	o := Origin{Correlation: id("correlation"), Causation: id("causation"), SubmittedBy: rapid.String().Draw(t, "submitted by"), Simulated: rapid.Bool().Draw(t, "simulated")}
	copy(o.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	if rapid.Bool().Draw(t, "with place") {
		o.Place = &api.Place{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"), Accuracy: rapid.Float64Range(0, 1e5).Draw(t, "accuracy")}
	}
	for range rapid.IntRange(0, 2).Draw(t, "evidence") {
		o.Evidence = append(o.Evidence, api.Evidence{SHA256: rapid.String().Draw(t, "sha256"), MediaType: rapid.String().Draw(t, "media type"), Kind: rapid.String().Draw(t, "kind")})
	}
	return m, o
}

// TestMetadataByHand: what is written by hand for speed reads as the Metadata that it stands for, whatever is in it.
func TestMetadataByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, o := drawMeta(t)
		for _, first := range []bool{true, false} {
			raw := appendMetadata(nil, &m, &o, first)
			got, err := ReadMetadata(&eventstore.Record{Event: eventstore.Event{Metadata: raw}})
			if err != nil {
				t.Fatalf("%v: %s", err, raw)
			}
			want := Metadata{
				CommandID: m.CommandID, CorrelationID: o.Correlation, CausationID: o.Causation, Actor: m.Actor, Device: m.Device, Mode: m.Mode,
				OccurredAt: m.OccurredAt, RecordedAt: m.RecordedAt, Simulated: o.Simulated,
			}
			hash, ok, err := CommandHash(&eventstore.Record{Event: eventstore.Event{Metadata: raw}})
			if err != nil || ok != first || first && hash != o.Hash {
				t.Fatalf("hash %x, %t, %v", hash, ok, err)
			}
			if first {
				want.CommandSHA256, want.SubmittedBy, want.Place, want.Evidence = got.CommandSHA256, o.SubmittedBy, o.Place, o.Evidence
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			usual, ok := new(Decoder).usual(raw)
			if folded := (foldMeta{m.Actor, m.Device, m.Mode, m.OccurredAt}); ok && !cmp.Equal(folded, usual) {
				t.Fatalf("for a fold (-want +got):\n%s", cmp.Diff(folded, usual))
			}
			// The same members in the same order as encoding/json would write.
			std, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(members(t, std), members(t, raw)); diff != "" {
				t.Fatalf("members (-encoding/json +by hand):\n%s", diff)
			}
		}
	})
}

// members are the names of an object's members, in order.
func members(t *rapid.T, raw []byte) (names []string) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func newEvent(eventType string, schema int) domain.Event {
	if eventType == "incident.raised" && schema == 1 {
		return &incident.IncidentRaised{}
	}
	return nil
}

func TestEncodeAndDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, o := drawMeta(t)
		rec := domain.Recorded{
			Version: rapid.Uint64Range(1, 1e6).Draw(t, "version"), ID: domain.EventID(m.CommandID, 0), Meta: m,
			Event: &incident.IncidentRaised{Incident: "DSC-1", Kind: domain.Lost, Severity: domain.High, Units: []string{rapid.String().Draw(t, "unit")}, Note: rapid.String().Draw(t, "note")},
		}
		event, err := Encode(rec, &o, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := eventstore.Validate(LedgerStream("pemilu2024", "3578"), []eventstore.Event{event}); err != nil {
			t.Fatalf("the store would not take it: %v", err)
		}
		got, err := Decode(&eventstore.Record{Event: event.Stored(), Stream: "s", Version: eventstore.Version(rec.Version)}, newEvent)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rec, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	good := eventstore.Event{Type: "incident.raised", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`)}
	for name, change := range map[string]func(*eventstore.Event){
		"type":     func(e *eventstore.Event) { e.Type = "incident.invented" },
		"schema":   func(e *eventstore.Event) { e.Schema = 2 },
		"data":     func(e *eventstore.Event) { e.Data = []byte(`{"units": 7}`) },
		"metadata": func(e *eventstore.Event) { e.Metadata = []byte(`{"actor": []}`) },
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			change(&e)
			_, err := Decode(&eventstore.Record{Event: e, Stream: "ledger-x.1", Version: 7}, newEvent)
			if err == nil || !strings.Contains(err.Error(), "ledger-x.1 version 7") {
				t.Errorf("error %v does not say where", err)
			}
			if unknown := name == "type" || name == "schema"; errors.Is(err, ErrUnknownEvent) != unknown {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestStreams(t *testing.T) {
	for _, stream := range []string{LedgerStream("pemilu2024", "3578"), AttemptsStream("pemilu2024", "3578")} {
		if e, u, ok := SplitStream(stream); e != "pemilu2024" || u != "3578" || !ok {
			t.Errorf("%s is %q %q %t", stream, e, u, ok)
		}
	}
	for _, stream := range []string{ElectionStream("pemilu2024"), "", "ledger-", "ledger-x"} {
		if e, u, ok := SplitStream(stream); ok {
			t.Errorf("%q is the ledger of %q in %q", stream, u, e)
		}
	}
}

// FuzzDecode: whatever stands in the log, reading it is an error or an event, never a panic.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"incident":"DSC-1","units":["a"]}`), []byte(`{"command_sha256":"00","occurred_at":"2024-01-10T08:00:00+07:00"}`))
	f.Add([]byte(``), []byte(`{"actor":{"id":1}}`))
	f.Fuzz(func(t *testing.T, data, metadata []byte) {
		rec := &eventstore.Record{Event: eventstore.Event{Type: "incident.raised", Schema: 1, Data: data, Metadata: metadata}}
		_, _ = Decode(rec, newEvent)
		_, _ = ReadMetadata(rec)
		if hash, ok, err := CommandHash(rec); err != nil && (ok || hash != [32]byte{}) {
			t.Errorf("hash %x, %t with error %v", hash, ok, err)
		}
	})
}
