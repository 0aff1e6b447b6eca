package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"jejak/domain"
)

// exampleConfig is the configuration of a cluster as docs/operations.md has it.
func exampleConfig(t *testing.T, user, issuer string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)<!-- nats.conf -->\n(.*?)<!-- nats.conf: end -->").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/operations.md has no example of a configuration")
	}
	return strings.NewReplacer("U-OF-JEJAK", user, "A-OF-THE-ISSUER", issuer).Replace(string(m[1]))
}

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

// TestACluster holds the example of the page to what it promises, on a server of its own.
func TestACluster(t *testing.T) {
	creds, user := seedFile(t, nkeys.CreateUser)
	issuer, public := seedFile(t, nkeys.CreateAccount)
	opts := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), AuthTimeout: authTimeout.Seconds()}
	if err := opts.ProcessConfigString(exampleConfig(t, user, public)); err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(generous) {
		t.Fatal("the server is not ready")
	}
	d := bareDoor(t)
	d.close()
	cfg := Config{URL: s.ClientURL(), CredsFile: creds, IssuerFile: issuer, Province: "35", rights: 5 * time.Second, People: d.people, Telemetry: d.cfg.Telemetry}
	if d.Broker, err = Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	d.makeFeed()
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
	found, err := s.Connz(&server.ConnzOptions{Username: true, Account: PeopleAccount})
	if err != nil || len(found.Conns) == 0 {
		t.Errorf("%+v %v", found, err)
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
