package policy_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/packing"
	"jejak/domain/shipment"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/policy"
)

// results counts the answers that the policies got.
type results struct {
	mu     sync.Mutex
	counts map[string]int
}

func (r *results) PolicySent(_, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int{}
	}
	r.counts[result]++
}

func (r *results) PolicyFailed(string) {}

func (r *results) of(result api.Result) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[string(result)]
}

func (h *house) send(id string, to domain.Code, lines ...goods.Line) {
	h.Helper()
	h.act("35", operator("35"), &shipment.Plan{Shipment: id, Leg: shipment.ToRegency, From: "35", To: to, Lines: lines})
}

func glue(n int64) goods.Line { return goods.Line{Item: goods.Item{Item: "glue"}, Quantity: n} }

func TestGoodsOnTheirWayAreAnnounced(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	h.stock("35", 48)
	defer h.policies()()
	h.send("SHP-35-0001", "3501", glue(40))
	h.send("SHP-35-0002", "3501", glue(2))
	h.act("35", operator("35"), &shipment.Divert{Shipment: "SHP-35-0002", To: "3509", Reason: "jembatan putus"})
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0003"}) // told before its plan
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0001"})
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0002"})
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0001"}) // told twice
	h.act("35", operator("35"), &shipment.Divert{Shipment: "SHP-35-0001", To: "3509", Reason: "macet"})
	h.send("SHP-35-0003", "3509", glue(3))
	h.send("SHP-35-LONG-LONG-LONG-LONG", "3501", glue(3))
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-LONG-LONG-LONG-LONG"})
	h.act("3501", operator("3501"), &shipment.Plan{Shipment: "SHP-3501-1", Leg: shipment.ToDistrict, From: "3501", To: "350101", Lines: []goods.Line{glue(1)}})
	h.act("3501", operator("3501"), &shipment.Dispatch{Shipment: "SHP-3501-1"}) // stays in the unit
	want := []found{
		{"3501", "procurement.delivery_announced", `{"delivery":"KRM-3501-35-0001","lines":[{"item":"glue","quantity":40}]}`},
		{"3501", "procurement.delivery_announced", `{"delivery":"KRM-3501-DKMG42FCHZQLSHCOQ6XG","lines":[{"item":"glue","quantity":3}]}`},
		{"3509", "procurement.delivery_announced", `{"delivery":"KRM-3509-35-0002","lines":[{"item":"glue","quantity":2}]}`},
		{"3509", "procurement.delivery_announced", `{"delivery":"KRM-3509-35-0003","lines":[{"item":"glue","quantity":3}]}`},
	}
	got := h.await(4)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if d := h.discrepancies("35"); slices.Contains(d, "stock_not_enough glue") {
		t.Errorf("48 pieces are in stock: %v", d)
	}
	h.send("SHP-35-0004", "3501", glue(1)) // 49 have left the stock
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-0004"})
	if d := h.discrepancies("35"); !slices.Contains(d, "stock_not_enough glue") {
		t.Errorf("more left than there is, without a discrepancy: %v", d)
	}
	h.await(5)
}

func seal(boxes ...string) *packing.SealBoxes {
	c := &packing.SealBoxes{}
	for _, b := range boxes {
		id, numbers, _ := strings.Cut(b, " ")
		c.Boxes = append(c.Boxes, packing.SealedBox{Box: domain.BoxID(id), Seals: strings.Fields(numbers)})
	}
	return c
}

func TestSealInTwoUnits(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	h.act("3501", operator("3501"), seal("3501012001001-PPWP JT1 JT2", "3501012001001-DPRDK JT3"))
	h.act("3501", operator("3501"), seal("3501012001002-PPWP JT2")) // in one unit: its ledger sees it
	defer h.policies()()
	h.act("3509", operator("3509"), seal("3509012001001-PPWP JT9 JT2"))
	want := []found{
		{"3501", "incident.seal_conflict_reported", `{"seal":"JT2","boxes":["3509012001001-PPWP"],"other_unit":"3509"}`},
		{"3509", "incident.seal_conflict_reported", `{"seal":"JT2","boxes":["3501012001001-PPWP","3501012001002-PPWP"],"other_unit":"3501"}`},
	}
	if diff := cmp.Diff(want, h.await(2)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	for _, unit := range []domain.Code{"3501", "3509"} {
		want := "seal_in_two_units 3501012001001-PPWP 3501012001002-PPWP 3509012001001-PPWP"
		if d := h.discrepancies(unit); !slices.Contains(d, want) {
			t.Errorf("%s has no %q: %v", unit, want, d)
		}
	}
}

func TestDeadlines(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501")
	stop := h.policies()
	h.must(h.clock.Set(after.Add(-time.Hour)))
	h.adopt("3509")
	if sent := h.sent(); len(sent) > 0 {
		t.Fatalf("before the deadline: %v", sent)
	}
	h.must(h.clock.Set(after))
	passed := func(area string) string {
		return `{"deadline":"station_receipt","at":"2024-02-13T23:59:00+07:00","area":"` + area + `"}`
	}
	want := []found{{"3501", "deadline.passed", passed("350101")}, {"3501", "deadline.passed", passed("350102")}, {"3509", "deadline.passed", passed("350901")}}
	if diff := cmp.Diff(want, h.await(3)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if d := h.discrepancies("3509"); !slices.Equal(d, []string{"late_at_deadline 3509012001001", "late_at_deadline 3509012001002"}) {
		t.Errorf("late: %v", d)
	}
	stop()

	// A deadline is told once, also by policies that know nothing of what they did.
	head := h.head()
	h.forget()
	stop = h.policies()
	h.must(h.clock.Set(after.Add(time.Hour)))
	h.act("35", operator("35"), &shipment.Dispatch{Shipment: "SHP-35-1"})
	stop()
	if sent := h.sent(); len(sent) != 3 || h.head() < head {
		t.Errorf("told again: %v", sent)
	}
}

func TestADeadlineBeforeTheLedgerSaysNothing(t *testing.T) {
	h := newHouse(t)
	h.must(h.clock.Set(after))
	h.adopt("35", "3501", "3509")
	stop := h.policies()
	h.seal("3501", "3501012001001-PPWP JT1")
	h.seal("3509", "3509012001001-PPWP JT1")
	h.await(2) // the policies are at work
	stop()
	if d := h.discrepancies("3501"); slices.ContainsFunc(d, func(s string) bool { return strings.HasPrefix(s, "late") }) {
		t.Errorf("late before there was a ledger: %v", d)
	}
}

func TestADeadlineThatPassedWhileTheServerWasDown(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	h.must(h.clock.Set(after))
	defer h.policies()()
	h.await(3)
}

func (h *house) seal(unit domain.Code, boxes ...string) {
	h.Helper()
	h.act(unit, operator(unit), seal(boxes...))
}

// forget deletes the checkpoints.
func (h *house) forget() {
	h.Helper()
	h.must(h.cache.Close())
	var err error
	h.cache, err = cache.Open(filepath.Join(h.TempDir(), "other.db"))
	h.must(err)
}

// Whenever the policies are stopped and started, with their checkpoints or without: everything is sent, and nothing twice.
func TestCutOffAnywhere(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	stop := h.policies()
	want := 0
	for n := range 30 {
		id := "SHP-35-" + string(rune('A'+n))
		if n == 26 {
			break
		}
		h.send(id, "3501", glue(int64(n+1)))
		h.act("35", operator("35"), &shipment.Dispatch{Shipment: id})
		want++
		if n%5 == 4 {
			box := []string{"3501012001001-PPWP", "3501012001002-PPWP", "3501012001901-PPWP", "3501012002001-PPWP", "3501021001001-PPWP"}[n/5]
			number := " S" + string(rune('A'+n))
			h.seal("3501", box+number)
			h.seal("3509", "3509012001001-PPWP"+number)
			want += 2
		}
		switch n % 3 {
		case 0:
			stop()
			stop = h.policies()
		case 1:
			stop()
			h.forget()
			stop = h.policies()
		}
	}
	h.await(want)
	stop()
	head := h.head()
	h.forget()
	again := h.seen.of(api.Duplicate)
	stop = h.policies()
	for limit := time.Now().Add(time.Minute); h.seen.of(api.Duplicate) < again+want && time.Now().Before(limit); {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if n := h.seen.of(api.Duplicate) - again; n != want {
		t.Errorf("without checkpoints %d commands are known to be sent, not %d", n, want)
	}
	if h.head() != head {
		t.Errorf("sent again, the log grew from %d to %d", head, h.head())
	}
	again = h.seen.of(api.Duplicate)
	stop = h.policies() // goes on from its checkpoint
	h.seal("3501", "3501012001001-DPRDK SALPHA")
	h.seal("3509", "3509012001001-DPRDK SALPHA")
	h.await(want + 2)
	stop()
	if n := h.seen.of(api.Duplicate) - again; n != 0 {
		t.Errorf("with a checkpoint %d commands were sent again", n)
	}
	for _, result := range []api.Result{api.Error, api.Rejected} {
		if n := h.seen.of(result); n > 0 {
			t.Errorf("%d answers are %s", n, result)
		}
	}
}

// What is settled is recorded, whenever it is asked.
func TestSettled(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	h.stock("35", 100)
	p := policy.Start(h.Context(), policy.Config{
		Store: h.store, Ledgers: &full{Ledgers: h.ledgers}, Catalog: h.catalog, Clock: h.clock, Checkpoints: h.cache, Log: slog.New(slog.DiscardHandler),
	})
	defer p.Close(context.Background())
	settle := func(want int) {
		t.Helper()
		for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			settled, err := p.Settled(h.Context())
			h.must(err)
			if sent := len(h.sent()); settled && sent != want {
				t.Fatalf("settled with %d events, not %d", sent, want)
			}
			if settled {
				return
			}
			if time.Now().After(limit) {
				t.Fatal("never settled")
			}
		}
	}
	settle(0)
	for n := range 10 {
		id := "SHP-35-" + string(rune('A'+n))
		h.send(id, "3509", glue(1))
		h.act("35", operator("35"), &shipment.Dispatch{Shipment: id})
		settle(n + 1)
	}
	h.must(h.clock.Set(after))
	settle(13)
}

// full refuses every other command as a full ledger does.
type full struct {
	command.Ledgers
	mu sync.Mutex
	n  int
}

func (f *full) Submit(ctx context.Context, c command.Command) <-chan api.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n%2 == 1 {
		answer := make(chan api.Answer, 1)
		answer <- api.Answer{ID: c.ID.String(), Result: api.Error, Status: 503, RetryAfter: 1}
		return answer
	}
	return f.Ledgers.Submit(ctx, c)
}

func TestAFullLedgerIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.adopt("35", "3501", "3509")
	h.must(h.clock.Set(after))
	defer h.policiesOver(&full{Ledgers: h.ledgers})()
	h.await(3)
}
