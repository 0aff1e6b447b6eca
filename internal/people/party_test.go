package people_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore/memory"
	"jejak/internal/clock"
	"jejak/internal/journal"
	"jejak/internal/people"
)

func TestAPartyIsKeptAndTold(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, log, clock.System{})
	a, err := s.Add(t.Context(), people.NewUser{Role: domain.RoleSupplier, Scope: "35", Party: "PT-TEMPRINA"})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, log, clock.System{})
	if u, ok := s.Get(a.ID); !ok || u.Actor().Party != "PT-TEMPRINA" {
		t.Errorf("after reopening: %+v", u)
	}
	if _, _, err := s.Forget(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, dir, log, clock.System{})
	if u, ok := s.Get(a.ID); !ok || u.Party != "PT-TEMPRINA" {
		t.Errorf("forgotten: %+v", u)
	}
	told := 0
	for rec, err := range log.Read(t.Context(), journal.AccountsStream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		var data struct{ Users []struct{ ID, Party string } }
		if err := json.Unmarshal(rec.Data, &data); err != nil || len(data.Users) != 1 || data.Users[0].Party != "PT-TEMPRINA" {
			t.Errorf("%s: %s %v", rec.Type, rec.Data, err)
		}
		told++
	}
	if told != 2 {
		t.Errorf("%d records", told)
	}
}

func TestAPartyThatCannotBe(t *testing.T) {
	s := open(t, t.TempDir(), memory.New(), clock.System{})
	_, err := s.AddMany(t.Context(), []people.NewUser{
		{Role: domain.RoleSupplier, Scope: "35", Party: "PT Temprina"},
		{Role: domain.RoleOperator, Scope: "3578", Party: "PT-TEMPRINA"},
		{Role: domain.RoleCarrier, Scope: "35", Party: "CV-1"},
	})
	var invalid *people.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	got := ""
	for _, p := range invalid.Problems {
		got += fmt.Sprint(p.Index, p.Field, " ")
	}
	if got != "0party 1party " {
		t.Error(got)
	}
}

// The tables as programs made them that knew no parties.
const tablesBefore = `
CREATE TABLE users (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', phone TEXT NOT NULL DEFAULT '',
  token_sha256 BLOB NOT NULL UNIQUE, expires_at TEXT NOT NULL DEFAULT '', revoked_at TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE unrecorded (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE TABLE forgotten (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, at TEXT NOT NULL, scrubbed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;`

func TestAFileWithoutPartiesGoesOn(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	hash, now := sha256.Sum256([]byte("jjk_old")), time.Now().UTC().Format(time.RFC3339Nano)
	for _, do := range []func() error{
		func() error { _, err := db.Exec(tablesBefore); return err },
		func() error {
			_, err := db.Exec(`INSERT INTO users (id, role, scope, token_sha256, created_at) VALUES ('usr-old', 'supplier', '35', ?, ?)`, hash[:], now)
			return err
		},
		func() error {
			_, err := db.Exec(`INSERT INTO forgotten (id, role, scope, at, scrubbed) VALUES ('usr-gone', 'carrier', '3578', ?, 1)`, now)
			return err
		},
		db.Close,
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to add
		s := open(t, dir, memory.New(), clock.System{})
		if u, ok := s.ByToken("jjk_old"); !ok || u.Party != "" || u.Role != domain.RoleSupplier {
			t.Errorf("%+v %v", u, ok)
		}
		if u, ok := s.Get("usr-gone"); !ok || u.Forgotten.IsZero() || u.Party != "" {
			t.Errorf("%+v %v", u, ok)
		}
		s.Close()
	}
}
