package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"jejak/internal/people"
	"jejak/internal/share"
)

type userKey struct{}

// userOf is the authenticated user of a request.
func userOf(ctx context.Context) people.User {
	u, _ := ctx.Value(userKey{}).(people.User)
	return u
}

// open are the paths that need no token. None shows anything of the data but figures about the server, and hashes.
var open = map[string]bool{
	"/livez": true, "/readyz": true, "/metrics": true, "/openapi.json": true, "/openapi.yaml": true, "/asyncapi.yaml": true, "/docs": true,
	"/checkpoint": true, "/checkpoint/history": true, "/checkpoint/keys": true,
}

// needsNoToken tells whether a path is open.
func needsNoToken(path string) bool { return open[path] || strings.HasPrefix(path, "/tile/") }

// health are the paths that are always answered, whatever else is full: by them people and supervisors see what is the matter.
var health = map[string]bool{"/livez": true, "/readyz": true, "/metrics": true}

// guard lets only good tokens pass, before any body is read, and nobody beyond his share.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if health[r.URL.Path] {
			next.ServeHTTP(w, r)
			return
		}
		c := connOf(r.Context())
		if c != nil && c.spare {
			w.Header().Set("Connection", "close")
			writeProblem(w, unavailable("busy_connections", "semua sambungan sedang dipakai", "all connections are in use"))
			return
		}
		if needsNoToken(r.URL.Path) {
			s.serveOpen(next, w, r)
			return
		}
		user, reason := s.authenticate(r)
		if reason != "" {
			s.refuseToken(w, r, user, reason)
			return
		}
		if c != nil {
			c.proved(user.ID)
		}
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		of := s.shares.requests
		if isCommand(r) {
			of = s.shares.commands
		}
		free, ok := s.place(w, r, of)
		if !ok {
			return
		}
		defer free()
		if s.recorded(r, user) {
			s.serveRecorded(next, w, r, user)
		} else {
			next.ServeHTTP(w, r)
		}
	})
}

// serveOpen serves what needs no token.
func (s *Server) serveOpen(next http.Handler, w http.ResponseWriter, r *http.Request) {
	free, err := s.shares.openRequests.Take(r.Context(), share.Group(s.from(r)))
	if err != nil {
		endBody(w, r, noPlace(err))
		return
	}
	defer free()
	next.ServeHTTP(w, r)
}

// Failed authentications that one address may have at once, and how fast it may have more. A good token always passes: many phones may stand
// behind one address.
const (
	failureBurst   = 60
	failuresPerSec = 1
)

// refuseToken answers who has no good token, and counts him by his address.
func (s *Server) refuseToken(w http.ResponseWriter, r *http.Request, user people.User, reason string) {
	from := s.from(r)
	group := share.Group(from)
	s.cfg.Telemetry.Refused(reason)
	if s.refusals.first(group) {
		s.cfg.Telemetry.Security.Warn("token refused", "reason", reason, "user", user.ID, "from", from, "method", plainText(r.Method), "path", plainText(r.URL.Path))
	}
	if wait, ok := s.shares.failures.Do(group, share.Rate{PerSecond: failuresPerSec, Burst: failureBurst}, 1, time.Now()); !ok {
		endBody(w, r, tooManyFailures(int(wait/time.Second)))
		return
	}
	free, err := s.shares.openRequests.Take(r.Context(), group) // the answer may wait for a body, see endBody
	if err != nil {
		w.Header().Set("Connection", "close")
		writeProblem(w, noPlace(err))
		return
	}
	defer free()
	s.recordRefusal(r, user)
	endBody(w, r, unauthorised())
}

// authenticate finds the user of a request; reason says why there is none.
func (s *Server) authenticate(r *http.Request) (user people.User, reason string) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return people.User{}, "no_token"
	}
	user, ok := s.cfg.People.ByToken(token)
	switch {
	case !ok:
		return people.User{}, "wrong_token"
	case !user.Revoked.IsZero():
		return user, "revoked_token"
	case !user.Active(s.cfg.People.Now()):
		return user, "expired_token"
	}
	return user, ""
}
