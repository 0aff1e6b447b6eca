package leaf_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"jejak/eventstore"
	"jejak/internal/notary/leaf"
)

func record() eventstore.Record {
	return eventstore.Record{
		Position: 4711, Stream: "ledger-pemilu2024.3578", Version: 258,
		Event: eventstore.Event{
			ID: uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e"), Command: uuid.MustParse("018f4e1c-7d4e-7f3a-8f3a-6f2b8c1d2e3f"),
			Type: "shipment.dispatched", Schema: 1, RecordedAt: time.Date(2024, time.February, 13, 6, 45, 0, 123456000, time.UTC),
			Data: []byte(`{"shipment":"SHP-3578-000123"}`), Metadata: []byte(`{"mode":"report"}`),
		},
	}
}

// TestGolden holds the bytes of version 1, as a program in another language wrote them. They are never edited: every checkpoint that was ever signed rests on them.
func TestGolden(t *testing.T) {
	rec := record()
	const want = "6a656a616b2d6c6561662f76310a" + // jejak-leaf/v1
		"0016" + "6c65646765722d70656d696c75323032342e33353738" +
		"0000000000000102" + "0f8fad5bd9cb469fa16570867728950e" +
		"0013" + "736869706d656e742e64697370617463686564" + "00000001" + "0006113dbbb4b540" +
		"192c2c9651f9f6d1cf9072f460391a0ff0549af25ab6f1e707406a09bcc49166" +
		"c068a8743987172a9a97ceecc1edc4b76d01d319c52585c1cdb2f814f0b47d73"
	got := hex.EncodeToString(leaf.Append(nil, &rec))
	if got != want {
		t.Errorf("leaf\n%s\nwant\n%s", got, want)
	}
	const hash = "Ws3WBrWtzr32AfJFpRwI8SUpHca6H26JxlyTEuAnubY="
	if got := leaf.Hash(&rec).String(); got != hash {
		t.Errorf("hash %s, want %s", got, hash)
	}
}

func TestHashIsThatOfTheTree(t *testing.T) {
	rec := record()
	if leaf.Hash(&rec) != tlog.RecordHash(leaf.Append(nil, &rec)) {
		t.Error("another hash than the tree's")
	}
}

func someRecord(t *rapid.T) eventstore.Record {
	name := rapid.StringMatching(`[!-~]{1,200}`)
	return eventstore.Record{
		Stream: name.Draw(t, "stream"), Version: eventstore.Version(rapid.Uint64().Draw(t, "version")),
		Event: eventstore.Event{
			ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), Type: name.Draw(t, "type"),
			Schema: rapid.IntRange(0, 1<<31-1).Draw(t, "schema"), RecordedAt: time.UnixMicro(rapid.Int64().Draw(t, "recorded")).UTC(),
			Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data"), Metadata: rapid.SliceOf(rapid.Byte()).Draw(t, "metadata"),
		},
	}
}

func TestDifferentRecordsHaveDifferentLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec := someRecord(t)
		encoded := leaf.Append(nil, &rec)
		back, err := leaf.Parse(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if back.Stream != rec.Stream || back.Version != rec.Version || back.ID != rec.ID || back.Type != rec.Type || back.Schema != rec.Schema || !back.RecordedAt.Equal(rec.RecordedAt) ||
			back.DataSum != sha256.Sum256(rec.Data) || back.MetadataSum != sha256.Sum256(rec.Metadata) {
			t.Fatalf("%+v came back as %+v", rec, back)
		}
		// Data and metadata are told apart by their hashes, also from each other.
		other := rec
		other.Data, other.Metadata = rec.Metadata, rec.Data
		if !bytes.Equal(rec.Data, rec.Metadata) && bytes.Equal(leaf.Append(nil, &other), encoded) {
			t.Fatal("data and metadata can be exchanged")
		}
		other = rec
		other.Data = append(bytes.Clone(rec.Data), 0)
		if bytes.Equal(leaf.Append(nil, &other), encoded) {
			t.Fatal("data can be changed")
		}
		other = rec
		other.Position, other.Command = 1, uuid.New()
		if !bytes.Equal(leaf.Append(nil, &other), encoded) {
			t.Fatal("the leaf depends on the engine")
		}
	})
}

func FuzzLeavesAreTakenApartInOneWay(f *testing.F) {
	rec := record()
	f.Add(leaf.Append(nil, &rec))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := leaf.Parse(b)
		if err != nil {
			return
		}
		rec := eventstore.Record{Stream: l.Stream, Version: l.Version, Event: eventstore.Event{ID: l.ID, Type: l.Type, Schema: l.Schema, RecordedAt: l.RecordedAt}}
		sums := append(l.DataSum[:], l.MetadataSum[:]...)
		again := leaf.Append(nil, &rec)
		if !bytes.Equal(again[:len(again)-64], b[:len(b)-64]) || !bytes.Equal(sums, b[len(b)-64:]) {
			t.Errorf("%x is read as %+v, which is %x", b, rec, again)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	rec := record()
	rec.Data, rec.Metadata = bytes.Repeat([]byte("x"), 300), bytes.Repeat([]byte("y"), 400)
	for b.Loop() {
		leaf.Hash(&rec)
	}
}
