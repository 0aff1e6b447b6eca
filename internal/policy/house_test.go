package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/policy"
)

const pemilu = "pemilu2024"

var (
	wib   = time.FixedZone("WIB", 7*3600)
	begin = time.Date(2024, 1, 10, 8, 0, 0, 0, wib)
	// after the deadline of the small election, 2024-02-13 23:59
	after = time.Date(2024, 2, 14, 0, 0, 0, 0, wib)
)

// house is the ledgers of the small election (units 35, 3501, 3509) on a real store.
type house struct {
	*testing.T
	dir     string
	store   eventstore.Store
	cache   *cache.Cache
	catalog command.Catalog
	ledgers *command.Handler
	clock   *clock.Driven
	version string
	acts    int
	seen    *results
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newHouseOn(t, store)
}

// newHouseOn closes the store in the end.
func newHouseOn(t *testing.T, store eventstore.Store) *house {
	t.Helper()
	h := &house{T: t, dir: t.TempDir(), store: store, clock: clock.NewDriven(begin), seen: &results{}}
	t.Cleanup(func() { h.must(store.Close()) })
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	h.must(err)
	h.version = ref.Version
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	_, err = store.Append(t.Context(), journal.ElectionStream(pemilu), 0, batch...)
	h.must(err)
	h.cache, err = cache.Open(filepath.Join(h.dir, "ledger-cache.db"))
	h.must(err)
	t.Cleanup(func() { h.must(h.cache.Close()) })
	h.catalog = command.NewStoreCatalog(store, slog.New(slog.DiscardHandler))
	h.ledgers, err = command.Open(t.Context(), command.Config{Store: store, Catalog: h.catalog, Clock: h.clock, Logger: slog.New(slog.DiscardHandler)})
	h.must(err)
	t.Cleanup(func() { h.must(h.ledgers.Close(context.Background())) })
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// policies runs the policies until stop.
func (h *house) policies() (stop func()) { return h.policiesOver(h.ledgers) }

func (h *house) policiesOver(ledgers command.Ledgers) (stop func()) {
	return h.start(policy.Config{
		Store: h.store, Ledgers: ledgers, Catalog: h.catalog, Clock: h.clock, Checkpoints: h.cache, Log: slog.New(slog.DiscardHandler), Metrics: h.seen,
	})
}

func (h *house) start(cfg policy.Config) (stop func()) {
	p := policy.Start(h.Context(), cfg)
	return func() {
		h.Helper()
		h.must(p.Close(context.Background()))
	}
}

// adopt lets units go by the reference data.
func (h *house) adopt(units ...domain.Code) {
	h.Helper()
	for _, unit := range units {
		h.act(unit, command.System(unit), &ledger.AdoptReference{Version: h.version})
	}
}

// act has a command accepted, as a report unless it is a decision only.
func (h *house) act(unit domain.Code, who domain.Actor, data domain.Command) api.Answer {
	h.Helper()
	h.acts++
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, h.acts))
	mode := domain.Report
	switch data.(type) {
	case *shipment.Plan, *ledger.AdoptReference, *procurement.SetBudget, *procurement.PlaceOrder, *procurement.AcceptDelivery:
		mode = domain.Request
	}
	a := <-h.ledgers.Submit(h.Context(), command.Command{
		ID: id, Mode: mode, Election: pemilu, Unit: unit, OccurredAt: h.clock.Now().Add(time.Duration(h.acts) * time.Second), Actor: who, Correlation: id,
		Causation: id, Data: data,
	})
	if a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy {
		h.Fatalf("%s at %s: %+v", data.CommandType(), unit, a)
	}
	return a
}

// stock gives a unit pieces of glue.
func (h *house) stock(unit domain.Code, pieces int64) {
	h.Helper()
	order, delivery := "ORD-"+string(unit)+"-1", "DLV-"+string(unit)+"-1"
	glue := goods.Item{Item: "glue"}
	h.act(unit, operator(unit), &procurement.SetBudget{Ceiling: pieces, Document: "DIPA"})
	h.act(unit, operator(unit), &procurement.PlaceOrder{
		Order: order, Supplier: "lem", Lines: []procurement.PricedLine{{Line: goods.Line{Item: glue, Quantity: pieces}, UnitPrice: 1}}})
	h.act(unit, operator(unit), &procurement.AnnounceDelivery{Delivery: delivery, Order: order, Lines: []goods.Line{{Item: glue, Quantity: pieces}}})
	h.act(unit, operator(unit), &receipt.CountGoods{Delivery: delivery, Lines: []procurement.CountLine{{Item: glue, Good: pieces}}})
	h.act(unit, operator(unit), &procurement.AcceptDelivery{Delivery: delivery, Document: "BAST"})
}

func operator(unit domain.Code) domain.Actor {
	return domain.Actor{ID: "operator-" + string(unit), Role: domain.RoleOperator, Scope: string(unit)}
}

// found is an event that a policy's command gave.
type found struct {
	Unit domain.Code
	Type string
	Data string
}

// sent are the primary events that the system has recorded, adoptions apart, in the order of units, types and data.
func (h *house) sent() []found {
	h.Helper()
	var all []found
	for rec, err := range h.store.ReadAll(h.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		h.must(err)
		meta, err := journal.ReadMetadata(&rec)
		h.must(err)
		if meta.Actor.Role != domain.RoleSystem || meta.CommandSHA256 == "" || rec.Type == "unit.reference_adopted" {
			continue
		}
		if meta.Mode != domain.Report || meta.CausationID == uuid.Nil || meta.CorrelationID == uuid.Nil {
			h.Errorf("%s has the metadata %s", rec.Type, rec.Metadata)
		}
		_, unit, _ := journal.SplitStream(rec.Stream)
		all = append(all, found{unit, rec.Type, string(rec.Data)})
	}
	slices.SortFunc(all, func(a, b found) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return all
}

// await waits until n of the system's commands are recorded, and fails when they are not in a minute.
func (h *house) await(n int) []found {
	h.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		all := h.sent()
		if len(all) >= n || time.Now().After(limit) {
			if len(all) != n {
				h.Fatalf("the system has recorded %d events, not %d: %v", len(all), n, all)
			}
			return all
		}
	}
}

func (h *house) head() eventstore.Position {
	h.Helper()
	head, err := h.store.Head(h.Context())
	h.must(err)
	return head
}

// discrepancies are the open ones of a unit, "<rule> <units>".
func (h *house) discrepancies(unit domain.Code) []string {
	h.Helper()
	var list []string
	for rec, err := range h.store.Read(h.Context(), journal.LedgerStream(pemilu, unit), 0) {
		h.must(err)
		if rec.Type != "discrepancy.raised" {
			continue
		}
		var d struct {
			Rule  string   `json:"rule"`
			Units []string `json:"units"`
		}
		h.must(json.Unmarshal(rec.Data, &d))
		list = append(list, d.Rule+" "+strings.Join(d.Units, " "))
	}
	slices.Sort(list)
	return list
}
