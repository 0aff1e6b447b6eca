package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/outside"
	"jejak/internal/server"
)

// TestFeedsDiskFull: nothing goes onto the disk of the feed any more. Commands go on; when there is room again the feed has all of them, once and in
// order, without anybody's help.
func TestFeedsDiskFull(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	folder := filepath.Join(dir, "nats")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=32M"); err != nil {
		outside.Lacking(t, "a disk of its own: "+err.Error(), "run it as root")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r := start(t, server.Config{Dir: dir})
	token, err := os.ReadFile(r.s.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	r.stop() // accounts are made beside it
	operator := operatorOf(t, dir)
	r = start(t, server.Config{Dir: dir})
	c, err := client.New(r.s.URL(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	acts := 0
	act := func(n int) {
		t.Helper()
		for range n {
			_, body := report(acts)
			answer, _, err := c.Send(t.Context(), operator, body)
			if err != nil || answer.Result != api.AcceptedWithDiscrepancy {
				t.Fatalf("act %d: %+v %v", acts, answer, err)
			}
			acts++
		}
	}
	metric := func(what string, so func(metrics string) bool) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			_, text := r.get("/metrics")
			if so(text) {
				return
			}
			if time.Since(began) > 2*time.Minute {
				t.Fatalf("never: %s", what)
			}
		}
	}
	published := func(text string) bool { return strings.Contains(text, "\njejak_feed_oldest_seconds 0\n") }
	act(20)
	metric("the feed is published", published)

	full, err := os.Create(filepath.Join(folder, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = full.Write(block)
	}
	for size := len(block) / 2; size > 0; size /= 2 { // to the last byte
		_, _ = full.Write(block[:size])
	}
	_ = full.Close() // it is full
	act(20)
	metric("it is told", func(text string) bool {
		return strings.Contains(text, "\njejak_feed_failures_total{reason=\"broker\"}")
	})
	act(20)
	if status, text := r.get("/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, text)
	}
	if err := os.Remove(full.Name()); err != nil {
		t.Fatal(err)
	}
	act(20)
	metric("the feed has caught up", published)

	conn, err := nats.Connect(r.s.NATS(), nats.UserInfo("admin", strings.TrimSpace(string(token))), nats.CustomInboxPrefix("_INBOX."+r.admin()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), "JEJAK", r.admin())
	if err != nil {
		t.Fatal(err)
	}
	for next := 0; next < acts; {
		msg, err := consumer.Next(jetstream.FetchMaxWait(50 * time.Second))
		if err != nil {
			t.Fatalf("after %d of %d: %v", next, acts, err)
		}
		if strings.Contains(msg.Subject(), ".incident.") {
			if !strings.Contains(string(msg.Data()), fmt.Sprintf(`"SHP-3578-%d"`, next)) {
				t.Fatalf("act %d: %s", next, msg.Data())
			}
			next++
		}
		if err := msg.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

// admin is the id of the first administrator.
func (r *running) admin() string {
	r.t.Helper()
	_, text := r.get("/v1/me")
	_, rest, _ := strings.Cut(text, `"id":"`)
	id, _, ok := strings.Cut(rest, `"`)
	if !ok {
		r.t.Fatalf("no id in %s", text)
	}
	return id
}
