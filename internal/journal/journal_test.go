package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/eventstore"
	"jejak/internal/api"
)

func anyUUID(t *rapid.T) uuid.UUID {
	return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
}

func anyTime(t *rapid.T) time.Time {
	zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset in minutes"))
	return time.Unix(rapid.Int64Range(946_684_800, 4_102_444_799).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")).In(zone)
}

func anyOrigin(t *rapid.T) *Origin {
	o := &Origin{
		Hash: [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")), SubmittedBy: rapid.SampledFrom([]string{"", "usr-abc"}).Draw(t, "sender"),
		Correlation: anyUUID(t), Causation: anyUUID(t), Simulated: rapid.Bool().Draw(t, "simulated"),
	}
	if rapid.Bool().Draw(t, "with place") {
		o.Place = &api.Place{
			Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"), Accuracy: rapid.Float64Range(0, 1e6).Draw(t, "accuracy"),
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "evidence") {
		o.Evidence = append(o.Evidence, api.Evidence{SHA256: rapid.String().Draw(t, "sha256"), MediaType: rapid.String().Draw(t, "type"), Kind: "photo"})
	}
	return o
}

func anyMeta(t *rapid.T) domain.Meta {
	return domain.Meta{
		CommandID: anyUUID(t), Mode: rapid.SampledFrom([]domain.Mode{domain.Request, domain.Report}).Draw(t, "mode"),
		Actor:      domain.Actor{ID: rapid.String().Draw(t, "actor"), Role: domain.RoleVillage, Scope: "3578011001"},
		Device:     domain.Device{ID: rapid.String().Draw(t, "device"), Seq: rapid.Int64().Draw(t, "seq")},
		OccurredAt: anyTime(t), RecordedAt: anyTime(t).UTC().Truncate(time.Microsecond),
	}
}

// names lists the names of a JSON object in the order in which they stand, those of objects inside included.
func names(t *rapid.T, text []byte) []string {
	var list []string
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return list
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); token.Kind() == '"' && kind == '{' && n%2 == 1 {
			list = append(list, token.String())
		}
	}
}

// The metadata that is written by hand is what encoding the struct gives: the same members in the same order with the same values.
func TestMetadataByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta, origin, first := anyMeta(t), anyOrigin(t), rapid.Bool().Draw(t, "first")
		byHand := appendMetadata(nil, &meta, origin, first)
		want := Metadata{
			CommandID: meta.CommandID, CorrelationID: origin.Correlation, CausationID: origin.Causation, Actor: meta.Actor, Device: meta.Device,
			Mode: meta.Mode, OccurredAt: meta.OccurredAt, RecordedAt: meta.RecordedAt, Simulated: origin.Simulated,
		}
		if first {
			want.CommandSHA256, want.SubmittedBy, want.Place, want.Evidence = hex.EncodeToString(origin.Hash[:]), origin.SubmittedBy, origin.Place, origin.Evidence
		}
		encoded, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, order := names(t, byHand), names(t, encoded); !slices.Equal(got, order) {
			t.Fatalf("members %v, want %v", got, order)
		}
		got, err := ReadMetadata(&eventstore.Record{Event: eventstore.Event{Metadata: byHand}})
		if err != nil {
			t.Fatalf("%v: %s", err, byHand)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", byHand, diff)
		}
		if _, offset := got.OccurredAt.Zone(); offset != offsetOf(meta.OccurredAt) {
			t.Fatalf("offset %d", offset)
		}
	})
}

func offsetOf(t time.Time) int {
	_, offset := t.Zone()
	return offset
}

func TestAnEventGoesToTheStoreAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec := domain.Recorded{
			Version: 7, ID: anyUUID(t), Meta: anyMeta(t),
			Event: &packing.BoxesSealed{Boxes: []packing.SealedBox{{Box: "3578011001001-PPWP", Seals: []string{rapid.String().Draw(t, "seal")}}}},
		}
		origin, first := anyOrigin(t), rapid.Bool().Draw(t, "first")
		event, err := Encode(rec, origin, first)
		if err != nil {
			t.Fatal(err)
		}
		stored := &eventstore.Record{Stream: LedgerStream("pemilu2024", "3578"), Version: 7, Event: event}
		back, err := Decode(stored, ledger.NewEventOf)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rec, back); diff != "" {
			t.Fatal(diff)
		}
		hash, has, err := CommandHash(stored)
		if err != nil || has != first || first && hash != origin.Hash {
			t.Fatalf("hash %x %v %v", hash, has, err)
		}
	})
}

func TestEventsThatCannotBeRead(t *testing.T) {
	good := eventstore.Event{Type: "packing.boxes_sealed", Schema: 1, Data: []byte(`{"boxes":[]}`), Metadata: []byte(`{}`)}
	for name, edit := range map[string]func(e *eventstore.Event){
		"type":     func(e *eventstore.Event) { e.Type = "packing.boxes_blessed" },
		"schema":   func(e *eventstore.Event) { e.Schema = 99 },
		"data":     func(e *eventstore.Event) { e.Data = []byte(`{"boxes":7}`) },
		"metadata": func(e *eventstore.Event) { e.Metadata = []byte(`{"actor":`) },
	} {
		e := good
		edit(&e)
		_, err := Decode(&eventstore.Record{Stream: "ledger-pemilu2024.3578", Version: 3, Event: e}, ledger.NewEventOf)
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte("ledger-pemilu2024.3578 version 3")) {
			t.Errorf("%s: %v", name, err)
		}
		if unknown := name == "type" || name == "schema"; errors.Is(err, ErrUnknownEvent) != unknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAttempts(t *testing.T) {
	meta := domain.Meta{CommandID: uuid.New(), Mode: domain.Request, RecordedAt: time.Now().UTC()}
	attempt := Attempt{Command: api.Command{ID: meta.CommandID.String(), Type: "packing.seal_boxes"}, Errors: []api.Problem{{Rule: "seal_used_twice"}}}
	e, err := EncodeAttempt(uuid.New(), meta, &Origin{}, attempt)
	if err != nil || e.Type != AttemptRejected || e.Command != uuid.Nil {
		t.Errorf("%+v %v: a rejected command must not be remembered as sent", e, err)
	}
	m, err := ReadMetadata(&eventstore.Record{Event: e})
	if err != nil || m.CommandID != meta.CommandID {
		t.Errorf("%+v %v", m, err)
	}
}

func TestNamesOfStreams(t *testing.T) {
	for stream, want := range map[string][2]string{
		LedgerStream("pemilu2024", "3578"): {"pemilu2024", "3578"}, AttemptsStream("pilkada2024", "35"): {"pilkada2024", "35"},
		ElectionStream("pemilu2024"): {}, "ledger-pemilu2024": {"pemilu2024", ""}, "other": {},
	} {
		election, unit, ok := SplitStream(stream)
		if wanted := want[1] != ""; ok != wanted || wanted && (election != want[0] || string(unit) != want[1]) {
			t.Errorf("%s: %q %q %v", stream, election, unit, ok)
		}
	}
}
