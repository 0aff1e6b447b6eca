package server

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/httpapi"
	"jejak/internal/telemetry"
	"jejak/internal/trail"
)

// Past is the log of a directory that no server has, with the answers that a server would give about it.
type Past struct {
	*Log
	Handler http.Handler // the reading half of the HTTP API; who asks is an auditor of the whole province
	file    *trail.File  // nil where there is none of this log
}

// OpenPast opens the log of dir as OpenLog does. The index of things is used where there is one, and not brought up to the log.
func OpenPast(ctx context.Context, dir, store string) (*Past, error) {
	log, err := OpenLog(ctx, dir, store)
	if err != nil {
		return nil, err
	}
	p := &Past{Log: log}
	if err := p.open(ctx, dir); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Past) open(ctx context.Context, dir string) error {
	var now clock.Clock = clock.System{}
	if p.Simulated {
		last, err := lastRecorded(ctx, p.Store)
		if err != nil {
			return err
		}
		driven, err := openDriven(dir, last, discard)
		if err != nil {
			return err
		}
		now = driven
	}
	if err := p.Catalog.Discover(ctx); err != nil {
		return err
	}
	var index *trail.Index
	if file, err := trail.OpenAsIs(filepath.Join(dir, TrailFile)); err == nil {
		p.file = file
		if index, err = trail.Look(ctx, file, trail.Log{Store: p.Store, Catalog: p.Catalog}); err != nil {
			index = nil // a broken index is as good as none
		}
	}
	past := history.New(history.Config{Store: p.Store, Catalog: p.Catalog, Snapshots: p.server.cache, Index: index, Now: now.Now, Simulated: p.Simulated})
	api := httpapi.New(httpapi.Config{
		Ledgers: ended{p.Catalog, past}, Store: p.Store, Clock: now, Telemetry: telemetry.New(discard, ""), History: past,
	})
	p.Handler = api.Alone(string(p.server.cfg.Province))
	return nil
}

// Close gives the directory back.
func (p *Past) Close() error {
	var err error
	if p.file != nil {
		err = p.file.Close()
	}
	return errors.Join(err, p.Log.Close())
}

// ended are ledgers to which nothing is added any more.
type ended struct {
	command.Catalog
	past *history.History
}

// Submit refuses.
func (e ended) Submit(context.Context, command.Command) <-chan api.Answer {
	answer := make(chan api.Answer, 1)
	answer <- api.Answer{Result: api.Error}
	return answer
}

// View shows a ledger at its end.
func (e ended) View(ctx context.Context, election string, unit domain.Code, _ eventstore.Position, read func(*ledger.State, eventstore.Position)) error {
	return e.past.State(ctx, election, unit, history.Cut{}, func(s *ledger.State, at eventstore.Position) error {
		read(s, at)
		return nil
	})
}
