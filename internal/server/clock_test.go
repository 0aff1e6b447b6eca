package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/command"
	"jejak/internal/server"
)

// setClock is a machine whose clock a test sets while it runs.
type setClock struct {
	began time.Time
	mu    sync.Mutex
	set   time.Duration
}

func (m *setClock) Wall() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Round(0).Add(m.set)
}

func (m *setClock) Running() time.Duration { return time.Since(m.began) }

func (m *setClock) by(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set = d
}

// TestServersClockIsSet: a clock that is set by years while the server runs stops commands and nothing else, until it is right again; no record bears its time.
// At a start it is taken, and told.
func TestServersClockIsSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	machine := &setClock{began: time.Now()}
	r := start(t, server.Config{Dir: dir, Machine: machine})
	accepted := func(n int) {
		t.Helper()
		if status, answer := r.send("3578", n); status != http.StatusOK {
			t.Fatalf("command %d: %d %+v", n, status, answer)
		}
	}
	accepted(1)
	for i, years := range []int{3, -30} {
		machine.by(time.Duration(years) * 365 * 24 * time.Hour)
		status, answer := r.send("3578", 10+i)
		if status != http.StatusServiceUnavailable || len(answer.Errors) != 1 || answer.Errors[0].Rule != command.RuleServerClock.ID || answer.Errors[0].Remedy == "" {
			t.Errorf("%d years: %d %+v", years, status, answer)
		}
		if status, body := r.get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"warnings":[`) || !strings.Contains(body, "was set by") {
			t.Errorf("%d years: /readyz %d %s", years, status, body)
		}
		if _, metrics := r.get("/metrics"); strings.Contains(metrics, "\njejak_clock_step_seconds 0\n") || !strings.Contains(metrics, "\njejak_clock_step_seconds ") {
			t.Errorf("%d years: the metric does not say so", years)
		}
		if status, body := r.get("/v1/elections/pemilu2024/regencies/3578"); status != http.StatusOK {
			t.Errorf("%d years: a read is %d %s", years, status, body)
		}
		machine.by(time.Hour) // nearly right is right
		accepted(20 + i)
		if _, body := r.get("/readyz"); strings.Contains(body, "was set by") {
			t.Errorf("still told: %s", body)
		}
		machine.by(0)
	}
	r.stop()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, server.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Since(rec.RecordedAt).Abs(); off > 24*time.Hour && strings.HasPrefix(rec.Stream, "ledger-") && strings.HasPrefix(rec.Type, "incident.") {
			t.Errorf("%s version %d was recorded at %s", rec.Stream, rec.Version, rec.RecordedAt)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{30, -1} {
		later := &setClock{began: time.Now(), set: time.Duration(days) * 24 * time.Hour}
		r = start(t, server.Config{Dir: dir, Machine: later})
		if _, body := r.get("/readyz"); !strings.Contains(body, "at the start the clock was") {
			t.Errorf("%d days: nothing is told: %s", days, body)
		}
		if status, answer := r.send("3573", 30+days); status != http.StatusOK {
			t.Errorf("%d days: %d %+v", days, status, answer)
		}
		r.stop()
	}
}
