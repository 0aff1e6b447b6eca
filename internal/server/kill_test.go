package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/journal"
	"jejak/internal/people"
	"jejak/internal/server"
)

// TestMain lets the test start itself as a server in a process of its own, which can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("JEJAK_TEST_SERVE"); dir != "" {
		if err := serveUntilStopped(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if args := os.Getenv("JEJAK_TEST_HANG"); args != "" {
		hangIn(strings.Split(args, "|"))
	}
	var err error
	if common, err = os.MkdirTemp("", "jejak-server-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(common) // what is left is in the folder for what is temporary
	os.Exit(code)
}

func serveUntilStopped(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real})
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	return errors.Join(s.Run(ctx), s.Close())
}

// child is a server in a process of its own.
type child struct {
	*exec.Cmd
	url    string
	stderr *strings.Builder
}

func serving(dir string) *child {
	c := &child{Cmd: exec.Command(os.Args[0]), stderr: &strings.Builder{}}
	c.Env = append(os.Environ(), "JEJAK_TEST_SERVE="+dir)
	c.Stderr = c.stderr
	return c
}

// startChild waits until the server says where it answers.
func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := serving(dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v: %s", errors.Join(err, c.Wait()), c.stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	c.url = strings.TrimSpace(line)
	return c
}

const unit = "3578"

// operatorOf makes a data directory with an operator of the unit.
func operatorOf(t *testing.T, dir string) (token string) {
	t.Helper()
	accounts, err := server.OpenAccounts(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	user, err := accounts.Add(t.Context(), people.NewUser{Role: domain.RoleOperator, Scope: unit})
	if err = errors.Join(err, accounts.Close()); err != nil {
		t.Fatal(err)
	}
	return user.Token
}

// report is a command that is always recorded.
func report(n int) (id uuid.UUID, body []byte) {
	id = uuid.Must(uuid.NewV7())
	body, err := json.Marshal(map[string]any{
		"id": id, "type": "incident.raise", "mode": "report", "election": "pemilu2024", "unit": unit,
		"occurred_at": time.Now().Format(time.RFC3339Nano), "device": map[string]any{"id": fmt.Sprint("hp-", n), "seq": 1},
		"data": map[string]any{"kind": "accident", "severity": "low", "units": []string{fmt.Sprint("SHP-3578-", n)}, "note": "ban kempis"},
	})
	if err != nil {
		panic(err)
	}
	return id, body
}

// load is what many clients have sent and what was answered.
type load struct {
	token string
	mu    sync.Mutex
	sent  map[uuid.UUID][]byte
	done  map[uuid.UUID]api.Answer // answered as recorded
}

// run lets clients send one command after another until the server does not answer any more; enough is called at every answer.
func (l *load) run(t *testing.T, url string, clients int, answered func(total int)) {
	t.Helper()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c, err := client.New(url, client.Options{Patience: -1})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for {
				l.mu.Lock()
				id, body := report(len(l.sent))
				l.sent[id] = body
				l.mu.Unlock()
				answer, _, err := c.Send(context.Background(), l.token, body)
				if err != nil || answer.Status == 503 || answer.Result == api.Error && answer.Errors[0].Rule == "server_closing" {
					return // It is stopping, or gone.
				}
				if answer.Result != api.AcceptedWithDiscrepancy {
					t.Errorf("answer %+v", answer)
					return
				}
				l.mu.Lock()
				l.done[id] = answer
				n := len(l.done)
				l.mu.Unlock()
				answered(n)
			}
		})
	}
	wg.Wait()
}

// recorded is how often each command is in the log of a directory that nobody serves; the log is verified as well.
func recorded(t *testing.T, dir string) map[uuid.UUID]int {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, server.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	commands := map[uuid.UUID]int{}
	for rec, err := range store.ReadAll(t.Context(), 0, eventstore.Filter{StreamPrefix: "ledger-pemilu2024." + unit}) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := journal.ReadMetadata(&rec)
		if err != nil {
			t.Fatal(err)
		}
		if m.CommandSHA256 != "" {
			commands[m.CommandID]++
		}
	}
	return commands
}

// TestKilledUnderLoad: a server that is killed while many clients send has lost nothing that it answered; sent again, each command is there once.
func TestKilledUnderLoad(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	l := &load{token: operatorOf(t, dir), sent: map[uuid.UUID][]byte{}, done: map[uuid.UUID]api.Answer{}}
	for round := range rounds {
		c := startChild(t, dir)
		until := len(l.done) + 200 + rand.IntN(800)
		l.run(t, c.url, 32, func(total int) {
			if total == until {
				if err := c.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		})
		if err := c.Wait(); c.ProcessState.Exited() {
			t.Fatalf("the server ended by itself: %v: %s", err, c.stderr)
		}
		log := recorded(t, dir)
		for id := range l.done {
			if log[id] != 1 {
				t.Errorf("round %d: answered command %s is %d times in the log", round, id, log[id])
			}
		}
		t.Logf("round %d: %d sent, %d answered, %d recorded", round, len(l.sent), len(l.done), len(log)-1)
	}
	c := startChild(t, dir)
	again, err := client.New(c.url, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, body := range l.sent {
		first, answered := l.done[id]
		answer, _, err := again.Send(t.Context(), l.token, body)
		if err != nil {
			t.Fatal(err)
		}
		if answered && (answer.Result != api.Duplicate || answer.Position < first.Position) {
			t.Errorf("%s was answered %+v, and sent again %+v", id, first, answer)
		}
	}
	stop(t, c)
	log := recorded(t, dir)
	for id := range l.sent {
		if log[id] != 1 {
			t.Errorf("command %s is %d times in the log", id, log[id])
		}
	}
	if len(log) != len(l.sent)+1 { // and the adoption
		t.Errorf("%d commands in the log, %d sent", len(log), len(l.sent))
	}
}

// stop stops a server in order.
func stop(t *testing.T, c *child) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("stop the server: %v: %s", err, c.stderr)
	}
}

// TestStoppedUnderLoad: a server that is told to stop answers everything that it records.
func TestStoppedUnderLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	l := &load{token: operatorOf(t, dir), sent: map[uuid.UUID][]byte{}, done: map[uuid.UUID]api.Answer{}}
	c := startChild(t, dir)
	l.run(t, c.url, 32, func(total int) {
		if total == 500 {
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	})
	if err := c.Wait(); err != nil {
		t.Errorf("the server: %v: %s", err, c.stderr)
	}
	log := recorded(t, dir)
	delete(log, uuid.Nil)
	unanswered := 0
	for id, n := range log {
		if _, sent := l.sent[id]; !sent {
			continue // the adoption
		}
		if _, answered := l.done[id]; !answered {
			unanswered++
		}
		if n != 1 {
			t.Errorf("command %s is %d times in the log", id, n)
		}
	}
	for id := range l.done {
		if log[id] != 1 {
			t.Errorf("answered command %s is %d times in the log", id, log[id])
		}
	}
	if unanswered > 0 {
		t.Errorf("%d commands were recorded but not answered", unanswered)
	}
	if _, err := os.Stat(filepath.Join(dir, server.ServingFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", server.ServingFile, err)
	}
}

// TestSecondProcessIsRefused, and told who has the directory.
func TestSecondProcessIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	first := startChild(t, dir)
	second := serving(dir)
	if err := second.Run(); err == nil || !strings.Contains(second.stderr.String(), fmt.Sprint(first.Process.Pid)) {
		t.Errorf("second server: %v, %q: it does not name process %d", err, second.stderr, first.Process.Pid)
	}
	stop(t, first)
	stop(t, startChild(t, dir))
}
