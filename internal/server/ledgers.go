package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/policy"
	"jejak/internal/refdata"
)

// system is who acts when nobody does.
func (s *Server) system() domain.Actor { return command.System(s.cfg.Province) }

func (s *Server) openLedgers(ctx context.Context) error {
	catalog := command.NewStoreCatalog(s.store, s.log)
	versions := map[string]string{}
	if !s.cfg.NoImport {
		for _, election := range refdata.Elections() {
			version, err := s.importBuiltIn(ctx, catalog, election)
			if err != nil {
				return err
			}
			versions[election] = version
		}
	}
	if err := s.openHandler(ctx, catalog); err != nil {
		return err
	}
	for election, version := range versions {
		if _, err := s.adopt(ctx, election, version, newcomers); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) openCache(context.Context) error {
	opened, err := cache.Open(filepath.Join(s.cfg.Dir, CacheFile))
	if err != nil {
		return err
	}
	s.cache = opened
	s.opened("ledger cache", func(context.Context) error { return opened.Close() })
	return nil
}

func (s *Server) openHandler(ctx context.Context, catalog command.Catalog) error {
	cfg := command.Config{
		Store: s.store, Catalog: catalog, Clock: s.clock, Cache: s.cache, Logger: s.log, Elections: refdata.Elections(),
		Unreadable: s.unreadable, Shared: engineOf(s.cfg.Store) == eventStoreDB,
	}
	if s.metrics != nil {
		cfg.Metrics = s.metrics
	}
	if s.watched != nil {
		cfg.Stepped = s.watched.Stepped
	}
	ledgers, err := command.Open(ctx, cfg)
	if err != nil {
		return err
	}
	s.catalog, s.ledgers = catalog, ledgers
	s.opened("ledgers", ledgers.Close)
	return nil
}

// openPolicies starts what carries over from one unit to another, and the clock of deadlines.
func (s *Server) openPolicies(ctx context.Context) error {
	policies := policy.Start(ctx, policy.Config{
		Store: s.store, Ledgers: s.ledgers, Catalog: s.catalog, Clock: s.clock, Checkpoints: s.cache, Log: s.log, Metrics: s.metrics, Unreadable: s.unreadable,
	})
	s.policies = policies
	s.opened("policies", policies.Close)
	s.metrics.WatchQueues(s.ledgers.Waiting)
	s.metrics.WatchPolicies(policies.Handled)
	return nil
}

// importBuiltIn writes the built-in reference data of an election into the log, unless it is there, and returns its version.
func (s *Server) importBuiltIn(ctx context.Context, catalog command.Catalog, election string) (string, error) {
	data, err := refdata.BuiltIn(election)
	if err != nil {
		return "", err
	}
	if err := catalog.Refresh(ctx, election); err != nil {
		return "", err
	}
	if _, there := catalog.Reference(election, data.Version); there {
		return data.Version, nil
	}
	start := time.Now()
	done, err := refdata.Importer{Store: s.store, Now: s.clock.Now, Actor: s.system(), Simulated: s.clock.Simulated()}.Import(ctx, data)
	if err != nil {
		return "", err
	}
	s.log.Info("reference data imported", "election", election, "version", done.Version, "events", done.Added, "took", time.Since(start))
	return done.Version, nil
}

// adopters are the units that adopt reference data.
type adopters int

const (
	// newcomers have none yet. A unit that has some keeps it when the program brings another: a change of version is a decision.
	newcomers adopters = iota
	// everyone adopts what somebody has imported on purpose.
	everyone
)

// adopt lets units of an election go by a version of the reference data and returns how many did not before.
func (s *Server) adopt(ctx context.Context, election, version string, who adopters) (int, error) {
	adopted := 0
	var answers []<-chan api.Answer
	for _, unit := range s.ledgers.Units(election) {
		// The first event of a ledger is always its adoption, so a stream that is there has one.
		events, _, err := s.store.StreamHead(ctx, journal.LedgerStream(election, unit))
		if err != nil {
			return adopted, fmt.Errorf("look for the ledger of %s in %s: %w", unit, election, err)
		}
		if events > 0 {
			if who == newcomers {
				continue
			}
			var now string
			err := s.ledgers.View(ctx, election, unit, 0, func(state *ledger.State, _ eventstore.Position) { now = state.Adopted })
			if err != nil {
				return adopted, fmt.Errorf("read the ledger of %s in %s: %w", unit, election, err)
			}
			if now == version {
				continue
			}
		}
		answers = append(answers, s.ledgers.Submit(ctx, s.adoption(election, unit, version, events, s.clock.Now())))
	}
	for _, answer := range answers {
		switch a := <-answer; a.Result {
		case api.Accepted, api.AcceptedWithDiscrepancy:
			adopted++
		case api.Duplicate:
		case api.Rejected, api.Error:
			return adopted, fmt.Errorf("adopt the reference data of %s: %s: %+v", election, a.Result, a.Errors)
		}
	}
	return adopted, nil
}

// adoptions is the namespace of the ids of adoptions: a restart in the middle sends the same ones again.
var adoptions = uuid.MustParse("8d0b7c5e-0d4f-5b52-9a0e-2f1f6f4f5a3b")

// adoption is the command to a unit whose ledger has so many events.
func (s *Server) adoption(election string, unit domain.Code, version string, events eventstore.Version, now time.Time) command.Command {
	cmd := &ledger.AdoptReference{Version: version}
	id := uuid.NewSHA1(adoptions, fmt.Appendf(nil, "%s|%s|%s|%d", election, unit, version, events))
	body, err := json.Marshal(cmd)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings does not marshal: %v", err))
	}
	return command.Command{
		ID: id, Mode: domain.Request, Election: election, Unit: unit, OccurredAt: now, Actor: s.system(),
		Correlation: id, Causation: id, Hash: sha256.Sum256(body), Data: cmd,
	}
}

// lastRecorded is when the newest record of the log was recorded, the zero time for an empty log.
func lastRecorded(ctx context.Context, store eventstore.Store) (time.Time, error) {
	_, last, err := newestRecord(ctx, store)
	return last, err
}

// newestRecord is where the newest record of the log stands and when it was recorded, 0 and the zero time for an empty log.
func newestRecord(ctx context.Context, store eventstore.Store) (at eventstore.Position, last time.Time, err error) {
	head, err := store.Head(ctx)
	if err != nil || head == 0 {
		return 0, time.Time{}, err
	}
	for rec, err := range store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		if err != nil {
			return 0, time.Time{}, fmt.Errorf("read the newest record: %w", err)
		}
		at, last = rec.Position, rec.RecordedAt
	}
	return at, last, nil
}
