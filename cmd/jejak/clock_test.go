package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jejak/internal/server"
)

// setMachine is a machine whose clock a test sets while it runs.
type setMachine struct {
	began time.Time
	set   atomic.Int64 // a time.Duration
}

func (m *setMachine) Wall() time.Time        { return time.Now().Round(0).Add(time.Duration(m.set.Load())) }
func (m *setMachine) Running() time.Duration { return time.Since(m.began) }

// TestClockOfARunningServer: the commands find the server that has the directory, show that its clock was set, and have it accepted.
func TestClockOfARunningServer(t *testing.T) {
	dir, machine := filepath.Join(t.TempDir(), "data"), &setMachine{began: time.Now()}
	s, err := server.Open(t.Context(), server.Config{
		Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, NoImport: true, NATS: server.NATS{Off: true}, Machine: machine,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	says := func(command string, want ...string) {
		t.Helper()
		var out bytes.Buffer
		args := append([]string{"clock"}, strings.Fields(command)...)
		code := Run(t.Context(), append(args, "--data", dir), strings.NewReader(""), &out, io.Discard, nil)
		for _, w := range want {
			if code != 0 || !strings.Contains(out.String(), w) {
				t.Errorf("jejak clock %s: code %d, %s, want %q", command, code, &out, w)
			}
		}
	}
	says("show", "clock    believed\n")
	says("accept", "nothing to accept")
	machine.set.Store(int64(800 * 24 * time.Hour))
	says("show", "\nmachine  ", "was set and is not believed")
	says("show --json", `"server":true`, `"believed":false`, `"machine":"`)
	says("accept", "accepted: the server's time was ", " from now on\n")
	says("show", "clock    believed\n")
	machine.set.Store(0)
	says("accept --json", `{"accepted":true,"before":"`, `"start":false}`)
}
