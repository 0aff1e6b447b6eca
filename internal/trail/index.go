package trail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/journal"
)

// ErrBehind: the index is not built, or too far behind the log. What was asked for is found by reading the log.
var ErrBehind = errors.New("the index does not have the log yet")

// maxTail is how many records beyond the index a question reads itself.
const maxTail = 20_000

// Index answers which events concern a thing: from the file and, for what is newer, from the log. It is safe for concurrent use.
type Index struct {
	file  *File
	log   Log
	note  *slog.Logger
	ready atomic.Bool   // the file can be used
	at    atomic.Uint64 // position up to where everything is in

	catching sync.Mutex // one at a time catches up

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Look opens an index that nobody keeps up to the log: the file as it is answers as far as it goes. One that is not of this log, or was not built to
// its end, gives ErrBehind to every question.
func Look(ctx context.Context, file *File, log Log) (*Index, error) {
	x := &Index{file: file, log: log, note: slog.New(slog.DiscardHandler), cancel: func() {}}
	return x, x.take(ctx)
}

// take looks whether the file can be used.
func (x *Index) take(ctx context.Context) error {
	var in head
	err := x.file.ask(func(d *desk) (err error) {
		in, err = d.head()
		return err
	})
	if err != nil || !in.built {
		return err
	}
	for _, mark := range []cache.Mark{in.at, in.aim} {
		if fits, err := belongs(ctx, x.log.Store, mark); err != nil || !fits {
			return err
		}
	}
	x.at.Store(uint64(in.at.Position))
	x.ready.Store(true)
	return nil
}

const (
	// pollEvery is how often the log is looked at for new records: questions read themselves what is newer.
	pollEvery = 2 * time.Second
	// busy: while so many records come between two looks, the processor is left to who writes them, unless the index is farBehind.
	busy, farBehind = 4_000, 1_000_000
	// longLog is one whose index is not built at once when a server starts: those who wait for the server come first, for startPatience.
	longLog       = 100_000
	startPatience = 15 * time.Second
)

// Start keeps the file up to the log until Close, and builds it first, in the background, where it is not of this log.
func Start(ctx context.Context, file *File, log Log, note *slog.Logger) *Index {
	x := &Index{file: file, log: log, note: note}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x.cancel = cancel
	if err := x.take(ctx); err != nil {
		note.Warn("the index of things cannot be read and is made anew", "error", err)
	}
	x.done.Go(func() { x.follow(following) })
	return x
}

// Close ends keeping up. It does not close the file.
func (x *Index) Close(context.Context) error {
	x.cancel()
	x.done.Wait()
	return nil
}

func (x *Index) follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	begun, seen := time.Now(), eventstore.Position(0)
	for {
		head, err := x.log.Store.Head(ctx)
		behind := head - min(eventstore.Position(x.at.Load()), head)
		rushed := seen > 0 && head > seen+busy && behind < farBehind || !x.ready.Load() && head > longLog && time.Since(begun) < startPatience
		seen = head
		if err == nil && !rushed && (behind > 0 || !x.ready.Load()) {
			err = x.CatchUp(ctx)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) {
			x.note.Error("the index of things does not follow the log and tries again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// CatchUp puts in what the log has and the file does not; it makes the file anew first where there is nothing to go on from.
func (x *Index) CatchUp(ctx context.Context) error {
	x.catching.Lock()
	defer x.catching.Unlock()
	anew := !x.ready.Load()
	if anew {
		if err := x.file.Renew(); err != nil {
			return err
		}
	}
	started := time.Now()
	// One ledger at a time: a server has other things to do.
	built, err := x.file.Build(ctx, x.log, 1, nil)
	if err != nil {
		return err
	}
	if anew || built.Events > handful {
		x.note.Info("index of things brought to the end of the log", "anew", anew, "events", built.Events, "postings", built.Postings, "rows", built.Rows, "took", time.Since(started))
	}
	return x.take(ctx)
}

// Thing is what is asked for: an id, or with Within all ids that begin with it.
type Thing struct {
	ID     string
	Within bool
}

// prefixEnd is behind every id that begins with prefix.
func prefixEnd(prefix string) string { return prefix + "\xff" }

// Is tells whether an id is asked for.
func (t Thing) Is(id string) bool {
	return id == t.ID || t.Within && len(id) >= len(t.ID) && id[:len(t.ID)] == t.ID
}

// Versions are the versions of a ledger's events that concern any of some things, rising, each once, up to the version upTo.
func (x *Index) Versions(ctx context.Context, l Ledger, upTo uint64, things ...Thing) ([]uint64, error) {
	if !x.ready.Load() {
		return nil, ErrBehind
	}
	versions, known, err := x.file.look(l, things)
	if err != nil {
		return nil, fmt.Errorf("look into the index: %w", err)
	}
	if upTo > known+maxTail {
		return nil, ErrBehind
	}
	for rec, err := range x.log.Store.Read(ctx, journal.LedgerStream(l.Election, l.Unit), eventstore.Version(known)) {
		if err != nil {
			return nil, err
		}
		if uint64(rec.Version) > upTo {
			break
		}
		subjects, err := subjectsOf(&rec)
		if x.log.Unreadable.Note(err) {
			break // the ledger ends here for this program
		}
		if err != nil {
			return nil, err
		}
		if concerns(subjects, things) {
			versions = append(versions, uint64(rec.Version))
		}
	}
	slices.Sort(versions)
	versions = slices.Compact(versions)
	end, _ := slices.BinarySearch(versions, upTo+1)
	return versions[:end], nil
}

// Concerns tells whether a record of a ledger concerns a thing.
func Concerns(rec *eventstore.Record, id string) (bool, error) {
	subjects, err := subjectsOf(rec)
	return slices.Contains(subjects, id), err
}

func concerns(subjects []string, things []Thing) bool {
	return slices.ContainsFunc(subjects, func(s string) bool {
		return slices.ContainsFunc(things, func(t Thing) bool { return t.Is(s) })
	})
}

// look finds what the file has, and up to which version it has the ledger.
func (f *File) look(l Ledger, things []Thing) (versions []uint64, upTo uint64, err error) {
	err = f.ask(func(d *desk) error {
		in, err := d.ledgers()
		if err != nil {
			return err
		}
		upTo = in[l].version
		versions, err = d.look(in[l], things)
		return err
	})
	return versions, upTo, err
}

// look finds what counts of a ledger.
func (d *desk) look(l known, things []Thing) (versions []uint64, err error) {
	for _, t := range things {
		stmt := d.find
		if t.Within {
			stmt = d.within
		}
		var torn error
		err := run(stmt, func(s *sqlite3.Stmt) error {
			err := errors.Join(s.BindText(1, t.ID), s.BindInt64(2, l.number))
			if t.Within {
				err = errors.Join(err, s.BindText(3, prefixEnd(t.ID)))
			}
			return err
		}, func(s *sqlite3.Stmt) {
			torn = errors.Join(torn, versionsOf(s, func(v uint64) {
				if v <= l.version {
					versions = append(versions, v)
				}
			}))
		})
		if err := errors.Join(err, torn); err != nil {
			return nil, err
		}
	}
	return versions, nil
}

// Everywhere are the events that concern a thing in any ledger: the versions by ledger, as far as the index goes, and the position up to which that
// is; what is after it the caller reads.
func (x *Index) Everywhere(id string) (map[Ledger][]uint64, eventstore.Position, error) {
	if !x.ready.Load() {
		return nil, 0, ErrBehind
	}
	found := map[Ledger][]uint64{}
	var in head
	err := x.file.ask(func(d *desk) (err error) {
		if in, err = d.head(); err != nil {
			return err
		}
		ledgers, err := d.ledgers()
		if err != nil {
			return err
		}
		names := map[int64]Ledger{}
		for l, k := range ledgers {
			names[k.number] = l
		}
		var torn error
		err = run(d.findAll, func(s *sqlite3.Stmt) error { return s.BindText(1, id) }, func(s *sqlite3.Stmt) {
			l := names[s.ColumnInt64(0)]
			torn = errors.Join(torn, versionsOf(s, func(v uint64) {
				if v <= ledgers[l].version {
					found[l] = append(found[l], v)
				}
			}))
		})
		return errors.Join(err, torn)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("look into the index: %w", err)
	}
	return found, in.at.Position, nil
}
