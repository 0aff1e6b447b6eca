package broker

import (
	"testing"

	"jejak/domain"
	"jejak/internal/readlog"
)

// That an auditor listens is kept, as what he reads over HTTP is; an escort is no auditor.
func TestConnectionsOfThoseWhoLookOnAreKept(t *testing.T) {
	d := openDoor(t)
	auditor, escort := d.user(domain.RoleAuditor, "3578"), d.user(domain.RoleEscort, "P3578A")
	d.connect(auditor)
	d.connect(escort)
	if _, err := d.people.Revoke(t.Context(), auditor.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(auditor); err == nil {
		t.Error("a revoked auditor is let in")
	}
	list, err := d.reads.List(t.Context(), readlog.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 || list[0].User != auditor.ID || list[0].Status != 200 || list[1].Status != 403 || list[0].Route != "NATS connect" {
		t.Errorf("kept %+v", list)
	}
	for _, k := range list {
		if k.User != auditor.ID {
			t.Errorf("kept of somebody else: %+v", k)
		}
	}
	if err := d.reads.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(d.another(domain.RoleObserver, "3578", "late")); err == nil {
		t.Error("an observer is let in although it cannot be kept")
	}
}
