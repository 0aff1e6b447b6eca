package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemoOnEventStoreDB plays a demo whose log is on a server in a process of its own, which loses answers and is killed and started again
// all the while. In the end what Jejak says must be what was played.
func TestDemoOnEventStoreDB(t *testing.T) {
	program, err := jejak()
	if err != nil {
		t.Fatal(err)
	}
	wired, err := buildProgram("wired", "../../eventstore/esdb/wired")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listen := "127.0.0.1:0"
	// start returns the connection string, and how to kill the server.
	start := func() (string, func()) {
		cmd := exec.CommandContext(ctx, wired, "--listen", listen, "--file", filepath.Join(dir, "log"), "--json",
			"--answer-lost", "0.02", "--aborted", "0.01", "--unavailable", "0.01", "--reset", "0.01", "--dropped", "0.0002")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		var says struct{ Connection, Address string }
		if err == nil {
			err = json.Unmarshal([]byte(line), &says)
		}
		if err != nil {
			t.Fatalf("wired says %q: %v", line, err)
		}
		listen = says.Address
		return says.Connection, func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it says that it was killed
		}
	}
	connection, kill := start()
	demo := exec.CommandContext(ctx, program, "demo", "--regency", "3576", "--store", connection,
		"--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--exit")
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := demo.CombinedOutput()
		done <- result{out, err}
	}()
	for _, at := range []struct{ acts, bytes int64 }{{400, 0}, {1300, 0}, {2200, 0}, {3300, 0}, {4200, 0}, {0, 50 << 20}, {0, 90 << 20}, {0, 130 << 20}} {
		for reached := false; !reached; {
			select {
			case r := <-done:
				t.Fatalf("the demo was over before %d acts and %d bytes of the log, when the server was to be killed: %v\n%s", at.acts, at.bytes, r.err, r.out)
			case <-time.After(5 * time.Millisecond):
				reached = acts(filepath.Join(dir, "data")) >= at.acts && fileSize(filepath.Join(dir, "log")) >= at.bytes
			}
		}
		kill()
		time.Sleep(500 * time.Millisecond) // an outage
		_, kill = start()
	}
	r := <-done
	verify := exec.CommandContext(ctx, program, "projections", "verify", "--store", connection, "--data", filepath.Join(dir, "data"))
	if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), " 0 differences") {
		t.Errorf("projections verify: %v\n%s", err, out)
	}
	kill()
	if r.err != nil || !strings.Contains(string(r.out), "PASSED") {
		t.Errorf("demo: %v\n%s", r.err, r.out)
	}
}

// fileSize is the size of a file, 0 without one.
func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}
