// Package people knows who may speak to the server: people.db, tokens, roles and scopes.
//
// A person is a random id everywhere else. Names and telephone numbers are in people.db only and leave it nowhere: not to events, not to
// logs; names stand on the minutes of handoffs alone, which their parties sign. A token is shown once, when it is made; only its SHA-256 is kept.
package people

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the engine behind database/sql's name sqlite3

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/clock"
)

// User is a person, or a machine of somebody, with a role.
type User struct {
	ID      string
	Role    domain.Role
	Scope   string    // region code, or police unit of an escort
	Party   string    // firm that a supplier or carrier works for, "" for none (domain.IsParty)
	Expires time.Time // zero: never
	Revoked time.Time // zero: not
	Created time.Time
	// Forgotten is since when nothing is kept of the person but this; zero: not forgotten. Then Revoked is not zero.
	Forgotten time.Time
	token     [sha256.Size]byte
	// distrust says how the account is not as the signed log has it, "" when it is: then it lets nobody in.
	distrust string
}

// Actor is the user as the domain sees him.
func (u User) Actor() domain.Actor {
	return domain.Actor{ID: u.ID, Role: u.Role, Scope: u.Scope, Party: u.Party}
}

// Active tells whether the user's token is good at a time. That of an account which is not as the log has it never is.
func (u User) Active(now time.Time) bool {
	return u.distrust == "" && u.Revoked.IsZero() && (u.Expires.IsZero() || now.Before(u.Expires))
}

// Options of Open.
type Options struct {
	Clock clock.Clock // of the server: when somebody was added, whether a token has expired
	// Log and Stream are where changes of accounts are recorded, without names and secrets (Stream is journal.AccountsStream in a program). A nil Log
	// records nothing yet: the changes wait in people.db and are recorded when it is next opened with a log.
	Log    eventstore.Store
	Stream string
}

// Store keeps the people of one data directory. It is safe for concurrent use; one process at a time may open a file.
type Store struct {
	db   *sql.DB
	opts Options

	writing sync.Mutex // one change at a time, with its record in the log

	mu      sync.RWMutex
	byID    map[string]*User
	byToken map[[sha256.Size]byte]*User
}

// ErrUnknown: there is no user of this id.
var ErrUnknown = errors.New("there is no such user")

const schema = `
CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL DEFAULT '', phone TEXT NOT NULL DEFAULT '',
  token_sha256 BLOB NOT NULL UNIQUE, expires_at TEXT NOT NULL DEFAULT '', revoked_at TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- What the log must still be told. A row is deleted when it is in the log.
CREATE TABLE IF NOT EXISTS unrecorded (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, type TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
-- Lists that were imported, by a hash of them, so that the same list makes nobody twice.
CREATE TABLE IF NOT EXISTS imports (key TEXT PRIMARY KEY, at TEXT NOT NULL, users INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Ids that stand in the log and whose people were forgotten. scrubbed: what was kept of them is in no byte of the file any more.
CREATE TABLE IF NOT EXISTS forgotten (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, scope TEXT NOT NULL, at TEXT NOT NULL, scrubbed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;`

// Open opens or makes people.db, reads everyone into memory and records in the log what an earlier run could not. The caller closes it.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=secure_delete(on)&_pragma=temp_store(memory)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db, opts: opts, byID: map[string]*User{}, byToken: map[[sha256.Size]byte]*User{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("make its tables: %w", err)
	}
	if err := s.upgrade(ctx); err != nil {
		return fmt.Errorf("add what its tables lack: %w", err)
	}
	if err := s.readUsers(ctx); err != nil {
		return err
	}
	if err := s.openForgotten(ctx); err != nil {
		return err
	}
	if err := s.record(ctx); err != nil {
		return err
	}
	return s.vouch(ctx)
}

// readUsers reads everybody who was not forgotten.
func (s *Store) readUsers(ctx context.Context) error {
	party, err := s.column(ctx, "users", "party")
	if err != nil {
		return err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id, role, scope, `+party+`, token_sha256, expires_at, revoked_at, created_at FROM users`)
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u User
		var token []byte
		var expires, revoked, created string
		if err := rows.Scan(&u.ID, &u.Role, &u.Scope, &u.Party, &token, &expires, &revoked, &created); err != nil {
			return fmt.Errorf("read the users: %w", err)
		}
		if copy(u.token[:], token) != sha256.Size {
			return fmt.Errorf("user %s: hash of the token has %d bytes, not %d", u.ID, len(token), sha256.Size)
		}
		var bad [3]error
		u.Expires, bad[0] = parseTime(expires)
		u.Revoked, bad[1] = parseTime(revoked)
		u.Created, bad[2] = parseTime(created)
		if err := errors.Join(bad[:]...); err != nil {
			return fmt.Errorf("user %s: %w", u.ID, err)
		}
		s.index(&u)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	return nil
}

// upgrade adds the columns that a file of an earlier program lacks. An earlier program goes on reading the file.
func (s *Store) upgrade(ctx context.Context) error {
	for _, table := range []string{"users", "forgotten"} {
		var there int
		err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info(?) WHERE name = 'party'`, table).Scan(&there)
		if err == nil && there == 0 {
			_, err = s.db.ExecContext(ctx, `ALTER TABLE `+table+` ADD COLUMN party TEXT NOT NULL DEFAULT ''`)
		}
		if err != nil {
			return fmt.Errorf("column party of %s: %w", table, err)
		}
	}
	return nil
}

func (s *Store) index(u *User) {
	s.byID[u.ID], s.byToken[u.token] = u, u
}

// Close closes people.db.
func (s *Store) Close() error { return s.db.Close() }

// Count is the number of users, revoked and forgotten ones included.
func (s *Store) Count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.byID)
}

// Hold runs something while nobody's account changes, so that it sees people.db and the log say the same. Those who are there may do what they may.
func (s *Store) Hold(do func() error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return do()
}

// Get finds a user by id.
func (s *Store) Get(id string) (User, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, ok := s.byID[id]
	if !ok {
		return User{}, false
	}
	return *u, true
}

// Name is the name of a person, "" where there is none: nobody gave one, or the person was forgotten. It is not kept in memory.
func (s *Store) Name(ctx context.Context, id string) (string, error) {
	var name string
	err := s.db.QueryRowContext(ctx, `SELECT name FROM users WHERE id = ?`, id).Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the name of %s: %w", id, err)
	}
	return name, nil
}

// ByToken finds the user of a token, whether it is still good or not: ask Active. The lookup is by the token's hash, so its time tells nothing
// of the tokens that exist.
func (s *Store) ByToken(token string) (User, bool) {
	hash := sha256.Sum256([]byte(token))
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, ok := s.byToken[hash]
	if !ok {
		return User{}, false
	}
	return *u, true
}

// Now is the time by which expiry is judged.
func (s *Store) Now() time.Time { return s.opts.Clock.Now() }

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return domain.StoredTime(text)
}
