package wire_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"jejak/eventstore/esdb/wire"
)

// What an append meets, and whether it is stored.
func TestAppendFaults(t *testing.T) {
	for _, test := range []struct {
		fault  wire.Fault
		code   esdb.ErrorCode // 0: whatever
		stored bool
	}{
		{wire.AnswerLost, 0, true},
		{wire.AbortedAfter, esdb.ErrorAborted, true},
		{wire.Withheld, 0, true},
		{wire.AbortedBefore, esdb.ErrorAborted, false},
		{wire.Unavailable, esdb.ErrorUnavailable, false},
		{wire.NotLeader, esdb.ErrorCodeNotLeader, false},
		{wire.Deadline, 0, false},
		{wire.Reset, 0, false},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			s := start(t, wire.Options{})
			s.Faults().Next(wire.OpAppend, test.fault, 1)
			c := connect(t, s.ConnectionString())
			deadline := patience
			if test.fault == wire.Withheld || test.fault == wire.Deadline {
				deadline = 300 * time.Millisecond
			}
			_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}, Deadline: &deadline}, event(0))
			if err == nil || test.code != 0 && code(err) != test.code && !lost(err) {
				t.Errorf("append: %v (code %d), want code %d", err, code(err), test.code)
			}
			if got := len(s.Records()) == 1; got != test.stored {
				t.Errorf("stored: %v, want %v", got, test.stored)
			}
			if n := s.Faults().Counts()[test.fault]; n != 1 {
				t.Errorf("counted %d times", n)
			}
			appendTo(t, connect(t, s.ConnectionString()), "a-1", esdb.NoStream{}, event(0))
			if len(s.Records()) != 1 {
				t.Errorf("after a retry there are %d events", len(s.Records()))
			}
		})
	}
}

func TestReadFaults(t *testing.T) {
	for _, fault := range []wire.Fault{wire.Unavailable, wire.NotLeader, wire.Reset, wire.Dropped} {
		s := start(t, wire.Options{})
		c := connect(t, s.ConnectionString())
		appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 5)...)
		s.Faults().Next(wire.OpRead, fault, 1)
		if got, err := collect(c.ReadStream(within(t), "a-1", esdb.ReadStreamOptions{}, 9)); err == nil {
			t.Errorf("%s: read %d events", fault, len(got))
		}
	}
}

func TestSubscriptionIsDropped(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, s.ConnectionString())
	appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 5)...)
	for _, drop := range []struct {
		name string
		do   func()
	}{
		{"fault", func() {
			s.Faults().Next(wire.OpSubscribe, wire.Dropped, 1)
			appendTo(t, c, "a-1", esdb.Any{}, event(6))
		}},
		{"reset", s.ResetConnections},
		{"kill", s.Kill},
	} {
		dropped(t, connect(t, s.ConnectionString()), drop.do, drop.name)
	}
}

func dropped(t *testing.T, c *esdb.Client, drop func(), name string) {
	t.Helper()
	sub, err := c.SubscribeToStream(within(t), "a-1", esdb.SubscribeToStreamOptions{From: esdb.Revision(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for next := uint64(2); ; {
		switch e := sub.Recv(); {
		case e.EventAppeared != nil:
			if e.EventAppeared.Event.EventNumber != next {
				t.Fatalf("%s: got %d, want %d: a subscription begins after its revision", name, e.EventAppeared.Event.EventNumber, next)
			}
			next++
		case e.CaughtUp != nil:
			drop()
		case e.SubscriptionDropped != nil:
			return
		}
	}
}

func TestLeaderMoves(t *testing.T) {
	first := start(t, wire.Options{})
	second := start(t, wire.Options{Cluster: first})
	c := connect(t, first.ConnectionString())
	appendTo(t, c, "a-1", esdb.NoStream{}, event(0))
	first.Faults().MoveLeader(second)
	failAppend(t, c, esdb.ErrorCodeNotLeader, "a-1", esdb.Revision(0), event(1))
	first.Kill() // the client has been told where to go
	appendTo(t, c, "a-1", esdb.Revision(0), event(1))
	if len(second.Records()) != 2 {
		t.Errorf("the second server has %d events", len(second.Records()))
	}
	if err := first.Restart(); err != nil {
		t.Fatal(err)
	}
	first.Faults().MoveLeader(nil)
	appendTo(t, connect(t, first.ConnectionString()), "a-1", esdb.Revision(1), event(2))
}

func TestGossipLies(t *testing.T) {
	first, second := start(t, wire.Options{}), start(t, wire.Options{})
	first.Faults().Lie(second.Address())
	first.Faults().Next(wire.OpGossip, wire.GossipLies, 1)
	appendTo(t, connect(t, "esdb+discover://"+first.Address()+"?tls=false"), "a-1", esdb.NoStream{}, event(0))
	if len(second.Records()) != 1 || first.Faults().Counts()[wire.GossipLies] != 1 {
		t.Error("the client did not follow the lie")
	}
}

func TestNotReady(t *testing.T) {
	s := start(t, wire.Options{})
	s.Faults().NotReady(true)
	failAppend(t, connect(t, s.ConnectionString()), esdb.ErrorUnavailable, "a-1", esdb.NoStream{}, event(0))
	s.Faults().NotReady(false)
	appendTo(t, connect(t, s.ConnectionString()), "a-1", esdb.NoStream{}, event(0))
}

// Many clients, faults by the dice, the server killed meanwhile: what was acknowledged is there, and nothing twice.
func TestManyClientsWithFaults(t *testing.T) {
	s := start(t, wire.Options{
		File: t.TempDir() + "/log", Seed: 7,
		Faults: wire.Faults{AnswerLost: 0.05, AbortedAfter: 0.05, AbortedBefore: 0.05, Unavailable: 0.05, Reset: 0.05, Slow: 0.1, SlowBy: time.Millisecond},
	})
	const clients, each = 6, 30
	halfway := make(chan struct{}, clients)
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			if err := write(s, fmt.Sprintf("a-%d", n), each, func() { halfway <- struct{}{} }); err != nil {
				t.Error(err)
			}
		})
	}
	<-halfway
	s.Kill()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if got := len(s.Records()); got != clients*each {
		t.Errorf("%d events, want %d", got, clients*each)
	}
	if len(s.Faults().Counts()) < 5 {
		t.Errorf("faults: %v", s.Faults().Counts())
	}
}

// write appends events one by one and tries each until it is taken, with a new client after every error.
func write(s *wire.Server, stream string, n int, halfway func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	var c *esdb.Client
	for i := 0; i < n; {
		if c == nil {
			config, err := esdb.ParseConnectionString(s.ConnectionString())
			if err != nil {
				return err
			}
			config.Logger = esdb.NoopLogging()
			if c, err = esdb.NewClient(config); err != nil {
				return err
			}
		}
		var expected esdb.ExpectedRevision = esdb.NoStream{}
		if i > 0 {
			expected = esdb.Revision(uint64(i) - 1)
		}
		r, err := c.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, event(i))
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: event %d is never taken: %w", stream, i, err)
		case err != nil:
			_ = c.Close() // a client that has failed may be dead
			c = nil
		case r.NextExpectedVersion != uint64(i):
			return fmt.Errorf("%s: event %d has revision %d", stream, i, r.NextExpectedVersion)
		default:
			if i++; i == n/2 {
				halfway()
			}
		}
	}
	return c.Close()
}
