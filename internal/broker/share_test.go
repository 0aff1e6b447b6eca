package broker

import (
	"strings"
	"testing"

	"jejak/domain"
)

// A person has so many connections; another is let in meanwhile, and he himself again when one has ended.
func TestConnectionsOfAPersonHaveAnEnd(t *testing.T) {
	if maxConnsEach != 16 || maxConns != 4096 || slotsEach != 4 {
		t.Errorf("the table of docs/operations.md says 16 connections each, 4096 in all, and 4 consumers")
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
