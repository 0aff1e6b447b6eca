package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"jejak/internal/api"
)

// NewUser asks for an account. ID and TokenSHA256 (hex) may be given in a simulated data directory only.
type NewUser struct {
	ID          string `json:"id,omitempty"`
	Role        string `json:"role"`
	Scope       string `json:"scope"`
	Party       string `json:"party,omitempty"` // firm of a supplier or carrier
	TokenSHA256 string `json:"token_sha256,omitempty"`
}

// AddUsers makes accounts, all or none. Asking again for the same is no error.
func (c *Client) AddUsers(ctx context.Context, token string, users []NewUser) error {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, u := range users {
		if err := enc.Encode(u); err != nil {
			return fmt.Errorf("encode a user: %w", err)
		}
	}
	_, err := c.Call(ctx, token, http.MethodPost, "/v1/users", typeNDJSON, lines.Bytes())
	return err
}

type clockBody struct {
	Now     time.Time `json:"now"`
	Settled bool      `json:"settled,omitempty"`
}

// Clock is the server's time.
func (c *Client) Clock(ctx context.Context, token string) (time.Time, error) {
	var body clockBody
	_, err := c.Get(ctx, token, "/v1/clock", nil, 0, &body)
	return body.Now, err
}

// ClockState is the server's time, with what the machine's clock says while that is not believed.
func (c *Client) ClockState(ctx context.Context, token string) (state api.Clock, err error) {
	_, err = c.Get(ctx, token, "/v1/clock", nil, 0, &state)
	return state, err
}

// AcceptClock has the server believe the machine's clock after it was set.
func (c *Client) AcceptClock(ctx context.Context, token string) (done api.ClockAccepted, err error) {
	err = c.Post(ctx, token, "/v1/clock/accept", struct{}{}, &done)
	return done, err
}

// BackUp takes a backup of the server's data directory, on its own machine, and writes it. It is tried once: an error says that what was written is not
// whole.
func (c *Client) BackUp(ctx context.Context, token string, w io.Writer) error {
	resp, err := c.do(ctx, http.MethodPost, "/v1/backup", token, "", nil, 0)
	if err != nil {
		return &UnreachableError{Base: c.base, Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	if _, err = io.Copy(w, resp.Body); errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the server broke off, its log says why: %w", err)
	}
	return err
}

// Settled tells whether all that follows from the driven clock's time and from what was recorded is recorded too.
func (c *Client) Settled(ctx context.Context, token string) (bool, error) {
	var body clockBody
	_, err := c.Get(ctx, token, "/v1/clock", nil, 0, &body)
	return body.Settled, err
}

// SetClock drives the clock of a simulated data directory forward.
func (c *Client) SetClock(ctx context.Context, token string, now time.Time) error {
	return c.Post(ctx, token, "/v1/clock", clockBody{Now: now}, nil)
}

// RebuildFeed has the event feed published anew and waits for its end. progress is told how far it is. When it fails midway the server goes on by
// itself.
func (c *Client) RebuildFeed(ctx context.Context, token string, progress func(position, to uint64)) error {
	resp, err := c.do(ctx, http.MethodPost, "/v1/feed/rebuild", token, "", nil, 0)
	if err != nil {
		return err
	}
	defer drain(resp)
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	var at struct {
		Position uint64 `json:"position"`
		To       uint64 `json:"to"`
		Done     bool   `json:"done"`
		Error    string `json:"error"`
	}
	for lines := json.NewDecoder(bufio.NewReader(resp.Body)); !at.Done; progress(at.Position, at.To) {
		if err := lines.Decode(&at); errors.Is(err, io.EOF) {
			return errors.New("the server ended before the rebuild did: what is left it publishes when it runs again")
		} else if err != nil {
			return fmt.Errorf("read the progress of the rebuild: %w", err)
		}
		if at.Error != "" {
			return errors.New(at.Error)
		}
	}
	return nil
}

// Proof gets the proof of an event, with its record.
func (c *Client) Proof(ctx context.Context, token, event string) (api.EventProof, error) {
	var proof api.EventProof
	err := c.retry(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/events/"+url.PathEscape(event)+"/proof", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Accept", typeJSON)
		resp, err := c.http.Do(req)
		if err != nil {
			return err
		}
		defer drain(resp)
		if resp.StatusCode != http.StatusOK {
			return statusError(resp)
		}
		return json.NewDecoder(resp.Body).Decode(&proof)
	})
	return proof, err
}
