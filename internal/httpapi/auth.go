package httpapi

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"jejak/internal/people"
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

// guard lets only good tokens pass, before any body is read.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if needsNoToken(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		user, reason := s.authenticate(r)
		if reason == "" {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, user)))
			return
		}
		from := address(r)
		s.cfg.Telemetry.Refused(reason)
		s.cfg.Telemetry.Security.Warn("token refused", "reason", reason, "user", user.ID, "from", from, "method", r.Method, "path", r.URL.Path)
		if wait := s.failures.add(from, time.Now()); wait > 0 {
			endBody(w, r, tooManyFailures(wait))
			return
		}
		endBody(w, r, unauthorised())
	})
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

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Failed authentications that one address may have at once, and how fast it may have more. A good token always passes: many phones may stand
// behind one address.
const (
	failureBurst   = 60
	failuresPerSec = 1
	failureMemory  = 10_000 // addresses
)

// failures counts failed authentications per address: a bucket that leaks.
type failures struct {
	mu   sync.Mutex
	from map[string]*bucket
}

type bucket struct {
	level float64
	at    time.Time
}

func newFailures() *failures { return &failures{from: map[string]*bucket{}} }

// add counts one failure and returns the seconds to wait, 0 while there are not too many.
func (f *failures) add(from string, now time.Time) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.from) >= failureMemory {
		f.forget(now)
	}
	b := f.from[from]
	if b == nil {
		b = &bucket{at: now}
		f.from[from] = b
	}
	b.level = max(0, b.level-now.Sub(b.at).Seconds()*failuresPerSec)
	b.at = now
	if b.level >= failureBurst {
		return int(b.level-failureBurst)/failuresPerSec + 1
	}
	b.level++
	return 0
}

// forget drops the addresses whose bucket is empty; if none is, all: memory has an end.
func (f *failures) forget(now time.Time) {
	for from, b := range f.from {
		if now.Sub(b.at).Seconds()*failuresPerSec >= b.level {
			delete(f.from, from)
		}
	}
	if len(f.from) >= failureMemory {
		clear(f.from)
	}
}
