package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"jejak/internal/broker/brokertest"
)

// does runs a command that must succeed, and reads its JSON.
func does(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := Run(t.Context(), args, strings.NewReader(""), &out, &errs, nil); code != 0 {
		t.Fatalf("jejak %s: exit code %d: %s", strings.Join(args, " "), code, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("jejak %s: %v: %s", strings.Join(args, " "), err, out.String())
	}
}

// lockedLog is what a server that runs beside the test has said.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestServeOnANATSServer goes the way of docs/operations.md: keys, a real NATS server with deploy/nats.conf, jejak serve on it. An escort hears his own area
// and no other, the province hears what is recorded, and who is revoked is cut off.
func TestServeOnANATSServer(t *testing.T) {
	dir := t.TempDir()
	keys, data := filepath.Join(dir, "keys"), filepath.Join(dir, "data")
	var public map[string]string
	does(t, &public, "feed", "keys", keys, "--json")
	n := brokertest.New(t, "nats1", "-c", "../../deploy/nats.conf", "-m", "-1")
	for name, key := range public {
		n.Env = append(n.Env, name+"="+key)
	}
	n.Start()

	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	var log lockedLog
	go func() {
		ended <- Run(ctx, []string{
			"serve", "--data", data, "--listen", "127.0.0.1:0", "--json", "--nats", n.URL(), "--nats-creds", filepath.Join(keys, "nats-user.seed"),
			"--nats-system-creds", filepath.Join(keys, "nats-system.seed"), "--nats-issuer", filepath.Join(keys, "nats-issuer.seed"), "--nats-max-bytes", "64MiB", "--nats-max-age", "2d",
		}, strings.NewReader(""), in, &log, nil)
		_ = in.Close() // there is nothing more to read
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d:\n%s", code, log.String())
		}
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // it ends with the server
	var places struct{ HTTP, NATS string }
	if err := json.Unmarshal(line, &places); err != nil || places.NATS != n.URL() {
		t.Fatalf("%s: %v", line, err)
	}

	person := func(role, scope string) (id, token string) {
		var user struct{ ID, Token string }
		does(t, &user, "user", "add", "--data", data, "--role", role, "--scope", scope, "--json")
		return user.ID, user.Token
	}
	connect := func(id, token string, opts ...nats.Option) *nats.Conn {
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) { // the stream must be there first
			conn, err := nats.Connect(n.URL(), append(opts, nats.UserInfo(id, token), nats.CustomInboxPrefix("_INBOX."+id), nats.NoReconnect(),
				nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...)
			if err == nil {
				t.Cleanup(conn.Close)
				return conn
			}
			if time.Since(began) > brokertest.Generous {
				t.Fatalf("%s is not let in: %v\n%s", id, err, log.String())
			}
		}
	}
	escort, escortToken := person("escort", "P3578A")
	province, provinceToken := person("province", "35")
	_, operatorToken := person("operator", "3578")
	cut := make(chan struct{})
	road, office := connect(escort, escortToken, nats.ClosedHandler(func(*nats.Conn) { close(cut) })), connect(province, provinceToken)
	all, err := office.SubscribeSync("jejak.>")
	if err == nil {
		err = office.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	for subject, may := range map[string]bool{"jejak.*.P3578A.>": true, "jejak.*.P3578B.>": false, "jejak.*.3578.>": false, "jejak.>": false, "$KV.jejak_status.>": false, "$SYS.>": false} {
		_, err := road.SubscribeSync(subject)
		if err == nil {
			err = road.Flush()
		}
		refused := road.LastError() != nil && strings.Contains(road.LastError().Error(), `"`+subject+`"`)
		if err != nil || refused == may {
			t.Errorf("an escort at %s: %v, refused %v", subject, err, refused)
		}
	}

	body := fmt.Sprintf(`{"id":%q,"type":"need.calculate","mode":"request","election":"pemilu2024","unit":"3578","occurred_at":%q,"data":{}}`,
		uuid.Must(uuid.NewV7()), time.Now().Format(time.RFC3339))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, places.HTTP+"/v1/commands", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || !strings.Contains(string(answer), `"accepted`) {
		t.Fatalf("%s %v", answer, err)
	}
	if msg, err := all.NextMsg(brokertest.Generous); err != nil || !strings.HasPrefix(msg.Subject, "jejak.pemilu2024.3578.") {
		t.Errorf("the province hears %+v, %v", msg, err)
	}

	var revoked any
	does(t, &revoked, "user", "revoke", escort, "--data", data, "--json")
	select {
	case <-cut:
	case <-time.After(brokertest.Generous):
		t.Errorf("the revoked escort is not cut off:\n%s", log.String())
	}
	for began := time.Now(); !strings.Contains(log.String(), "connections cut"); time.Sleep(10 * time.Millisecond) { // and not at the end of his rights
		if time.Since(began) > brokertest.Generous {
			t.Fatalf("the log does not say who cut him:\n%s", log.String())
		}
	}
	if strings.Contains(log.String()+n.Said(), escortToken) {
		t.Error("a log has a token")
	}
	for _, name := range []string{"nats-user.seed", "nats-system.seed", "nats-issuer.seed"} {
		seed, err := os.ReadFile(filepath.Join(keys, name))
		if err != nil || strings.Contains(log.String()+n.Said(), strings.TrimSpace(string(seed))) {
			t.Errorf("a log has %s: %v", name, err)
		}
	}
}
