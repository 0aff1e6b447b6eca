package main

import (
	"context"
	"strings"
	"testing"

	"jejak/internal/server"
)

// What uses a server that stops by itself ends with it, and says why once.
func TestServerThatStopsByItself(t *testing.T) {
	dir := t.TempDir()
	s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Simulated, NoImport: true})
	if err != nil {
		t.Fatal(err)
	}
	h := run(t.Context(), s)
	ctx, cancel := h.with(t.Context())
	defer cancel()
	if err := h.failed(); err != nil {
		t.Fatalf("it runs: %v", err)
	}
	if err := s.Close(); err != nil { // its address is gone
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := h.failed(); err == nil || !strings.Contains(err.Error(), "the server stopped by itself") || !strings.Contains(err.Error(), "serve HTTP on 127.0.0.1:") {
		t.Errorf("failed: %v", err)
	}
	if err := h.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// A server goes on when the context that it was started with ends: those who use it stop first.
func TestServerStopsLast(t *testing.T) {
	s, err := server.Open(t.Context(), server.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", Kind: server.Simulated, NoImport: true})
	if err != nil {
		t.Fatal(err)
	}
	started, cancel := context.WithCancel(t.Context())
	h := run(started, s)
	use, stop := h.with(started)
	defer stop()
	cancel()
	<-use.Done()
	if err := h.failed(); err != nil {
		t.Error(err)
	}
	if err := h.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
