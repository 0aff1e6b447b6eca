package feed

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// freePort is a port that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestCluster: three servers keep the stream. Two publishers write, each server in turn is stopped and comes back, and the stream is rebuilt.
func TestCluster(t *testing.T) {
	if os.Getenv("JEJAK_TEST_CLUSTER") == "" {
		t.Skip("set JEJAK_TEST_CLUSTER=1: on a busy machine three servers in one process may not agree on a leader within the test's time")
	}
	const servers = 3
	var options [servers]*server.Options
	var running [servers]*server.Server
	var routes []*url.URL
	var urls []string
	for i := range options {
		options[i] = &server.Options{
			ServerName: fmt.Sprint("server-", i), Host: "127.0.0.1", Port: freePort(t), JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
			Cluster: server.ClusterOpts{Name: "cluster", Host: "127.0.0.1", Port: freePort(t)},
		}
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", options[i].Cluster.Port)})
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", options[i].Port))
	}
	start := func(i int) {
		o := *options[i]
		o.Routes = routes
		srv, err := server.NewServer(&o)
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		if !srv.ReadyForConnections(30 * time.Second) {
			t.Fatal("a server does not start")
		}
		running[i] = srv
	}
	stop := func(i int) {
		running[i].Shutdown()
		running[i].WaitForShutdown()
	}
	for i := range servers {
		start(i)
		t.Cleanup(func() { stop(i) })
	}
	b, l := &broker{TB: t, urls: strings.Join(urls, ",")}, newLog(t)
	l.tell()
	cfg := b.config(l, &memory{})
	cfg.Replicas, cfg.look = servers, 300*time.Millisecond
	one, _ := run(t, cfg)
	cfg.JetStream, cfg.Checkpoints = b.js(), &memory{}
	two, _ := run(t, cfg)
	for i := range servers {
		for n := range 30 {
			l.add(other, accident("3509", 1000*(i+1)+n))
		}
		stop(i)
		for n := range 30 {
			l.add(other, accident("3509", 1000*(i+1)+500+n))
		}
		b.caughtUp(l, one)
		start(i)
		b.caughtUp(l, two)
		b.published(l, one)
		eventually(t, "all servers have the stream", func() bool {
			s, err := b.js().Stream(t.Context(), Stream)
			if err != nil || s.CachedInfo().Cluster.Leader == "" {
				return false
			}
			replicas := s.CachedInfo().Cluster.Replicas
			return len(replicas) == servers-1 && !slices.ContainsFunc(replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
		})
	}
	if err := two.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	l.add(other, accident("3509", 90_000))
	want := len(l.want())
	eventually(t, "the stream is whole again", func() bool {
		s, err := b.js().Stream(t.Context(), Stream)
		return err == nil && int(s.CachedInfo().State.Msgs) == want
	})
	b.caughtUp(l, two)
	b.published(l, one)
}
