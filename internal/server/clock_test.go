package server_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/client"
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
// A usual gap at a start is told.
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
	r = start(t, server.Config{Dir: dir, Machine: aheadBy(30 * day)})
	if _, body := r.get("/readyz"); !strings.Contains(body, "at the start the clock was") {
		t.Errorf("a gap of 30 days is not told: %s", body)
	}
	if status, answer := r.send("3573", 30); status != http.StatusOK {
		t.Errorf("a gap of 30 days: %d %+v", status, answer)
	}
}

const day = 24 * time.Hour

// aheadBy is a machine whose clock is ahead of this one's.
func aheadBy(d time.Duration) *setClock { return &setClock{began: time.Now(), set: d} }

// TestAcceptedClock: a step is taken when the admin says so, and then commands are too. While the newest record bears a time to come, that is told.
func TestAcceptedClock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	machine, log := &setClock{began: time.Now()}, &logged{}
	r := start(t, server.Config{Dir: dir, Machine: machine, Log: slog.New(slog.NewTextHandler(log, nil))})
	c, token := r.client()
	ask := func() api.ClockAccepted {
		t.Helper()
		done, err := c.AcceptClock(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if done := ask(); done.Accepted {
		t.Errorf("nothing was to be accepted: %+v", done)
	}
	machine.by(800 * day)
	if state, err := c.ClockState(t.Context(), token); err != nil || state.Machine == "" {
		t.Errorf("the clock does not say that it is not believed: %+v %v", state, err)
	}
	if status, _ := r.send("3578", 1); status != http.StatusServiceUnavailable {
		t.Errorf("before the word: %d", status)
	}
	done := ask()
	before, now := when(t, done.Before), when(t, done.Now)
	if gone := now.Sub(before); !done.Accepted || gone < 799*day || gone > 801*day {
		t.Errorf("accepted: %+v", done)
	}
	if !strings.Contains(log.String(), "clock accepted") || !strings.Contains(log.String(), "log=security") {
		t.Errorf("the security log does not have it: %s", log)
	}
	if status, answer := r.send("3578", 2); status != http.StatusOK {
		t.Errorf("after the word: %d %+v", status, answer)
	}
	if _, body := r.get("/readyz"); strings.Contains(body, "was set by") || strings.Contains(body, "before the newest record") {
		t.Errorf("still told: %s", body)
	}

	machine.by(0) // it was wrong after all
	if status, _ := r.send("3578", 3); status != http.StatusServiceUnavailable {
		t.Errorf("back again, before the word: %d", status)
	}
	if !ask().Accepted {
		t.Error("the way back is not accepted")
	}
	if status, answer := r.send("3573", 4); status != http.StatusOK {
		t.Errorf("back again: %d %+v", status, answer)
	}
	// Another unit's record stands behind it in the log.
	if _, body := r.get("/readyz"); !strings.Contains(body, "before the newest record of the log") {
		t.Errorf("a record of a time to come is not told: %s", body)
	}
	machine.by(800 * day)
	ask()
	if _, body := r.get("/readyz"); strings.Contains(body, "before the newest record of the log") {
		t.Errorf("told after the clock has reached it: %s", body)
	}
}

// client asks the server as its admin.
func (r *running) client() (c *client.Client, token string) {
	r.t.Helper()
	text, err := os.ReadFile(r.s.TokenFile())
	if err == nil {
		c, err = client.New(r.s.URL(), client.Options{})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c, strings.TrimSpace(string(text))
}

// logged is a log that a test reads while the server writes it.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// when reads a time of an answer.
func when(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestImplausibleClockAtTheStart: a server does not start by a clock that is before the newest record or more than 400 days after it, whatever brought the
// clock there, until it has a word for this record and this time; the word holds once.
func TestImplausibleClockAtTheStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	began := time.Now()
	opens := func(by time.Duration) error {
		s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, NoImport: true, Machine: aheadBy(by)})
		if err != nil {
			return err
		}
		return s.Close()
	}
	refused := func(by time.Duration, when string) {
		t.Helper()
		err := opens(by)
		var implausible *server.ImplausibleClockError
		if !errors.As(err, &implausible) || !strings.Contains(err.Error(), "jejak clock accept --data "+dir) {
			t.Errorf("%s %s: %v", by, when, err)
		}
	}
	for _, by := range []time.Duration{0, 399 * day} {
		if err := opens(by); err != nil {
			t.Fatalf("%s: %v", by, err)
		}
		if _, accepted, err := server.AcceptClock(t.Context(), dir, "", began.Add(by)); accepted || err != nil {
			t.Errorf("%s: accepted %t, %v", by, accepted, err)
		}
	}
	for _, by := range []time.Duration{401 * day, -time.Hour} {
		refused(by, "without a word")
		give := func() {
			t.Helper()
			look, accepted, err := server.AcceptClock(t.Context(), dir, "", time.Now().Add(by))
			if !accepted || !look.Word || err != nil {
				t.Fatalf("%s: %+v %t %v", by, look, accepted, err)
			}
		}
		give()
		refused(by+2*time.Hour*time.Duration(sign(by)), "by another time than the word's")
		give()
		if err := opens(by); err != nil {
			t.Errorf("%s with a word: %v", by, err)
		}
		refused(by, "with a word that is used up")
	}
	// A word for another log than there is now is none.
	if _, accepted, err := server.AcceptClock(t.Context(), dir, "", time.Now().Add(401*day)); !accepted || err != nil {
		t.Fatal(accepted, err)
	}
	r := start(t, server.Config{Dir: dir})
	if status, answer := r.send("3578", 1); status != http.StatusOK {
		t.Fatal(status, answer)
	}
	r.stop()
	refused(401*day, "with a word for the log as it was")
}

func sign(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return 1
}

// TestClocksThatNothingIsHeldAgainst: a new directory has no record, and a simulation a clock of its own.
func TestClocksThatNothingIsHeldAgainst(t *testing.T) {
	for _, kind := range []server.Kind{server.Real, server.Simulated} {
		dir := filepath.Join(t.TempDir(), "data")
		s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: kind, Machine: aheadBy(-9000 * day)})
		if err != nil {
			t.Fatalf("%s, new: %v", kind, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		look, err := server.LookAtClock(t.Context(), dir, "", time.Now())
		if err != nil || look.Refused != (kind == server.Real) || look.Simulated != (kind == server.Simulated) {
			t.Errorf("%s: %+v %v", kind, look, err)
		}
	}
}
