package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"jejak/internal/bench/serving"
)

// seen notes when each event's message came to a subscriber first.
type seen struct {
	mu   sync.Mutex
	at   map[string]time.Time // by the event's id
	last time.Time
}

func newSeen() *seen { return &seen{at: map[string]time.Time{}} }

func (s *seen) note(event string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, before := s.at[event]; !before {
		s.at[event] = now
	}
	s.last = now
}

// await waits until all events of acts are seen: none may be lost.
func (s *seen) await(ctx context.Context, acts []act) error {
	ctx, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	for {
		missing := 0
		s.mu.Lock()
		for _, a := range acts {
			if _, there := s.at[a.event]; !there {
				missing++
			}
		}
		s.mu.Unlock()
		if missing == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d events did not come over NATS: %w", missing, len(acts), ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// since are the times from a moment of each act until its event was seen.
func (s *seen) since(acts []act, from func(act) time.Time) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := make([]time.Duration, len(acts))
	for i, a := range acts {
		times[i] = s.at[a.event].Sub(from(a))
	}
	return times
}

func due(a act) time.Time      { return a.due }
func answered(a act) time.Time { return a.answered }

// person is an account with its token.
type person struct{ ID, Token string }

// connect connects a person to the NATS of a server.
func (p person) connect(server *serving.Server) (*nats.Conn, error) {
	conn, err := nats.Connect(server.NATS, nats.UserInfo(p.ID, p.Token), nats.CustomInboxPrefix("_INBOX."+p.ID), nats.Timeout(serving.Patience))
	if err != nil {
		return nil, fmt.Errorf("connect %s to NATS: %w", p.ID, err)
	}
	return conn, nil
}
