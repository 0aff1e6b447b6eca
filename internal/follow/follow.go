// Package follow follows the event feed over NATS as one person: the server makes a consumer, its messages are taken one after the other, and after
// whatever breaks (signal lost, server killed, feed published anew) it goes on after the last one, without gap or repeat.
package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/internal/api"
	"jejak/internal/client"
)

// Config says what is followed. All but Trouble must be given.
type Config struct {
	// Find gives the addresses of the server and of NATS: before every attempt, since both may be others after a restart.
	Find  func() (http, nats string, err error)
	Token string
	Query api.FeedQuery
	// Each is given every message once, in order. When it fails, following ends with its error.
	Each func(Message) error
	// Gap is told that the feed begins only at a later position than was asked for: what is between is read over HTTP.
	Gap func(after, oldest uint64)
	// Trouble is told why nothing comes, and nil when it does again.
	Trouble func(error)
}

// Message is a message of the feed.
type Message struct {
	Subject   string          `json:"subject"`
	ID        string          `json:"id"`   // of the event
	Type      string          `json:"type"` // jejak.<type>.v<schema>
	Time      string          `json:"time"` // when the event was recorded, RFC 3339 in UTC
	Sequence  uint64          `json:"sequence"`
	Replay    bool            `json:"replay,omitempty"`
	Simulated bool            `json:"simulated,omitempty"`
	Body      json.RawMessage `json:"body"`

	key string // tells the messages of one event apart
}

const (
	firstPause, longestPause = 200 * time.Millisecond, 5 * time.Second

	// pull is how long one waits for messages at most; the server lets nobody wait longer than a minute.
	pull      = 30 * time.Second
	heartbeat = 5 * time.Second
)

// follower is where somebody is in the feed.
type follower struct {
	Config
	since string
	last  uint64              // sequence of the last message that Each has had
	seen  map[string]struct{} // of the messages of that sequence: one event has one for every area
	told  bool                // of trouble
}

// Follow follows until ctx ends (then it returns nil), Each fails, or the server says that this may not be followed: a *client.StatusError.
func Follow(ctx context.Context, cfg Config) error {
	f := &follower{Config: cfg, since: cfg.Query.Since, seen: map[string]struct{}{}}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		before := f.last
		err := f.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var ends *endError
		if errors.As(err, &ends) {
			return ends.err
		}
		if f.last != before {
			pause = firstPause
		}
		f.trouble(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// endError ends following.
type endError struct{ err error }

func (e *endError) Error() string { return e.err.Error() }
func (e *endError) Unwrap() error { return e.err }

func (f *follower) trouble(err error) {
	if f.Trouble != nil && (err != nil || f.told) {
		f.Trouble(err)
	}
	f.told = err != nil
}

// session follows from where it was until something breaks.
func (f *follower) session(ctx context.Context) error {
	base, address, err := f.Find()
	if err != nil {
		return err
	}
	made, err := f.consumer(ctx, base)
	if err != nil {
		return err
	}
	// The consumers of a person are called after his id, and he hears answers below it alone.
	id := made.Consumer[:max(strings.LastIndexByte(made.Consumer, '-'), 0)]
	conn, err := nats.Connect(address, nats.Name("jejak watch"), nats.UserInfo(id, f.Token), nats.CustomInboxPrefix("_INBOX."+id), nats.NoReconnect())
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", address, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	consumer, err := js.Consumer(ctx, made.Stream, made.Consumer)
	if err != nil {
		return fmt.Errorf("find consumer %s: %w", made.Consumer, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(100), jetstream.PullExpiry(pull), jetstream.PullHeartbeat(heartbeat))
	if err != nil {
		return fmt.Errorf("take messages from %s: %w", made.Consumer, err)
	}
	defer messages.Stop()
	f.trouble(nil)
	for next := uint64(1); ; next++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("take messages from %s: %w", made.Consumer, err)
		}
		if err := inTurn(msg, next); err != nil {
			return fmt.Errorf("take messages from %s: %w", made.Consumer, err)
		}
		if err := f.take(msg); err != nil {
			return err
		}
	}
}

// inTurn refuses a message that is not the next one of a consumer that was made for this session: one before it was lost on the way (the client drops what
// it has no room for), and would come again only behind newer ones, where it would be taken for one that was had. A new consumer begins before it.
func inTurn(msg jetstream.Msg, next uint64) error {
	meta, err := msg.Metadata()
	if err != nil {
		return fmt.Errorf("message on %s: %w", msg.Subject(), err)
	}
	if got := meta.Sequence.Consumer; got != next {
		return fmt.Errorf("delivery %d came in place of %d: what is between was lost on the way", got, next)
	}
	return nil
}

// consumer has the server make a consumer that begins where this follower is.
func (f *follower) consumer(ctx context.Context, base string) (made api.FeedConsumer, err error) {
	c, err := client.New(base, client.Options{Connections: 1, Patience: time.Second})
	if err != nil {
		return made, &endError{err}
	}
	defer c.Close()
	query := f.Query
	query.InMemory = true // what it knows is known here
	query.Since = f.since
	if f.last > 0 {
		query.Since = strconv.FormatUint(f.last-1, 10) // another message of the same event may be left
	}
	err = c.Post(ctx, f.Token, "/v1/feed/consumers", query, &made)
	var answered *client.StatusError
	if errors.As(err, &answered) && answered.Status != http.StatusServiceUnavailable && answered.Status != http.StatusConflict {
		return made, &endError{err}
	}
	if err != nil {
		return made, err
	}
	if made.Oldest > 0 && f.Gap != nil {
		f.Gap(max(made.Position, f.last), made.Oldest)
	}
	if f.last == 0 { // "from now on" stays the now of the first time
		f.since = strconv.FormatUint(made.Position, 10)
	}
	return made, nil
}

// take hands a message on, if it is new, and acknowledges it.
func (f *follower) take(msg jetstream.Msg) error {
	m, err := read(msg)
	if err != nil {
		return &endError{err}
	}
	_, again := f.seen[m.key]
	if m.Sequence > f.last || m.Sequence == f.last && !again {
		if m.Sequence != f.last {
			clear(f.seen)
		}
		if err := f.Each(m); err != nil {
			return &endError{err}
		}
		f.last = m.Sequence
		f.seen[m.key] = struct{}{}
	}
	if err := msg.Ack(); err != nil {
		return fmt.Errorf("acknowledge a message: %w", err)
	}
	return nil
}

func read(msg jetstream.Msg) (Message, error) {
	h := msg.Headers()
	sequence, err := strconv.ParseUint(h.Get("ce-sequence"), 10, 64)
	if err != nil {
		return Message{}, fmt.Errorf("message on %s: it has no position: %w", msg.Subject(), err)
	}
	if !json.Valid(msg.Data()) {
		return Message{}, fmt.Errorf("message on %s of position %d is not JSON", msg.Subject(), sequence)
	}
	return Message{
		Subject: msg.Subject(), ID: h.Get("ce-id"), Type: h.Get("ce-type"), Time: h.Get("ce-time"), Sequence: sequence,
		Replay: h.Get("Jejak-Replay") == "true", Simulated: h.Get("Jejak-Simulated") == "true", Body: msg.Data(), key: h.Get("Nats-Msg-Id"),
	}, nil
}
