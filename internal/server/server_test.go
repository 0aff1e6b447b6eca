package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jejak/eventstore/lock"
	"jejak/internal/people"
	"jejak/internal/server"
)

// running is a server that a test has started.
type running struct {
	t    *testing.T
	s    *server.Server
	stop func()
}

// start opens and runs a server of dir until stop, or the end of the test.
func start(t *testing.T, cfg server.Config) *running {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Kind == "" {
		cfg.Kind = server.Real
	}
	s, err := server.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open the server: %v", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	r := &running{t: t, s: s, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	}}
	t.Cleanup(r.stop)
	return r
}

// get reads a path with the admin's token.
func (r *running) get(path string) (int, string) {
	r.t.Helper()
	token, err := os.ReadFile(r.s.TokenFile())
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.s.URL()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestFreshDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := start(t, server.Config{Dir: dir})
	status, body := r.get("/v1/elections")
	if status != http.StatusOK || !strings.Contains(body, "pemilu2024") || !strings.Contains(body, "pilkada2024") {
		t.Fatalf("elections: %d %s", status, body)
	}
	status, body = r.get("/v1/elections/pemilu2024/regencies")
	var rows []json.RawMessage
	if err := json.Unmarshal([]byte(body), &rows); status != http.StatusOK || err != nil || len(rows) != 38 {
		t.Fatalf("regencies: %d %v, %d rows: %.300s", status, err, len(rows), body)
	}
	for _, name := range []string{server.EventsFile, server.PeopleFile, server.ServingFile, people.AdminFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == people.AdminFile || name == server.ServingFile {
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("%s has mode %o", name, mode)
			}
		}
	}
	_, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real})
	var held *lock.HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Errorf("second server: %v", err)
	}
	_, before := r.get("/v1/events?after=0")
	r.stop()
	if _, err := os.Stat(filepath.Join(dir, server.ServingFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s after the stop: %v", server.ServingFile, err)
	}
	r = start(t, server.Config{Dir: dir})
	if _, after := r.get("/v1/events?after=0"); after != before {
		t.Errorf("a restart changed the log: %d bytes, then %d", len(before), len(after))
	}
}
