package server_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"jejak/internal/broker"
	"jejak/internal/server"
)

func TestNATSBesideHTTP(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := start(t, server.Config{Dir: dir, NoImport: true})
	serving, found, err := server.FindServing(dir)
	if err != nil || !found || serving.NATS != r.s.NATS() || !strings.HasPrefix(serving.NATS, "nats://127.0.0.1:") {
		t.Errorf("%+v %v %v", serving, found, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "nats")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the feed: %v %v", info, err)
	}
	if conn, err := nats.Connect(serving.NATS, nats.UserInfo("x", "wrong")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a wrong token: %v %v", conn, err)
	}
	r.stop()
	if conn, err := nats.Connect(serving.NATS); err == nil {
		conn.Close()
		t.Error("NATS goes on after the stop")
	}
	off := start(t, server.Config{Dir: dir, NoImport: true, NATS: server.NATS{Off: true}})
	if off.s.NATS() != "" {
		t.Errorf("off: %q", off.s.NATS())
	}
	off.stop()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, NoImport: true, NATS: server.NATS{Listen: taken.Addr().String()}})
	var address *broker.AddressError
	if !errors.As(err, &address) || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken address: %v", err)
	}
}
