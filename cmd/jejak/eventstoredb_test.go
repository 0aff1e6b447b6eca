package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemoOnEventStoreDB plays a demo whose log is on a server in a process of its own, which loses answers and is killed and started again
// all the while. In the end what Jejak says must be what was played.
func TestDemoOnEventStoreDB(t *testing.T) {
	bin := t.TempDir()
	for name, path := range map[string]string{"jejak": ".", "wired": "../../eventstore/esdb/wired"} {
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, name+exeSuffix), path).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listen := "127.0.0.1:0"
	// start returns the connection string, and how to kill the server.
	start := func() (string, func()) {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, "wired"+exeSuffix), "--listen", listen, "--file", filepath.Join(dir, "log"), "--json",
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
	demo := exec.CommandContext(ctx, filepath.Join(bin, "jejak"+exeSuffix), "demo", "--regency", "3576", "--store", connection,
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
	for kills := 0; ; kills++ {
		select {
		case r := <-done:
			verify := exec.CommandContext(ctx, filepath.Join(bin, "jejak"+exeSuffix), "projections", "verify", "--store", connection, "--data", filepath.Join(dir, "data"))
			if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), " 0 differences") {
				t.Errorf("projections verify: %v\n%s", err, out)
			}
			kill()
			if r.err != nil || !strings.Contains(string(r.out), "PASSED") {
				t.Errorf("demo: %v\n%s", r.err, r.out)
			}
			if kills == 0 {
				t.Error("the demo was over before the server was killed")
			}
			return
		case <-time.After(6 * time.Second):
		}
		kill()
		time.Sleep(500 * time.Millisecond)
		_, kill = start()
	}
}
