package policy_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"jejak/domain/shipment"
	"jejak/eventstore/sqlite"
	"jejak/internal/policy"
	"jejak/internal/unreadable"
	"jejak/internal/unreadable/planted"
)

// TestUnreadableRecord: a record that cannot be read stops what a policy does of its own ledger, and what is to be told to this ledger waits for a program that
// can read it, without keeping anybody else waiting. No checkpoint is saved over it.
func TestUnreadableRecord(t *testing.T) {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, store)
	h.adopt("35", "3501", "3509")
	h.stock("35", 48)
	book := unreadable.NewBook(slog.New(slog.DiscardHandler))
	checkpoints := &counted{Checkpoints: h.cache}
	bad := planted.Event(planted.Data, begin)
	bad.Type, bad.Data = "packing.boxes_sealed", []byte(`{"boxes":7}`)
	version, _, err := store.StreamHead(t.Context(), "ledger-"+pemilu+".3501")
	h.must(err)
	position, err := store.Append(t.Context(), "ledger-"+pemilu+".3501", version, bad)
	h.must(err)
	stop := h.start(policy.Config{Store: h.store, Ledgers: h.ledgers, Catalog: h.catalog, Clock: h.clock, Checkpoints: checkpoints,
		Log: slog.New(slog.DiscardHandler), Metrics: h.seen, Unreadable: book})
	h.send("SHP-35-0001", "3501", glue(40))
	h.send("SHP-35-0002", "3509", glue(2))
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0001"}) // to be told to 3501
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0002"})
	got := h.await(1)
	if got[0].Unit != "3509" {
		t.Errorf("sent: %v", got)
	}
	h.act("3509", operator("3509"), seal("3509012001001-PPWP JT9"))
	for end := time.Now().Add(30 * time.Second); len(book.List()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the record is not noted")
		}
	}
	stop()
	if list := book.List(); len(list) != 1 || list[0].Position != position {
		t.Errorf("noted: %v", list)
	}
	if n := checkpoints.saved.Load(); n != 1 { // that of the deadlines, who read no sealing
		t.Errorf("%d checkpoints are saved", n)
	}
}
