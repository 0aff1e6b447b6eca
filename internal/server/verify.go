package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/invariant"
	"jejak/eventstore/sqlite"
	"jejak/internal/backup"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/notary/verify"
	"jejak/internal/people"
	"jejak/internal/readlog"
)

// LogReport is what VerifyLog has found. Counts are of what could be read; all are 0 when the log could not even be opened.
type LogReport struct {
	Events, Streams, Commands uint64
	Head                      eventstore.Position // up to which it was checked
	Problems                  []string            // what does not hold of its form, and where; at most 100 of each check
	Accounts                  []string            // accounts of people.db that are not as the log has them
	Notary                    *verify.Report      // nil: nothing was ever signed, and no key was given
}

// OK tells that nothing was found wrong.
func (r *LogReport) OK() bool {
	return len(r.Problems) == 0 && len(r.Accounts) == 0 && (r.Notary == nil || len(r.Notary.Problems) == 0)
}

// VerifyConfig says what a log is held against.
type VerifyConfig struct {
	// Trust is whose signatures count; nil: whoever has signed here.
	Trust     *verify.Trust
	KeySource string   // where its keys came from
	Outside   [][]byte // checkpoints that others have kept
	// Now is when the log was read, so that what was recorded a moment before need not be signed; the zero time: now.
	Now time.Time
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
	if err := s.openForm(ctx, &report); err != nil {
		return report, err
	}
	// Each reads the whole log, and none has use for more than one processor most of the time.
	tell := together(cfg.Progress, "form and signatures of the log", 2)
	return report, each(ctx,
		func(ctx context.Context) error {
			if s.store == nil {
				return nil // why is in the report
			}
			return report.check(ctx, s.store, tell(0))
		},
		func(ctx context.Context) error { return s.verifySigned(ctx, &report, &cfg, tell(1)) },
		func(ctx context.Context) (err error) {
			if s.store != nil {
				report.Accounts, err = checkPeople(ctx, dir, s.store)
			}
			return err
		},
	)
}

// checkPeople holds the accounts of a directory against the log. A directory without people.db has none to hold.
func checkPeople(ctx context.Context, dir string, log eventstore.Store) ([]string, error) {
	name := filepath.Join(dir, PeopleFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	suspects, err := people.Check(ctx, name, log)
	if errors.Is(err, sqlite.ErrDamaged) {
		return nil, nil // of a log that cannot be read its own check tells
	}
	if err != nil {
		return nil, fmt.Errorf("hold the accounts against the log: %w", err)
	}
	found := make([]string, len(suspects))
	for i, s := range suspects {
		found[i] = s.String()
	}
	return found, nil
}

// VerifyBackup checks a backup as VerifyLog does the directory that it would become, in a temporary folder. One that is not whole is a problem too.
func VerifyBackup(ctx context.Context, name string, cfg VerifyConfig) (report LogReport, err error) {
	folder, err := os.MkdirTemp("", "jejak-verify-") // mode 0700
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	dir := filepath.Join(folder, "data")
	list, err := restore(ctx, name, dir, func(what Restoring, done, total uint64) {
		if cfg.Progress != nil {
			cfg.Progress(string(what), done, total)
		}
	}, func(*restorer, context.Context, backup.Manifest) error { return nil }) // VerifyLog says all that is wrong with it
	var damaged *backup.DamagedError
	if errors.As(err, &damaged) {
		report.Problems = append(report.Problems, err.Error())
		return report, nil
	}
	if err != nil {
		return report, err
	}
	cfg.Now = list.Ended
	return VerifyLog(ctx, dir, "", cfg)
}

// notaryStreams yields the streams of all notaries beside a log.
func notaryStreams(ctx context.Context, side eventstore.Side) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for number := 0; ; number++ {
			any := false
			for rec, err := range side.Read(ctx, notary.StreamName(number), 0) {
				if any = true; !yield(rec, err) || err != nil {
					return
				}
			}
			if !any {
				return
			}
		}
	}
}

// openForm opens the log, if it is whole enough for that.
func (s *Server) openForm(ctx context.Context, report *LogReport) error {
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
	return nil
}

// check reads a whole log that is open.
func (r *LogReport) check(ctx context.Context, store eventstore.Store, progress func(done, total uint64)) error {
	opt := invariant.Options{Progress: progress, Look: readable()}
	file := func(context.Context) error { return nil }
	if embedded, ok := store.(*sqlite.Store); ok {
		opt.Gapless, opt.Index = true, &invariant.Index{Streams: embedded.StreamIndex, Commands: embedded.CommandIndex}
		file = embedded.VerifyFile
	}
	var damaged error
	var checked invariant.Report
	err := each(ctx,
		func(ctx context.Context) error {
			if damaged = file(ctx); damaged != nil && !errors.Is(damaged, sqlite.ErrDamaged) {
				return damaged
			}
			return nil
		},
		func(ctx context.Context) (err error) {
			if checked, err = invariant.Check(ctx, store, opt); err != nil {
				return fmt.Errorf("check the log: %w", err)
			}
			return nil
		},
	)
	if damaged != nil {
		r.Problems = append(r.Problems, damaged.Error())
	}
	r.Events, r.Streams, r.Commands, r.Head = checked.Events, checked.Streams, checked.Commands, checked.Head
	for _, p := range checked.Problems {
		r.Problems = append(r.Problems, p.String())
	}
	return err
}

// readable reads records as those who fold and follow the log do. Its error names a record that this program cannot read: its unit stands still from there
// on. Of streams that are no unit's it says nothing.
func readable() func(*eventstore.Record) error {
	var decoder journal.Decoder
	fits := commandFits()
	return func(rec *eventstore.Record) error {
		meta, unread := journal.ReadMetadata(rec)
		if unread != nil {
			meta = journal.Metadata{}
		}
		if err := fits(rec, meta.CommandID); err != nil {
			return err
		}
		if unread != nil {
			if _, _, ofUnit := journal.SplitStream(rec.Stream); ofUnit {
				return unread
			}
			return nil
		}
		if !strings.HasPrefix(rec.Stream, journal.LedgerPrefix) {
			return nil
		}
		_, err := decoder.Decode(rec, ledger.NewEventOf)
		return err
	}
}

// commandFits tells of record after record whether its column of the command is what follows from what is signed: the
// ids of the events of a command, and the command that their metadata name, uuid.Nil for none.
func commandFits() func(rec *eventstore.Record, named uuid.UUID) error {
	var last uuid.UUID // command of the record before
	n := 0             // events of it
	return func(rec *eventstore.Record, named uuid.UUID) error {
		if rec.Command != last {
			last, n = rec.Command, 0
		}
		n++
		if want := domain.EventID(rec.Command, n-1); rec.Command != uuid.Nil && rec.ID != want {
			return fmt.Errorf("its column command is %s, but event %d of that command has the id %s: it was changed", rec.Command, n, want)
		}
		attempt := strings.HasPrefix(rec.Stream, journal.AttemptsPrefix) // names a command that was refused
		if !attempt && named != uuid.Nil && rec.Command != named {
			return fmt.Errorf("its column command is %s, but its metadata name the command %s: it was changed", rec.Command, named)
		}
		return nil
	}
}

// verifySigned holds the log against what the notary has signed. An embedded log is read whatever its pages look like: a page that does not fit its checksum
// tells that something was changed, the tree tells which record.
func (s *Server) verifySigned(ctx context.Context, report *LogReport, cfg *VerifyConfig, progress func(done, total uint64)) error {
	var records iter.Seq2[eventstore.Record, error]
	side := func() iter.Seq2[eventstore.Record, error] { return notaryStreams(ctx, s.side) }
	switch {
	case engineOf(s.cfg.Store) == embedded:
		records = sqlite.ReadUnchecked(ctx, filepath.Join(s.cfg.Dir, EventsFile))
		side = func() iter.Seq2[eventstore.Record, error] {
			return sqlite.ReadSideUnchecked(ctx, filepath.Join(s.cfg.Dir, EventsFile))
		}
	case s.store == nil:
		return nil
	default:
		records = s.store.ReadAll(ctx, 0, eventstore.Filter{})
	}
	found, err := verify.Directory(NotaryDir(s.cfg.Dir), records, side)
	if err != nil {
		return err
	}
	found.Source.Now = cfg.Now
	defer func() { _ = found.Close() }() // only read from
	if report.Notary, err = found.Check(ctx, cfg.Trust, cfg.KeySource, cfg.Outside, progress); err != nil || report.Notary == nil {
		return err
	}
	return checkReads(ctx, filepath.Join(s.cfg.Dir, ReadsFile), found.Reads(), report.Notary)
}

// checkReads holds access.db against what the notary has signed of it.
func checkReads(ctx context.Context, path string, signed []notary.Reads, report *verify.Report) error {
	heads := make([]readlog.Head, len(signed))
	for i, s := range signed {
		heads[i] = readlog.Head{File: s.File, Rows: s.Rows, Sum: s.Head}
	}
	problems, other, err := readlog.Check(ctx, path, heads)
	if err != nil {
		return fmt.Errorf("check %s: %w", ReadsFile, err)
	}
	for _, p := range problems {
		report.Problems = append(report.Problems, verify.Problem{Kind: verify.Reads, Leaf: -1, Text: ReadsFile + ": " + p})
	}
	if other {
		report.Notes = append(report.Notes, ReadsFile+" is not the only one whose reads the notary has signed: those of before must lie in an archive")
	}
	return nil
}

// each does things beside each other, to the end of all of them or the first error.
func each(ctx context.Context, things ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(things))
	var all sync.WaitGroup
	for i, do := range things {
		all.Go(func() {
			if errs[i] = do(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return firstCause(errs)
}

// firstCause is the first error that is not only that another ended it.
func firstCause(errs []error) (first error) {
	for _, err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// together tells of several things that are done beside each other as of one. Each of them is told by its own function.
func together[What any](progress func(what What, done, total uint64), what What, things int) func(thing int) func(done, total uint64) {
	if progress == nil {
		return func(int) func(done, total uint64) { return nil }
	}
	var mu sync.Mutex
	done, total := make([]uint64, things), make([]uint64, things)
	return func(thing int) func(uint64, uint64) {
		return func(d, t uint64) {
			mu.Lock()
			defer mu.Unlock()
			done[thing], total[thing] = d, t
			var d2, t2 uint64
			for i := range done {
				d2, t2 = d2+done[i], t2+total[i]
			}
			progress(what, d2, t2)
		}
	}
}
