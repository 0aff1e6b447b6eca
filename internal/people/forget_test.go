package people_test

import (
	"bytes"
	"database/sql"
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
	"jejak/internal/people"
)

// inFiles names the files of a directory that have a text somewhere in their bytes.
func inFiles(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			names = append(names, filepath.Base(name))
		}
	}
	return names
}

func TestForget(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, log, clock.System{})
	if _, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: "35"}); err != nil {
		t.Fatal(err)
	}
	// Many rows, so that pages are split and rebuilt, and rows on both sides of the one that goes.
	users := make([]people.NewUser, 300)
	for i := range users {
		users[i] = people.NewUser{Role: domain.RoleVillage, Scope: fmt.Sprintf("3578%06d", i), Name: fmt.Sprintf("Orang Ke-%03d", i), Phone: fmt.Sprintf("0812-7777-%03d", i)}
	}
	added, err := s.AddMany(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	gone := added[150]
	if in := inFiles(t, dir, "Orang Ke-150"); len(in) == 0 {
		t.Fatal("the name is nowhere before")
	}
	u, already, err := s.Forget(t.Context(), gone.ID)
	if err != nil || already || u.Forgotten.IsZero() || u.Active(time.Now()) || u.Role != domain.RoleVillage {
		t.Fatalf("%+v, already %v, %v", u, already, err)
	}
	for _, text := range []string{"Orang Ke-150", "0812-7777-150"} {
		if in := inFiles(t, dir, text); len(in) > 0 {
			t.Errorf("%s is still in %v", text, in)
		}
	}
	if in := inFiles(t, dir, "Orang Ke-151"); len(in) == 0 {
		t.Error("another person is gone too")
	}
	if _, ok := s.ByToken(gone.Token); ok {
		t.Error("the token still works")
	}
	if again, already, err := s.Forget(t.Context(), gone.ID); err != nil || !already || !again.Forgotten.Equal(u.Forgotten) {
		t.Errorf("a second time: %+v, already %v, %v", again, already, err)
	}
	if _, _, err := s.Forget(t.Context(), "usr-nobody"); !errors.Is(err, people.ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
	if r, err := s.Revoke(t.Context(), gone.ID); err != nil || r.Forgotten.IsZero() {
		t.Errorf("revoked: %+v, %v", r, err)
	}
	s.Close()
	s = open(t, dir, log, clock.System{})
	if u, ok := s.Get(gone.ID); !ok || u.Forgotten.IsZero() || u.Active(time.Now()) || s.Count() != len(users)+1 {
		t.Errorf("after reopening: %+v %v, %d users", u, ok, s.Count())
	}
	var last eventstore.Record
	n := 0
	for rec, err := range log.ReadAll(t.Context(), 0, eventstore.Filter{Types: []string{"account.forgotten"}}) {
		if err != nil {
			t.Fatal(err)
		}
		last = rec
		n++
	}
	if n != 1 || !strings.Contains(string(last.Data), gone.ID) || strings.Contains(string(last.Data), "Orang") {
		t.Errorf("%d events, the last %s", n, last.Data)
	}
}

// What a run could not scrub, because another program had the file open, the next one does.
func TestForgetBesideAReader(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, memory.New(), clock.System{})
	a, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleVillage, Scope: "3578101001", Name: "Siti Aminah"})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "people.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	tx, err := reader.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM users`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	u, _, err := s.Forget(t.Context(), a.ID)
	if err == nil || u.Forgotten.IsZero() || !strings.Contains(err.Error(), "may still be in the file") {
		t.Errorf("%+v, %v", u, err)
	}
	if _, ok := s.ByToken(a.Token); ok {
		t.Error("the token still works")
	}
	if err := errors.Join(tx.Rollback(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	if _, already, err := s.Forget(t.Context(), a.ID); err != nil || !already {
		t.Errorf("again: already %v, %v", already, err)
	}
	if in := inFiles(t, dir, "Siti Aminah"); len(in) > 0 {
		t.Errorf("the name is still in %v", in)
	}
}

func TestTheLastAdminIsNotForgotten(t *testing.T) {
	s := open(t, t.TempDir(), memory.New(), clock.System{})
	add := func(scope string) string {
		a, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: scope})
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	province, regency := add("35"), add("3578")
	var last *people.LastAdminError
	if _, _, err := s.Forget(t.Context(), province); !errors.As(err, &last) {
		t.Errorf("the province's last: %v", err)
	}
	if _, _, err := s.Forget(t.Context(), regency); err != nil {
		t.Errorf("a regency's, under the province's: %v", err)
	}
	second := add("35")
	if _, _, err := s.Forget(t.Context(), province); err != nil {
		t.Errorf("one of two: %v", err)
	}
	if _, err := s.Revoke(t.Context(), second); !errors.As(err, &last) {
		t.Errorf("the last one's token was made bad: %v", err)
	}
	add("35")
	if _, err := s.Revoke(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Forget(t.Context(), second); err != nil {
		t.Errorf("one whose token is bad: %v", err)
	}
}
