package feed

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"jejak/domain/given"
	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/esdb/wire"
	"jejak/internal/cache"
)

// counted counts the checkpoints that are saved.
type counted struct {
	memory
	saved atomic.Int32
}

func (c *counted) SetCheckpoint(name string, data []byte, at cache.Mark) error {
	c.saved.Add(1)
	return c.memory.SetCheckpoint(name, data, at)
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
	t.Cleanup(func() { _ = store.Close() })
	b, l := newBroker(t), &log{t, store, map[string]eventstore.Version{}}
	far := strconv.AppendQuote(nil, strings.Repeat("x", 300_000))
	l.add("election-pemilu2024", eventstore.Event{ID: uuid.New(), Type: "other", Schema: 1, RecordedAt: given.Start, Data: far})
	l.tell()
	var saved counted
	p, stop := run(t, b.config(l, &saved))
	b.published(l, p)
	if n := saved.saved.Load(); n > 0 {
		t.Errorf("%d checkpoints are saved for a few records", n)
	}
	stop()
	if saved.saved.Load() != 1 {
		t.Error("none is saved in the end")
	}
}
