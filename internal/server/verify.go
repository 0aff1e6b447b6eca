package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"jejak/eventstore"
	"jejak/eventstore/invariant"
	"jejak/eventstore/sqlite"
	"jejak/internal/notary/verify"
)

// LogReport is what VerifyLog has found. Counts are of what could be read; all are 0 when the log could not even be opened.
type LogReport struct {
	Events, Streams, Commands uint64
	Head                      eventstore.Position // up to which it was checked
	Problems                  []string            // what does not hold of its form, and where; at most 100 of each check
	Notary                    *verify.Report      // nil: nothing was ever signed, and no key was given
}

// OK tells that nothing was found wrong.
func (r *LogReport) OK() bool {
	return len(r.Problems) == 0 && (r.Notary == nil || len(r.Notary.Problems) == 0)
}

// VerifyConfig says what a log is held against.
type VerifyConfig struct {
	// Trust is whose signatures count; nil: whoever has signed here.
	Trust     *verify.Trust
	KeySource string   // where its keys came from
	Outside   [][]byte // checkpoints that others have kept
	// Progress, unless nil, is told of the events looked at, check by check.
	Progress func(check string, done, total uint64)
}

// VerifyLog reads the whole log of a directory that no server has open and says all that is wrong with it: with its form (pages that the disk has changed,
// positions and versions that are missing or repeated, events and commands that are there twice, what a stream or a command's id leads to), and with what
// the notary has signed. store is as in Config. A directory without a log is an error, one in use a *lock.HeldError.
func VerifyLog(ctx context.Context, dir, store string, cfg VerifyConfig) (report LogReport, err error) {
	kind, err := KindOf(dir)
	if err != nil {
		return report, err
	}
	if kind == "" {
		return report, fmt.Errorf("%s holds no log yet: name the data directory of a server with --data", dir)
	}
	s := &Server{cfg: Config{Dir: dir, Store: store}, log: discard}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.openAsIs(ctx); err != nil {
		return report, err
	}
	if err := s.verifyForm(ctx, &report, cfg.Progress); err != nil {
		return report, err
	}
	return report, s.verifySigned(ctx, &report, &cfg)
}

// verifyForm checks the log by itself.
func (s *Server) verifyForm(ctx context.Context, report *LogReport, progress func(string, uint64, uint64)) error {
	steps := []func(context.Context) error{s.openStore}
	if engineOf(s.cfg.Store) == eventStoreDB {
		steps = []func(context.Context) error{s.openCache, s.openStore} // its commands are found through the cache
	}
	for _, step := range steps {
		switch err := step(ctx); {
		case errors.Is(err, sqlite.ErrDamaged):
			report.Problems = []string{err.Error()}
			return nil
		case err != nil:
			return err
		}
	}
	if embedded, ok := s.store.(*sqlite.Store); ok {
		switch err := embedded.Verify(ctx); {
		case errors.Is(err, sqlite.ErrDamaged):
			report.Problems = append(report.Problems, err.Error())
		case err != nil:
			return err
		}
	}
	var opt invariant.Options
	if progress != nil {
		opt.Progress = func(done, total uint64) { progress("the form of the log", done, total) }
	}
	checked, err := invariant.Check(ctx, s.store, opt)
	report.Events, report.Streams, report.Commands, report.Head = checked.Events, checked.Streams, checked.Commands, checked.Head
	for _, p := range checked.Problems {
		report.Problems = append(report.Problems, p.String())
	}
	if err != nil {
		return fmt.Errorf("check the log: %w", err)
	}
	return nil
}

// verifySigned holds the log against what the notary has signed. An embedded log is read whatever its pages look like: a page that does not fit its checksum
// tells that something was changed, the tree tells which record.
func (s *Server) verifySigned(ctx context.Context, report *LogReport, cfg *VerifyConfig) error {
	var records iter.Seq2[eventstore.Record, error]
	switch {
	case engineOf(s.cfg.Store) == embedded:
		records = sqlite.ReadUnchecked(ctx, filepath.Join(s.cfg.Dir, EventsFile))
	case s.store == nil:
		return nil
	default:
		records = s.store.ReadAll(ctx, 0, eventstore.Filter{})
	}
	found, err := verify.Directory(NotaryDir(s.cfg.Dir), records)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }() // only read from
	report.Notary, err = found.Check(ctx, cfg.Trust, cfg.KeySource, cfg.Outside, func(done, total uint64) {
		if cfg.Progress != nil {
			cfg.Progress("what was signed", done, total)
		}
	})
	return err
}
