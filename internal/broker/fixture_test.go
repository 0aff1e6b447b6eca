package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/clock"
	"jejak/internal/people"
	"jejak/internal/readlog"
	"jejak/internal/telemetry"
)

// generous is how long a test waits for what must come: less than a pull may wait.
const generous = 50 * time.Second

// logged is a log that a test reads.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// door is an open broker with its people.
type door struct {
	*Broker
	t      *testing.T
	dir    string
	people *people.Store
	reads  *readlog.Log
	clock  *clock.Driven
	log    *logged
	users  map[string]people.Added // by role and scope
	flags  map[string]bool         // of the server
	wait   time.Duration           // for acknowledgements; 0: as always
}

// openDoor opens an embedded broker. Stream and bucket are those of the publisher.
func openDoor(t *testing.T) *door {
	t.Helper()
	d := bareDoor(t)
	d.makeFeed()
	return d
}

// bareDoor has no stream and no bucket.
func bareDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, dir: t.TempDir(), log: &logged{}, clock: clock.NewDriven(time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)), users: map[string]people.Added{}}
	var err error
	if d.people, err = people.Open(t.Context(), filepath.Join(d.dir, "people.db"), people.Options{Clock: d.clock}); err != nil {
		t.Fatal(err)
	}
	if d.reads, err = readlog.Open(t.Context(), filepath.Join(d.dir, "access.db"), nil); err != nil {
		t.Fatal(err)
	}
	d.open()
	t.Cleanup(func() {
		d.close()
		if err := d.reads.Close(); err != nil {
			t.Error(err)
		}
		if err := d.people.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *door) open() {
	d.t.Helper()
	var err error
	d.Broker, err = Open(d.t.Context(), Config{
		Dir: filepath.Join(d.dir, "nats"), Listen: "127.0.0.1:0", Province: "35", People: d.people, Reads: d.reads, flags: d.flags, ackWait: d.wait,
		Telemetry: telemetry.New(slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})), "test"),
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) close() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	defer cancel()
	if err := d.Broker.Close(ctx); err != nil {
		d.t.Error(err)
	}
}

// makeFeed makes what the publisher makes.
func (d *door) makeFeed() {
	d.t.Helper()
	_, err := d.js.CreateStream(d.t.Context(), jetstream.StreamConfig{Name: Stream, Subjects: []string{"jejak.*.*.*.*.*"}, MaxBytes: 64 << 20})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err = d.js.CreateKeyValue(d.t.Context(), jetstream.KeyValueConfig{Bucket: Bucket, MaxBytes: 16 << 20}); err != nil {
		d.t.Fatal(err)
	}
}

// event puts a message into the feed, as the publisher does, at a position.
func (d *door) event(area, id string, position int) {
	d.t.Helper()
	at := d.clock.Now().Add(time.Duration(position) * time.Minute)
	msg := &nats.Msg{Subject: "jejak.pemilu2024." + area + ".shipment." + id + ".dispatched", Data: []byte(`{"unit":"` + area + `"}`), Header: nats.Header{
		"ce-sequence": {fmt.Sprint(position)}, "ce-time": {at.UTC().Format(time.RFC3339Nano)}, "Nats-Msg-Id": {fmt.Sprint(position, ".", area)},
	}}
	if _, err := d.js.PublishMsg(d.t.Context(), msg); err != nil {
		d.t.Fatal(err)
	}
}

// row puts a value into the bucket.
func (d *door) row(unit, value string) {
	d.t.Helper()
	if _, err := d.js.Publish(d.t.Context(), "$KV."+Bucket+".pemilu2024."+unit, []byte(value)); err != nil {
		d.t.Fatal(err)
	}
}

// user is a person of a role and scope, made once.
func (d *door) user(role domain.Role, scope string) people.Added {
	d.t.Helper()
	key := string(role) + " " + scope
	if u, ok := d.users[key]; ok {
		return u
	}
	return d.another(role, scope, key)
}

// another is one more person of a role and scope, known by a name to the test.
func (d *door) another(role domain.Role, scope, name string) people.Added {
	d.t.Helper()
	u, err := d.people.Add(d.t.Context(), people.NewUser{Role: role, Scope: scope})
	if err != nil {
		d.t.Fatal(err)
	}
	d.users[name] = u
	return u
}

// try connects with a token, as the password.
func (d *door) try(user people.Added, opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{
		nats.UserInfo("anything", user.Token), nats.CustomInboxPrefix("_INBOX." + user.ID), nats.NoReconnect(), nats.Timeout(generous),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, opts...)
	return nats.Connect(d.URL(), opts...)
}

// connect connects somebody who may.
func (d *door) connect(user people.Added, opts ...nats.Option) *nats.Conn {
	d.t.Helper()
	conn, err := d.try(user, opts...)
	if err != nil {
		d.t.Fatalf("%s of %s: %v\n%s", user.Role, user.Scope, err, d.log)
	}
	d.t.Cleanup(conn.Close)
	return conn
}

// refused is whether the server has refused what was done last with a subject: the refusal comes before the answer to the flush.
func refused(t *testing.T, conn *nats.Conn, what, subject string) bool {
	t.Helper()
	if err := conn.FlushTimeout(generous); err != nil {
		t.Fatalf("%s %s: %v", what, subject, err)
	}
	err := conn.LastError()
	return err != nil && errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), what) && strings.Contains(err.Error(), `"`+subject+`"`)
}

func maySubscribe(t *testing.T, conn *nats.Conn, subject, queue string) bool {
	t.Helper()
	sub, err := conn.QueueSubscribeSync(subject, queue)
	if err != nil {
		t.Fatalf("subscribe %s: %v", subject, err)
	}
	no := refused(t, conn, "Subscription to", subject)
	if err := sub.Unsubscribe(); err != nil && !no {
		t.Fatal(err)
	}
	return !no
}

func mayPublish(t *testing.T, conn *nats.Conn, subject string, body string) bool {
	t.Helper()
	if err := conn.Publish(subject, []byte(body)); err != nil {
		t.Fatalf("publish %s: %v", subject, err)
	}
	return !refused(t, conn, "Publish to", subject)
}

// until waits for something that must come.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > generous {
			t.Fatalf("%s: not so after %s", what, generous)
		}
	}
}
