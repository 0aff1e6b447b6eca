package policy_test

import (
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/esdb/wire"
	"jejak/internal/cache"
	"jejak/internal/policy"
)

// counted counts the checkpoints that are saved.
type counted struct {
	policy.Checkpoints
	saved atomic.Int32
}

func (c *counted) SetCheckpoint(name string, data []byte, at cache.Mark) error {
	c.saved.Add(1)
	return c.Checkpoints.SetCheckpoint(name, data, at)
}

// TestCheckpointsAreSeldom: on EventStoreDB positions count bytes, and a checkpoint may be large. A few records far apart are not worth one.
func TestCheckpointsAreSeldom(t *testing.T) {
	srv, err := wire.Start(wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop() })
	store, err := esdb.Open(t.Context(), srv.ConnectionString(), esdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseOn(t, store)
	h.adopt("35", "3501", "3509")
	h.stock("35", 48)
	far := strconv.AppendQuote(nil, strings.Repeat("x", 300_000))
	_, err = store.Append(t.Context(), "election-other", 0, eventstore.Event{ID: uuid.New(), Type: "other", Schema: 1, RecordedAt: begin, Data: far})
	h.must(err)
	saved := &counted{Checkpoints: h.cache}
	stop := h.start(policy.Config{
		Store: store, Ledgers: h.ledgers, Catalog: h.catalog, Clock: h.clock, Checkpoints: saved, Log: slog.New(slog.DiscardHandler), Metrics: h.seen,
	})
	h.send("SHP-35-0001", "3501", glue(40))
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0001"})
	h.await(1)
	if n := saved.saved.Load(); n > 0 {
		t.Errorf("%d checkpoints are saved for a few records", n)
	}
	stop()
	if saved.saved.Load() == 0 {
		t.Error("none is saved in the end")
	}
}
