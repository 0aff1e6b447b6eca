package people

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jejak/eventstore"
	"jejak/internal/journal"
)

// The types of the records about accounts.
const (
	typeAdded     = "account.added"
	typeRevoked   = "account.revoked"
	typeForgotten = "account.forgotten"
)

// Suspect is an account of people.db that is not as the signed log has it: somebody has changed the file and not through the program. It lets nobody in.
type Suspect struct {
	ID     string
	Reason string
}

func (s Suspect) String() string { return "account " + s.ID + " of people.db: " + s.Reason }

// Suspects are the accounts that let nobody in because the log does not vouch for them, in the order of their ids.
func (s *Store) Suspects() []Suspect {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return suspectsOf(s.byID)
}

func suspectsOf(users map[string]*User) []Suspect {
	var all []Suspect
	for id, u := range users {
		if u.distrust != "" {
			all = append(all, Suspect{id, u.distrust})
		}
	}
	slices.SortFunc(all, func(a, b Suspect) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// recorded is an account as the log has it.
type recorded struct {
	account
	revoked, forgotten bool
	twice              bool // added again as something else
}

// history is every account of the log, by id.
type history map[string]*recorded

// commitment stands in the log for a token: a hash of the hash in people.db, so that who puts another hash there is found. It opens nothing.
func commitment(token [sha256.Size]byte) string {
	sum := sha256.Sum256(token[:])
	return hex.EncodeToString(sum[:])
}

// readHistory reads all that the log says of accounts. They stand in the stream of accounts, and those of earlier programs in that of an election.
func readHistory(ctx context.Context, log eventstore.Store) (history, error) {
	h := history{}
	filter := eventstore.Filter{StreamPrefix: journal.ElectionPrefix, Types: []string{typeAdded, typeRevoked, typeForgotten}}
	for rec, err := range log.ReadAll(ctx, 0, filter) {
		if err != nil {
			return nil, fmt.Errorf("read the accounts in the log: %w", err)
		}
		if err := h.take(rec.Type, rec.Data); err != nil {
			return nil, fmt.Errorf("read the accounts in the log: %s version %d: %w", rec.Stream, rec.Version, err)
		}
	}
	return h, nil
}

// take folds one record.
func (h history) take(eventType string, data []byte) error {
	var told accounts
	if err := json.Unmarshal(data, &told); err != nil {
		return fmt.Errorf("%s: %w", eventType, err)
	}
	for _, a := range told.Users {
		old := h[a.ID]
		switch {
		case eventType == typeAdded && old == nil:
			h[a.ID] = &recorded{account: a}
		case eventType == typeAdded:
			old.twice = old.twice || old.account != a
		case old == nil: // an account that was added before accounts were recorded
			h[a.ID] = &recorded{account: a, revoked: true, forgotten: eventType == typeForgotten}
		default:
			old.revoked = true
			old.forgotten = old.forgotten || eventType == typeForgotten
		}
	}
	return nil
}

// differs says how an account is not as the log has it, "" when it is.
func (h history) differs(u *User) string {
	was := h[u.ID]
	if was == nil {
		return "no record of the log says that it was added"
	}
	var found []string
	say := func(what, is, want string) {
		if is != want {
			found = append(found, fmt.Sprintf("its %s is %q, in the log it is %q", what, is, want))
		}
	}
	say("role", string(u.Role), was.Role)
	say("scope", u.Scope, was.Scope)
	say("party", u.Party, was.Party)
	if was.twice {
		found = append(found, "the log has two records that added it, which say different things")
	}
	if u.Forgotten.IsZero() {
		say("expiry", formatTime(u.Expires), formatTime(was.expiry()))
		switch {
		case was.forgotten:
			found = append(found, "the log says that the person was forgotten")
		case was.revoked && u.Revoked.IsZero():
			found = append(found, "the log says that it was revoked")
		case !was.revoked && !u.Revoked.IsZero():
			found = append(found, "it is revoked, and no record of the log says so")
		}
		if was.Commitment != "" && was.Commitment != commitment(u.token) {
			found = append(found, "its token is not the one that was given when it was added")
		}
	} else if !was.forgotten {
		found = append(found, "it is forgotten, and no record of the log says so")
	}
	return strings.Join(found, "; ")
}

// expiry is when the token ends by the log, zero for never. What cannot be read is the zero time, so that it is told as a difference.
func (r *recorded) expiry() time.Time {
	t, err := parseTime(r.Expires)
	if err != nil {
		return time.Time{}
	}
	return t
}

// compare marks the users that the log does not vouch for.
func (h history) compare(users map[string]*User) {
	for _, u := range users {
		u.distrust = h.differs(u)
	}
}

// vouch holds everybody against the log.
func (s *Store) vouch(ctx context.Context) error {
	if s.opts.Log == nil {
		return nil
	}
	h, err := readHistory(ctx, s.opts.Log)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.compare(s.byID)
	return nil
}

// Check reads the people.db of a directory that no server has open and says who is not as the log has him; changes nothing. Changes that were made without
// a server and wait to be recorded count as recorded.
func Check(ctx context.Context, path string, log eventstore.Store) (found []Suspect, err error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &Store{db: db, byID: map[string]*User{}, byToken: map[[sha256.Size]byte]*User{}}
	if err := s.readUsers(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if err := s.readForgotten(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	h, err := readHistory(ctx, log)
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT type, data FROM unrecorded ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var eventType, data string
		if err := rows.Scan(&eventType, &data); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if err := h.take(eventType, []byte(data)); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	h.compare(s.byID)
	return suspectsOf(s.byID), nil
}

// column says how a column is read that files of earlier programs lack.
func (s *Store) column(ctx context.Context, table, name string) (string, error) {
	var there int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info(?) WHERE name = ?`, table, name).Scan(&there); err != nil {
		return "", fmt.Errorf("look at the columns of %s: %w", table, err)
	}
	if there == 0 {
		return `'' AS ` + name, nil
	}
	return name, nil
}
