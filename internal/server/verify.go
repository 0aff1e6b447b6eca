package server

import (
	"context"
	"errors"
	"fmt"

	"jejak/eventstore"
	"jejak/eventstore/invariant"
	"jejak/eventstore/sqlite"
)

// LogReport is what VerifyLog has found. Counts are of what could be read; all are 0 when the log could not even be opened.
type LogReport struct {
	Events, Streams, Commands uint64
	Head                      eventstore.Position // up to which it was checked
	Problems                  []string            // what does not hold, and where; at most 100 of each check
}

// VerifyLog reads the whole log of a directory that no server has open and says all that is wrong with its form: pages that the disk has changed,
// positions and versions that are missing or repeated, events and commands that are there twice, what a stream or a command's id leads to. store is as in
// Config. A directory without a log is an error, one in use a *lock.HeldError. progress, unless nil, is told of the events looked at.
func VerifyLog(ctx context.Context, dir, store string, progress func(done, total uint64)) (report LogReport, err error) {
	kind, err := KindOf(dir)
	if err != nil {
		return report, err
	}
	if kind == "" {
		return report, fmt.Errorf("%s holds no log yet: name the data directory of a server with --data", dir)
	}
	s := &Server{cfg: Config{Dir: dir, Store: store}, log: discard}
	defer func() { err = errors.Join(err, s.Close()) }()
	steps := []func(context.Context) error{s.openAsIs, s.openStore}
	if engineOf(store) == eventStoreDB {
		steps = []func(context.Context) error{s.openAsIs, s.openCache, s.openStore} // its commands are found through the cache
	}
	for _, step := range steps {
		switch err := step(ctx); {
		case errors.Is(err, sqlite.ErrDamaged):
			report.Problems = []string{err.Error()}
			return report, nil
		case err != nil:
			return report, err
		}
	}
	return checkLog(ctx, s.store, 1, progress)
}

// checkLog reads a whole log that is open. lookUp is of how many commands one is looked up.
func checkLog(ctx context.Context, store eventstore.Store, lookUp int, progress func(done, total uint64)) (report LogReport, err error) {
	if embedded, ok := store.(*sqlite.Store); ok {
		switch err := embedded.Verify(ctx); {
		case errors.Is(err, sqlite.ErrDamaged):
			report.Problems = append(report.Problems, err.Error())
		case err != nil:
			return report, err
		}
	}
	checked, err := invariant.Check(ctx, store, invariant.Options{Progress: progress, LookUp: lookUp})
	report.Events, report.Streams, report.Commands, report.Head = checked.Events, checked.Streams, checked.Commands, checked.Head
	for _, p := range checked.Problems {
		report.Problems = append(report.Problems, p.String())
	}
	if err != nil {
		return report, fmt.Errorf("check the log: %w", err)
	}
	return report, nil
}
