package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/httpapi"
	"jejak/internal/journal"
	"jejak/internal/people"
	"jejak/internal/policy"
	"jejak/internal/telemetry"
)

// staff are the people of every world. They are no part of what is broken here, and outlive every server.
var staff *people.Store

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "jejak-world-*")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		staff, err = people.Open(context.Background(), filepath.Join(dir, "people.db"), people.Options{Clock: clock.NewDriven(begin)})
		if err != nil {
			panic(err)
		}
		defer staff.Close()
		return m.Run()
	}())
}

// server is one process: what of it is gone after a kill, and what a new one finds.
type server struct {
	t        *testing.T
	store    *Store
	cache    *cache.Cache
	clock    *clock.Driven
	ledgers  *command.Handler
	policies *policy.Policies
	http     http.Handler
}

// mortal is the cache of a server that may die: a dead one saves nothing.
type mortal struct {
	*cache.Cache
	store *Store
}

func (m mortal) Save(ctx context.Context, stream string, data *ledger.Data, at cache.Mark) error {
	if m.store.Dead() {
		return ErrDead
	}
	return m.Cache.Save(ctx, stream, data, at)
}

func (m mortal) SetCheckpoint(name string, data []byte, at cache.Mark) error {
	if m.store.Dead() {
		return ErrDead
	}
	return m.Cache.SetCheckpoint(name, data, at)
}

// start opens a server over a view of the log, with the cache in a file.
func start(t *testing.T, store *Store, cacheFile string, now time.Time, shared bool) *server {
	t.Helper()
	s := &server{t: t, store: store, clock: clock.NewDriven(now)}
	var err error
	if s.cache, err = cache.Open(cacheFile); err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	catalog := command.NewStoreCatalog(store, quiet)
	s.ledgers, err = command.Open(t.Context(), command.Config{
		Store: store, Catalog: catalog, Clock: s.clock, Cache: mortal{s.cache, store}, Logger: quiet, Elections: []string{pemilu}, SnapshotEvery: 20, Shared: shared,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.policies = policy.Start(t.Context(), policy.Config{
		Store: store, Ledgers: s.ledgers, Catalog: catalog, Clock: s.clock, Checkpoints: mortal{s.cache, store}, Log: quiet,
	})
	s.http = httpapi.New(httpapi.Config{
		Ledgers: s.ledgers, Store: store, People: staff, Clock: s.clock, Telemetry: telemetry.New(quiet, "test"), Version: "test",
		SetClock: s.clock.Set, Settled: s.policies.Settled, History: history.New(history.Config{Store: store, Catalog: catalog, Now: s.clock.Now}),
	}).Handler()
	return s
}

// stop ends the server: in order, or as a dead one, whose goroutines must go but whose last words reach nothing.
func (s *server) stop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if s.store.Dead() {
		cancel()
	}
	patience, done := context.WithTimeout(context.Background(), time.Hour)
	defer done()
	if err := s.policies.Close(patience); err != nil {
		s.t.Error(err)
	}
	if err := s.ledgers.Close(ctx); err != nil && !s.store.Dead() {
		s.t.Error(err)
	}
	if err := s.cache.Close(); err != nil {
		s.t.Error(err)
	}
}

// settle waits until nothing moves any more: all goroutines sleep, and the policies have sent what the log and the clock call for. Meanwhile it
// does what the watch of a server does: it reopens a log that has failed, and notices that one which was away is back.
func (s *server) settle() {
	s.t.Helper()
	for range 10_000 {
		synctest.Wait()
		if s.store.Dead() {
			return
		}
		if s.store.Failed() {
			s.store.Reopen()
			s.ledgers.Reopened()
		} else if done, err := s.policies.Settled(s.t.Context()); err == nil && done {
			return
		}
		s.ledgers.Answering()
		time.Sleep(time.Second)
	}
	s.t.Fatal("the policies do not come to an end")
}

// request sends a body and returns the answers; none when the server died over it.
func (s *server) request(who someone, contentType string, body []byte) []api.Answer {
	s.t.Helper()
	req := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/v1/commands", bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+who.token())
	rec := httptest.NewRecorder()
	s.http.ServeHTTP(rec, req)
	if s.store.Dead() {
		return nil
	}
	var answers []api.Answer
	for d := json.NewDecoder(rec.Body); d.More(); {
		var a api.Answer
		if err := d.Decode(&a); err != nil {
			s.t.Fatalf("answer %d: %v", rec.Code, err)
		}
		answers = append(answers, a)
	}
	return answers
}

// reader sees everything.
var reader = someone{role: domain.RoleAdmin, scope: "35"}

// hire gives the people of a story their accounts.
func hire(t *testing.T, all []someone) {
	t.Helper()
	var users []people.NewUser
	for _, p := range append(all, reader) {
		users = append(users, people.NewUser{Role: p.role, Scope: p.scope, ID: p.id(), TokenSHA256: hash(p.token())})
	}
	if _, err := staff.AddMany(context.Background(), users); err != nil {
		t.Fatal(err)
	}
}

// publish puts the small election into the log.
func publish(t *testing.T, log eventstore.Store) {
	t.Helper()
	var batch []eventstore.Event
	for i, e := range publication() {
		batch = append(batch, eventstore.Event{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	if _, err := log.Append(t.Context(), journal.ElectionStream(pemilu), 0, batch...); err != nil {
		t.Fatal(err)
	}
}

// adopt lets every unit go by the small election.
func (s *server) adopt() {
	s.t.Helper()
	for i, unit := range units {
		cmd := &ledger.AdoptReference{Version: small.Version}
		a := <-s.ledgers.Submit(s.t.Context(), command.Command{
			ID: commandID(0, -1-i), Mode: domain.Request, Election: pemilu, Unit: unit, OccurredAt: begin, Actor: command.System(unit), Data: cmd,
		})
		if a.Result != api.Accepted {
			s.t.Fatalf("adopt: %+v", a)
		}
	}
}

// units have the ledgers of the world.
var units = []domain.Code{"35", "3501", "3509"}
