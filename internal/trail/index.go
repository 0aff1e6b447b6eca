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
	ready atomic.Bool // the file is built

	mu sync.Mutex // of catching up
	at cache.Mark // up to where everything is in

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
	x.file.mu.Lock()
	at, built, err := x.file.head()
	x.file.mu.Unlock()
	if err != nil || !built {
		return err
	}
	fits, err := belongs(ctx, x.log.Store, at)
	if err != nil {
		return err
	}
	x.at = at
	x.ready.Store(fits)
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
		x.mu.Lock()
		behind := head - min(x.at.Position, head)
		x.mu.Unlock()
		rushed := seen > 0 && head > seen+busy && behind < farBehind || !x.ready.Load() && head > longLog && time.Since(begun) < startPatience
		seen = head
		if err == nil && !rushed {
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

// CatchUp puts in what the log has and the file does not; it builds the file first where there is nothing to go on from.
func (x *Index) CatchUp(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ready.Load() {
		if err := x.file.Renew(); err != nil {
			return err
		}
		started := time.Now()
		// One ledger at a time: a server has other things to do.
		built, err := x.file.Build(ctx, x.log, 1, nil)
		if err != nil {
			return err
		}
		x.note.Info("index of things built", "events", built.Events, "postings", built.Postings, "took", time.Since(started))
		if err := x.take(ctx); err != nil {
			return err
		}
	}
	for {
		more, err := x.step(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// stepEvents is how many events one transaction takes at most.
const stepEvents = 10_000

// step takes the next events in, and tells whether there may be more.
func (x *Index) step(ctx context.Context) (more bool, err error) {
	head, err := x.log.Store.Head(ctx)
	if err != nil || head == x.at.Position {
		return false, err
	}
	type part struct {
		version uint64
		posts   postings
	}
	parts := map[Ledger]*part{}
	at, n := x.at, 0
	for rec, err := range x.log.Store.ReadAll(ctx, x.at.Position, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			return false, err
		}
		election, unit, ok := journal.SplitStream(rec.Stream)
		if !ok {
			return false, fmt.Errorf("stream %q at position %d is no ledger", rec.Stream, rec.Position)
		}
		subjects, err := subjectsOf(&rec)
		if err != nil {
			return false, err
		}
		l := Ledger{election, unit}
		if parts[l] == nil {
			parts[l] = &part{posts: postings{}}
		}
		parts[l].version = uint64(rec.Version)
		parts[l].posts.add(uint64(rec.Version), subjects)
		at = cache.Mark{Position: rec.Position, Event: rec.ID}
		if n++; n == stepEvents {
			more = true
			break
		}
	}
	if n == 0 {
		return false, nil
	}
	err = x.file.change("add to", func() error {
		for l, p := range parts {
			if _, err := x.file.put(l, p.version, p.posts); err != nil {
				return err
			}
		}
		return x.file.setHead(at)
	})
	if err == nil {
		x.at = at
	}
	return more, err
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
func (f *File) look(l Ledger, things []Thing) (versions []uint64, known uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	numbers, ends, err := f.ledgers()
	if err != nil {
		return nil, 0, err
	}
	number, ok := numbers[l]
	if !ok {
		return nil, 0, nil
	}
	for _, t := range things {
		stmt := f.find
		if t.Within {
			stmt = f.within
		}
		var torn error
		err := run(stmt, func(s *sqlite3.Stmt) error {
			err := errors.Join(s.BindText(1, t.ID), s.BindInt64(2, number))
			if t.Within {
				err = errors.Join(err, s.BindText(3, prefixEnd(t.ID)))
			}
			return err
		}, func(s *sqlite3.Stmt) {
			var err error
			versions, err = versionsOf(s, versions)
			torn = errors.Join(torn, err)
		})
		if err := errors.Join(err, torn); err != nil {
			return nil, 0, err
		}
	}
	return versions, ends[l], nil
}

// Everywhere are the events that concern a thing in any ledger: the versions by ledger, as far as the index goes, and the position up to which that
// is; what is after it the caller reads.
func (x *Index) Everywhere(id string) (map[Ledger][]uint64, eventstore.Position, error) {
	if !x.ready.Load() {
		return nil, 0, ErrBehind
	}
	f := x.file
	f.mu.Lock()
	defer f.mu.Unlock()
	at, _, err := f.head()
	if err != nil {
		return nil, 0, fmt.Errorf("look into the index: %w", err)
	}
	numbers, _, err := f.ledgers()
	if err != nil {
		return nil, 0, fmt.Errorf("look into the index: %w", err)
	}
	names := map[int64]Ledger{}
	for l, n := range numbers {
		names[n] = l
	}
	found := map[Ledger][]uint64{}
	var torn error
	err = run(f.findAll, func(s *sqlite3.Stmt) error { return s.BindText(1, id) }, func(s *sqlite3.Stmt) {
		l := names[s.ColumnInt64(0)]
		more, err := versionsOf(s, found[l])
		found[l], torn = more, errors.Join(torn, err)
	})
	if err := errors.Join(err, torn); err != nil {
		return nil, 0, fmt.Errorf("look into the index: %w", err)
	}
	return found, at.Position, nil
}
