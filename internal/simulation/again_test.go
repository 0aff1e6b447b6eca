package simulation_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"jejak/internal/server"
	"jejak/internal/simulation"
)

// TestMain is the test program, or a server that a test can kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SIMULATION_TEST_SERVE"); dir != "" {
		if err := serveHere(dir, os.Getenv("SIMULATION_TEST_LISTEN")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveHere(dir, listen string) error {
	s, err := server.Open(context.Background(), server.Config{Dir: dir, Listen: listen, Version: "test", Kind: server.Simulated, NATS: server.NATS{Off: true}, NoImport: os.Getenv("SIMULATION_TEST_IMPORT") == ""})
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	return errors.Join(s.Run(context.Background()), s.Close())
}

// process starts a server of its own on a directory.
func process(t *testing.T, dir, listen string) (url string, cmd *exec.Cmd) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SIMULATION_TEST_SERVE="+dir, "SIMULATION_TEST_LISTEN="+listen)
	if wholeProvince() {
		cmd.Env = append(cmd.Env, "SIMULATION_TEST_IMPORT=yes")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url), cmd
}

// kill ends a process at once, as a power cut would end it.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
}

func TestKilledServerAndAgain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays a regency twice")
	}
	dir := t.TempDir()
	files := reference(t, dir)
	url, cmd := process(t, dir, "127.0.0.1:0")
	t.Cleanup(func() { kill(t, cmd) })
	token, err := os.ReadFile(dir + "/admin.token")
	if err != nil {
		t.Fatal(err)
	}
	c := config(url, strings.TrimSpace(string(token)), dir, files)
	c.Regencies = []string{"3576"}

	// The simulation is cut off a third of the way, and the server killed at two thirds.
	ctx, cut := context.WithCancel(t.Context())
	c.Progress = func(p simulation.Progress) {
		if p.Acts > p.Expected/3 {
			cut()
		}
	}
	if _, err := simulation.Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: %v", err)
	}
	var killed atomic.Bool
	restarted := make(chan *exec.Cmd, 1)
	c.Progress = func(p simulation.Progress) {
		if p.Acts > p.Expected*2/3 && killed.CompareAndSwap(false, true) {
			kill(t, cmd)
			_, again := process(t, dir, strings.TrimPrefix(url, "http://"))
			restarted <- again
		}
	}
	v, err := simulation.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !killed.Load() {
		t.Fatal("the server was never killed")
	}
	cmd = <-restarted
	tell(t, v)

	c.Progress, c.Again = nil, true
	again, err := simulation.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if again.Position != v.Position {
		t.Errorf("sent again, the log grew from %d to %d", v.Position, again.Position)
	}
	if !again.OK {
		tell(t, again)
	}
}
