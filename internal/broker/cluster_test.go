package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"jejak/domain"
	"jejak/internal/broker/brokertest"
	"jejak/internal/people"
)

func seedFile(t *testing.T, create func() (nkeys.KeyPair, error)) (file, public string) {
	t.Helper()
	k, err := newKey(create)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := k.pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, k.public
}

// clusterDoor is a broker before a cluster of real servers.
type clusterDoor struct {
	*door
	servers *brokertest.Servers
	nodes   []*brokertest.Node
	cfg     Config
}

// openClusterDoor starts servers with the configuration that is handed out, deploy/nats.conf, and more lines. Rights last as long as the test says.
func openClusterDoor(t *testing.T, size int, system bool, rights time.Duration, more ...string) *clusterDoor {
	t.Helper()
	creds, user := seedFile(t, nkeys.CreateUser)
	issuer, account := seedFile(t, nkeys.CreateAccount)
	systemCreds, systemUser := seedFile(t, nkeys.CreateUser)
	env := []string{"JEJAK_NATS_USER_KEY=" + user, "JEJAK_NATS_SYSTEM_KEY=" + systemUser, "JEJAK_NATS_ISSUER_KEY=" + account}
	d := &clusterDoor{door: bareDoor(t)}
	d.door.close()
	d.servers = brokertest.Cluster(t, size, env, "-c", configured(t, more...), "-m", "-1")
	d.nodes = d.servers.Nodes
	d.cfg = Config{URL: d.nodes[0].URL(), CredsFile: creds, IssuerFile: issuer, Province: "35", rights: rights, People: d.people, Telemetry: d.door.cfg.Telemetry}
	if system {
		d.cfg.SystemCredsFile = systemCreds
	}
	d.reopen()
	until(t, "there is a stream", func() bool {
		_, err := d.js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: Stream, Subjects: []string{"jejak.*.*.*.*.*"}, MaxBytes: 64 << 20, Replicas: size})
		return err == nil
	})
	until(t, "there is a bucket", func() bool {
		_, err := d.js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: Bucket, MaxBytes: 16 << 20, Replicas: size})
		return err == nil
	})
	return d
}

// configured is the configuration that is handed out, with more lines.
func configured(t *testing.T, more ...string) string {
	const handedOut = "../../deploy/nats.conf"
	if len(more) == 0 {
		return handedOut
	}
	text, err := os.ReadFile(handedOut)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(name, append(text, strings.Join(more, "\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// reopen is as a start of the program.
func (d *clusterDoor) reopen() {
	d.t.Helper()
	var err error
	if d.Broker, err = Open(d.t.Context(), d.cfg); err != nil {
		d.t.Fatal(err)
	}
}

// at connects somebody to one of the servers. The channel closes when the connection has ended.
func (d *clusterDoor) at(n *brokertest.Node, user people.Added) (*nats.Conn, <-chan struct{}) {
	d.t.Helper()
	ended := make(chan struct{})
	var conn *nats.Conn
	until(d.t, "connected to "+n.Name, func() bool {
		var err error
		conn, err = nats.Connect(n.URL(), nats.UserInfo("anything", user.Token), nats.CustomInboxPrefix("_INBOX."+user.ID), nats.NoReconnect(), nats.Timeout(generous),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.ClosedHandler(func(*nats.Conn) { close(ended) }))
		return err == nil
	})
	d.t.Cleanup(conn.Close)
	return conn, ended
}

// TestACluster holds the configuration to what it promises, where there is no user of the system account: the rights run out.
func TestACluster(t *testing.T) {
	t.Parallel()
	d := openClusterDoor(t, 1, false, 5*time.Second)
	if !strings.Contains(d.log.String(), "--nats-system-creds") {
		t.Error("the log does not say that nobody is cut at once")
	}
	escort, boss := d.user(domain.RoleEscort, "P3578A"), d.user(domain.RoleProvince, "35")
	ended := make(chan struct{})
	conn := d.connect(escort, nats.ClosedHandler(func(*nats.Conn) { close(ended) }))
	above := d.connect(boss)
	live, err := conn.SubscribeSync("jejak.*.P3578A.>")
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	d.event("P3578A", "SHP-3578-1", 1)
	if msg, err := live.NextMsg(generous); err != nil || msg.Header.Get("ce-sequence") != "1" {
		t.Fatalf("live: %v %v", msg, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	d.pulls(js, Made{Consumer: escort.ID}, "1")
	d.row("3578", "true")
	if js, err = jetstream.New(above); err != nil {
		t.Fatal(err)
	}
	bucket, err := js.KeyValue(t.Context(), Bucket)
	if err != nil {
		t.Fatal(err)
	}
	if entry, err := bucket.Get(t.Context(), "pemilu2024.3578"); err != nil || string(entry.Value()) != "true" {
		t.Errorf("bucket: %v %v", entry, err)
	}
	for _, subject := range []string{"jejak.*.P3578B.>", "jejak.>", "$KV.>"} {
		if maySubscribe(t, conn, subject, "") {
			t.Errorf("an escort may subscribe to %s", subject)
		}
	}
	for _, aim := range []string{"jejak.pemilu2024.P3578B.shipment.X.arrived", "$KV." + Bucket + ".pemilu2024.3578", "$JS.API.STREAM.PURGE." + Stream} {
		err := conn.PublishMsg(&nats.Msg{Subject: "$JS.API.CONSUMER.INFO." + Stream + "." + escort.ID, Reply: aim})
		if err == nil {
			err = conn.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d.holds(1, 1)
	if _, err := d.people.Revoke(t.Context(), escort.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(escort); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("revoked: %v", err)
	}
	select {
	case <-ended:
	case <-time.After(generous):
		t.Error("the live connection has not ended with its rights")
	}
}

// holds: the feed and the bucket have that many messages.
func (d *door) holds(feed, status uint64) {
	d.t.Helper()
	for name, want := range map[string]uint64{Stream: feed, BucketStream: status} {
		stream, err := d.js.Stream(d.t.Context(), name)
		if err != nil {
			d.t.Fatal(err)
		}
		if n := stream.CachedInfo().State.LastSeq; n != want {
			d.t.Errorf("%s has %d messages, want %d", name, n, want)
		}
	}
}

func TestFilesOfTheCluster(t *testing.T) {
	creds, _ := seedFile(t, nkeys.CreateUser)
	account, _ := seedFile(t, nkeys.CreateAccount)
	d := bareDoor(t)
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ creds, issuer, want string }{
		{"", "", "--nats-creds"},
		{open, "", "chmod 600"},
		{filepath.Join(t.TempDir(), "none"), "", "no such file"},
		{creds, open, "chmod 600"},
		{creds, creds, "not that of an account"},
		{creds, account, ""},
	} {
		b, err := Open(t.Context(), Config{URL: "nats://127.0.0.1:1", CredsFile: c.creds, IssuerFile: c.issuer, Province: "35", People: d.people})
		if fmt.Sprint(err) == "<nil>" != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil {
			// It answers nothing, and that is no reason not to start.
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}
