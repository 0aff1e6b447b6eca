package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
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
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/httpapi"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/people"
	"jejak/internal/readlog"
	"jejak/internal/share"
	"jejak/internal/telemetry"
	"jejak/internal/trail"
	"jejak/internal/views"
)

// house is a whole server over a real store: the small election with regencies 3501 and 3509, people, ledgers, HTTP.
type house struct {
	t       testing.TB
	url     string
	api     *httpapi.Server
	store   eventstore.Store
	people  *people.Store
	reads   *readlog.Log
	dir     string
	ledgers *command.Handler
	clock   *clock.Driven
	index   *trail.Index
	views   *views.Runner  // nil: without
	notary  *notary.Notary // likewise
	looks   *looking
	log     *syncBuffer
	tokens  map[string]string // by "role scope"
}

// start is when everything begins on the driven clock.
var start = time.Date(2024, 1, 10, 8, 0, 0, 0, time.FixedZone("WIB", 7*3600))

// plan of a house that is not like the others.
type plan struct {
	real      bool          // on the machine's clock
	queue     int           // commands that may wait for a ledger
	hurry     time.Duration // how long the server waits for others
	ready     func(context.Context) []string
	views     bool   // with views
	disk      string // SQLite VFS under views.db
	feed      func(context.Context, func(api.FeedRebuild)) error
	consumers httpapi.Consumers
	backup    func(context.Context, io.Writer) error
	notary    bool // with a notary that signs at once
	restored  bool // and a log that was restored from a backup
	limits    []share.Limit
	proxies   []netip.Prefix
}

func newHouse(t testing.TB) *house { return houseOf(t, plan{}) }

func houseOf(t testing.TB, p plan) *house {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	h := &house{t: t, clock: clock.NewDriven(start), log: &syncBuffer{}, tokens: map[string]string{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(ctx, filepath.Join(dir, "events.db"), sqlite.Options{})
	must(err)
	h.store = store
	t.Cleanup(func() { store.Close() })
	var now clock.Clock = h.clock
	if p.real {
		now = clock.System{}
	}
	h.people, err = people.Open(ctx, filepath.Join(dir, "people.db"), people.Options{Clock: now, Log: store, Stream: journal.AccountsStream})
	must(err)
	t.Cleanup(func() { h.people.Close() })
	tel := telemetry.New(telemetry.NewLog(h.log, false, slog.LevelInfo), "test")
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	must(err)
	publish(t, store, events)
	catalog := command.NewStoreCatalog(store, tel.Log)
	h.ledgers, err = command.Open(ctx, command.Config{
		Store: store, Catalog: catalog, Clock: now, Logger: tel.Log, Metrics: tel, QueueLength: p.queue,
	})
	must(err)
	t.Cleanup(func() { h.ledgers.Close(t.Context()) })
	for _, unit := range h.ledgers.Units("pemilu2024") {
		answer := <-h.ledgers.Submit(ctx, command.Command{
			ID: uuid.Must(uuid.NewV7()), Mode: domain.Request, Election: "pemilu2024", Unit: unit, OccurredAt: now.Now(),
			Actor: command.System(unit), Data: &ledger.AdoptReference{Version: ref.Version},
		})
		if answer.Result != api.Accepted {
			t.Fatalf("adopt: %+v", answer)
		}
	}
	h.looks = &looking{Ledgers: h.ledgers}
	trails, err := trail.Open(filepath.Join(dir, "trail.db"))
	must(err)
	t.Cleanup(func() { trails.Close() })
	h.index = trail.Start(ctx, trails, trail.Log{Store: store, Catalog: catalog}, tel.Log)
	t.Cleanup(func() { h.index.Close(context.Background()) })
	past := history.New(history.Config{Index: h.index, Store: store, Catalog: catalog, Now: now.Now, Simulated: now.Simulated(), Log: tel.Log})
	h.reads, err = readlog.Open(ctx, filepath.Join(dir, "access.db"), tel.Log)
	must(err)
	t.Cleanup(func() { h.reads.Close() })
	h.dir = dir
	cfg := httpapi.Config{History: past, Reads: h.reads, Backup: p.backup, Ledgers: h.looks, Store: store, People: h.people, Clock: now, Telemetry: tel, Version: "test", Ready: p.ready, RebuildFeed: p.feed, Consumers: p.consumers, Limits: p.limits, TrustedProxies: p.proxies}
	if p.views {
		path := filepath.Join(dir, "views.db")
		if p.disk != "" {
			path = "/views.db"
		}
		file, err := views.OpenOn(p.disk, path)
		must(err)
		t.Cleanup(func() { file.Close() })
		h.views, err = views.Start(ctx, views.Config{
			Store: store, Ledgers: h.ledgers, File: file, Views: views.All(now.Simulated()), Log: tel.Log, Metrics: tel, Every: time.Millisecond,
		})
		must(err)
		t.Cleanup(func() { h.views.Close(context.Background()) })
		cfg.Views = h.views
	}
	if !p.real {
		cfg.SetClock = h.clock.Set
	}
	if p.restored {
		_, err := notary.Restore(ctx, notary.Config{Dir: filepath.Join(dir, "notary"), Store: store}, notary.Restored{File: "a.backup", Program: "test"})
		must(err)
	}
	if p.notary || p.restored {
		h.notary = signing(t, filepath.Join(dir, "notary"), store)
		cfg.Notary = h.notary
	}
	tel.WatchQueues(h.ledgers.Waiting)
	h.api = httpapi.New(cfg)
	if p.hurry > 0 {
		h.api.Hurry(p.hurry)
	}
	server := httptest.NewServer(h.api.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(h.api.BeginClose)
	h.url = server.URL
	return h
}

// looking counts the looks at ledgers that the API takes.
type looking struct {
	command.Ledgers
	n atomic.Int64
}

func (l *looking) View(ctx context.Context, e string, u domain.Code, at eventstore.Position, read func(*ledger.State, eventstore.Position)) error {
	l.n.Add(1)
	return l.Ledgers.View(ctx, e, u, at, read)
}

// publish puts the small election into the log.
func publish(t testing.TB, store eventstore.Store, events []election.Event) {
	t.Helper()
	version, _, err := store.StreamHead(t.Context(), "election-pemilu2024")
	if err != nil {
		t.Fatal(err)
	}
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: start, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	if _, err := store.Append(t.Context(), "election-pemilu2024", version, batch...); err != nil {
		t.Fatal(err)
	}
}

// token of a person with a role and scope, made when first asked for.
func (h *house) token(role domain.Role, scope string) string {
	h.t.Helper()
	return h.tokenOf(role, scope, "")
}

// tokenOf is the token of somebody of a firm, "" for none.
func (h *house) tokenOf(role domain.Role, scope, party string) string {
	h.t.Helper()
	key := string(role) + " " + scope + " " + party
	if h.tokens[key] == "" {
		a, err := h.people.Add(h.t.Context(), people.NewUser{Role: role, Scope: scope, Party: party})
		if err != nil {
			h.t.Fatal(err)
		}
		h.tokens[key] = a.Token
	}
	return h.tokens[key]
}

func (h *house) admin() string    { return h.token(domain.RoleAdmin, "35") }
func (h *house) operator() string { return h.token(domain.RoleOperator, "3501") }

// answered is a response that was read to its end.
type answered struct {
	*http.Response
	body []byte
}

// do sends a request.
func (h *house) do(method, path, token, contentType string, body io.Reader, headers ...string) answered {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	var sent []byte
	if b, ok := body.(*bytes.Reader); ok {
		sent = make([]byte, b.Len())
		if _, err := b.ReadAt(sent, 0); err != nil && err != io.EOF {
			h.t.Fatal(err)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	// Whatever a test sends and gets is held against the document.
	doc := documentOf(h.t, h.api)
	if err := doc.checkAnswer(method, req.URL.Path, resp.StatusCode, resp.Header.Get("Content-Type"), text); err != nil {
		h.t.Errorf("the answer is not as documented: %v", err)
	}
	if resp.StatusCode < 300 {
		if err := doc.checkRequest(method, req.URL.Path, contentType, sent); err != nil {
			h.t.Errorf("the server took what is not as documented: %v: %.500s", err, sent)
		}
	}
	return answered{resp, text}
}

func (h *house) get(path, token string, headers ...string) answered {
	h.t.Helper()
	return h.do("GET", path, token, "", nil, headers...)
}

// read gets a query's answer into a value.
func (h *house) read(path, token string, into any) answered {
	h.t.Helper()
	a := h.get(path, token)
	if a.StatusCode != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s", path, a.StatusCode, a.body)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		h.t.Fatalf("GET %s: %v: %s", path, err, a.body)
	}
	return a
}

// events is how many events are in the log.
func (h *house) events() int {
	h.t.Helper()
	n := 0
	for _, err := range h.store.ReadAll(h.t.Context(), 0, eventstore.Filter{StreamPrefix: "ledger-"}) {
		if err != nil {
			h.t.Fatal(err)
		}
		n++
	}
	return n
}

// envelope makes a command of Pemilu 2024.
func envelope(unit, commandType, mode string, occurred time.Time, data string) map[string]any {
	return map[string]any{
		"id": uuid.Must(uuid.NewV7()).String(), "type": commandType, "mode": mode, "election": "pemilu2024", "unit": unit,
		"occurred_at": occurred.Format(time.RFC3339), "device": map[string]any{"id": "dev-1", "seq": 1}, "data": json.RawMessage(data),
	}
}

func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// post sends one command.
func (h *house) post(token string, body []byte) (answered, api.Answer) {
	h.t.Helper()
	a := h.do("POST", "/v1/commands", token, "application/json", bytes.NewReader(body))
	var answer api.Answer
	if err := json.Unmarshal(a.body, &answer); err != nil {
		h.t.Fatalf("answer %d is no JSON: %v: %s", a.StatusCode, err, a.body)
	}
	return a, answer
}

// act sends a request of a role and expects one of some results.
func (h *house) act(role domain.Role, scope, unit, commandType, data string, want ...api.Result) api.Answer {
	h.t.Helper()
	a, answer := h.post(h.token(role, scope), text(envelope(unit, commandType, "request", h.clock.Now(), data)))
	if len(want) == 0 {
		want = []api.Result{api.Accepted}
	}
	for _, w := range want {
		if answer.Result == w {
			return answer
		}
	}
	h.t.Fatalf("%s by %s %s: %d %s, want %v", commandType, role, scope, a.StatusCode, a.body, want)
	return answer
}

// pass lets time go by.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	if err := h.clock.Set(h.clock.Now().Add(d)); err != nil {
		h.t.Fatal(err)
	}
}

func rules(problems []api.Problem) string {
	var list []string
	for _, p := range problems {
		list = append(list, p.Rule+" "+p.Path)
	}
	return fmt.Sprint(list)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
