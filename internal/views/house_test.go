package views_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/views"
)

const pemilu = "pemilu2024"

var (
	wib   = time.FixedZone("WIB", 7*3600)
	begin = time.Date(2024, 1, 10, 8, 0, 0, 0, wib)
	quiet = slog.New(slog.DiscardHandler)
)

// house is the ledgers of the small election (units 35, 3501, 3509) on a real store, with views.
type house struct {
	testing.TB
	dir     string
	store   eventstore.Store
	cache   *cache.Cache
	catalog command.Catalog
	ledgers *command.Handler
	clock   *clock.Driven
	version string
	acts    int

	disk   string // SQLite VFS under views.db
	file   *views.File
	runner *views.Runner
	told   *told
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, dir: t.TempDir(), clock: clock.NewDriven(begin), told: &told{last: map[string]views.Row{}}}
	store, err := sqlite.Open(t.Context(), filepath.Join(h.dir, "events.db"), sqlite.Options{})
	h.must(err)
	h.store = store
	t.Cleanup(func() { h.must(store.Close()) })
	h.cache, err = cache.Open(filepath.Join(h.dir, "ledger-cache.db"))
	h.must(err)
	t.Cleanup(func() { h.must(h.cache.Close()) })
	return h
}

// published puts the small election into the log and opens the ledgers.
func (h *house) published() *house {
	h.Helper()
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	h.must(err)
	h.version = ref.Version
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	_, err = h.store.Append(h.Context(), journal.ElectionStream(pemilu), 0, batch...)
	h.must(err)
	return h.open()
}

// open opens the ledgers, again after closeLedgers.
func (h *house) open() *house {
	h.Helper()
	h.catalog = command.NewStoreCatalog(h.store, quiet)
	var err error
	h.ledgers, err = command.Open(h.Context(), command.Config{Store: h.store, Catalog: h.catalog, Clock: h.clock, Logger: quiet, Cache: h.cache, SnapshotEvery: 8})
	h.must(err)
	ledgers := h.ledgers
	h.Cleanup(func() { _ = ledgers.Close(context.Background()) })
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) path() string {
	if h.disk != "" {
		return "/views.db"
	}
	return filepath.Join(h.dir, "views.db")
}

// follow starts the views, quick ones.
func (h *house) follow(list ...views.View) {
	h.Helper()
	if len(list) == 0 {
		list = views.All(true)
	}
	h.followWith(views.Config{Ledgers: h.ledgers, Views: list, Every: time.Millisecond})
}

func (h *house) followWith(cfg views.Config) {
	h.Helper()
	var err error
	h.file, err = views.OpenOn(h.disk, h.path())
	h.must(err)
	cfg.Store, cfg.File, cfg.Log, cfg.OnRow = h.store, h.file, quiet, h.told.row
	h.runner, err = views.Start(h.Context(), cfg)
	h.must(err)
	h.Cleanup(h.unfollow)
}

// unfollow ends the views.
func (h *house) unfollow() {
	h.Helper()
	if h.runner != nil {
		h.must(h.runner.Close(context.Background()))
		h.must(h.file.Close())
		h.runner = nil
	}
}

// settled waits until every row is at the head of its ledger.
func (h *house) settled() {
	h.Helper()
	h.until("the rows are at the head of the log", func() bool {
		for _, lag := range h.runner.Lag() {
			if lag.Building || lag.Position < lag.Head || lag.Oldest > 0 {
				return false
			}
		}
		for _, unit := range h.ledgers.Units(pemilu) {
			version, _, err := h.store.StreamHead(h.Context(), journal.LedgerStream(pemilu, unit))
			h.must(err)
			for _, v := range views.All(true) {
				if row, ok := h.runner.Row(v.Name, pemilu, unit); version > 0 && (!ok || row.Ledger != uint64(version)) {
					return false
				}
			}
		}
		return true
	})
}

func (h *house) until(what string, so func() bool) {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("waited a minute until %s: %+v %v", what, h.runner.Lag(), h.runner.Trouble())
		}
	}
}

// adopt lets units go by the reference data.
func (h *house) adopt(units ...domain.Code) {
	h.Helper()
	for _, unit := range units {
		h.act(unit, domain.Request, &ledger.AdoptReference{Version: h.version})
	}
}

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
	return a
}

// announce adds one event to a ledger.
func (h *house) announce(unit domain.Code) {
	h.Helper()
	h.act(unit, domain.Report, &procurement.AnnounceDelivery{
		Delivery: fmt.Sprintf("DLV-%s-%d", unit, h.acts), Lines: []goods.Line{{Item: goods.Item{Item: "glue"}, Quantity: int64(h.acts)}}})
}

// made is the row that a ledger gives now.
func (h *house) made(v views.View, unit domain.Code) (body []byte) {
	h.Helper()
	h.must(h.ledgers.View(h.Context(), pemilu, unit, 0, func(s *ledger.State, at eventstore.Position) {
		var err error
		if body, err = v.Row(s, at); err != nil {
			h.Error(err)
		}
	}))
	return body
}

// told is what OnRow was told.
type told struct {
	mu    sync.Mutex
	times int
	back  bool // a position fell
	last  map[string]views.Row
}

func (o *told) row(view, election string, unit domain.Code, at eventstore.Position, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.times++
	name := view + " " + election + " " + string(unit)
	o.back = o.back || at < o.last[name].At.Position
	o.last[name] = views.Row{At: cache.Mark{Position: at}, Body: body}
}

func (o *told) of(view string, unit domain.Code) (row views.Row, times int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[view+" "+pemilu+" "+string(unit)], o.times
}
