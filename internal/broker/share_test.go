package broker

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/share"
)

// A person has so many connections; another is let in meanwhile, and he himself again when one has ended.
func TestConnectionsOfAPersonHaveAnEnd(t *testing.T) {
	if maxConnsEach != 16 || maxConns != 4096 || slotsEach != 4 {
		t.Errorf("the table of docs/operations.md says 16 connections each, 4096 in all, and 4 consumers")
	}
	if strangersEach != 256 || strangersAll != 1024 {
		t.Errorf("the table of docs/operations.md says 256 connections without a token of each address, 1024 in all")
	}
	d := openDoor(t)
	one, other := d.user(domain.RoleEscort, "P3578A"), d.another(domain.RoleEscort, "P3578A", "other")
	first := d.connect(one)
	for range maxConnsEach - 1 {
		d.connect(one)
	}
	if conn, err := d.try(one); err == nil {
		conn.Close()
		t.Error("one more was let in")
	}
	if log := d.log.String(); !strings.Contains(log, "reason=too_many_connections") {
		t.Errorf("the security log does not tell:\n%s", log)
	}
	d.connect(other)
	first.Close()
	until(t, "his share is free again", func() bool {
		conn, err := d.try(one)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// A machine that opens connections and says nothing keeps nobody out: the oldest of them make room.
func TestStrangersKeepNobodyOut(t *testing.T) {
	d := openDoor(t)
	someone := d.user(domain.RoleEscort, "P3578A")
	before := d.connect(someone)
	const many = maxConns + 200
	silent := make([]net.Conn, 0, many)
	defer func() {
		for _, conn := range silent {
			conn.Close()
		}
	}()
	for range many {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "nats://"))
		if err != nil {
			t.Fatalf("after %d connections: %v", len(silent), err)
		}
		silent = append(silent, conn)
		if len(silent)%500 == 0 {
			d.connect(someone).Close()
		}
	}
	d.connect(someone)
	// The server tells whom it has waited for too long; who makes room is told nothing.
	if err := silent[0].SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if told, err := io.ReadAll(silent[0]); err != nil || strings.Contains(string(told), "Authentication Timeout") {
		t.Errorf("the oldest did not make room: %q, %v", told, err)
	}
	until(t, "there are only as many as there may be", func() bool { return d.embedded.current().NumClients() <= strangersEach+16 })
	if !before.IsConnected() {
		t.Error("who was let in before was sent away")
	}
	counted := map[string]string{"10.1.2.3": "10.1.2.3", "::ffff:10.1.2.3": "10.1.2.3", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "pipe": "pipe"}
	for address, want := range counted {
		if got := share.Address(address); got != want {
			t.Errorf("%s is counted by %s, want %s", address, got, want)
		}
	}
}
