package broker

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
)

// whole is a time in which no right runs out: who is cut, is cut by the program.
const whole = time.Hour

// metric is whether /metrics has a line.
func (d *clusterDoor) metric(line string) bool {
	rec := httptest.NewRecorder()
	d.cfg.Telemetry.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return strings.Contains(rec.Body.String(), "\n"+line+"\n")
}

func (d *clusterDoor) revoke(user people.Added) {
	d.t.Helper()
	if _, err := d.people.Revoke(d.t.Context(), user.ID); err != nil {
		d.t.Fatal(err)
	}
}

// ends waits for the end of a connection.
func (d *clusterDoor) ends(what string, ended <-chan struct{}) {
	d.t.Helper()
	select {
	case <-ended:
	case <-time.After(generous):
		d.t.Fatalf("%s: not cut\n%s", what, d.log)
	}
}

func (d *clusterDoor) stays(what string, ended <-chan struct{}) {
	d.t.Helper()
	select {
	case <-ended:
		d.t.Errorf("%s: cut", what)
	default:
	}
}

// TestCutOnEveryServer: somebody is connected to each of three servers. Revoked or expired he is cut from all of them, and nobody else is.
func TestCutOnEveryServer(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 3, true, whole)
	revoked, stays := d.user(domain.RoleEscort, "P3578A"), d.another(domain.RoleEscort, "P3578A", "stays")
	expires, err := d.people.Add(t.Context(), people.NewUser{Role: domain.RoleProvince, Scope: "35", Expires: d.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var first, second, third []<-chan struct{}
	for _, n := range d.nodes {
		conn, ended := d.at(n, revoked)
		first = append(first, ended)
		if maySubscribe(t, conn, "jejak.*.P3578B.>", "") || !maySubscribe(t, conn, "jejak.*.P3578A.>", "") {
			t.Errorf("%s: an escort hears other areas, or not his own", n.Name)
		}
		_, ended = d.at(n, expires)
		second = append(second, ended)
		_, ended = d.at(n, stays)
		third = append(third, ended)
	}
	at := time.Now()
	d.revoke(revoked)
	for i, ended := range first {
		d.ends("revoked at "+d.nodes[i].Name, ended)
	}
	t.Logf("revoked: cut from %d servers after %s", len(d.nodes), time.Since(at).Round(time.Millisecond))
	at = time.Now()
	if err := d.clock.Set(d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for i, ended := range second {
		d.ends("expired at "+d.nodes[i].Name, ended)
	}
	t.Logf("expired: cut from %d servers after %s", len(d.nodes), time.Since(at).Round(time.Millisecond))
	for i, ended := range third {
		d.stays("a good token at "+d.nodes[i].Name, ended)
	}
	for _, n := range d.nodes {
		if conn, err := nats.Connect(n.URL(), nats.UserInfo("x", revoked.Token)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: revoked, and let in: %v %v", n.Name, conn, err)
		}
	}
	until(t, "the consumers are gone", func() bool {
		_, err1 := d.js.Consumer(t.Context(), Stream, revoked.ID)
		_, err2 := d.js.Consumer(t.Context(), BucketStream, expires.ID)
		return errors.Is(err1, jetstream.ErrConsumerNotFound) && errors.Is(err2, jetstream.ErrConsumerNotFound)
	})
	until(t, "no cut is pending", func() bool { return d.metric("jejak_nats_cuts_pending 0") })
}

// TestCutWaitsForSilentServers: a server that does not answer is told of and asked again, also when the connection to the cluster breaks meanwhile.
func TestCutWaitsForSilentServers(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 3, true, whole)
	revoked := d.user(domain.RoleEscort, "P3578A")
	var ended []<-chan struct{}
	for _, n := range d.nodes {
		_, end := d.at(n, revoked)
		ended = append(ended, end)
	}
	d.nodes[2].Freeze()
	d.revoke(revoked)
	d.ends("revoked", ended[0])
	d.ends("revoked", ended[1])
	until(t, "the alarm is raised", func() bool {
		return d.metric("jejak_nats_cuts_pending 1") && d.metric("jejak_nats_silent_servers 1") &&
			strings.Contains(d.log.String(), "server nats3 did not answer") && strings.Contains(d.log.String(), "users=1")
	})
	d.nodes[0].Kill() // the program is connected to it
	d.nodes[0].Start()
	until(t, "it is connected again", func() bool { return d.systemConn.Stats().Reconnects > 0 && d.systemConn.IsConnected() })
	d.stays("at the server that is frozen", ended[2])
	d.nodes[2].Thaw()
	d.ends("when it goes on", ended[2])
	until(t, "no cut is pending, and all answer", func() bool { return d.metric("jejak_nats_cuts_pending 0") && d.metric("jejak_nats_silent_servers 0") })
}

// TestCutAfterAStart: who was revoked while the program did not run is found by asking who is connected.
func TestCutAfterAStart(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 1, true, whole)
	revoked, stays := d.user(domain.RoleEscort, "P3578A"), d.user(domain.RoleEscort, "P3578B")
	_, first := d.at(d.nodes[0], revoked)
	_, second := d.at(d.nodes[0], stays)
	d.door.close()
	d.revoke(revoked)
	d.reopen()
	d.ends("revoked while nobody looked", first)
	d.stays("a good token", second)
}

// TestCutFromACutOffServer: the server by which the program judges tokens is cut off from the others. The program goes elsewhere: it lets people in
// there, and cuts them.
func TestCutFromACutOffServer(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 3, true, whole)
	d.door.close()
	d.cfg.URL = d.servers.URLs() // a server that is cut off tells its clients of no other
	d.reopen()
	until(t, "all servers are known", func() bool {
		d.system.mu.Lock()
		defer d.system.mu.Unlock()
		return len(d.system.servers) == len(d.nodes)
	})
	alone := d.authConn.ConnectedServerName()
	for _, n := range d.nodes {
		if n.Name == alone {
			d.servers.Isolate(n)
		}
	}
	escort := d.user(domain.RoleEscort, "P3578A")
	var ended []<-chan struct{}
	for _, n := range d.nodes {
		if n.Name != alone {
			_, end := d.at(n, escort)
			ended = append(ended, end)
		}
	}
	d.revoke(escort)
	for _, end := range ended {
		d.ends("beyond the cut", end)
	}
	d.servers.Heal()
	until(t, "all answer", func() bool { return d.metric("jejak_nats_cuts_pending 0") && d.metric("jejak_nats_silent_servers 0") })
}

// TestServersThatEnd: whom a server that is gone had connected needs no cut. It says so itself, comes back by the same name, or is silent
// for longer than rights last.
func TestServersThatEnd(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 3, true, time.Second)
	ends := func(how string, end, after func()) {
		user := d.another(domain.RoleEscort, "P3578A", how)
		_, _ = d.at(d.nodes[2], user)
		end()
		d.revoke(user)
		after()
		until(t, how+": no cut is pending", func() bool {
			d.cut.mu.Lock()
			rounds, seen := d.cut.seen[user.ID]
			d.cut.mu.Unlock()
			return (!seen || rounds > 1) && d.metric("jejak_nats_cuts_pending 0") && d.metric("jejak_nats_silent_servers 0")
		})
	}
	ends("it says so", d.nodes[2].Stop, d.nodes[2].Start)
	ends("it comes back", d.nodes[2].Kill, d.nodes[2].Start)
	ends("it is gone", d.nodes[2].Kill, func() {
		until(t, "it is missed", func() bool { return d.metric("jejak_nats_silent_servers 1") })
	})
	if !strings.Contains(d.log.String(), "taken for gone") {
		t.Error("the log does not tell that a server is taken for gone")
	}
}
