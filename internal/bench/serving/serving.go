// Package serving runs the real program, `jejak serve`, in a process of its own for those who measure it whole.
package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"jejak/internal/api"
	"jejak/internal/server"
)

// Patience is how long a start, or a wait for the server, may take at most.
const Patience = 2 * time.Minute

// Build builds the program into a directory and names it. It belongs to the module beside this one.
func Build(ctx context.Context, dir string) (program string, err error) {
	above, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "jejak").Output()
	if err != nil {
		return "", fmt.Errorf("build jejak: find its module (run this in internal/bench): %w", err)
	}
	program = filepath.Join(dir, "jejak")
	build := exec.CommandContext(ctx, "go", "-C", strings.TrimSpace(string(above)), "build", "-trimpath", "-o", program, "./cmd/jejak")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build jejak: %w: %s", err, out)
	}
	return program, nil
}

// Server is a server in a process of its own.
type Server struct {
	URL, NATS string
	Token     string // of its admin
	PID       int
	Began     time.Time
	Stop      func() error
}

// Start starts a server on a data directory, with more flags, and waits until it answers. The caller stops it.
func Start(ctx context.Context, program, data string, flags ...string) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, append([]string{"serve", "--data", data, "--listen", address, "--nats-listen", "127.0.0.1:0"}, flags...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	s := &Server{URL: "http://" + address, Began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.PID = cmd.Process.Pid
	s.Stop = func() error {
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			return fmt.Errorf("%w: %s", err, log.Bytes())
		}
		return nil
	}
	_, err = Until(ctx, http.MethodGet, s.URL+"/readyz", "", nil)
	var token []byte
	var at server.Serving
	if err == nil {
		at, _, err = server.FindServing(data)
	}
	if err == nil {
		token, err = os.ReadFile(filepath.Join(data, "admin.token"))
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	s.NATS = at.NATS
	s.Token = strings.TrimSpace(string(token))
	return s, nil
}

// Clock is the time that the server's driven clock shows, and whether all that follows from it and from the log is done.
func (s *Server) Clock(ctx context.Context) (now string, settled bool, err error) {
	text, err := Until(ctx, http.MethodGet, s.URL+"/v1/clock", s.Token, nil)
	if err != nil {
		return "", false, fmt.Errorf("read the driven clock: %w", err)
	}
	var clock api.Clock
	if err := json.Unmarshal(text, &clock); err != nil {
		return "", false, fmt.Errorf("read the driven clock: %w", err)
	}
	return clock.Now, clock.Settled != nil && *clock.Settled, nil
}

// Settle waits until the server has done what a start leaves to be done.
func (s *Server) Settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for {
		_, settled, err := s.Clock(ctx)
		if err != nil || settled {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server to settle: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Accident is a command that needs nothing to have happened before it.
func Accident(unit, now string) ([]byte, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"id":%q,"type":"incident.raise","mode":"request","election":"pemilu2024","unit":%q,"occurred_at":%q,`+
		`"data":{"kind":"accident","severity":"low","units":["SHP-%s-L1-0001"],"note":"Ban pecah"}}`, id, unit, now, unit), nil
}

// Until asks until the answer is a success. What will not become one ends it.
func Until(ctx context.Context, method, url, token string, body []byte) ([]byte, error) {
	for {
		answer, status, err := Ask(ctx, method, url, token, body)
		switch {
		case err == nil && status == http.StatusOK:
			return answer, nil
		case err == nil && status != http.StatusServiceUnavailable:
			return nil, fmt.Errorf("%s %s: status %d: %s", method, url, status, answer)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s: no success in time: %w", method, url, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Ask asks once. The body is JSON.
func Ask(ctx context.Context, method, url, token string, body []byte) (answer []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return answer, resp.StatusCode, err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Regencies is how many there are.
const Regencies = 38

// Regency is the k-th of the 29 regencies and 9 cities of East Java, over and over.
func Regency(k int) string {
	if k %= Regencies; k < 29 {
		return fmt.Sprintf("35%02d", k+1)
	}
	return fmt.Sprintf("35%02d", k+42)
}
