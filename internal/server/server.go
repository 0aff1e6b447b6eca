// Package server is the whole server of one data directory: it opens the parts in order, serves, and closes them in the reverse order.
//
// Start: lock of the directory, what kind of directory it is, address, cache, event store, clock, notary, people, log of reads, NATS broker, reference data, ledgers, adoption of the
// reference data, feed, views, policies, HTTP. Whatever fails undoes what came before and is told.
//
// Stop: no new connections and no new commands; requests under way are answered; policies stop; views take what is new; the feed stops where it is and goes on
// at the next start; ledgers are saved to the cache; the NATS broker, people; the notary signs the last records; store;
// at last the lock. A process that is killed instead loses nothing that it has answered.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/lock"
	"jejak/internal/broker"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/diskfull"
	"jejak/internal/feed"
	"jejak/internal/history"
	"jejak/internal/httpapi"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/people"
	"jejak/internal/policy"
	"jejak/internal/readlog"
	"jejak/internal/share"
	"jejak/internal/telemetry"
	"jejak/internal/unreadable"
	"jejak/internal/views"
)

// Config says what is served and where.
type Config struct {
	Dir string // data directory; made if it is not there
	// Store is the log: "" for the embedded one in the directory, or the address of EventStoreDB (esdb://... or esdb+discover://...), which may
	// contain a user and a password. A directory keeps its kind of log for life.
	Store   string
	Listen  string // host:port; port 0 takes a free one
	Version string // of the program, for those who ask
	// AllowRemote permits an address that other machines reach. The server speaks plain HTTP.
	AllowRemote bool
	// NATS is how the feed goes out.
	NATS NATS
	// Notary is how the log is signed.
	Notary Notary
	// Kind is what the directory must be, and becomes for life when it is new.
	Kind Kind
	// Province is the unit above all others, whose people see all: what a new directory becomes for life. "" is the province of the built-in data for a
	// new directory, and whatever it is for another.
	Province domain.Code
	// Demo marks a new directory as one that a demo may delete.
	Demo bool
	// WarnFree is how many bytes must be free on the disk of the directory before it is told that there is little room; 0 for the constant of this name.
	WarnFree uint64
	// Limits are those that are other than httpapi.Limits() has them, TrustedProxies the addresses of proxies whose X-Forwarded-For is believed.
	Limits         []share.Limit
	TrustedProxies []netip.Prefix
	// NoImport leaves the built-in reference data out of a directory that does not have it.
	NoImport bool
	// PastMemory is how many bytes the states of ledgers as they were may take that are kept; 0 for the constant of this name.
	PastMemory uint64
	// Log gets what happens; nil for nowhere.
	Log *slog.Logger
	// Machine is what the clock of a real directory is made of; nil: this machine.
	Machine clock.Machine
}

// stopPatience is how long what is under way in a part may take when it is closed: each has its own, so that a slow one takes nothing from the next.
const stopPatience = 20 * time.Second

// Server is open: its data directory is locked and its address is bound. Serve it with Run; Close it in any case.
type Server struct {
	cfg      Config
	log      *slog.Logger
	listener net.Listener
	store    eventstore.Store
	side     eventstore.Side             // streams beside it
	disk     string                      // SQLite VFS under the files of the directory, "" is the operating system's
	chain    atomic.Pointer[readlog.Log] // for the notary, which is opened before
	clock    clock.Clock
	setClock func(time.Time) error
	notary   *notary.Notary
	people   *people.Store
	reads    *readlog.Log
	broker   *broker.Broker  // nil where there is no NATS
	feed     *feed.Publisher // likewise
	board    *feed.Board     // likewise
	cache    *cache.Cache
	catalog  command.Catalog
	ledgers  *command.Handler
	history  *history.History
	views    *views.Runner
	policies *policy.Policies
	metrics  *telemetry.Telemetry // nil where nobody asks for them
	// unreadable has the records that the parts of the server have met and could not read.
	unreadable *unreadable.Book
	// watched is the clock of a real directory, nil in a simulation.
	watched *clock.Watched
	newest  newestTime
	api     *httpapi.Server
	// notices publishes checkpoints; nil where there is no NATS, or not yet.
	notices atomic.Pointer[feed.Notices]
	parts   []part // what is open, in the order of opening
	// warners say what somebody should see to although the server works. They are added while it opens and asked by every /readyz.
	warners []func() []string
}

// part is something that is to be closed.
type part struct {
	name  string
	close func(context.Context) error
}

// Open opens everything but does not answer yet. A directory that another process has is a *lock.HeldError.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = discard
	}
	s := &Server{cfg: cfg, log: cfg.Log, metrics: telemetry.New(cfg.Log, cfg.Version), unreadable: unreadable.NewBook(cfg.Log)}
	s.metrics.WatchUnreadable(func() int { return len(s.unreadable.List()) })
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.openDirectory, s.openListener, s.openCache, s.openStore, s.openRoom, s.openClock, s.openNotary, s.openPeople, s.openReads, s.openBroker, s.openLedgers, s.openFeed, s.openHistory, s.openViews, s.openPolicies, s.openWatch, s.openAPI, s.announce,
	} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("start the server: %w", err)
		}
	}
	return nil
}

// warns adds somebody who may have warnings for the operator, from now on. It is asked often and must be quick; what it says is told in the body of
// /readyz, which stays 200.
func (s *Server) warns(say func() []string) { s.warners = append(s.warners, say) }

// warnings are all there are at present.
func (s *Server) warnings() []string {
	var all []string
	for _, say := range s.warners {
		all = append(all, say()...)
	}
	return all
}

// opened notes how a part is closed.
func (s *Server) opened(name string, close func(context.Context) error) {
	s.parts = append(s.parts, part{name, close})
}

func (s *Server) openDirectory(context.Context) error {
	if err := makeDirectory(s.cfg.Dir); err != nil {
		return err
	}
	l, err := lock.Acquire(s.cfg.Dir)
	if err != nil {
		return err
	}
	s.opened("lock", func(context.Context) error { return l.Release() })
	if err := forgetSnapshots(s.cfg.Dir); err != nil {
		return err
	}
	m, err := settle(s.cfg.Dir, mark{Kind: s.cfg.Kind, Engine: engineOf(s.cfg.Store), Demo: s.cfg.Demo, Province: s.cfg.Province})
	if err != nil {
		return err
	}
	s.cfg.Province = m.province()
	return nil
}

func (s *Server) openListener(context.Context) error {
	l, err := listen(s.cfg.Listen, s.cfg.AllowRemote)
	if err != nil {
		return err
	}
	s.listener = l
	s.opened("address", func(context.Context) error {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

func (s *Server) openClock(ctx context.Context) error {
	if s.cfg.Kind != Simulated {
		return s.openWatchedClock(ctx)
	}
	last, err := lastRecorded(ctx, s.store)
	if err != nil {
		return err
	}
	driven, err := openDriven(s.cfg.Dir, last, s.log)
	if err != nil {
		return err
	}
	s.clock, s.setClock = driven, driven.Set
	return nil
}

func (s *Server) openPeople(ctx context.Context) error {
	store, err := openPeople(ctx, s.cfg.Dir, people.Options{Clock: s.clock, Log: s.store, Stream: journal.AccountsStream})
	if err != nil {
		return err
	}
	s.people = store
	for _, suspect := range store.Suspects() {
		s.log.Error("an account is not as the log has it and lets nobody in", "log", "security", "user", suspect.ID, "reason", suspect.Reason)
	}
	s.warns(func() []string {
		var all []string
		for _, suspect := range store.Suspects() {
			all = append(all, suspect.String()+"; it lets nobody in: find out who changed the file, and restore people.db from a backup")
		}
		return all
	})
	s.opened("people", func(context.Context) error { return store.Close() })
	return store.EnsureAdmin(ctx, s.cfg.Dir, s.cfg.Province)
}

func (s *Server) openReads(ctx context.Context) error {
	reads, err := readlog.Open(ctx, filepath.Join(s.cfg.Dir, ReadsFile), s.log)
	if err != nil {
		return err
	}
	s.reads = reads
	s.chain.Store(reads)
	s.opened("log of reads", func(context.Context) error { return reads.Close() })
	return nil
}

func (s *Server) openAPI(context.Context) error {
	cfg := httpapi.Config{
		Ledgers: s.ledgers, Store: s.store, People: s.people, Clock: s.clock, Telemetry: s.metrics, Version: s.cfg.Version,
		SetClock: s.setClock, History: s.history, Views: s.views, Settled: s.policies.Settled, Ready: s.ready, Warnings: s.warnings, Notary: s.notary, Reads: s.reads,
		Unreadable: s.unreadable,
		Limits:     s.cfg.Limits, TrustedProxies: s.cfg.TrustedProxies,
		DiskFull: func(err error) bool { return diskfull.Is(err, s.cfg.Dir) },
		Backup:   func(ctx context.Context, w io.Writer) error { return s.backUp(ctx, w) },
	}
	if s.watched != nil {
		cfg.AcceptClock, cfg.Stepped = s.acceptClock, s.watched.Stepped
	}
	if s.broker != nil { // a nil *Broker would not be a nil Consumers
		cfg.Consumers, cfg.RebuildFeed = s.broker, s.rebuildFeed
	}
	s.api = httpapi.New(cfg)
	return nil
}

// announce tells other commands on this machine where the server is: who connects from now on is answered once it runs.
func (s *Server) announce(context.Context) error {
	if err := announce(s.cfg.Dir, Serving{HTTP: s.URL(), NATS: s.NATS(), PID: os.Getpid()}); err != nil {
		return err
	}
	s.opened("announcement", func(context.Context) error { return unannounce(s.cfg.Dir) })
	return nil
}

// ready says why the server cannot take commands, or not show what they did.
func (s *Server) ready(context.Context) []string {
	var reasons []string
	if reason := s.ledgers.Unavailable(); reason != "" {
		reasons = append(reasons, reason)
	}
	if trouble := s.notary.Trouble(); trouble != "" {
		reasons = append(reasons, trouble)
	}
	return append(reasons, s.views.Trouble()...)
}

// URL is where the server answers, or will once it runs.
func (s *Server) URL() string { return baseURL(s.listener) }

// TokenFile is the file with the first admin's token.
func (s *Server) TokenFile() string { return filepath.Join(s.cfg.Dir, people.AdminFile) }

// Run serves until ctx ends and then answers what is under way. It does not close the server. It is nil after a stop that was asked for.
func (s *Server) Run(ctx context.Context) error {
	s.log.Info("serving", "http", s.URL(), "nats", s.NATS(), "data", s.cfg.Dir, "kind", string(s.cfg.Kind))
	return s.api.Serve(ctx, s.listener)
}

// Close closes what is open, in reverse order, and gives the directory back. Closing again does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, p := range slices.Backward(s.parts) {
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
		if err := p.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close the %s: %w", p.name, err))
		}
		cancel()
	}
	s.parts = nil
	return errors.Join(errs...)
}
