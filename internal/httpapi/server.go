// Package httpapi serves Jejak over HTTP: commands in, answers and read models out, described by its own OpenAPI document.
//
// Every request is authenticated before its body is read, and everything that is refused is logged without its token. What was wrong is
// answered as application/problem+json (RFC 9457) with all errors at once.
package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/notary"
	"jejak/internal/people"
	"jejak/internal/readlog"
	"jejak/internal/share"
	"jejak/internal/telemetry"
	"jejak/internal/unreadable"
)

// Config is what the server works with. All but DiskFull, SetClock, AcceptClock, Stepped, Settled, RebuildFeed, Consumers, Reads, Backup,
// Notary, Ready and Warnings must be given.
type Config struct {
	Ledgers   command.Ledgers
	Store     eventstore.Store
	People    *people.Store
	Clock     clock.Clock
	Telemetry *telemetry.Telemetry
	Version   string
	// History shows ledgers as they were.
	History *history.History
	// SetClock drives the clock of a simulated data directory; nil in a real one.
	SetClock func(time.Time) error
	// AcceptClock believes the machine's clock after it was set, and Stepped says why it is not believed, nil while it is;
	// both are nil in a simulation.
	AcceptClock func() clock.Accepted
	Stepped     func() *clock.SteppedError
	// Views keep rows of all ledgers; nil where there are none: then every answer is made from the ledgers.
	Views Views
	// Settled tells whether what follows from the log and the driven clock is recorded; nil where there is nothing that says so.
	Settled func(context.Context) (bool, error)
	// RebuildFeed publishes the event feed anew from the log and tells how far it is; nil where no feed is published.
	RebuildFeed func(ctx context.Context, progress func(api.FeedRebuild)) error
	// Consumers makes consumers of the feed over NATS; nil where there is no NATS.
	Consumers Consumers
	// Reads keep what those who only look on have read; nil: nothing is kept.
	Reads *readlog.Log
	// DiskFull tells whether an error came from a full disk; nil where nobody knows.
	DiskFull func(error) bool
	// Backup writes a backup of the data directory; nil where none can be taken.
	Backup func(ctx context.Context, w io.Writer) error
	// Notary signs the log and proves what is in it; nil where nothing is signed.
	Notary *notary.Notary
	// Unreadable has the records that cannot be read; nil: nobody looks.
	Unreadable *unreadable.Book
	// Limits are those that are other than Limits() has them.
	Limits []share.Limit
	// TrustedProxies are the addresses of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Ready says why the server cannot work, nothing when it can; nil for always ready.
	Ready func(ctx context.Context) []string
	// Warnings says what somebody should see to although the server works, for the body of /readyz; nil for nothing. It must be quick.
	Warnings func() []string
}

// Server is the HTTP API of one data directory.
type Server struct {
	cfg      Config
	mux      *http.ServeMux
	api      huma.API
	shares   shares
	spools   spoolRoom
	quota    map[domain.Role]int
	refusals refusals
	rows     *cache
	fresh    time.Duration // how long the log is asked where a ledger ends
	patience patience
	// parameters are the names of each route's query parameters.
	parameters map[string][]string
	backing    sync.Mutex // held while a backup is taken

	closing   chan struct{} // closed when the server is about to stop
	closeOnce sync.Once
}

// New makes the server. It serves nothing by itself: see Serve.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, mux: http.NewServeMux(), shares: newShares(cfg.Limits), quota: quota, rows: newCache(), fresh: time.Second, patience: usual(), closing: make(chan struct{})}
	s.spools.most.Store(spoolsMost)
	s.refusals = refusals{every: refusalsFor, write: func(from string, more int) {
		cfg.Telemetry.Security.Warn("tokens refused", "from", from, "more", more, "within", refusalsFor.String())
	}}
	cfg.Telemetry.WatchLimits(s.shares.watch)
	s.routes()
	return s
}

// routes registers everything. What huma registers describes itself in the OpenAPI document; the streams are described by hand in openapi.go.
func (s *Server) routes() {
	s.api = newHuma(s.mux, s.cfg.Version)
	s.mux.HandleFunc(commandsPattern, s.postCommands)
	s.mux.HandleFunc("GET /v1/events", s.getEvents)
	s.mux.HandleFunc("GET /v1/events/{id}/proof", s.getProof)
	s.mux.HandleFunc("GET /v1/bundle", s.getBundle)
	s.mux.HandleFunc("GET /checkpoint", s.getCheckpoint)
	s.mux.HandleFunc("GET /checkpoint/history", s.getCheckpointHistory)
	s.mux.HandleFunc("GET /checkpoint/keys", s.getCheckpointKeys)
	s.mux.HandleFunc("GET /tile/{path...}", s.getTile)
	s.mux.HandleFunc("POST /v1/users", s.postUsers)
	s.mux.HandleFunc("POST /v1/feed/rebuild", s.postFeedRebuild)
	s.mux.HandleFunc("POST /v1/backup", s.postBackup)
	s.registerQueries()
	s.registerHistory()
	s.registerAccounts()
	s.registerClock()
	s.registerConsumers()
	s.registerReads()
	s.registerHealth()
	s.describeStreams()
	s.parameters = queryParameters(s.api.OpenAPI())
	s.mux.HandleFunc("GET /docs", s.getDocs)
	s.mux.HandleFunc("GET /asyncapi.yaml", getAsyncAPI)
	s.mux.Handle("GET /metrics", s.cfg.Telemetry.Handler())
}

// Handler is the whole API with what stands around every request.
func (s *Server) Handler() http.Handler { return s.observe(s.guard(s.route())) }

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(w, r) }

// BeginClose ends the streams that would go on for ever, and lets batches answer what they have sent and stop reading. Serve calls it.
func (s *Server) BeginClose() { s.closeOnce.Do(func() { close(s.closing) }) }

func (s *Server) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// route lets the mux serve, and answers what it does not know as a problem too.
func (s *Server) route() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCommand(r) {
			s.postCommands(w, r)
			return
		}
		if p := wholeQuery(r); p != nil {
			writeProblem(w, p)
			return
		}
		if _, pattern := s.mux.Handler(r); pattern != "" {
			s.mux.ServeHTTP(w, r)
			return
		}
		probe := &headerOnly{header: http.Header{}}
		s.mux.ServeHTTP(probe, r)
		if allow := probe.header.Get("Allow"); probe.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", allow)
			writeProblem(w, methodNotAllowed(r.Method, allow))
			return
		}
		writeProblem(w, noSuchPath(r.URL.Path))
	})
}

const commandsPattern = "POST /v1/commands"

// isCommand tells the one route that must be fast from the others, for which the mux would be asked three times.
func isCommand(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/v1/commands"
}

// headerOnly takes an answer for its status and headers.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }
