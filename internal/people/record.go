package people

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// perEvent is the most users in one account event: far below what one append may hold.
const perEvent = 1000

// account is how a user stands in the log: no name, no telephone number, no token.
type account struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Scope   string `json:"scope"`
	Party   string `json:"party,omitempty"`
	Expires string `json:"expires,omitempty"`
	// Commitment stands for the token where the account was added; records of earlier programs have none.
	Commitment string `json:"token_commitment,omitempty"`
}

type accounts struct {
	Users []account `json:"users"`
}

// note writes down, in the transaction of the change itself, what the log must be told.
func note(ctx context.Context, tx *sql.Tx, eventType string, users []User, now time.Time) error {
	for len(users) > 0 {
		n := min(len(users), perEvent)
		var data accounts
		for _, u := range users[:n] {
			a := account{ID: u.ID, Role: string(u.Role), Scope: u.Scope, Party: u.Party, Expires: formatTime(u.Expires)}
			if eventType == typeAdded {
				a.Commitment = commitment(u.token)
			}
			data.Users = append(data.Users, a)
		}
		users = users[n:]
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO unrecorded (event_id, type, at, data) VALUES (?,?,?,?)`,
			uuid.NewString(), eventType, formatTime(now), string(text)); err != nil {
			return err
		}
	}
	return nil
}

// record moves what waits in unrecorded to the log, in order. An event's id is kept with it, so that one that is in the log already, because
// the process ended between the two, is not added again.
func (s *Store) record(ctx context.Context) error {
	if s.opts.Log == nil {
		return nil
	}
	for {
		var seq int64
		var id, eventType, at, data string
		err := s.db.QueryRowContext(ctx, `SELECT seq, event_id, type, at, data FROM unrecorded ORDER BY seq LIMIT 1`).Scan(&seq, &id, &eventType, &at, &data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			err = s.append(ctx, id, eventType, at, data)
		}
		if err == nil {
			_, err = s.db.ExecContext(ctx, `DELETE FROM unrecorded WHERE seq = ?`, seq)
		}
		if err != nil {
			return fmt.Errorf("record the change of accounts in the log (it is made, and recorded at the next change or start): %w", err)
		}
	}
}

func (s *Store) append(ctx context.Context, id, eventType, at, data string) error {
	when, err := parseTime(at)
	if err != nil {
		return err
	}
	metadata := `{}`
	if s.opts.Clock.Simulated() {
		metadata = `{"simulated":true}`
	}
	event := eventstore.Event{
		ID: uuid.MustParse(id), Type: eventType, Schema: 1, RecordedAt: when, Data: []byte(data), Metadata: []byte(metadata),
	}
	for {
		version, _, err := s.opts.Log.StreamHead(ctx, s.opts.Stream)
		if err != nil {
			return err
		}
		_, err = s.opts.Log.Append(ctx, s.opts.Stream, version, event)
		switch {
		case errors.Is(err, eventstore.ErrExists):
			return nil
		case errors.Is(err, eventstore.ErrConflict):
			continue // an import wrote to the stream meanwhile
		default:
			return err
		}
	}
}
