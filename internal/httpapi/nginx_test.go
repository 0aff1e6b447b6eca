package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/outside"
)

// nginxBlock is the part of nginx's configuration in docs/operations.md, as it stands there.
func nginxBlock(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var block strings.Builder
	for line := range strings.Lines(string(page)) {
		code, ok := strings.CutPrefix(line, "    ")
		if block.Len() == 0 && !strings.HasPrefix(code, "location /metrics") {
			continue
		}
		if !ok {
			return block.String()
		}
		block.WriteString(code)
	}
	t.Fatal("docs/operations.md has no block for nginx")
	return ""
}

// behindNginx starts nginx before a server at an address (host:port) and returns a client of it. It listens at a socket in the file system: no port
// need be free.
func behindNginx(t *testing.T, address string, change ...string) *http.Client {
	t.Helper()
	program := outside.Program(t, "nginx")
	dir, err := os.MkdirTemp("", "nginx") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	block := nginxBlock(t)
	if !strings.Contains(block, "http://127.0.0.1:8080;") {
		t.Fatalf("the block names no server at 127.0.0.1:8080:\n%s", block)
	}
	block = strings.NewReplacer(append([]string{"127.0.0.1:8080", address}, change...)...).Replace(block)
	socket := filepath.Join(dir, "http")
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := fmt.Sprintf("daemon off;\nmaster_process off;\npid %s;\nerror_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n%s\nserver {\nlisten unix:%s;\n%s}\n}\n",
		filepath.Join(dir, "pid"), temp.String(), socket, block)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-p", dir, "-c", file, "-e", "stderr")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		c, err := dial(t.Context(), "", "")
		if err == nil {
			c.Close()
			break
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("nginx ended: %v\n%s", err, log.Bytes())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not listen: %v", err)
		}
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 90 * time.Second}
}

// large is a batch of 20,000 commands, as large as a batch may be where lines are long.
func large(note int) []byte {
	var body bytes.Buffer
	for i := range 20_000 {
		line := delay(i)
		if note > 0 {
			line = bytes.Replace(line, []byte("ombak"), []byte(strings.Repeat("ombak ", note/6)), 1)
		}
		body.Write(append(line, '\n'))
	}
	return body.Bytes()
}

// through sends a batch through nginx and expects an answer for each of its lines.
func (h *house) through(client *http.Client, body io.Reader, lines int) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "POST", "http://nginx/v1/commands", body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.operator())
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	n := 0
	answers := bufio.NewScanner(resp.Body)
	answers.Buffer(nil, 1<<20)
	for answers.Scan() {
		n++
		if !bytes.Contains(answers.Bytes(), fmt.Appendf(nil, `"line":%d,"result":"accepted_with_discrepancy"`, n)) &&
			!bytes.Contains(answers.Bytes(), fmt.Appendf(nil, `"line":%d,"result":"duplicate"`, n)) {
			h.t.Fatalf("line %d: %s", n, answers.Bytes())
		}
	}
	if n != lines || answers.Err() != nil {
		h.t.Errorf("status %d, %d answers to %d lines: %v", resp.StatusCode, n, lines, answers.Err())
	}
}

// unsized hides how long a body is: it goes out in chunks.
type unsized struct{ io.Reader }

// A batch up to the limit passes nginx as the manual sets it up, whole and in chunks, and with nginx's own buffering: by clients that send everything before
// they read an answer as well.
func TestABatchPassesNginx(t *testing.T) {
	h := newHouse(t)
	address, _ := h.served()
	body := large(0)
	most := large(1300)
	if len(most) < 29<<20 || len(most) > 32<<20 {
		t.Fatalf("the large batch has %d bytes", len(most))
	}
	for name, change := range map[string][]string{
		"as in the manual": nil,
		"stock buffering":  {"proxy_request_buffering off;", "", "proxy_buffering off;", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			client := behindNginx(t, address, change...)
			h.through(client, bytes.NewReader(body), 20_000)
			h.through(client, unsized{bytes.NewReader(body)}, 20_000)
			h.through(client, unsized{bytes.NewReader(most)}, 20_000)
		})
	}
}

// Who sends a line, reads its answer and then sends the next is answered through nginx too.
func TestAConversationPassesNginx(t *testing.T) {
	h := newHouse(t)
	address, _ := h.served()
	client := behindNginx(t, address)
	r, w := io.Pipe()
	defer w.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://nginx/v1/commands", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token(domain.RoleOperator, "3501"))
	req.Header.Set("Content-Type", "application/x-ndjson")
	go w.Write(append(delay(0), '\n'))
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s := &stream{t, w, bufio.NewReader(resp.Body)}
	for i := range 20 {
		if a, ok := s.next(); !ok || a.Line != i+1 || a.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("answer %d: %+v %v", i+1, a, ok)
		}
		go w.Write(append(delay(i+1), '\n'))
	}
	if a, ok := s.next(); !ok || a.Line != 21 {
		t.Fatalf("the last answer: %+v %v", a, ok)
	}
	if err := errors.Join(w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.next(); ok {
		t.Error("an answer to nothing")
	}
}
