package command_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
)

func glue(pieces int64) []procurement.PricedLine {
	return []procurement.PricedLine{{Line: goods.Line{Item: goods.Item{Item: "glue"}, Quantity: pieces}, UnitPrice: 1}}
}

// TestWaitingCommandsAreOneAppend: what arrives while an append is under way is decided together and appended in one go.
func TestWaitingCommandsAreOneAppend(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, release := h.store.gate()
	first := handler.Submit(t.Context(), h.trouble(0))
	<-entered
	var commands []command.Command
	var answers []<-chan api.Answer
	for n := range 500 {
		c := h.trouble(n + 1)
		commands = append(commands, c)
		answers = append(answers, handler.Submit(t.Context(), c))
	}
	if n := h.store.count(); n != 0 {
		t.Fatalf("%d appends while the gate is shut", n)
	}
	select {
	case a := <-first:
		t.Fatalf("answered before it is durable: %+v", a)
	default:
	}
	release()
	last := (<-first).Position
	for i, answer := range answers {
		a := <-answer
		if a.Result != api.AcceptedWithDiscrepancy || a.ID != commands[i].ID.String() || a.Position != last+uint64(len(a.Events)) {
			t.Fatalf("answer %d after position %d: %+v", i, last, a)
		}
		last = a.Position
	}
	if n := h.store.count(); n != 2 {
		t.Errorf("%d appends, want the first and one of 500 commands", n)
	}
	h.once(commands...)
}

// TestOneBadCommandDoesNotSpoilTheRest: rejected, malformed and repeated commands between good ones.
func TestOneBadCommandDoesNotSpoilTheRest(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, release := h.store.gate()
	first := handler.Submit(t.Context(), h.trouble(0))
	<-entered
	good, again := h.trouble(1), h.trouble(2)
	other := again
	other.Hash[0]++
	forbidden := h.trouble(3)
	forbidden.Guard = func(*ledger.State) *api.Problem { return &api.Problem{Rule: "not_yours"} }
	var answers []<-chan api.Answer
	for _, c := range []command.Command{good, h.order("ORD-1"), again, again, other, forbidden, h.trouble(4)} {
		answers = append(answers, handler.Submit(t.Context(), c))
	}
	release()
	<-first
	for i, want := range []struct {
		result api.Result
		rule   string
	}{
		{api.AcceptedWithDiscrepancy, ""}, {api.Rejected, "budget_not_set"}, {api.AcceptedWithDiscrepancy, ""}, {api.Duplicate, ""},
		{api.Error, "command_id_reused"}, {api.Error, "not_yours"}, {api.AcceptedWithDiscrepancy, ""},
	} {
		h.check(<-answers[i], want.result, want.rule)
	}
	h.once(good, again)
}

// TestDecidedOnTopOfEachOther: a command sees what those before it in the same batch have done.
func TestDecidedOnTopOfEachOther(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, release := h.store.gate()
	first := handler.Submit(t.Context(), h.trouble(0))
	<-entered
	early := handler.Submit(t.Context(), h.order("ORD-3501-1"))
	budget := handler.Submit(t.Context(), h.request(operator, &procurement.SetBudget{Ceiling: 1, Document: "DIPA"}))
	order := handler.Submit(t.Context(), h.order("ORD-3501-1"))
	over := handler.Submit(t.Context(), h.order("ORD-3501-2"))
	release()
	<-first
	h.check(<-early, api.Rejected, "budget_not_set")
	h.check(<-budget, api.Accepted, "")
	h.check(<-order, api.Accepted, "")
	h.check(<-over, api.Rejected, "over_budget")
}

// TestTwoServers: two handlers on one store write to the same ledger; nothing is lost, nothing is there twice, and both end in the same state.
func TestTwoServers(t *testing.T) {
	h := newHouse(t)
	servers := []*command.Handler{
		h.adopted(func(c *command.Config) { c.Shared = true }), h.handler(func(c *command.Config) { c.Cache, c.Shared = nil, true }),
	}
	const each = 150
	var mu sync.Mutex
	var all []command.Command
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range each {
				c := h.trouble(worker*each + n)
				a := <-servers[worker%2].Submit(t.Context(), c)
				if a.Result != api.AcceptedWithDiscrepancy {
					t.Errorf("answer %+v", a)
				}
				if n%3 == 0 { // and to the other server as well
					b := <-servers[(worker+1)%2].Submit(t.Context(), c)
					if b.Result != api.Duplicate || b.Position < a.Position-uint64(len(a.Events)-1) {
						t.Errorf("first %+v, then %+v", a, b)
					}
				}
				mu.Lock()
				all = append(all, c)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	h.once(all...)
	for _, s := range servers { // Each learns what the other wrote.
		head, err := h.store.Head(t.Context())
		h.must(err)
		h.must(s.View(t.Context(), pemilu, satu, head, func(s *ledger.State, _ eventstore.Position) {
			if s.Version != uint64(h.events()) {
				t.Errorf("a server has folded %d of %d events", s.Version, h.events())
			}
		}))
	}
	if a, b := h.state(servers[0]), h.state(servers[1]); a != b {
		t.Error("the servers have different states")
	}
}

// TestSameCommandToTwoServersAtOnce: one of them records it, and both know which, also when the same id comes with two bodies.
func TestSameCommandToTwoServersAtOnce(t *testing.T) {
	h := newHouse(t)
	share := func(c *command.Config) { c.Shared = true }
	other := clock.NewDriven(begin)
	servers := []*command.Handler{h.adopted(share), h.handler(share, func(c *command.Config) { c.Clock, c.Cache = other, nil })}
	for n := range 100 {
		h.must(h.clock.Set(begin.Add(time.Duration(2*n+1) * time.Millisecond)))
		h.must(other.Set(begin.Add(time.Duration(2*n+2) * time.Millisecond)))
		c, twin := h.trouble(n), h.trouble(n)
		want := map[api.Result]int{api.AcceptedWithDiscrepancy: 1, api.Duplicate: 1}
		if twin.ID = c.ID; n%2 == 1 {
			twin.Hash[0]++
			want = map[api.Result]int{api.AcceptedWithDiscrepancy: 1, api.Error: 1}
		}
		a, b := servers[0].Submit(t.Context(), c), servers[1].Submit(t.Context(), twin)
		got := map[api.Result]int{(<-a).Result: 1}
		got[(<-b).Result]++
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		h.once(c)
	}
	head, err := h.store.Head(t.Context())
	h.must(err)
	for _, s := range servers {
		h.must(s.View(t.Context(), pemilu, satu, head, func(*ledger.State, eventstore.Position) {}))
	}
	if a, b := h.state(servers[0]), h.state(servers[1]); a != b {
		t.Error("the servers have different states")
	}
}

// TestAppendFails: no state of a failed append survives, every caller gets the error, and when the store works again so does the ledger.
func TestAppendFails(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	before := h.state(handler)
	full := errors.New("no space left on device")
	h.store.disturb(func(context.Context, string) error { return full }, nil)
	var commands []command.Command
	var answers []<-chan api.Answer
	for n := range 100 {
		c := h.trouble(n)
		commands = append(commands, c)
		answers = append(answers, handler.Submit(t.Context(), c))
	}
	for _, answer := range answers {
		a := <-answer
		h.check(a, api.Error, "store_unavailable")
		if a.Status != 503 || a.RetryAfter == 0 {
			t.Fatalf("answer %+v", a)
		}
	}
	if handler.Unavailable() == "" {
		t.Error("it seems available")
	}
	if h.events() != 1 || h.state(handler) != before {
		t.Error("a failed append left something behind")
	}
	h.store.disturb(nil, nil)
	for _, c := range commands {
		h.accepted(handler, c)
	}
	if reason := handler.Unavailable(); reason != "" {
		t.Errorf("still unavailable: %s", reason)
	}
	h.once(commands...)
}

// TestFailedEngineIsNotReady: that a failed engine can still be read does not make it ready.
func TestFailedEngineIsNotReady(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	h.store.disturb(func(context.Context, string) error { return fmt.Errorf("commit: %w", eventstore.ErrFailed) }, nil)
	h.answered(handler, h.trouble(0), api.Error, "store_unavailable")
	h.state(handler)
	if handler.Unavailable() == "" {
		t.Error("a read made it ready")
	}
	h.store.disturb(nil, nil)
	h.accepted(handler, h.trouble(0))
	if handler.Unavailable() != "" {
		t.Error("an append did not make it ready")
	}
}

// TestAnswerLostAfterCommit: an append that happened but whose answer was lost is found again, not repeated.
func TestAnswerLostAfterCommit(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	lost := 0
	h.store.disturb(nil, func(context.Context, string) error {
		if lost++; lost%3 != 0 {
			return fmt.Errorf("connection reset: %w", eventstore.ErrUnknownOutcome)
		}
		return nil
	})
	for n := range 3 {
		c := h.trouble(n)
		h.accepted(handler, c)
		h.once(c)
	}
	// And when the time is up the caller is told; sent again it is a duplicate.
	h.store.disturb(nil, func(context.Context, string) error { return fmt.Errorf("gone: %w", eventstore.ErrUnknownOutcome) })
	short := h.handler(func(c *command.Config) { c.GiveUp = 50 * time.Millisecond })
	c := h.trouble(9)
	h.answered(short, c, api.Error, "store_unavailable")
	h.store.disturb(nil, nil)
	h.answered(short, c, api.Duplicate, "")
	h.once(c)
}

// TestFullQueue: a slow store makes a full ledger; more is refused at once and nothing is kept of it.
func TestFullQueue(t *testing.T) {
	h := newHouse(t)
	const length = 20
	handler := h.adopted(func(c *command.Config) { c.QueueLength = length })
	entered, release := h.store.gate()
	first := handler.Submit(t.Context(), h.trouble(0))
	<-entered
	var waiting []<-chan api.Answer
	for n := range length {
		waiting = append(waiting, handler.Submit(t.Context(), h.trouble(n+1)))
	}
	depth := 0
	handler.Waiting(func(_ string, unit domain.Code, n int) {
		if unit == satu {
			depth = n
		}
	})
	if depth != length+1 {
		t.Errorf("queue depth %d, want %d", depth, length+1)
	}
	refused := h.trouble(99)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 20_000 {
		a := <-handler.Submit(t.Context(), refused)
		if a.Status != 503 || a.RetryAfter == 0 || a.Errors[0].Rule != "overloaded" {
			t.Fatalf("answer %+v", a)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+4<<20 {
		t.Errorf("20,000 refused commands keep %d bytes", after.HeapAlloc-before.HeapAlloc)
	}
	// Another ledger does not wait for this one's queue.
	release()
	for _, answer := range append(waiting, first) {
		h.check(<-answer, api.AcceptedWithDiscrepancy, "")
	}
	h.accepted(handler, refused)
}

// TestCloseAnswersAll: what waits when the server stops is recorded and answered; what comes later is told to come again.
func TestCloseAnswersAll(t *testing.T) {
	for round := range 6 {
		h := newHouse(t)
		handler := h.adopted()
		var answers []<-chan api.Answer
		var commands []command.Command
		for n := range 50 {
			c := h.trouble(n)
			if n%5 == 4 {
				c = h.order(fmt.Sprintf("ORD-3501-%d", n)) // rejected, but kept
			}
			commands = append(commands, c)
			answers = append(answers, handler.Submit(t.Context(), c))
			if n == round*8 {
				go handler.View(t.Context(), pemilu, satu, 0, func(*ledger.State, eventstore.Position) {}) //nolint:errcheck // it may come too late
			}
		}
		h.must(handler.Close(context.Background()))
		rejected := 0
		for i, answer := range answers {
			select {
			case a := <-answer:
				if a.Result == api.Rejected {
					rejected++
				} else if a.Result == api.AcceptedWithDiscrepancy {
					h.once(commands[i])
				} else {
					t.Errorf("answer %+v", a)
				}
			default:
				t.Fatal("Close returned before all was answered")
			}
		}
		if kept := h.log(journal.AttemptsStream(pemilu, satu)); rejected != 10 || len(kept) != rejected {
			t.Errorf("%d rejected, %d of them kept", rejected, len(kept))
		}
		a := h.answered(handler, h.trouble(99), api.Error, "server_closing")
		if a.Status != 503 || a.RetryAfter == 0 {
			t.Errorf("answer %+v", a)
		}
		if err := handler.View(t.Context(), pemilu, satu, 0, nil); err == nil {
			t.Error("a closed server shows a ledger")
		}
		h.must(handler.Close(context.Background()))
	}
}

// TestCloseGivesUp: a store that never answers does not hold the server for ever, and every caller is answered all the same.
func TestCloseGivesUp(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, _ := h.store.gate()
	answers := []<-chan api.Answer{handler.Submit(t.Context(), h.trouble(0))}
	<-entered
	answers = append(answers, handler.Submit(t.Context(), h.trouble(1)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := handler.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v", err)
	}
	for _, answer := range answers {
		h.check(<-answer, api.Error, "store_unavailable")
	}
}

// TestCallerGivesUp: who stops waiting may find his command recorded; sent again it is a duplicate.
func TestCallerGivesUp(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, release := h.store.gate()
	ctx, cancel := context.WithCancel(t.Context())
	c := h.trouble(0)
	answer := handler.Submit(ctx, c)
	<-entered
	cancel()
	h.check(<-handler.Submit(ctx, c), api.Error, "store_unavailable") // Not even queued.
	if err := handler.View(ctx, pemilu, satu, 0, func(*ledger.State, eventstore.Position) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("View = %v", err)
	}
	release()
	h.check(<-answer, api.AcceptedWithDiscrepancy, "")
	h.answered(handler, c, api.Duplicate, "")
	h.once(c)
}

// TestViewWaits: a view asked for a position waits until another server's events up to it are there.
func TestViewWaits(t *testing.T) {
	h := newHouse(t)
	a, b := h.adopted(), h.handler()
	h.state(b)
	for n := range 5 {
		answer := h.accepted(a, h.trouble(n))
		h.must(b.View(t.Context(), pemilu, satu, eventstore.Position(answer.Position), func(s *ledger.State, at eventstore.Position) {
			if uint64(at) < answer.Position || s.Version != uint64(h.events()) {
				t.Errorf("position %d, version %d after an answer at %d", at, s.Version, answer.Position)
			}
		}))
	}
	future, err := h.store.Head(t.Context())
	h.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := b.View(ctx, pemilu, satu, future+1, func(*ledger.State, eventstore.Position) { t.Error("shown too early") }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("View = %v", err)
	}
	if err := a.View(t.Context(), pemilu, satu, 0, func(*ledger.State, eventstore.Position) { panic("in a reader") }); err == nil {
		t.Error("a panic of a reader was not told")
	}
	h.accepted(a, h.trouble(9))
}

func TestUnknownPlaces(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	c := h.trouble(0)
	c.Election = "pilkada2099"
	h.answered(handler, c, api.Error, "unknown_election")
	c = h.trouble(0)
	c.Unit = "3599"
	h.answered(handler, c, api.Error, "unknown_unit")
	c = h.request(operator, &procurement.SetBudget{Ceiling: 1, Document: "DIPA"})
	c.OccurredAt = begin.Add(11 * time.Minute)
	h.answered(handler, c, api.Rejected, "clock_ahead")
	c = h.trouble(0)
	c.OccurredAt = begin.Add(24 * time.Hour)
	h.accepted(handler, c)
}

// TestMoreThanOneAppend: what waits together and does not fit into one append goes into several, and all of it is there.
func TestMoreThanOneAppend(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	entered, release := h.store.gate()
	first := h.trouble(0)
	answers := []<-chan api.Answer{handler.Submit(t.Context(), first)}
	<-entered
	sent := []command.Command{first}
	for n := range 300 {
		c := h.trouble(n + 1)
		c.Data.(*incident.Raise).Note = strings.Repeat("x", 8_000)
		sent, answers = append(sent, c), append(answers, handler.Submit(t.Context(), c))
	}
	release()
	last := uint64(0)
	for i, answer := range answers {
		a := <-answer
		h.check(a, api.AcceptedWithDiscrepancy, "")
		if a.Position <= last {
			t.Errorf("command %d has position %d after %d", i, a.Position, last)
		}
		last = a.Position
	}
	h.once(sent...)
	if n := h.store.count(); n != 4 { // the first, and 300 times 8 kB in three
		t.Errorf("%d appends", n)
	}
}
