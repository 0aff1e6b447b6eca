package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/refdata"
)

// system is who acts when nobody does: no token carries it.
var system = domain.Actor{ID: "system", Role: domain.RoleSystem, Scope: Province}

func (s *Server) openLedgers(ctx context.Context) error {
	catalog := command.NewStoreCatalog(s.store, s.log)
	var versions map[string]string
	if !s.cfg.NoImport {
		var err error
		if versions, err = s.importBuiltIn(ctx, catalog); err != nil {
			return err
		}
	}
	ledgers, err := command.Open(ctx, command.Config{
		Store: s.store, Catalog: catalog, Clock: s.clock, Logger: s.log, Elections: refdata.Elections(),
	})
	if err != nil {
		return err
	}
	s.ledgers = ledgers
	s.opened("ledgers", ledgers.Close)
	return s.adopt(ctx, versions)
}

// importBuiltIn writes the built-in reference data into the log, unless it is there, and returns the version of each election.
func (s *Server) importBuiltIn(ctx context.Context, catalog command.Catalog) (map[string]string, error) {
	importer := refdata.Importer{Store: s.store, Now: s.clock.Now, Actor: system, Simulated: s.clock.Simulated()}
	versions := map[string]string{}
	for _, election := range refdata.Elections() {
		data, err := refdata.BuiltIn(election)
		if err != nil {
			return nil, err
		}
		versions[election] = data.Version
		if err := catalog.Refresh(ctx, election); err != nil {
			return nil, err
		}
		if _, there := catalog.Reference(election, data.Version); there {
			continue
		}
		start := time.Now()
		done, err := importer.Import(ctx, data)
		if err != nil {
			return nil, err
		}
		s.log.Info("reference data imported", "election", election, "version", done.Version, "events", done.Added, "took", time.Since(start))
	}
	return versions, nil
}

// adopt lets the units that have no reference data yet go by these versions. A unit that has some keeps it: another version is a decision.
func (s *Server) adopt(ctx context.Context, versions map[string]string) error {
	for election, version := range versions {
		var answers []<-chan api.Answer
		for _, unit := range s.ledgers.Units(election) {
			// The first event of a ledger is always its adoption, so a stream that is there has one.
			events, _, err := s.store.StreamHead(ctx, journal.LedgerStream(election, unit))
			if err != nil {
				return fmt.Errorf("look for the ledger of %s in %s: %w", unit, election, err)
			}
			if events == 0 {
				answers = append(answers, s.ledgers.Submit(ctx, adoption(election, unit, version, s.clock.Now())))
			}
		}
		for _, answer := range answers {
			if a := <-answer; a.Result != api.Accepted && a.Result != api.Duplicate {
				return fmt.Errorf("adopt the reference data of %s: %s: %+v", election, a.Result, a.Errors)
			}
		}
	}
	return nil
}

// adoptions is the namespace of the ids of these commands: a restart in the middle sends the same ones again.
var adoptions = uuid.MustParse("8d0b7c5e-0d4f-5b52-9a0e-2f1f6f4f5a3b")

func adoption(election string, unit domain.Code, version string, now time.Time) command.Command {
	cmd := &ledger.AdoptReference{Version: version}
	id := uuid.NewSHA1(adoptions, []byte(election+"|"+string(unit)+"|"+version))
	body, err := json.Marshal(cmd)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings does not marshal: %v", err))
	}
	return command.Command{
		ID: id, Mode: domain.Request, Election: election, Unit: unit, OccurredAt: now, Actor: system,
		Correlation: id, Causation: id, Hash: sha256.Sum256(body), Data: cmd,
	}
}

// lastRecorded is when the newest record of the log was recorded, the zero time for an empty log.
func lastRecorded(ctx context.Context, store eventstore.Store) (time.Time, error) {
	head, err := store.Head(ctx)
	if err != nil || head == 0 {
		return time.Time{}, err
	}
	var last time.Time
	for rec, err := range store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		if err != nil {
			return time.Time{}, fmt.Errorf("read the newest record: %w", err)
		}
		last = rec.RecordedAt
	}
	return last, nil
}
