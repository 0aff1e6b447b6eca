package people_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/clock"
	"jejak/internal/journal"
	"jejak/internal/people"
)

func open(t *testing.T, dir string, log eventstore.Store, c clock.Clock) *people.Store {
	t.Helper()
	s, err := people.Open(t.Context(), filepath.Join(dir, "people.db"), people.Options{Clock: c, Log: log, Stream: journal.AccountsStream})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAddFindRevokeAndReopen(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, log, clock.System{})
	a, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleOperator, Scope: "3578", Name: "Siti", Phone: "0812"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.Token, "jjk_") || len(a.Token) != 4+43 {
		t.Errorf("token has %d characters", len(a.Token))
	}
	if u, ok := s.ByToken(a.Token); !ok || u.ID != a.ID || !u.Active(time.Now()) {
		t.Errorf("by token: %+v %v", u, ok)
	}
	if _, ok := s.ByToken(a.Token + "x"); ok {
		t.Error("a wrong token is found")
	}
	if _, err := s.Revoke(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revoke(t.Context(), "usr-nobody"); !errors.Is(err, people.ErrUnknown) {
		t.Errorf("revoke nobody: %v", err)
	}
	s.Close()
	s = open(t, dir, log, clock.System{})
	if u, ok := s.ByToken(a.Token); !ok || u.Active(time.Now()) || u.Role != domain.RoleOperator {
		t.Errorf("after reopening: %+v %v", u, ok)
	}

	var types []string
	for rec, err := range log.Read(context.Background(), journal.AccountsStream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, rec.Type)
		if strings.Contains(string(rec.Data), "Siti") || strings.Contains(string(rec.Data), "0812") || strings.Contains(string(rec.Data), a.Token) {
			t.Errorf("a name, a number or a token is in the log: %s", rec.Data)
		}
	}
	if fmt.Sprint(types) != "[account.added account.revoked]" {
		t.Errorf("events %v", types)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), a.Token) {
		t.Error("the token is in people.db")
	}
}

func TestAllThatIsWrongAtOnce(t *testing.T) {
	s := open(t, t.TempDir(), memory.New(), clock.System{})
	past := time.Now().Add(-time.Hour)
	_, err := s.AddMany(t.Context(), []people.NewUser{
		{Role: "king", Scope: "35"},
		{Role: domain.RoleEscort, Scope: "3578"},
		{Role: domain.RoleStation, Scope: "3578", Expires: past},
		{Role: domain.RoleOperator, Scope: "3578"},
		{Role: domain.RoleOperator, Scope: "35.78", ID: "usr-x"},
		{Role: domain.RoleSystem, Scope: "35"},
	})
	var invalid *people.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var got []string
	for _, p := range invalid.Problems {
		got = append(got, fmt.Sprintf("%d %s", p.Index, p.Field))
	}
	if want := "[0 role 1 scope 2 scope 2 expires 4 scope 4 id 5 role]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if s.Count() != 0 {
		t.Errorf("%d users were added", s.Count())
	}
}

func TestSimulatedAccountsComeFromOutside(t *testing.T) {
	c := clock.NewDriven(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	s := open(t, t.TempDir(), memory.New(), c)
	hash := sha256.Sum256([]byte("jjk_seeded"))
	n := people.NewUser{Role: domain.RoleStation, Scope: "3578010001001", ID: "usr-1", TokenSHA256: hex.EncodeToString(hash[:])}
	for range 2 { // a repetition is no error
		a, err := s.Add(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if a.Token != "" || a.ID != "usr-1" {
			t.Errorf("added %+v", a)
		}
	}
	if _, ok := s.ByToken("jjk_seeded"); !ok || s.Count() != 1 {
		t.Errorf("found %v, %d users", ok, s.Count())
	}
	n.Role, n.Scope = domain.RoleOperator, "3578"
	if _, err := s.Add(t.Context(), n); err == nil {
		t.Error("the same id with another role was accepted")
	}
}

func TestManyUsersAndTheirEvents(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, log, clock.System{})
	users := make([]people.NewUser, 2500)
	for i := range users {
		users[i] = people.NewUser{Role: domain.RoleStation, Scope: fmt.Sprintf("3578010001%03d", i%999+1)}
	}
	added, err := s.AddMany(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	inLog := 0
	for rec, err := range log.ReadAll(context.Background(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		var data struct{ Users []struct{ ID string } }
		if err := json.Unmarshal(rec.Data, &data); err != nil {
			t.Fatal(err)
		}
		if len(data.Users) > 1000 {
			t.Errorf("%d users in an event", len(data.Users))
		}
		inLog += len(data.Users)
	}
	if inLog != len(added) || s.Count() != len(users) {
		t.Errorf("%d in the log, %d in memory, %d added", inLog, s.Count(), len(added))
	}
}

func TestChangesWaitForTheLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil, clock.System{})
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAuditor, Scope: "35"}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	log := memory.New()
	open(t, dir, log, clock.System{}).Close()
	open(t, dir, log, clock.System{}).Close()
	if version, _, err := log.StreamHead(t.Context(), journal.AccountsStream); err != nil || version != 1 {
		t.Errorf("stream has %d events, %v", version, err)
	}
}

func TestFirstAdmin(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, memory.New(), clock.System{})
	for range 2 {
		if err := s.EnsureAdmin(t.Context(), dir, "35"); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, people.AdminFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := s.ByToken(strings.TrimSpace(string(text))); !ok || u.Role != domain.RoleAdmin || u.Scope != "35" || s.Count() != 1 {
		t.Errorf("%+v %v", u, ok)
	}
}
