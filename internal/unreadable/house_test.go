package unreadable_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/journal"
	"jejak/internal/server"
)

const (
	pemilu   = "pemilu2024"
	province = domain.Code("35")
	regency  = domain.Code("3501")
)

var (
	// begin is the time of the server: all deadlines of the small election have passed.
	begin = time.Date(2024, 2, 20, 8, 0, 0, 0, time.FixedZone("WIB", 7*3600))
	quiet = slog.New(slog.DiscardHandler)
)

// house is the ledgers of the small election on a log, which is opened again and again.
type house struct {
	rapid.TB
	open    func(context.Context) (eventstore.Store, error)
	store   eventstore.Store
	catalog command.Catalog
	ledgers *command.Handler
	version string         // of the reference data
	taken   map[string]int // accepted commands by type
}

// onDisk is a house whose log is that of a data directory.
func onDisk(t rapid.TB, dir string) *house {
	h := &house{TB: t, taken: map[string]int{}, open: func(ctx context.Context) (eventstore.Store, error) {
		return sqlite.Open(ctx, filepath.Join(dir, server.EventsFile), sqlite.Options{})
	}}
	h.must(os.WriteFile(filepath.Join(dir, server.MarkFile), []byte(`{"format":1,"kind":"real"}`), 0o600))
	return h
}

// inMemory is a house whose log begins with records.
func inMemory(t rapid.TB, records []eventstore.Record) *house {
	store := memory.New()
	open := func(context.Context) (eventstore.Store, error) { return kept{store}, nil }
	h := &house{TB: t, taken: map[string]int{}, open: open}
	for len(records) > 0 {
		first, n := records[0], 1
		for n < len(records) && records[n].Stream == first.Stream && records[n].Command == first.Command {
			n++
		}
		batch := make([]eventstore.Event, n)
		for i := range batch {
			batch[i] = records[i].Event
		}
		_, err := store.Append(context.Background(), first.Stream, first.Version-1, batch...)
		h.must(err)
		records = records[n:]
	}
	return h
}

// kept outlives its servers.
type kept struct{ *memory.Store }

func (kept) Close() error { return nil }

// records are all of the log.
func (h *house) records() (all []eventstore.Record) {
	h.Helper()
	for rec, err := range h.store.ReadAll(context.Background(), 0, eventstore.Filter{}) {
		h.must(err)
		rec.Data, rec.Metadata = slices.Clone(rec.Data), slices.Clone(rec.Metadata)
		all = append(all, rec)
	}
	return all
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// enter opens the log, as it is, and the ledgers.
func (h *house) enter() {
	h.Helper()
	var err error
	h.store, err = h.open(context.Background())
	h.must(err)
	h.catalog = command.NewStoreCatalog(h.store, quiet)
	h.ledgers, err = command.Open(context.Background(), command.Config{
		Store: h.store, Catalog: h.catalog, Clock: clock.NewDriven(begin), Logger: quiet,
	})
	h.must(err)
}

// leave closes both.
func (h *house) leave() {
	h.Helper()
	if h.store != nil {
		h.must(errors.Join(h.ledgers.Close(context.Background()), h.store.Close()))
		h.store = nil
	}
}

// publish puts the small election into the log.
func (h *house) publish() {
	h.Helper()
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	h.must(err)
	h.version = ref.Version
	var batch []eventstore.Event
	for i, e := range events {
		batch = append(batch, eventstore.Event{
			ID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, i)), Type: e.EventType(), Schema: e.Schema(),
			RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`),
		})
	}
	_, err = h.store.Append(context.Background(), journal.ElectionStream(pemilu), 0, batch...)
	h.must(err)
}

// send sends a command as one of those who may send it, the n-th. It returns why it was refused, "" when it was
// accepted. What is neither fails the test.
func (h *house) send(body []byte, n int) (refused string) {
	h.Helper()
	p, violations := envelope.Parse(body, begin)
	if len(violations) > 0 {
		return fmt.Sprint(violations[0].Path, ": ", violations[0].MessageEN())
	}
	who := senders(p.Unit, p.Data)
	p.Actor = who[n%len(who)]
	p.Correlation, p.Causation = p.ID, p.ID
	answer := <-h.ledgers.Submit(context.Background(), p.Command)
	switch {
	case answer.Status >= 500:
		h.Fatalf("%+v to %.2000s", answer, body)
	case answer.Result == api.Accepted || answer.Result == api.AcceptedWithDiscrepancy:
		h.taken[p.Data.CommandType()]++
		return ""
	}
	return fmt.Sprintf("%s %+v", answer.Result, answer.Errors)
}

// states gives the ledgers as they are, one after the other.
func (h *house) states(read func(*ledger.State, eventstore.Position)) {
	h.Helper()
	for _, u := range h.catalog.Units(pemilu) {
		h.must(h.ledgers.View(context.Background(), pemilu, u, 0, read))
	}
}
