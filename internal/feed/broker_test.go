package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/incident"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/cache"
	"jejak/internal/journal"
	"jejak/projections/feed"
)

// broker is a NATS server in this process that can be stopped and started again. It has no address: connections are made inside the process.
type broker struct {
	testing.TB
	dir  string
	srv  atomic.Pointer[server.Server]
	urls string // of a cluster, "" for the one server

	look jetstream.JetStream
}

func newBroker(t testing.TB) *broker {
	t.Helper()
	b := &broker{TB: t, dir: t.TempDir()}
	b.start()
	t.Cleanup(func() { b.stop() })
	return b
}

func (b *broker) start() {
	b.Helper()
	srv, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: b.dir, NoLog: true, NoSigs: true, MaxPayload: 2 << 20})
	if err != nil {
		b.Fatal(err)
	}
	srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		b.Fatal("the broker does not start")
	}
	b.srv.Store(srv)
}

// InProcessConn is for nats.go, whenever it connects.
func (b *broker) InProcessConn() (net.Conn, error) { return b.srv.Load().InProcessConn() }

func (b *broker) stop() {
	srv := b.srv.Load()
	srv.Shutdown()
	srv.WaitForShutdown()
}

// js is a connection of its own.
func (b *broker) js() jetstream.JetStream {
	b.Helper()
	opts := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(20 * time.Millisecond), nats.RetryOnFailedConnect(true)}
	if b.urls == "" {
		opts = append(opts, nats.InProcessServer(b))
	}
	conn, err := nats.Connect(b.urls, opts...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	return js
}

// deleteStream deletes the stream and waits until its files are gone: NATS removes them by and by, and a stream that is made meanwhile may find them.
func (b *broker) deleteStream() {
	b.Helper()
	if err := b.looking().DeleteStream(b.Context(), Stream); err != nil {
		b.Fatal(err)
	}
	eventually(b, "the files of the deleted stream are gone", func() bool {
		left, err := filepath.Glob(filepath.Join(b.dir, "jetstream", "*", "streams", "*"+Stream+"*"))
		return err == nil && len(left) == 0
	})
}

// looking is a connection for looking at the stream again and again.
func (b *broker) looking() jetstream.JetStream {
	b.Helper()
	if b.look == nil {
		b.look = b.js()
	}
	return b.look
}

// messages are the messages in the stream.
func (b *broker) messages() []*jetstream.RawStreamMsg {
	b.Helper()
	s, err := b.js().Stream(b.Context(), Stream)
	if err != nil {
		b.Fatal(err)
	}
	var all []*jetstream.RawStreamMsg
	state := s.CachedInfo().State
	for n := state.FirstSeq; n <= state.LastSeq && n > 0; n++ {
		m, err := s.GetMsg(b.Context(), n)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// memory is where checkpoints are kept. It may forget.
type memory struct {
	sync.Mutex
	data []byte
	at   cache.Mark
	name string
}

func (m *memory) Checkpoint(name string) ([]byte, cache.Mark) {
	m.Lock()
	defer m.Unlock()
	if name != m.name {
		return nil, cache.Mark{}
	}
	return m.data, m.at
}

func (m *memory) SetCheckpoint(name string, data []byte, at cache.Mark) error {
	m.Lock()
	defer m.Unlock()
	m.name, m.data, m.at = name, data, at
	return nil
}

// log is a log that grows.
type log struct {
	testing.TB
	eventstore.Store
	versions map[string]eventstore.Version
}

func newLog(t testing.TB) *log {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &log{t, store, map[string]eventstore.Version{}}
}

func (l *log) add(stream string, events ...eventstore.Event) {
	l.Helper()
	if _, err := l.Append(l.Context(), stream, l.versions[stream], events...); err != nil {
		l.Fatal(err)
	}
	l.versions[stream] += eventstore.Version(len(events))
}

// accident is an incident of a unit.
func accident(unit domain.Code, n int) eventstore.Event {
	command := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", unit, n))
	return encoded(domain.Recorded{
		ID:    domain.EventID(command, 0),
		Event: &incident.IncidentRaised{Incident: fmt.Sprintf("DSC-%s-%06d", unit, n), Kind: domain.Accident, Severity: domain.Low, Units: []string{"x"}, Note: "ban kempis"},
		Meta:  domain.Meta{CommandID: command, Actor: given.Operator, Mode: domain.Report, OccurredAt: given.Start, RecordedAt: given.Start},
	})
}

func encoded(rec domain.Recorded) eventstore.Event {
	e, err := journal.Encode(rec, &journal.Origin{Simulated: true}, true)
	if err != nil {
		panic(err)
	}
	return e
}

// aTrip is the history of a ledger in which boxes are packed and taken to a district, and the escort is handed over on the way.
func aTrip(t testing.TB) []eventstore.Event {
	t.Helper()
	boxes := given.Boxes(given.Station1)
	trip := given.Trip(given.Shipment2, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, boxes...)
	acts := slices.Concat(given.Sealing(boxes...), trip[:6], []given.Act{
		given.By(given.Escort, &shipment.HandOverEscort{Shipment: given.Shipment2, PoliceUnit: given.PolicePort, OrderNo: "Sprin/2"}),
		given.By(given.Escort2, &incident.Raise{Kind: domain.Accident, Severity: domain.High, Units: []string{given.Shipment2}, Note: "ban kempis"}),
	}, trip[6:])
	s := given.Stocked(t).Story(domain.Report, acts)
	var events []eventstore.Event
	for _, rec := range s.History {
		events = append(events, encoded(rec))
	}
	return events
}

const (
	unit  = "ledger-pemilu2024.3578"
	other = "ledger-pemilu2024.3509"
)

// tell puts the trip into the log, among other things.
func (l *log) tell() {
	l.Helper()
	for i, e := range aTrip(l) {
		l.add(unit, e)
		if i%5 == 0 {
			l.add(other, accident("3509", i))
			l.add("attempts-pemilu2024.3509", eventstore.Event{ID: uuid.New(), Type: "attempt.rejected", Schema: 1, RecordedAt: given.Start})
		}
	}
}

// want are the messages of the log.
func (l *log) want() []feed.Message {
	l.Helper()
	router := feed.NewRouter()
	var all []feed.Message
	for rec, err := range l.ReadAll(l.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			l.Fatal(err)
		}
		r, err := read(&rec)
		if err != nil {
			l.Fatal(err)
		}
		messages, err := router.Messages(&r)
		if err != nil {
			l.Fatal(err)
		}
		all = append(all, messages...)
	}
	return all
}

// form is a message with its headers, but for those of the publisher.
func form(id, subject string, body []byte) string { return id + " " + subject + " " + string(body) }

// same checks that the stream has the messages of the log, each once and in order.
func (b *broker) same(l *log) []*jetstream.RawStreamMsg {
	b.Helper()
	var want, got []string
	for _, m := range l.want() {
		want = append(want, form(m.ID, m.Subject, m.Body))
	}
	all := b.messages()
	for _, m := range all {
		got = append(got, form(m.Header.Get(feed.HeaderMessageID), m.Subject, m.Data))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.Fatalf("(-log +stream):\n%s", diff)
	}
	return all
}

// published waits until a publisher has nothing left to do, and looks at the stream.
func (b *broker) published(l *log, p *Publisher) []*jetstream.RawStreamMsg {
	b.Helper()
	b.caughtUp(l, p)
	return b.same(l)
}

func (b *broker) caughtUp(l *log, p *Publisher) {
	b.Helper()
	last := eventstore.Position(0)
	for rec, err := range l.ReadAll(l.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			b.Fatal(err)
		}
		last = rec.Position
	}
	eventually(b, "everything is published", func() bool { return p.Position() >= last && p.Failing() == "" })
}

// loud shows the publisher's log when JEJAK_TEST_LOG is set.
func loud() *slog.Logger {
	if os.Getenv("JEJAK_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (b *broker) config(l *log, checkpoints Checkpoints) Config {
	return Config{
		JetStream: b.js(), Store: l.Store, Checkpoints: checkpoints, Log: loud(), MaxBytes: 64 << 20,
		look: 30 * time.Millisecond, patience: 3 * time.Second,
	}
}
