package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"jejak/eventstore/esdb/wire"
)

// patience is far more than anything here takes.
const patience = 30 * time.Second

func start(t *testing.T, opt wire.Options) *wire.Server {
	t.Helper()
	s, err := wire.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// connect makes a client of the official module.
func connect(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may have been closed
	return c
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// event number n of a stream: the same number gives the same id.
func event(n int) esdb.EventData {
	return esdb.EventData{
		EventID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), EventType: "Happened", ContentType: esdb.ContentTypeJson,
		Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: fmt.Appendf(nil, `{"m":%d}`, n),
	}
}

func events(from, to int) []esdb.EventData {
	var out []esdb.EventData
	for n := from; n < to; n++ {
		out = append(out, event(n))
	}
	return out
}

func code(err error) esdb.ErrorCode {
	var e *esdb.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return -1
}

func appendTo(t *testing.T, c *esdb.Client, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) *esdb.WriteResult {
	t.Helper()
	r, err := c.AppendToStream(within(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return r
}

// failAppend expects a refusal with a code. The stock client loses the code of a refusal that arrives while it is still sending (it reports
// the EOF of its own send instead): then the same append is sent again, which a refusal makes harmless.
func failAppend(t *testing.T, c *esdb.Client, want esdb.ErrorCode, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) {
	t.Helper()
	var err error
	for range 100 {
		if _, err = c.AppendToStream(within(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...); !lost(err) {
			break
		}
	}
	if err == nil || code(err) != want {
		t.Fatalf("append to %s: %v (code %d), want code %d", stream, err, code(err), want)
	}
}

func lost(err error) bool { return err != nil && strings.HasSuffix(err.Error(), ": EOF") }

func collect(rs *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []*esdb.ResolvedEvent
	for {
		e, err := rs.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

func readStream(t *testing.T, c *esdb.Client, stream string, opt esdb.ReadStreamOptions, count uint64) []*esdb.ResolvedEvent {
	t.Helper()
	got, err := collect(c.ReadStream(within(t), stream, opt, count))
	if err != nil {
		t.Fatalf("read %s: %v", stream, err)
	}
	return got
}

func TestAppendAndRead(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, s.ConnectionString())
	version, err := c.GetServerVersion()
	if err != nil || *version != (esdb.ServerVersion{Major: 23, Minor: 10, Patch: 7}) {
		t.Fatalf("version %v, %v", version, err)
	}
	first := appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 3)...)
	if first.NextExpectedVersion != 2 || first.CommitPosition != first.PreparePosition {
		t.Errorf("result is %+v", first)
	}
	if again := appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 3)...); *again != *first {
		t.Errorf("retry gives %+v, the first time gave %+v", again, first)
	}
	second := appendTo(t, c, "order-1", esdb.Revision(2), event(3))
	if second.CommitPosition <= first.CommitPosition {
		t.Errorf("position %d after %d", second.CommitPosition, first.CommitPosition)
	}
	got := readStream(t, c, "order-1", esdb.ReadStreamOptions{From: esdb.Revision(1)}, 2)
	if len(got) != 2 || got[0].Event.EventNumber != 1 || got[1].Event.EventNumber != 2 {
		t.Fatalf("read %d events", len(got))
	}
	e := got[1].Event
	if e.EventID != event(2).EventID || string(e.Data) != `{"n":2}` || string(e.UserMetadata) != `{"m":2}` || e.EventType != "Happened" ||
		e.ContentType != "application/json" || e.StreamID != "order-1" || e.Position.Commit != first.CommitPosition || time.Since(e.CreatedDate).Abs() > time.Hour {
		t.Errorf("event is %+v", e)
	}
	if _, err := collect(c.ReadStream(within(t), "order-2", esdb.ReadStreamOptions{}, 1)); code(err) != esdb.ErrorCodeResourceNotFound {
		t.Errorf("missing stream: %v", err)
	}
	records := s.Records()
	if len(records) != 4 || records[3].Position != second.CommitPosition || records[3].Revision != 3 {
		t.Errorf("records are %+v", records)
	}
}

func TestGossipLeadsToTheServer(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, "esdb+discover://"+s.Address()+"?tls=false")
	appendTo(t, c, "order-1", esdb.Any{}, event(0))
}

func TestFilteredSubscription(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, s.ConnectionString())
	appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 50)...)
	appendTo(t, c, "other-1", esdb.NoStream{}, events(50, 150)...)
	sub, err := c.SubscribeToAll(within(t), esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: 10, CheckpointInterval: 2,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"order-"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	seen, checkpoints, live := 0, 0, false
	for !live || seen < 51 {
		switch e := sub.Recv(); {
		case e.EventAppeared != nil:
			if e.EventAppeared.Event.StreamID != "order-1" || e.EventAppeared.Event.EventNumber != uint64(seen) {
				t.Fatalf("got %s %d", e.EventAppeared.Event.StreamID, e.EventAppeared.Event.EventNumber)
			}
			seen++
		case e.CheckPointReached != nil:
			checkpoints++
		case e.CaughtUp != nil:
			live = true
			appendTo(t, c, "order-1", esdb.Revision(49), event(1000))
		case e.SubscriptionDropped != nil:
			t.Fatal(e.SubscriptionDropped.Error)
		}
	}
	if all := 150; checkpoints < all/20 || checkpoints > all/20+3 {
		t.Errorf("%d checkpoints for a little more than %d records, one in 20", checkpoints, all)
	}
}

func TestKillAndRestart(t *testing.T) {
	for _, file := range []string{"", t.TempDir() + "/log"} {
		s := start(t, wire.Options{File: file})
		c := connect(t, s.ConnectionString())
		first := appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 3)...)
		before := s.Records()
		s.Kill()
		if _, err := c.AppendToStream(within(t), "order-1", esdb.AppendToStreamOptions{}, event(9)); err == nil {
			t.Fatal("a dead server answers")
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		c = connect(t, s.ConnectionString())
		if again := appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 3)...); *again != *first {
			t.Errorf("after a restart a retry gives %+v, the first time gave %+v", again, first)
		}
		if got := s.Records(); len(got) != len(before) || fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("after a restart there is %v, before there was %v", got, before)
		}
		appendTo(t, c, "order-1", esdb.Revision(2), event(3))
	}
}

func TestAccounts(t *testing.T) {
	s := start(t, wire.Options{TLS: true, User: "jejak", Password: "p@ss:word/1"})
	c := connect(t, s.ConnectionString())
	appendTo(t, c, "order-1", esdb.NoStream{}, event(0))
	rest := s.Address() + "?tls=true&tlsCaFile=" + s.CAFile()
	failAppend(t, connect(t, "esdb://jejak:wrong@"+rest), esdb.ErrorCodeUnauthenticated, "order-1", esdb.Any{}, event(1))
	failAppend(t, connect(t, "esdb://"+rest), esdb.ErrorCodeAccessDenied, "order-1", esdb.Any{}, event(1))
	if _, err := collect(connect(t, "esdb://"+rest).ReadAll(within(t), esdb.ReadAllOptions{}, 1)); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("$all without a user: %v", err)
	}
}
