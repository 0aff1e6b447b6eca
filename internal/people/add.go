package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/terminal"
)

// NewUser asks for an account.
type NewUser struct {
	Role    domain.Role
	Scope   string
	Party   string    // firm of a supplier or carrier, "" for none
	Name    string    // kept in people.db only
	Phone   string    // likewise
	Expires time.Time // zero: never
	// ID and TokenSHA256 (hex) may be given in a simulated data directory only, so that they can follow from a seed.
	ID          string
	TokenSHA256 string
	// badExpires is an expiry that is no time, as it was written.
	badExpires string
}

// Asked is an account as it is asked for from outside. What is wrong with it is told by Problems, and by AddMany.
func Asked(u api.NewUser) NewUser {
	n := NewUser{Role: domain.Role(u.Role), Scope: u.Scope, Party: u.Party, Name: u.Name, Phone: u.Phone, ID: u.ID, TokenSHA256: u.TokenSHA256}
	if u.Expires != "" {
		at, err := domain.ParseTime(u.Expires)
		if err != nil {
			n.badExpires = u.Expires
		}
		n.Expires = at
	}
	return n
}

// Problems is everything that is wrong with accounts, apart from what only the directory knows: whether they are there already, and whether it is simulated.
func Problems(users []NewUser, now time.Time) []Problem {
	var wrong []Problem
	for i, n := range users {
		n.check(now, func(field, format string, args ...any) {
			wrong = append(wrong, Problem{Index: i, Field: field, Message: fmt.Sprintf(format, args...)})
		})
	}
	return wrong
}

// RepeatedError: a list was imported before. Who wants its people twice imports it under another key.
type RepeatedError struct {
	At    time.Time
	Count int // accounts that were made then
}

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("this very list was imported at %s, and %d accounts were made: nothing was done. If its tokens were lost, revoke those accounts and "+
		"import it once more with --again", e.At.UTC().Format(time.RFC3339), e.Count)
}

// Added is a new account. Token is shown this once; it is "" when the caller gave its hash.
type Added struct {
	User
	Token string
}

// Problem is one thing that is wrong with one of the accounts asked for.
type Problem struct {
	Index   int    // of the account, from 0
	Field   string // "role", "scope", ...
	Message string
}

// InvalidError lists everything that is wrong; nothing was added.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("user %d: %s: %s", p.Index+1, p.Field, p.Message)
	}
	return strings.Join(lines, "\n")
}

// TokenPrefix marks a token, so that one that leaks is recognised.
const TokenPrefix = "jjk_"

// Add makes one account; see AddMany.
func (s *Store) Add(ctx context.Context, u NewUser) (Added, error) {
	added, err := s.AddMany(ctx, []NewUser{u})
	if err != nil {
		return Added{}, err
	}
	return added[0], nil
}

// AddMany makes accounts, all or none: an *InvalidError lists everything that is wrong. They are durable when it returns. An account that
// is there already with the same id, role, scope and token is not made again and no error, so that a caller who did not hear the answer may ask once more.
func (s *Store) AddMany(ctx context.Context, users []NewUser) ([]Added, error) {
	return s.AddOnce(ctx, "", users)
}

// AddOnce is AddMany for a list with a key: a list whose key was used before makes nobody and is a *RepeatedError. Without a key ("") it is AddMany.
func (s *Store) AddOnce(ctx context.Context, key string, users []NewUser) ([]Added, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.opts.Clock.Now()
	if err := s.repeated(ctx, key); err != nil {
		return nil, err
	}
	added, fresh, err := s.prepare(users, now)
	if err != nil {
		return nil, err
	}
	if len(fresh) == 0 {
		return added, nil
	}
	if err := s.insert(ctx, key, users, added, fresh, now); err != nil {
		return nil, fmt.Errorf("add %d users: %w", len(users), err)
	}
	s.mu.Lock()
	for _, i := range fresh {
		u := added[i].User
		s.index(&u)
	}
	s.mu.Unlock()
	return added, s.record(ctx)
}

// addWithToken adds a user with a token that the caller has drawn.
func (s *Store) addWithToken(ctx context.Context, n NewUser, token string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.opts.Clock.Now()
	u := User{ID: newID(), Role: n.Role, Scope: n.Scope, Party: n.Party, Expires: n.Expires, Created: now, token: sha256.Sum256([]byte(token))}
	if err := s.insert(ctx, "", []NewUser{n}, []Added{{User: u}}, []int{0}, now); err != nil {
		return err
	}
	s.mu.Lock()
	s.index(&u)
	s.mu.Unlock()
	return s.record(ctx)
}

// prepare checks all and draws ids and tokens; fresh are the indices of those that are not there yet.
func (s *Store) prepare(users []NewUser, now time.Time) (added []Added, fresh []int, err error) {
	var wrong InvalidError
	ids, tokens := map[string]int{}, map[[sha256.Size]byte]int{}
	added = make([]Added, len(users))
	for i, n := range users {
		fail := func(field, format string, args ...any) {
			wrong.Problems = append(wrong.Problems, Problem{Index: i, Field: field, Message: fmt.Sprintf(format, args...)})
		}
		n.check(now, fail)
		if n.Role == domain.RoleSimulator && !s.opts.Clock.Simulated() {
			fail("role", "this data directory is not simulated: nobody drives its clock")
		}
		if (n.ID != "" || n.TokenSHA256 != "") && !s.opts.Clock.Simulated() {
			fail("id", "id and token are the server's to choose, except in a simulated data directory")
		}
		u := User{ID: n.ID, Role: n.Role, Scope: n.Scope, Party: n.Party, Expires: n.Expires, Created: now}
		if u.ID == "" {
			u.ID = newID()
		}
		added[i].User = u
		if n.TokenSHA256 == "" {
			added[i].Token = newToken()
			added[i].token = sha256.Sum256([]byte(added[i].Token))
		} else if raw, err := hex.DecodeString(n.TokenSHA256); err == nil && len(raw) == sha256.Size {
			copy(added[i].token[:], raw)
		} else {
			fail("token_sha256", "%q is not a SHA-256 in 64 hexadecimal digits", n.TokenSHA256)
			continue
		}
		if first, twice := ids[u.ID]; twice {
			fail("id", "%s is already user %d of this list", u.ID, first+1)
		}
		if first, twice := tokens[added[i].token]; twice {
			fail("token_sha256", "is already that of user %d of this list", first+1)
		}
		ids[u.ID], tokens[added[i].token] = i, i
		if s.exists(added[i].User, fail) {
			continue
		}
		fresh = append(fresh, i)
	}
	if len(wrong.Problems) > 0 {
		return nil, nil, &wrong
	}
	return added, fresh, nil
}

// exists tells whether the very same account is there; a clash with another one fails.
func (s *Store) exists(u User, fail func(field, format string, args ...any)) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if old, ok := s.byID[u.ID]; ok {
		if old.token == u.token && old.Role == u.Role && old.Scope == u.Scope && old.Party == u.Party {
			return true
		}
		fail("id", "%s is taken by another account", u.ID)
	}
	if old, ok := s.byToken[u.token]; ok && old.ID != u.ID {
		fail("token_sha256", "is that of another account")
	}
	return false
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// maxName is the most characters of a person's name.
const maxName = 120

// A telephone number is digits, with what people write between them.
var (
	phonePattern = regexp.MustCompile(`^\+?[0-9]{3,15}$`)
	phonePlain   = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "")
)

// badText says what is wrong with a text that people read, "" for nothing.
func badText(text string, most int) string {
	switch {
	case !utf8.ValidString(text):
		return "it is not in UTF-8"
	case utf8.RuneCountInString(text) > most:
		return fmt.Sprintf("it has %d characters, more than %d", utf8.RuneCountInString(text), most)
	case terminal.Clean(text) != text:
		return fmt.Sprintf("it has characters that nobody sees or that act on a screen: %s", terminal.Clean(text))
	}
	return ""
}

// repeated tells whether a key was used before.
func (s *Store) repeated(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	var at string
	var e RepeatedError
	switch err := s.db.QueryRowContext(ctx, `SELECT at, users FROM imports WHERE key = ?`, key).Scan(&at, &e.Count); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for an earlier import: %w", err)
	}
	e.At, _ = parseTime(at) // only to be shown
	return &e
}

// check says what is wrong with an account by itself.
func (n *NewUser) check(now time.Time, fail func(field, format string, args ...any)) {
	badRole, badScope := access.Scope(n.Role, n.Scope)
	if badRole != "" {
		fail("role", "%s", badRole)
	}
	if badScope != "" {
		fail("scope", "%s", badScope)
	}
	switch firm := n.Role == domain.RoleSupplier || n.Role == domain.RoleCarrier; {
	case n.Party != "" && !firm:
		fail("party", "a %s works for no firm: only accounts of suppliers and carriers have a party", n.Role)
	case n.Party != "" && !domain.IsParty(n.Party):
		fail("party", "%q is no firm's id: use 1 to 40 letters, digits and dashes, as the supplier of its orders is written", n.Party)
	}
	if !n.Expires.IsZero() && !n.Expires.After(now) {
		fail("expires", "%s is not in the future: the server's time is %s", n.Expires.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	if n.ID != "" && (!idPattern.MatchString(n.ID) || n.ID == "system") {
		fail("id", "%q is no user id: use at most 64 letters, digits, dots, dashes and underscores", n.ID)
	}
	if n.badExpires != "" {
		fail("expires", "%q is no RFC 3339 time with offset, such as 2024-03-01T00:00:00+07:00", n.badExpires)
	}
	if bad := badText(n.Name, maxName); bad != "" {
		fail("name", "%s", bad)
	}
	if n.Phone != "" && !phonePattern.MatchString(phonePlain.Replace(n.Phone)) {
		fail("phone", "%q is no telephone number: write digits, with + before a country's code; a spreadsheet that shows 6.28E+11 has changed it, so make the column text", n.Phone)
	}
}

func (s *Store) insert(ctx context.Context, key string, asked []NewUser, added []Added, fresh []int, now time.Time) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	put, err := tx.PrepareContext(ctx, `INSERT INTO users (id, role, scope, party, name, phone, token_sha256, expires_at, created_at) VALUES (?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	defer put.Close()
	changed := make([]User, len(fresh))
	for n, i := range fresh {
		u := added[i].User
		if _, err := put.ExecContext(ctx, u.ID, string(u.Role), u.Scope, u.Party, asked[i].Name, asked[i].Phone, u.token[:], formatTime(u.Expires), formatTime(now)); err != nil {
			return fmt.Errorf("user %d: %w", i+1, err)
		}
		changed[n] = u
	}
	if err := note(ctx, tx, typeAdded, changed, now); err != nil {
		return err
	}
	if key != "" {
		if _, err := tx.ExecContext(ctx, `INSERT INTO imports (key, at, users) VALUES (?,?,?)`, key, formatTime(now), len(fresh)); err != nil {
			return fmt.Errorf("note the import: %w", err)
		}
	}
	return tx.Commit()
}

// Revoke makes a user's token bad from now on. Revoking again changes nothing. ErrUnknown when there is no such user; a *LastAdminError when nobody else
// could give accounts.
func (s *Store) Revoke(ctx context.Context, id string) (User, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	u, ok := s.Get(id)
	if !ok {
		return User{}, fmt.Errorf("revoke %s: %w", id, ErrUnknown)
	}
	if !u.Revoked.IsZero() {
		return u, nil
	}
	if s.lastAdmin(u) {
		return User{}, fmt.Errorf("revoke %s: %w", id, &LastAdminError{id, u.Scope})
	}
	u.Revoked = s.opts.Clock.Now()
	if err := s.revoke(ctx, u); err != nil {
		return User{}, fmt.Errorf("revoke %s: %w", id, err)
	}
	s.mu.Lock()
	s.index(&u)
	s.mu.Unlock()
	return u, s.record(ctx)
}

func (s *Store) revoke(ctx context.Context, u User) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE users SET revoked_at = ? WHERE id = ?`, formatTime(u.Revoked), u.ID)
	if err == nil {
		err = note(ctx, tx, typeRevoked, []User{u}, u.Revoked)
	}
	if err == nil {
		return tx.Commit()
	}
	return errors.Join(err, tx.Rollback())
}

func newToken() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
}

func newID() string {
	var id [10]byte
	rand.Read(id[:])
	return "usr-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:]))
}
