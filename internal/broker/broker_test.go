package broker

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
)

func TestAnEscortHearsAndPulls(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	d.event("P3578A", "SHP-3578-1", 1)
	d.event("P3578B", "SHP-3578-2", 2)
	conn := d.connect(escort)
	live, err := conn.SubscribeSync("jejak.*.P3578A.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	d.event("P3578A", "SHP-3578-3", 3)
	d.event("3578", "SHP-3578-3", 4)
	msg, err := live.NextMsg(generous)
	if err != nil || msg.Header.Get("ce-sequence") != "3" {
		t.Fatalf("live: %v %v", msg, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), Stream, escort.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1", "3"} {
		msg, err := consumer.Next(jetstream.FetchMaxWait(generous))
		if err != nil || msg.Headers().Get("ce-sequence") != want {
			t.Fatalf("pulled %v, %v, want %s\n%s", msg, err, want, d.log)
		}
		if err := msg.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Out of signal and back, also over a restart of the server: he goes on where he left off.
	conn.Close()
	d.event("P3578A", "SHP-3578-3", 5)
	d.close()
	d.open()
	if js, err = jetstream.New(d.connect(escort)); err != nil {
		t.Fatal(err)
	}
	if consumer, err = js.Consumer(t.Context(), Stream, escort.ID); err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	next, err := messages.Next(jetstream.NextMaxWait(generous))
	if err != nil || next.Headers().Get("ce-sequence") != "5" {
		t.Fatalf("after the restart: %v %v", next, err)
	}
}

func TestAReaderSeesTheBucket(t *testing.T) {
	d := openDoor(t)
	d.row("3578", `{"code":"3578"}`)
	d.row("3501", `{"code":"3501"}`)
	operator := d.user(domain.RoleOperator, "3578")
	conn := d.connect(operator)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.KeyValue(t.Context(), Bucket)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := bucket.Get(t.Context(), "pemilu2024.3578")
	if err != nil || string(entry.Value()) != `{"code":"3578"}` {
		t.Fatalf("%v %v", entry, err)
	}
	for range 2 { // Whenever he connects the picture is whole again.
		consumer, err := js.Consumer(t.Context(), BucketStream, operator.ID)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := consumer.Fetch(2, jetstream.FetchMaxWait(300*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for msg := range batch.Messages() {
			got = append(got, string(msg.Data()))
		}
		if len(got) != 1 || got[0] != `{"code":"3578"}` {
			t.Fatalf("from the bucket: %q", got)
		}
		if js, err = jetstream.New(d.connect(operator)); err != nil {
			t.Fatal(err)
		}
	}
	live, err := conn.SubscribeSync("$KV." + Bucket + ".*.3578")
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	d.row("3501", `{}`)
	d.row("3578", `{"code":"3578","position":7}`)
	if msg, err := live.NextMsg(generous); err != nil || string(msg.Data) != `{"code":"3578","position":7}` {
		t.Fatalf("live: %v %v", msg, err)
	}
}

func TestWhoIsRefused(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	soon, err := d.people.Add(t.Context(), people.NewUser{Role: domain.RoleEscort, Scope: "P3578A", Expires: d.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	gone := d.another(domain.RoleOperator, "3578", "gone")
	if _, err := d.people.Revoke(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	d.connect(soon)
	d.connect(escort, nats.UserInfo("", ""), nats.Token(escort.Token)) // as auth_token
	if err := d.clock.Set(d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	odd := func(id string) people.Added {
		u, err := d.people.Add(t.Context(), people.NewUser{Role: domain.RoleEscort, Scope: "P3578A", ID: id})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	wrong := people.Added{User: people.User{ID: escort.ID}, Token: people.TokenPrefix + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
	for _, c := range []struct {
		name, reason string
		user         people.Added
		opts         []nats.Option
	}{
		{"no token", "no_token", escort, []nats.Option{nats.UserInfo("", "")}},
		{"a name alone", "no_token", escort, []nats.Option{nats.UserInfo(escort.ID, "")}},
		{"a token as the name, of whom nothing is logged", "wrong_token", escort, []nats.Option{nats.UserInfo(escort.Token, "x")}},
		{"wrong token", "wrong_token", wrong, nil},
		{"revoked", "revoked_token", gone, nil},
		{"expired", "expired_token", soon, nil},
		{"role below", "scope_without_feed", d.user(domain.RoleSupervisor, "357801"), nil},
		{"district", "scope_without_feed", d.user(domain.RoleDistrict, "357801"), nil},
		{"dots", "id_unfit_for_nats", odd("a.b"), nil},
		{"a slot of somebody else", "id_unfit_for_nats", odd(escort.ID + "-1"), nil},
	} {
		before := len(d.log.String())
		conn, err := d.try(c.user, c.opts...)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", c.name, err)
		}
		if log := d.log.String()[before:]; !strings.Contains(log, "reason="+c.reason) || !strings.Contains(log, "log=security") {
			t.Errorf("%s: the security log does not say %s:\n%s", c.name, c.reason, log)
		}
	}
	if log := d.log.String(); strings.Contains(log, escort.Token) || strings.Contains(log, wrong.Token) || strings.Contains(log, gone.Token) || strings.Contains(log, "anything") {
		t.Errorf("the log has a token, or what somebody calls himself:\n%s", log)
	}
}

func TestNobodyComesInBeforeTheFeedIsThere(t *testing.T) {
	d := bareDoor(t)
	for _, u := range []people.Added{d.user(domain.RoleEscort, "P3578A"), d.user(domain.RoleProvince, "35"), d.user(domain.RoleOperator, "3578")} {
		if _, err := d.try(u); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", u.Role, err)
		}
	}
	if !strings.Contains(d.log.String(), "reason=not_ready") {
		t.Error(d.log)
	}
	d.makeFeed()
	d.connect(d.user(domain.RoleProvince, "35"))
}

func TestNobodyComesInWhileNobodyJudges(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	d.connect(escort)
	d.auth.stop()
	if _, err := d.try(escort); err == nil {
		t.Error("a connection was let in although nobody judged its token")
	}
}

func TestRevokedAndExpiredAreCut(t *testing.T) {
	d := openDoor(t)
	ends := func(u people.Added) <-chan time.Time {
		ended := make(chan time.Time, 1)
		d.connect(u, nats.ClosedHandler(func(*nats.Conn) { ended <- time.Now() }))
		return ended
	}
	revoked, stays := d.user(domain.RoleEscort, "P3578A"), d.another(domain.RoleEscort, "P3578A", "stays")
	expires, err := d.people.Add(t.Context(), people.NewUser{Role: domain.RoleProvince, Scope: "35", Expires: d.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	forgotten := d.another(domain.RoleEscort, "P3578A", "forgotten")
	first, second, third, other, fourth := ends(revoked), ends(revoked), ends(expires), ends(stays), ends(forgotten)
	cut := func(what string, since time.Time, ended <-chan time.Time) {
		t.Helper()
		select {
		case at := <-ended:
			t.Logf("%s: cut after %s", what, at.Sub(since).Round(time.Millisecond))
		case <-time.After(generous):
			t.Errorf("%s: not cut", what)
		}
	}
	at := time.Now()
	if _, err := d.people.Revoke(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	cut("revoked", at, first)
	cut("revoked, the other connection", at, second)
	at = time.Now()
	if _, _, err := d.people.Forget(t.Context(), forgotten.ID); err != nil {
		t.Fatal(err)
	}
	cut("forgotten", at, fourth)
	at = time.Now()
	if err := d.clock.Set(d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	cut("expired by the driven clock", at, third)
	select {
	case <-other:
		t.Error("somebody whose token is good was cut")
	default:
	}
	until(t, "the consumers are gone", func() bool {
		_, err1 := d.js.Consumer(t.Context(), Stream, revoked.ID)
		_, err2 := d.js.Consumer(t.Context(), BucketStream, expires.ID)
		return errors.Is(err1, jetstream.ErrConsumerNotFound) && errors.Is(err2, jetstream.ErrConsumerNotFound)
	})
}

func TestNothingSecretOnTheDisk(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	d.connect(escort)
	info, err := os.Stat(filepath.Join(d.dir, "nats"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	d.close()
	defer d.open()
	err = filepath.WalkDir(filepath.Join(d.dir, "nats"), func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if strings.Contains(string(data), escort.Token) || strings.Contains(string(data), "SUA") || strings.Contains(string(data), "SAA") {
			t.Errorf("%s has a token or a seed", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Open(t.Context(), Config{Dir: t.TempDir(), Listen: taken.Addr().String()}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken address: %v", err)
	}
	if _, err := Open(t.Context(), Config{Dir: t.TempDir(), Listen: "0.0.0.0:0"}); err == nil || !strings.Contains(err.Error(), "--allow-remote") {
		t.Errorf("an open address: %v", err)
	}
	if _, err := Open(t.Context(), Config{Dir: t.TempDir(), Listen: "nonsense"}); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Errorf("no address: %v", err)
	}
}

// Who has no time left to close it is told nothing that would be an error: what it holds is on the disk, and the server ends with the process.
func TestClosedInNoTime(t *testing.T) {
	d := openDoor(t)
	ended := d.embedded.current()
	none, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Close(none); err != nil {
		t.Error(err)
	}
	ended.WaitForShutdown() // before its folder is deleted
}
