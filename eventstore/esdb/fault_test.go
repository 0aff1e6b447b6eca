package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/esdb/wire"
	"jejak/eventstore/invariant"
)

// TestAppendFaults: each fault of an append, once, and what its caller is told.
func TestAppendFaults(t *testing.T) {
	server := startWire(t, wire.Options{})
	s := open(t, server.ConnectionString(), Options{Attempt: 300 * time.Millisecond})
	for _, c := range []struct {
		fault wire.Fault
		err   error // nil: the store finds out by itself
	}{
		{wire.AnswerLost, nil},
		{wire.AbortedAfter, nil},
		{wire.Withheld, nil},
		{wire.AbortedBefore, nil},
		{wire.Unavailable, nil}, // after the events were sent it looks like a lost answer
		{wire.Deadline, nil},
		{wire.Reset, nil},
		{wire.Slow, nil},
		{wire.NotLeader, nil},
	} {
		for _, times := range []int{1, 3} {
			stream := fmt.Sprintf("fault-%s-%d", c.fault, times)
			server.Faults().Next(wire.OpAppend, c.fault, times)
			events := []eventstore.Event{event(0), event(1)}
			p, err := s.Append(t.Context(), stream, 0, events...)
			server.Faults().Next(wire.OpAppend, c.fault, 0)
			if !errors.Is(err, c.err) {
				t.Errorf("%s, %d times: %v, want %v", c.fault, times, err, c.err)
				continue
			}
			version, at, err := s.StreamHead(t.Context(), stream)
			if version != 2 || at != p || err != nil {
				t.Errorf("%s, %d times: the stream has %d events at %d, %v, want 2 at %d", c.fault, times, version, at, err, p)
			}
			if again, err := s.Append(t.Context(), stream, 0, events...); again != p || err != nil {
				t.Errorf("%s: the append again: %d, %v, want %d", c.fault, again, err, p)
			}
		}
	}
	// Of an outcome that stays unknown the caller is told so, when his time is up.
	server.Faults().Next(wire.OpAppend, wire.Withheld, 1000)
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	e := event(0)
	_, err := s.Append(ctx, "fault-unknown", 0, e)
	if !errors.Is(err, eventstore.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Append = %v, want an unknown outcome and the end of the context", err)
	}
	server.Faults().Next(wire.OpAppend, wire.Withheld, 0)
	if _, err := s.Append(t.Context(), "fault-unknown", 0, e); err != nil {
		t.Error(err)
	}
	check(t, s)
}

// check looks at the whole log.
func check(t *testing.T, s eventstore.Store) {
	t.Helper()
	report, err := invariant.Check(t.Context(), s, invariant.Options{})
	if err = errors.Join(err, report.Err()); err != nil {
		t.Error(err)
	}
}

// TestReadFaults: readings and subscriptions go on where they were.
func TestReadFaults(t *testing.T) {
	server := startWire(t, wire.Options{})
	s := open(t, server.ConnectionString(), Options{Attempt: 300 * time.Millisecond})
	var want []eventstore.Event
	for i := range 50 {
		want = append(want, event(i))
		if _, err := s.Append(t.Context(), "read-a", eventstore.Version(i), want[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, fault := range []wire.Fault{wire.Unavailable, wire.NotLeader, wire.Deadline, wire.Reset, wire.Slow, wire.Dropped} {
		for name, read := range map[string]func() (int, error){
			"Read":    func() (int, error) { return count(s.Read(t.Context(), "read-a", 0)) },
			"ReadAll": func() (int, error) { return count(s.ReadAll(t.Context(), 0, eventstore.Filter{})) },
			"Head":    func() (int, error) { _, err := s.Head(t.Context()); return 50, err },
			"ByCommand": func() (int, error) {
				_, ok, err := s.ByCommand(t.Context(), want[49].Command)
				if !ok {
					return 0, err
				}
				return 50, err
			},
		} {
			server.Faults().Next(wire.OpRead, fault, 1)
			n, err := read()
			server.Faults().Next(wire.OpRead, fault, 0)
			if n != 50 || err != nil {
				t.Errorf("%s, %s: %d records, %v", name, fault, n, err)
			}
		}
		sub := subscribed(t, s, 0, "read-")
		server.Faults().Next(wire.OpSubscribe, fault, 1)
		server.ResetConnections()
		for i := range want {
			r, err := sub.Next(t.Context())
			if err != nil || r.ID != want[i].ID {
				t.Fatalf("subscription, %s: record %d is %s, %v", fault, i, r.ID, err)
			}
		}
		server.Faults().Next(wire.OpSubscribe, fault, 0)
		sub.Close()
	}
}

func count(records func(func(eventstore.Record, error) bool)) (n int, err error) {
	for _, e := range records {
		if e != nil {
			return n, e
		}
		n++
	}
	return n, nil
}

// TestDice: everything at once for a while, and the server killed in between; each acknowledged append is there once.
func TestDice(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			server := startWire(t, wire.Options{Seed: seed, File: t.TempDir() + "/log"})
			s := open(t, server.ConnectionString(), Options{Attempt: 200 * time.Millisecond})
			err := server.Faults().Set(wire.Faults{AnswerLost: .05, AbortedAfter: .05, Withheld: .01, AbortedBefore: .05, Unavailable: .05, NotLeader: .02,
				Deadline: .01, Reset: .05, Slow: .1, Dropped: .001, SlowBy: 2 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			var acknowledged []invariant.Append
			var mu sync.Mutex
			var all sync.WaitGroup
			for w := range 8 {
				all.Go(func() {
					stream := fmt.Sprint("dice-", w)
					for v := eventstore.Version(0); v < 80; v += 2 {
						events := []eventstore.Event{event(0), event(1)}
						for {
							p, err := s.Append(t.Context(), stream, v, events...)
							if err == nil {
								mu.Lock()
								acknowledged = append(acknowledged, invariant.Append{Stream: stream, Expected: v, Position: p, Events: events})
								mu.Unlock()
								break
							}
							if !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome) {
								t.Errorf("Append: %v", err)
								return
							}
							time.Sleep(time.Millisecond)
						}
					}
				})
			}
			for range 3 {
				time.Sleep(100 * time.Millisecond)
				server.Kill()
				if err := server.Restart(); err != nil {
					t.Error(err)
				}
			}
			all.Wait()
			if err := server.Faults().Set(wire.Faults{}); err != nil {
				t.Fatal(err)
			}
			report, err := invariant.Check(t.Context(), s, invariant.Options{Acknowledged: acknowledged})
			if err = errors.Join(err, report.Err()); err != nil || report.Events != 640 {
				t.Errorf("%d events, want 640: %v; faults %v", report.Events, err, server.Faults().Counts())
			}
		})
	}
}

// TestCluster: the leader changes, gossip lies, nodes go.
func TestCluster(t *testing.T) {
	one := startWire(t, wire.Options{})
	two := startWire(t, wire.Options{Cluster: one})
	connection := fmt.Sprintf("esdb://%s,%s?tls=false&gossipTimeout=1", one.Address(), two.Address())
	s := open(t, connection, Options{Attempt: 500 * time.Millisecond})
	version := eventstore.Version(0)
	appends := func(when string) {
		t.Helper()
		for range 3 {
			e := event(int(version))
			for {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				_, err := s.Append(ctx, "cluster-a", version, e)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, eventstore.ErrUnavailable) && !errors.Is(err, eventstore.ErrUnknownOutcome) || t.Context().Err() != nil {
					t.Fatalf("%s: %v", when, err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			version++
		}
	}
	appends("first")
	one.Faults().MoveLeader(two)
	appends("the leader moved")
	one.Faults().MoveLeader(nil)
	two.Faults().MoveLeader(one)
	appends("and back")
	two.Faults().MoveLeader(nil)
	one.Kill()
	appends("one node is gone")
	if err := one.Restart(); err != nil {
		t.Fatal(err)
	}
	one.Faults().Next(wire.OpGossip, wire.GossipLies, 1000)
	two.Kill()
	two.Faults().Next(wire.OpGossip, wire.GossipLies, 1)
	if err := two.Restart(); err != nil {
		t.Fatal(err)
	}
	appends("gossip lies")
	if n, err := count(s.Read(t.Context(), "cluster-a", 0)); n != int(version) || err != nil {
		t.Errorf("%d records, %v, want %d", n, err, version)
	}
}

// TestAccounts: TLS and credentials work, a refusal says why, and the password is in no message.
func TestAccounts(t *testing.T) {
	server := startWire(t, wire.Options{User: "jejak", Password: "rahasia-7", TLS: true})
	s := open(t, server.ConnectionString(), Options{})
	if _, err := s.Append(t.Context(), "tls-a", 0, event(0)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for what, c := range map[string]struct{ connection, says string }{
		"wrong password":      {strings.Replace(server.ConnectionString(), "rahasia-7", "rahasia-8", 1), "password"},
		"unknown certificate": {"esdb://jejak:rahasia-7@" + server.Address() + "?tls=true", "certificate"},
		"no TLS":              {"esdb://jejak:rahasia-7@" + server.Address() + "?tls=false", ""},
		"no such option":      {"esdb://jejak:rahasia-7@" + server.Address() + "?tls=perhaps", "tls"},
	} {
		var log strings.Builder
		_, err := Open(ctx, c.connection, Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Attempt: 2 * time.Second})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if text := err.Error() + log.String(); strings.Contains(text, "rahasia") {
			t.Errorf("%s: the password is in %q", what, text)
		}
		if what == "no TLS" && !strings.Contains(log.String(), "not sent") {
			t.Errorf("%s: no warning in %q", what, log.String())
		}
	}
}

// TestDeleted: a stream that somebody deleted or truncated is an error, not a stream that never was.
func TestDeleted(t *testing.T) {
	for name, destroy := range map[string]func(vandal *client.Client, stream string) error{
		"soft": func(vandal *client.Client, stream string) error {
			_, err := vandal.DeleteStream(t.Context(), stream, client.DeleteStreamOptions{ExpectedRevision: client.StreamExists{}})
			return err
		},
		"tombstone": func(vandal *client.Client, stream string) error {
			_, err := vandal.TombstoneStream(t.Context(), stream, client.TombstoneStreamOptions{ExpectedRevision: client.StreamExists{}})
			return err
		},
		"truncated": func(vandal *client.Client, stream string) error {
			m := client.StreamMetadata{}
			m.SetTruncateBefore(2)
			_, err := vandal.SetStreamMetadata(t.Context(), stream, client.AppendToStreamOptions{}, m)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := startWire(t, wire.Options{})
			s := open(t, server.ConnectionString(), Options{})
			const stream = "deleted-a"
			if _, err := s.Append(t.Context(), stream, 0, event(0), event(1), event(2)); err != nil {
				t.Fatal(err)
			}
			if err := destroy(stock(t, server), stream); err != nil {
				t.Fatal(err)
			}
			says := func(what string, err error) {
				t.Helper()
				if err == nil || !strings.Contains(err.Error(), "stream deleted-a has been deleted or truncated") {
					t.Errorf("%s: %v", what, err)
				}
			}
			stores := map[string]*Store{"who knew it": s}
			other, err := Open(t.Context(), server.ConnectionString(), Options{})
			if name == "tombstone" {
				says("Open", err)
			} else if err != nil {
				t.Fatal(err)
			} else {
				defer other.Close()
				stores["a new one"] = other
			}
			for who, s := range stores {
				_, err := count(s.Read(t.Context(), stream, 0))
				says("Read by "+who, err)
				if name != "truncated" {
					_, _, err := s.StreamHead(t.Context(), stream)
					says("StreamHead by "+who, err)
					_, err = s.Append(t.Context(), stream, 0, event(3))
					if err == nil {
						t.Errorf("Append by %s to a deleted stream", who)
					}
				}
			}
		})
	}
}

// stock is the official client.
func stock(t *testing.T, server *wire.Server) *client.Client {
	t.Helper()
	config, err := client.ParseConnectionString(server.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = client.NoopLogging()
	c, err := client.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestIndex: the index goes on where it was, is made anew when it is of another log, and knows what others have appended.
func TestIndex(t *testing.T) {
	server := startWire(t, wire.Options{})
	index := NewMemoryIndex()
	one := open(t, server.ConnectionString(), Options{Index: index, Prefixes: []string{"ledger-"}})
	first := event(0)
	if _, err := one.Append(t.Context(), "ledger-a", 0, first); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Append(t.Context(), "other-a", 0, event(0)); !errors.Is(err, eventstore.ErrInvalid) {
		t.Errorf("Append to a stream that is not of the log: %v", err)
	}
	two := open(t, server.ConnectionString(), Options{})
	if _, err := two.Append(t.Context(), "other-a", 0, event(0)); err != nil {
		t.Fatal(err)
	}
	second := event(1)
	if _, err := two.Append(t.Context(), "ledger-a", 1, second); err != nil {
		t.Fatal(err)
	}
	if n, err := count(one.Read(t.Context(), "ledger-a", 0)); n != 2 || err != nil {
		t.Fatalf("%d records, %v", n, err)
	}
	if _, ok, err := one.ByCommand(t.Context(), second.Command); !ok || err != nil {
		t.Errorf("a command that another server appended and this one has read: %t, %v", ok, err)
	}
	if _, err := one.Append(t.Context(), "ledger-b", 0, second); !errors.Is(err, eventstore.ErrExists) {
		t.Errorf("Append of it elsewhere: %v", err)
	}
	one.Close()
	elsewhere := startWire(t, wire.Options{})
	three := open(t, elsewhere.ConnectionString(), Options{Index: index, Prefixes: []string{"ledger-"}})
	if _, ok, err := three.ByCommand(t.Context(), first.Command); ok || err != nil {
		t.Errorf("a command of another log: %t, %v", ok, err)
	}
	three.Close()
	again := open(t, server.ConnectionString(), Options{Index: index, Prefixes: []string{"ledger-"}})
	for _, e := range []eventstore.Event{first, second} {
		if r, ok, err := again.ByCommand(t.Context(), e.Command); !ok || r.ID != e.ID || err != nil {
			t.Errorf("command %s: %t, %v", e.Command, ok, err)
		}
	}
	if _, ok, _ := again.ByCommand(t.Context(), uuid.New()); ok {
		t.Error("a command that nobody sent")
	}
}

// TestForeign: a record in a stream of the log that Jejak did not write is named, not misread.
func TestForeign(t *testing.T) {
	server := startWire(t, wire.Options{})
	s := open(t, server.ConnectionString(), Options{Prefixes: []string{"ledger-"}})
	_, err := stock(t, server).AppendToStream(t.Context(), "ledger-x", client.AppendToStreamOptions{}, client.EventData{EventType: "x", ContentType: client.ContentTypeJson, Data: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := count(s.Read(t.Context(), "ledger-x", 0)); err == nil || !strings.Contains(err.Error(), "ledger-x") {
		t.Errorf("Read: %v", err)
	}
}
