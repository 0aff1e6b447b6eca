package people

import (
	"context"
	"errors"
	"fmt"

	"jejak/domain"
)

// LastAdminError: without this admin nobody could give accounts for the scope.
type LastAdminError struct{ ID, Scope string }

func (e *LastAdminError) Error() string {
	return fmt.Sprintf("%s is the last admin whose scope reaches %s: make another one first", e.ID, e.Scope)
}

// Forget deletes what is kept of a person: name, telephone number, the hash of the token, when the account was made. The token is bad from now on, as
// after Revoke. The id stays known, with role and scope, as they stand in the log, which is told without personal data. When Forget returns nil, no byte of it
// is in people.db or its write-ahead log any more; an error with a user says that he is forgotten but that this could not be made sure of: it is tried again at
// the next start and when asked again. already: he was forgotten before, and nothing was done. ErrUnknown when there is no such id; a *LastAdminError when
// nobody else could give accounts.
func (s *Store) Forget(ctx context.Context, id string) (u User, already bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	u, ok := s.Get(id)
	if !ok {
		return User{}, false, fmt.Errorf("forget %s: %w", id, ErrUnknown)
	}
	if already = !u.Forgotten.IsZero(); !already {
		if s.lastAdmin(u) {
			return User{}, false, fmt.Errorf("forget %s: %w", id, &LastAdminError{id, u.Scope})
		}
		if u, err = s.forget(ctx, u); err != nil {
			return User{}, false, fmt.Errorf("forget %s: %w", id, err)
		}
	}
	if err := errors.Join(s.scrub(ctx), s.record(ctx)); err != nil {
		return u, already, fmt.Errorf("forget %s: %w", id, err)
	}
	return u, already, nil
}

// lastAdmin tells whether nobody could give accounts for an admin's scope any more without him.
func (s *Store) lastAdmin(u User) bool {
	return u.Role == domain.RoleAdmin && u.Active(s.Now()) && !s.otherAdmin(u)
}

// otherAdmin tells whether somebody else gives accounts where an admin does.
func (s *Store) otherAdmin(u User) bool {
	now := s.Now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, other := range s.byID {
		if other.ID != u.ID && other.Role == domain.RoleAdmin && other.Active(now) && domain.Code(other.Scope).Covers(domain.Code(u.Scope)) {
			return true
		}
	}
	return false
}

// forget changes the tables and the memory.
func (s *Store) forget(ctx context.Context, u User) (User, error) {
	now := s.opts.Clock.Now()
	gone := User{ID: u.ID, Role: u.Role, Scope: u.Scope, Party: u.Party, Revoked: now, Forgotten: now}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return u, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM users WHERE id = ?`, u.ID)
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO forgotten (id, role, scope, party, at) VALUES (?,?,?,?,?)`, u.ID, string(u.Role), u.Scope, u.Party, formatTime(now))
	}
	if err == nil {
		err = note(ctx, tx, typeForgotten, []User{gone}, now)
	}
	if err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, tx.Rollback())
	}
	if err != nil {
		return u, err
	}
	s.mu.Lock()
	delete(s.byToken, u.token)
	s.byID[u.ID] = &gone
	s.mu.Unlock()
	return gone, nil
}

// scrub sees to it that what was deleted is in no byte of the file and of its write-ahead log: deleted rows are overwritten (secure_delete), but a page that
// was rebuilt before may have kept pieces, so all is written anew.
func (s *Store) scrub(ctx context.Context) error {
	waiting := 0
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM forgotten WHERE scrubbed = 0`).Scan(&waiting); err != nil || waiting == 0 {
		return err
	}
	const what = "the account is gone, but what was kept of it may still be in the file (it is tried again at the next start, and when asked again)"
	if _, err := s.db.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("%s: write people.db anew: %w", what, err)
	}
	var busy, pages, moved int
	if err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("%s: empty the write-ahead log: %w", what, err)
	}
	if busy != 0 {
		return fmt.Errorf("%s: empty the write-ahead log: another program has people.db open: end it", what)
	}
	if _, err := s.db.ExecContext(ctx, `UPDATE forgotten SET scrubbed = 1 WHERE scrubbed = 0`); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// openForgotten reads who was forgotten, and ends what an earlier run could not. That it cannot yet keeps nobody from working.
func (s *Store) openForgotten(ctx context.Context) error {
	if err := s.readForgotten(ctx); err != nil {
		return err
	}
	_ = s.scrub(ctx) // whoever is forgotten next is told why it cannot be
	return nil
}

// readForgotten reads who was forgotten.
func (s *Store) readForgotten(ctx context.Context) error {
	party, err := s.column(ctx, "forgotten", "party")
	if err != nil {
		return err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id, role, scope, `+party+`, at FROM forgotten`)
	if err != nil {
		return fmt.Errorf("read who was forgotten: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u User
		var at string
		if err := rows.Scan(&u.ID, &u.Role, &u.Scope, &u.Party, &at); err != nil {
			return fmt.Errorf("read who was forgotten: %w", err)
		}
		if u.Forgotten, err = parseTime(at); err != nil {
			return fmt.Errorf("user %s: %w", u.ID, err)
		}
		u.Revoked = u.Forgotten
		s.byID[u.ID] = &u
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read who was forgotten: %w", err)
	}
	return nil
}
