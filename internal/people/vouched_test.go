package people_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/clock"
	"jejak/internal/people"
)

// Whoever can write people.db but not sign the log gains nothing by it: the account lets nobody in, and the reason is told.
func TestAnAccountThatTheLogDoesNotVouchFor(t *testing.T) {
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for name, c := range map[string]struct{ change, reason string }{
		"role":            {`UPDATE users SET role = 'admin' WHERE id = $id`, `its role is "admin", in the log it is "supplier"`},
		"scope":           {`UPDATE users SET scope = '35' WHERE id = $id`, `its scope is "35", in the log it is "3578"`},
		"party":           {`UPDATE users SET party = 'PT-LAIN' WHERE id = $id`, `its party is "PT-LAIN"`},
		"expiry":          {`UPDATE users SET expires_at = '' WHERE id = $id`, `its expiry is ""`},
		"token":           {`UPDATE users SET token_sha256 = randomblob(32) WHERE id = $id`, `its token is not the one`},
		"revoked no more": {`UPDATE users SET revoked_at = '' WHERE id = $revoked`, `the log says that it was revoked`},
		"added":           {`INSERT INTO users (id, role, scope, token_sha256, created_at) VALUES ('usr-new', 'admin', '35', randomblob(32), '')`, `no record of the log`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, log := t.TempDir(), memory.New()
			s := open(t, dir, log, clock.System{})
			honest := add(t, s, people.NewUser{Role: domain.RoleAdmin, Scope: "35"})
			changed := add(t, s, people.NewUser{Role: domain.RoleSupplier, Scope: "3578", Party: "CV-A", Expires: soon})
			revoked := add(t, s, people.NewUser{Role: domain.RoleAdmin, Scope: "35"})
			if _, err := s.Revoke(t.Context(), revoked.ID); err != nil {
				t.Fatal(err)
			}
			if got := s.Suspects(); len(got) > 0 {
				t.Fatalf("nothing was changed: %v", got)
			}
			s.Close()
			byHand(t, dir, strings.NewReplacer("$id", "'"+changed.ID+"'", "$revoked", "'"+revoked.ID+"'").Replace(c.change))

			found, err := people.Check(t.Context(), filepath.Join(dir, "people.db"), log)
			if err != nil || len(found) != 1 || !strings.Contains(found[0].Reason, c.reason) {
				t.Errorf("check: %v, %v", found, err)
			}
			s = open(t, dir, log, clock.System{})
			suspects := s.Suspects()
			if len(suspects) != 1 || !strings.Contains(suspects[0].Reason, c.reason) {
				t.Fatalf("suspects: %v", suspects)
			}
			if u, ok := s.Get(suspects[0].ID); !ok || u.Active(time.Now()) {
				t.Errorf("%+v is still let in", u)
			}
			if u, ok := s.ByToken(honest.Token); !ok || !u.Active(time.Now()) {
				t.Errorf("who was not changed is shut out: %+v", u)
			}
		})
	}
}

// Changes that were made without a server wait in people.db; they are no forgery, before they are recorded and after.
func TestWhatWaitsToBeRecordedIsVouchedFor(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, nil, clock.System{})
	a := add(t, s, people.NewUser{Role: domain.RoleOperator, Scope: "3578"})
	b := add(t, s, people.NewUser{Role: domain.RoleOperator, Scope: "3578"})
	if _, err := s.Revoke(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Forget(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if found, err := people.Check(t.Context(), filepath.Join(dir, "people.db"), log); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	if got := open(t, dir, log, clock.System{}).Suspects(); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// Accounts that an earlier program recorded, in the stream of an election and without a commitment to their tokens, are vouched for by those records.
func TestRecordsOfAnEarlierProgram(t *testing.T) {
	dir, log := t.TempDir(), memory.New()
	s := open(t, dir, nil, clock.System{})
	a := add(t, s, people.NewUser{Role: domain.RoleOperator, Scope: "3578"})
	s.Close()
	byHand(t, dir, `DELETE FROM unrecorded`)
	event := eventstore.Event{ID: uuid.New(), Type: "account.added", Schema: 1, RecordedAt: time.Now(), Metadata: []byte(`{}`),
		Data: []byte(`{"users":[{"id":"` + a.ID + `","role":"operator","scope":"3578"}]}`)}
	if _, err := log.Append(t.Context(), "election-pemilu2024", 0, event); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, log, clock.System{})
	if got := s.Suspects(); len(got) > 0 {
		t.Errorf("%v", got)
	}
	if u, ok := s.ByToken(a.Token); !ok || !u.Active(time.Now()) {
		t.Errorf("%+v", u)
	}
}

func add(t *testing.T, s *people.Store, n people.NewUser) people.Added {
	t.Helper()
	a, err := s.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// byHand changes people.db as somebody would who has the file.
func byHand(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if result, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	} else if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}
