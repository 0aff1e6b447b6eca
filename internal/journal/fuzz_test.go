package journal

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"jejak/domain/ledger"
	"jejak/eventstore"
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
