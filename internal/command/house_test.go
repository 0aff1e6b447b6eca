package command_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
)

const (
	pemilu = "pemilu2024"
	satu   = domain.Code("3501")
)

var begin = time.Date(2024, 1, 10, 8, 0, 0, 0, time.FixedZone("WIB", 7*3600))

// house is a data directory with the small election, and a store that a test can look into and disturb.
type house struct {
	*testing.T
	dir     string
	sqlite  *sqlite.Store
	store   *spy
	cache   *cache.Cache
	clock   *clock.Driven
	version string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, dir: t.TempDir(), clock: clock.NewDriven(begin)}
	h.open(sqlite.Options{})
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	h.must(err)
	h.version = ref.Version
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	_, err = h.store.Append(t.Context(), journal.ElectionStream(pemilu), 0, batch...)
	h.must(err)
	return h
}

// open opens the store and the cache of the directory until the end of the test or shut.
func (h *house) open(opt sqlite.Options) {
	h.Helper()
	store, err := sqlite.Open(h.Context(), filepath.Join(h.dir, "events.db"), opt)
	h.must(err)
	h.sqlite, h.store = store, &spy{Store: store}
	h.Cleanup(func() { _ = store.Close() }) // where it matters, shut has looked
	h.cache, err = cache.Open(h.cacheFile())
	h.must(err)
	h.Cleanup(func() { _ = h.cache.Close() })
}

func (h *house) shut() {
	h.Helper()
	h.must(h.cache.Close())
	h.must(h.sqlite.Close())
}

func (h *house) cacheFile() string { return filepath.Join(h.dir, "ledger-cache.db") }

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// handler is a server's command handling over a store of the directory.
func (h *house) handler(change ...func(*command.Config)) *command.Handler {
	h.Helper()
	cfg := command.Config{Store: h.store, Clock: h.clock, Cache: h.cache, Logger: slog.New(slog.DiscardHandler), Elections: []string{pemilu}}
	for _, c := range change {
		c(&cfg)
	}
	cfg.Catalog = command.NewStoreCatalog(cfg.Store, cfg.Logger)
	handler, err := command.Open(h.Context(), cfg)
	h.must(err)
	h.Cleanup(func() { _ = handler.Close(context.Background()) })
	return handler
}

// adopted is a handler whose ledger of satu goes by the reference data.
func (h *house) adopted(change ...func(*command.Config)) *command.Handler {
	h.Helper()
	handler := h.handler(change...)
	h.accepted(handler, h.request(command.System(satu), &ledger.AdoptReference{Version: h.version}))
	h.store.reset()
	return handler
}

var operator = domain.Actor{ID: "operator", Role: domain.RoleOperator, Scope: string(satu)}

// request is a new command to satu in mode request.
func (h *house) request(who domain.Actor, data domain.Command) command.Command {
	h.Helper()
	body, err := json.Marshal(data)
	h.must(err)
	id := uuid.Must(uuid.NewV7())
	return command.Command{
		ID: id, Mode: domain.Request, Election: pemilu, Unit: satu, OccurredAt: h.clock.Now(), Actor: who, Hash: sha256.Sum256(body), Data: data,
	}
}

// trouble is a report that is always recorded, by one event.
func (h *house) trouble(n int) command.Command {
	h.Helper()
	c := h.request(operator, &incident.Raise{Kind: domain.Accident, Severity: domain.Low, Units: []string{fmt.Sprintf("SHP-3501-%d", n)}, Note: "ban kempis"})
	c.Mode, c.Device = domain.Report, domain.Device{ID: "hp-1", Seq: int64(n)}
	return c
}

// order is refused until there is a budget.
func (h *house) order(id string) command.Command {
	return h.request(operator, &procurement.PlaceOrder{Order: id, Supplier: "lem", Lines: glue(1)})
}

func (h *house) accepted(handler *command.Handler, c command.Command) api.Answer {
	h.Helper()
	a := <-handler.Submit(h.Context(), c)
	if a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy || a.Status != 200 || a.Position == 0 {
		h.Fatalf("%s: %+v", c.Data.CommandType(), a)
	}
	return a
}

// answered is the answer to a command, with its result and the rule that it names first.
func (h *house) answered(handler *command.Handler, c command.Command, result api.Result, rule string) api.Answer {
	h.Helper()
	a := <-handler.Submit(h.Context(), c)
	h.check(a, result, rule)
	return a
}

func (h *house) check(a api.Answer, result api.Result, rule string) {
	h.Helper()
	got := ""
	if len(a.Errors) > 0 {
		got = a.Errors[0].Rule
	}
	if a.Result != result || got != rule {
		h.Errorf("answer %+v, want %s %q", a, result, rule)
	}
}

// log is how often each command is the first of events in a stream. A command whose events are torn fails the test.
func (h *house) log(stream string) map[uuid.UUID]int {
	h.Helper()
	commands := map[uuid.UUID]int{}
	for rec, err := range h.sqlite.Read(h.Context(), stream, 0) {
		h.must(err)
		m, err := journal.ReadMetadata(&rec)
		h.must(err)
		if m.CommandSHA256 != "" {
			commands[m.CommandID]++
		}
	}
	return commands
}

// once fails unless each of the commands is in the ledger of satu exactly once.
func (h *house) once(commands ...command.Command) {
	h.Helper()
	log := h.log(journal.LedgerStream(pemilu, satu))
	for _, c := range commands {
		if n := log[c.ID]; n != 1 {
			h.Errorf("command %s is %d times in the log", c.ID, n)
		}
	}
}

func (h *house) events() eventstore.Version {
	h.Helper()
	v, _, err := h.sqlite.StreamHead(h.Context(), journal.LedgerStream(pemilu, satu))
	h.must(err)
	return v
}

// state is the ledger of satu as JSON.
func (h *house) state(handler *command.Handler) string {
	h.Helper()
	var text []byte
	h.must(handler.View(h.Context(), pemilu, satu, 0, func(s *ledger.State, _ eventstore.Position) {
		var err error
		text, err = json.Marshal(s.Data)
		h.must(err)
	}))
	return string(text)
}

// spy passes on to the store, counts, and does what a test asks for before an append.
type spy struct {
	eventstore.Store
	mu      sync.Mutex
	appends int                                            // that succeeded, of any stream
	before  func(ctx context.Context, stream string) error // nil: nothing
	after   func(ctx context.Context, stream string) error
}

func (s *spy) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(ctx, stream); err != nil {
			return 0, err
		}
	}
	position, err := s.Store.Append(ctx, stream, expected, events...)
	if err == nil {
		s.mu.Lock()
		s.appends++
		s.mu.Unlock()
		if after != nil {
			if err := after(ctx, stream); err != nil {
				return 0, err
			}
		}
	}
	return position, err
}

func (s *spy) disturb(before, after func(ctx context.Context, stream string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *spy) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.appends
}

func (s *spy) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends = 0
}

// gate lets the first append wait until it is opened; entered tells that it waits.
func (s *spy) gate() (entered <-chan struct{}, release func()) {
	in, out := make(chan struct{}), make(chan struct{})
	var first, last sync.Once
	s.disturb(func(ctx context.Context, _ string) error {
		first.Do(func() { close(in) })
		select {
		case <-out:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("held at the gate: %w: %w", eventstore.ErrUnknownOutcome, ctx.Err())
		}
	}, nil)
	return in, func() { last.Do(func() { close(out) }) }
}
