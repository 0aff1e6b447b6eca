package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain/given"
	"jejak/eventstore"
	"jejak/internal/broker/brokertest"
	"jejak/projections/feed"
)

// replicated is a feed that three servers keep.
type replicated struct {
	*broker
	*brokertest.Servers
	log *log
	p   *Publisher

	looking jetstream.JetStream
	rows    *Board
	status  atomic.Int64 // position of the last row that was offered
}

func newReplicated(t *testing.T) *replicated {
	servers := brokertest.Cluster(t, 3, nil)
	r := &replicated{broker: &broker{TB: t, urls: servers.URLs()}, Servers: servers, log: newLog(t)}
	r.log.tell()
	cfg := r.config(r.log, &memory{})
	cfg.Replicas, cfg.look = len(servers.Nodes), 300*time.Millisecond
	r.p, _ = run(t, cfg)
	r.rows = NewBoard(r.p, loud())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.rows.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	r.settled("at the start")
	return r
}

// row is a row of a unit.
func row(position int64) []byte { return fmt.Appendf(nil, `{"code":"3578","position":%d}`, position) }

// commands go on until the function that it returns is called: the log grows, and a row changes.
func (r *replicated) commands(first int) (stop func()) {
	ctx, cancel := context.WithCancel(r.Context())
	var work sync.WaitGroup
	work.Go(func() {
		pace := time.NewTicker(5 * time.Millisecond)
		defer pace.Stop()
		for n := first; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
			r.log.add(other, accident("3509", n))
			r.rows.Offer(given.Election, "3578", eventstore.Position(n), row(int64(n)))
			r.status.Store(int64(n))
		}
	})
	return func() {
		cancel()
		work.Wait()
	}
}

// progresses waits until what is recorded from now on is published.
func (r *replicated) progresses(while string) {
	r.Helper()
	head, err := r.log.Head(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	patiently(r, "something is published while "+while, func() bool { return r.p.Position() > head })
}

// settled waits until the stream has exactly the messages of the log, each once and in order, and the bucket the last row.
func (r *replicated) settled(when string) {
	r.Helper()
	var want []string
	for _, m := range r.log.want() {
		want = append(want, form(m.ID, m.Subject, m.Body))
	}
	var got []string
	defer func() {
		if r.Failed() {
			r.Errorf("%s (-log +stream):\n%s", when, cmp.Diff(want, got))
		}
	}()
	patiently(r, when+": the stream is the log's", func() bool {
		var err error
		got, err = r.read(len(want))
		return err == nil && slices.Equal(got, want)
	})
	position := r.status.Load()
	if position == 0 {
		return
	}
	patiently(r, when+": the bucket has the last row", func() bool {
		kv, err := r.conn().KeyValue(r.Context(), Bucket)
		if err != nil {
			return false
		}
		entry, err := kv.Get(r.Context(), StatusKey(given.Election, "3578"))
		return err == nil && string(entry.Value()) == string(row(position))
	})
}

// read reads the stream, which is to have so many messages.
func (r *replicated) read(messages int) (got []string, err error) {
	s, err := r.conn().Stream(r.Context(), Stream)
	if err != nil {
		return nil, err
	}
	if n := s.CachedInfo().State.Msgs; n != uint64(messages) {
		return nil, fmt.Errorf("%d messages", n)
	}
	all, err := s.OrderedConsumer(r.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, err
	}
	for len(got) < messages {
		batch, err := all.Fetch(messages-len(got), jetstream.FetchMaxWait(5*time.Second))
		if err != nil {
			return got, err
		}
		before := len(got)
		for m := range batch.Messages() {
			got = append(got, form(m.Headers().Get(feed.HeaderMessageID), m.Subject(), m.Data()))
		}
		if len(got) == before {
			return got, fmt.Errorf("no more than %d messages: %w", before, batch.Error())
		}
	}
	return got, nil
}

// conn is a connection for looking, made once.
func (r *replicated) conn() jetstream.JetStream {
	if r.looking == nil {
		r.looking = r.js()
	}
	return r.looking
}

// leader is the server that leads the stream, and one of those that follow it. They are found by asking, which can take some tries.
func (r *replicated) leader() (leads, follows *brokertest.Node) {
	r.Helper()
	var last any
	defer func() {
		if r.Failed() {
			r.Errorf("the stream: %+v", last)
		}
	}()
	patiently(r, "the stream has a leader and two followers that are up to date", func() bool {
		s, err := r.conn().Stream(r.Context(), Stream)
		last = err
		if err == nil {
			text, _ := json.Marshal(s.CachedInfo())
			last = string(text)
		}
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		c := s.CachedInfo().Cluster
		for _, n := range r.Nodes {
			if n.Name == c.Leader {
				leads = n
			} else {
				follows = n
			}
		}
		return leads != nil && len(c.Replicas) == len(r.Nodes)-1 && !slices.ContainsFunc(c.Replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
	})
	return leads, follows
}

// patiently waits for a condition in a cluster, where elections take seconds and a busy machine makes many of them.
func patiently(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(brokertest.Generous); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestCluster: three servers keep the stream, and commands go on. Its leader is killed and comes back; it hangs; one that follows it is cut off from
// the others, and so is the leader. Each time the feed goes on while it is so. Afterwards nothing is missing, nothing is there twice, and the last row
// is in the bucket.
func TestCluster(t *testing.T) {
	t.Parallel()
	r := newReplicated(t)
	first := 1000
	for _, fault := range []struct {
		what       string
		do, undo   func(*brokertest.Node)
		ofFollower bool
	}{
		{"the leader is killed", (*brokertest.Node).Kill, (*brokertest.Node).Start, false},
		{"the leader hangs", (*brokertest.Node).Freeze, (*brokertest.Node).Thaw, false},
		{"somebody deletes the stream", func(*brokertest.Node) {
			if err := r.conn().DeleteStream(t.Context(), Stream); err != nil {
				t.Fatal(err)
			}
		}, func(*brokertest.Node) {}, false},
		{"a follower is cut off", r.Isolate, func(*brokertest.Node) { r.Heal() }, true},
		// The last: NATS takes a minute until a leader that was cut off follows again.
		{"the leader is cut off", r.Isolate, func(*brokertest.Node) { r.Heal() }, false},
	} {
		began := time.Now()
		leads, follows := r.leader()
		stop := r.commands(first)
		first += 100_000
		r.progresses("all is well")
		node := leads
		if fault.ofFollower {
			node = follows
		}
		fault.do(node)
		r.progresses(fault.what)
		fault.undo(node)
		r.progresses("it is mended after: " + fault.what)
		stop()
		r.settled("after: " + fault.what)
		t.Logf("%s: %s", fault.what, time.Since(began).Round(100*time.Millisecond))
	}
}

// TestClusterTwoPublishers: two publish at once while servers are killed in turn, and one rebuilds.
func TestClusterTwoPublishers(t *testing.T) {
	t.Parallel()
	r := newReplicated(t)
	cfg := r.config(r.log, &memory{})
	cfg.Replicas, cfg.look = len(r.Nodes), 300*time.Millisecond
	two, _ := run(t, cfg)
	for i, n := range r.Nodes {
		r.leader()
		stop := r.commands(100_000 * (i + 1))
		n.Kill()
		r.progresses(n.Name + " is killed")
		n.Start()
		stop()
		r.settled("after " + n.Name + " was killed")
	}
	r.leader()
	if err := two.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r.log.add(other, accident("3509", 900_000))
	r.settled("after the rebuild")
}
