package journal

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/internal/api"
)

// FuzzVersions: an event of any type and schema, known or not, is read as an error that names its place, or as an event that is the same after it
// was written and read once more. The seeds are the golden files of every version ever written, and of versions that are not known yet.
func FuzzVersions(f *testing.F) {
	paths, err := filepath.Glob("../../domain/*/testdata/events/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("golden files: %v", err)
	}
	metadata := `{"command_sha256":"` + strings.Repeat("0a", 32) + `","actor":{"id":"u1","role":"operator","unit":"3578"},` +
		`"device":{"id":"D1","seq":7},"mode":"report","occurred_at":"2024-01-10T08:00:00.25+07:00"}`
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		at := strings.LastIndex(name, ".v")
		schema, err := strconv.Atoi(name[at+2:])
		if err != nil {
			f.Fatal(path, err)
		}
		name = name[:at]
		f.Add(name, schema, data, []byte(metadata))
		f.Add(name, schema+1, data, []byte(`{}`))
		f.Add(name, -schema, data[:len(data)/2], []byte(`null`))
	}
	f.Add("unit.invented", 1, []byte(`{}`), []byte(`{"occurred_at":"0000-01-01T00:00:00+24:00"}`))
	f.Fuzz(func(t *testing.T, eventType string, schema int, data, metadata []byte) {
		rec := &eventstore.Record{Stream: "ledger-x.35", Version: 7, Event: eventstore.Event{
			ID: uuid.UUID{1}, Command: uuid.UUID{2}, Type: eventType, Schema: schema, Data: data, Metadata: metadata}}
		got, err := Decode(rec, ledger.NewEventOf)
		if err != nil {
			if unknown := ledger.NewEventOf(eventType, schema) == nil; unknown != errors.Is(err, ErrUnknownEvent) || !strings.Contains(err.Error(), "ledger-x.35 version 7") {
				t.Fatalf("unknown %t, error %v", unknown, err)
			}
			return
		}
		if got.Event.EventType() != eventType {
			t.Fatalf("%s was read as %s", eventType, got.Event.EventType())
		}
		written, err := Encode(got, &Origin{}, true)
		if err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
		again, err := Decode(&eventstore.Record{Stream: "s", Version: 7, Event: written}, ledger.NewEventOf)
		if written.Schema != schema {
			return // of an older schema: written as the newest
		}
		if diff := cmp.Diff(got, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("another event after writing and reading: %v (-read +again):\n%s", err, diff)
		}
	})
}

// FuzzCommandHash: a command's hash is 64 hexadecimal digits or is not there, whatever else stands in its place.
func FuzzCommandHash(f *testing.F) {
	for _, text := range []string{"", "00", strings.Repeat("0a", 32), strings.Repeat("0a", 33), strings.Repeat("0g", 32), strings.Repeat("0A", 32), strings.Repeat("0", 63), `\u0030`} {
		f.Add([]byte(`{"command_sha256":"` + text + `"}`))
	}
	f.Add([]byte(`{"command_sha256":7}`))
	f.Fuzz(func(t *testing.T, metadata []byte) {
		rec := &eventstore.Record{Event: eventstore.Event{Metadata: metadata}, Stream: "ledger-x.35", Version: 7}
		hash, ok, err := CommandHash(rec)
		if err != nil {
			if ok || hash != [32]byte{} || !strings.Contains(err.Error(), "ledger-x.35 version 7") {
				t.Errorf("hash %x, %t with error %v", hash, ok, err)
			}
			return
		}
		if !ok && hash != [32]byte{} {
			t.Errorf("no hash, yet %x", hash)
		}
		if m, err := ReadMetadata(rec); err == nil && ok != (strings.EqualFold(m.CommandSHA256, hex.EncodeToString(hash[:]))) {
			t.Errorf("hash %x, %t of %q", hash, ok, m.CommandSHA256)
		}
	})
}

// FuzzUsual: metadata that is read without reflection reads as it does with it.
func FuzzUsual(f *testing.F) {
	meta := domain.Meta{Actor: domain.Actor{ID: "usr-1", Role: "operator", Scope: "3578"}, Device: domain.Device{ID: "dev-1", Seq: 7}, Mode: domain.Report,
		OccurredAt: time.Date(2024, 2, 13, 6, 45, 0, 25_000_000, time.FixedZone("", 7*3600)), RecordedAt: time.Date(2024, 2, 13, 0, 0, 0, 0, time.UTC)}
	for _, zone := range []*time.Location{time.UTC, time.Local, time.FixedZone("", -5400)} {
		meta.OccurredAt = meta.OccurredAt.In(zone)
		for _, origin := range []Origin{{}, {Simulated: true}, {SubmittedBy: "usr-2", Place: &api.Place{Lat: 1}}} {
			f.Add(appendMetadata(nil, &meta, &origin, true))
			f.Add(appendMetadata(nil, &meta, &origin, false))
		}
	}
	usual := string(appendMetadata(nil, &meta, &Origin{}, true))
	for _, when := range []string{"2024-02-13T06:45:00+24:00", "2024-02-13T06:45:00+07:60", "2024-02-13T24:45:00Z", "2024-02-30T06:45:00Z", "2024-02-13T06:45:60Z",
		"2024-02-13T06:45:00.1234567890123Z", "2024-02-13T06:45:00.Z", "2024-02-13T06:45:00z", "2024-02-13T06:45:00,5Z", "2024-02-13T06:45:00-00:00"} {
		f.Add([]byte(strings.Replace(usual, meta.OccurredAt.Format(time.RFC3339Nano), when, 1)))
	}
	meta.Device.Seq = math.MinInt64
	meta.Actor.ID = "\\"
	f.Add(appendMetadata(nil, &meta, &Origin{}, true))
	f.Fuzz(func(t *testing.T, metadata []byte) {
		var d Decoder
		got, ok := d.usual(metadata)
		if !ok {
			return
		}
		var want foldMeta
		err := unmarshal(metadata, &want)
		if diff := cmp.Diff(want, got); err != nil || diff != "" || got.OccurredAt.String() != want.OccurredAt.String() {
			t.Fatalf("by reflection it is %v with error %v (-reflection +usual):\n%s", want, err, diff)
		}
	})
}

// usualEvents are events of the types that are read without reflection, in all their forms.
func usualEvents() []domain.Event {
	ref := domain.Ref{Version: 7, Event: uuid.UUID{7}}
	boxes := []domain.BoxID{"3578010001001-PPWP", "3578010001001-KIT"}
	return []domain.Event{
		&incident.Raised{Discrepancy: "DSC-3578-000001", Key: "count_over|DLV-3578-1/ink", Rule: "count_over", Kind: domain.Over, Severity: domain.Low, Units: []string{"DLV-3578-1/ink"},
			Quantity: 11, Provisional: true, Message: "lebih 11: ya", MessageEN: "11 too many", Proof: []domain.Ref{ref, ref}},
		&incident.Raised{Units: []string{}, Proof: []domain.Ref{}},
		&incident.Explained{Discrepancy: "DSC-3578-000001", By: ref},
		&receipt.SortingReported{Delivery: "DLV-3578-1", Design: "DPR-3501", Carton: "12", Good: 500, Damaged: map[string]int64{}, Foreign: []receipt.ForeignSheets{}},
		&receipt.SortingReported{Delivery: "DLV-3578-1", Good: -5, Missing: 3, Damaged: map[string]int64{}, Foreign: []receipt.ForeignSheets{}},
		&packing.BoxesPacked{Boxes: []packing.PackedBox{{Box: boxes[0], Design: "PPWP", Ballots: 278}, {Box: boxes[1]}}},
		&packing.BoxesPacked{Boxes: []packing.PackedBox{}},
		&packing.BoxesChecked{Boxes: boxes},
		&packing.BoxesSealed{Boxes: []packing.SealedBox{{Box: boxes[0], Seals: []string{"JT1", "JT2"}}, {Box: boxes[1], Seals: []string{}}}},
		&handoff.Offered{Handoff: "HND-3578-1", Shipment: "SHP-3578-1", To: "357801", Boxes: boxes},
		&handoff.Offered{Handoff: "HND-3578-1", To: "3578010001001", Boxes: []domain.BoxID{}},
		&handoff.Accepted{Handoff: "HND-3578-1", Boxes: []handoff.AcceptedBox{{Box: boxes[0], Seals: []string{"JT1"}, Condition: handoff.Good}, {Box: boxes[1], Seals: []string{}, Condition: handoff.Wet}},
			Missing: []domain.BoxID{"3578010001002-PPWP"}, Extra: []domain.BoxID{}, Witnesses: []packing.Witness{{Role: "police", ID: "usr-1"}, {Role: "supervisor", ID: "usr-2"}}},
		&handoff.Accepted{Boxes: []handoff.AcceptedBox{}, Missing: []domain.BoxID{}, Extra: []domain.BoxID{}, Witnesses: []packing.Witness{}},
		&shipment.Loaded{Shipment: "SHP-3578-1", Vehicle: "L-1071-JT", Boxes: boxes},
		&shipment.Loaded{Shipment: "SHP-3578-1", Vehicle: "L-1071-JT", Boxes: boxes, Carrier: "CV-ANGKUT"},
	}
}

// TestUsualData: what Jejak writes of the commonest events is read without reflection.
func TestUsualData(t *testing.T) {
	for _, event := range usualEvents() {
		data, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		read := ledger.NewEventOf(event.EventType(), event.Schema())
		if !new(Decoder).usualData(read, data) {
			t.Errorf("%s is read by reflection: %s", event.EventType(), data)
		}
		if diff := cmp.Diff(event, read); diff != "" {
			t.Errorf("%s (-written +read):\n%s", data, diff)
		}
	}
}

// FuzzUsualData: data that is read without reflection reads as it does with it.
func FuzzUsualData(f *testing.F) {
	for _, event := range usualEvents() {
		data, err := json.Marshal(event)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event.EventType(), data)
		for _, change := range [][2]string{{"[]", "null"}, {":7", ":-7"}, {":7", ":07"}, {":7", ":7.0"}, {":7", ":1234567890123456789"}, {"-KIT", "\u0041"}, {"-KIT", "\xff"}, {"-KIT", "é"},
			{"-KIT", "]"}, {"-KIT", ","}, {`},{`, `},`}, {`"]`, `",]`}, {"07000000-0000", "{7000000-0000"}, {"0-0", "00"}, {"false", "true"}, {"}", "} "}, {`{"`, `{"x":1,"`}} {
			f.Add(event.EventType(), []byte(strings.Replace(string(data), change[0], change[1], 1)))
		}
	}
	f.Fuzz(func(t *testing.T, eventType string, data []byte) {
		got, want := ledger.NewEventOf(eventType, 1), ledger.NewEventOf(eventType, 1)
		if got == nil || !new(Decoder).usualData(got, data) {
			return
		}
		err := jsonv2.Unmarshal(data, want)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("by reflection it is %v with error %v (-reflection +usual):\n%s", want, err, diff)
		}
	})
}
