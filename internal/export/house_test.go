package export_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/export"
	"jejak/internal/journal"
)

const pemilu = "pemilu2024"

var (
	wib   = time.FixedZone("WIB", 7*3600)
	begin = time.Date(2024, 1, 10, 8, 0, 0, 0, wib)
	quiet = slog.New(slog.DiscardHandler)
)

// house is the ledgers of the small election (units 35, 3501, 3509) on a real store.
type house struct {
	testing.TB
	store   eventstore.Store
	catalog command.Catalog
	ledgers *command.Handler
	clock   *clock.Driven
	version string
	acts    int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{TB: t, clock: clock.NewDriven(begin)}
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "events.db"), sqlite.Options{})
	h.must(err)
	h.store = store
	t.Cleanup(func() { h.must(store.Close()) })
	kept, err := cache.Open(filepath.Join(dir, "ledger-cache.db"))
	h.must(err)
	t.Cleanup(func() { h.must(kept.Close()) })
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	h.must(err)
	h.version = ref.Version
	_, err = h.store.Append(h.Context(), journal.ElectionStream(pemilu), 0, reference(events)...)
	h.must(err)
	h.catalog = command.NewStoreCatalog(h.store, quiet)
	h.ledgers, err = command.Open(t.Context(), command.Config{Store: h.store, Catalog: h.catalog, Clock: h.clock, Logger: quiet, Cache: kept})
	h.must(err)
	t.Cleanup(func() { _ = h.ledgers.Close(context.Background()) })
	for _, unit := range []domain.Code{"35", "3501", "3509"} {
		h.act(unit, domain.Request, &ledger.AdoptReference{Version: h.version})
	}
	return h
}

func reference(events []election.Event) (batch []eventstore.Event) {
	for i, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, i)), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	return batch
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// act lets somebody of the unit do something; a minute passes.
func (h *house) act(unit domain.Code, mode domain.Mode, data domain.Command) api.Answer {
	h.Helper()
	h.acts++
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, h.acts))
	who := domain.Actor{ID: "usr-1", Role: domain.RoleOperator, Scope: string(unit)}
	if _, adopts := data.(*ledger.AdoptReference); adopts {
		who = command.System(unit)
	}
	a := <-h.ledgers.Submit(h.Context(), command.Command{
		ID: id, Mode: mode, Election: pemilu, Unit: unit, OccurredAt: h.clock.Now(), Actor: who, Correlation: id, Causation: id, Data: data,
	})
	if a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy {
		h.Fatalf("%s at %s: %+v", data.CommandType(), unit, a)
	}
	h.must(h.clock.Set(h.clock.Now().Add(time.Minute)))
	return a
}

func (h *house) log() export.Log { return export.Log{Store: h.store, Catalog: h.catalog} }

func all() export.Choice { return export.Choice{Election: pemilu} }
