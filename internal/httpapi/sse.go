package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jejak/internal/people"
)

// sse writes server-sent events to a user for as long as the token is good.
type sse struct {
	s     *Server
	ctx   context.Context
	w     http.ResponseWriter
	ctl   *http.ResponseController
	user  people.User
	alive time.Time // when the token was last looked at
}

func (o *sse) begin() bool {
	_ = o.ctl.SetReadDeadline(time.Time{}) // a recorder in a test has none
	o.w.Header().Set("Content-Type", "text/event-stream")
	o.w.Header().Set("Cache-Control", "no-store")
	o.w.WriteHeader(http.StatusOK)
	return o.send(": jejak\n\n") && o.ctl.Flush() == nil
}

func (o *sse) send(format string, args ...any) bool {
	_ = o.ctl.SetWriteDeadline(time.Now().Add(o.s.patience.write))
	_, err := fmt.Fprintf(o.w, format, args...)
	return err == nil
}

// living tells whether the token is still good; it looks now and then.
func (o *sse) living() bool {
	if time.Since(o.alive) < o.s.patience.heartbeat {
		return true
	}
	o.alive = time.Now()
	return o.s.stillGood(o.user)
}

// stillGood tells whether a user's token has neither expired nor been revoked.
func (s *Server) stillGood(user people.User) bool {
	if s.cfg.People == nil { // see Alone
		return true
	}
	now, ok := s.cfg.People.Get(user.ID)
	return ok && now.Active(s.cfg.People.Now())
}
