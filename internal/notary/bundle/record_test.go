package bundle_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
)

// contents are data and metadata as a log may hold them, those that JSON libraries like to write otherwise among them.
var contents = rapid.OneOf(
	rapid.Just([]byte(nil)), rapid.Just([]byte("null")), rapid.Just([]byte(`{"a":"<b>&\u2028"}`)), rapid.Just([]byte("{ \"a\" :\n1.0 }")),
	rapid.Just([]byte(" {}")), rapid.Just([]byte("\"\u2028é\"")), rapid.Just([]byte("[1e400, -0]")), rapid.Just([]byte("{\"a\":1,\"a\":2}")),
	rapid.SliceOfN(rapid.Byte(), 1, 40),
)

func TestRecordsComeBackByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[!-~]{1,30}`)
		rec := bundle.Record{
			Leaf: rapid.Int64Range(-1, 1<<40).Draw(t, "leaf"),
			Record: eventstore.Record{
				Position: eventstore.Position(rapid.Uint64Range(0, 1<<40).Draw(t, "position")), Stream: name.Draw(t, "stream"),
				Version: eventstore.Version(rapid.Uint64Range(1, 1<<63).Draw(t, "version")),
				Event: eventstore.Event{
					ID: uuid.New(), Type: name.Draw(t, "type"), Schema: rapid.IntRange(0, 1<<31-1).Draw(t, "schema"),
					RecordedAt: time.UnixMicro(rapid.Int64Range(-1<<40, 1<<51).Draw(t, "recorded")).UTC(),
					Data:       contents.Draw(t, "data"), Metadata: contents.Draw(t, "metadata"),
				},
			},
		}
		if rapid.Bool().Draw(t, "of a command") {
			rec.Command = uuid.New()
		}
		text := bundle.AppendRecord(nil, &rec)
		if !json.Valid(text) || bytes.ContainsAny(text, "\n\r") {
			t.Fatalf("no line of JSON: %q", text)
		}
		back, err := bundle.ParseRecord(text)
		if err != nil {
			t.Fatal(err)
		}
		again := bundle.AppendRecord(nil, &back)
		if !bytes.Equal(text, again) || !bytes.Equal(back.Data, rec.Data) || !bytes.Equal(back.Metadata, rec.Metadata) || back.ID != rec.ID || !back.RecordedAt.Equal(rec.RecordedAt) {
			t.Fatalf("%s\ncame back as\n%s", text, again)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"leaf":3,"stream":"s","version":1,"id":"0f8fad5b-d9cb-469f-a165-70867728950e","type":"t","schema":1,"recorded_at":"2024-02-13T06:45:00.000000Z","data":{"a":1},"metadata":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, err := bundle.ParseRecord(text)
		if err != nil {
			return
		}
		again, err := bundle.ParseRecord(bundle.AppendRecord(nil, &rec))
		if err != nil || !bytes.Equal(again.Data, rec.Data) || !bytes.Equal(again.Metadata, rec.Metadata) || again.ID != rec.ID {
			t.Errorf("%q: %v", text, err)
		}
	})
}
