package people_test

import (
	"errors"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore/memory"
	"jejak/internal/clock"
	"jejak/internal/people"
)

func TestTheLastAdminIsNotRevoked(t *testing.T) {
	s := open(t, t.TempDir(), memory.New(), clock.System{})
	first, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: "35"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: "3578"}); err != nil { // gives no accounts for the province
		t.Fatal(err)
	}
	var last *people.LastAdminError
	if _, err := s.Revoke(t.Context(), first.ID); !errors.As(err, &last) || last.Scope != "35" {
		t.Fatalf("revoked: %v", err)
	}
	if u, ok := s.ByToken(first.Token); !ok || !u.Active(time.Now()) {
		t.Fatal("his token is bad all the same")
	}
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: "35"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revoke(t.Context(), first.ID); err != nil {
		t.Errorf("with another admin there: %v", err)
	}
}

func TestNoSimulatorInARealDirectory(t *testing.T) {
	var invalid *people.InvalidError
	s := open(t, t.TempDir(), memory.New(), clock.System{})
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleSimulator, Scope: "35"}); !errors.As(err, &invalid) || invalid.Problems[0].Field != "role" {
		t.Errorf("added: %v", err)
	}
	s = open(t, t.TempDir(), memory.New(), clock.NewDriven(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleSimulator, Scope: "35"}); err != nil {
		t.Error(err)
	}
}
