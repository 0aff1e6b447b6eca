package trail

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/unreadable"
	"jejak/projections/subject"
)

// Log is what the index is made of.
type Log struct {
	Store   eventstore.Store
	Catalog command.Catalog
	// Unreadable is told of records that cannot be read; nil: nobody. Their ledgers end before them in the index.
	Unreadable *unreadable.Book
}

// Built is what Build did. Rows counts one that was touched several times as often.
type Built struct {
	Events, Postings, Rows uint64
}

const (
	// handful: so many records of the log are read in its order; with more the ledgers are read one by one, since the postings of a ledger lie
	// together in the file.
	handful = 10_000
	// batch is how many events of a ledger are put at a time.
	batch = 50_000
	// every so many events are reported.
	every = 2000
)

// Build brings the file to the end that the log has when it begins: an empty one from the first event, another from where it is. workers read at once.
// The file must be of this log. When it fails, what counted counts as before, and Build can be called again. progress, unless nil, is told how many of
// all events are done, by several goroutines.
func (f *File) Build(ctx context.Context, log Log, workers int, progress func(done, all uint64)) (Built, error) {
	f.growing.Lock()
	defer f.growing.Unlock()
	g := &growth{file: f, log: log, told: progress}
	if err := g.grow(ctx, workers); err != nil {
		return Built{}, fmt.Errorf("bring the index %s on: %w", f.db.Path(), err)
	}
	return Built{Events: g.done.Load(), Postings: g.posted.Load(), Rows: g.rows.Load()}, nil
}

// growth is one way from what is in a file to the end of the log.
type growth struct {
	file *File
	log  Log
	told func(done, all uint64)

	all                uint64
	done, posted, rows atomic.Uint64
}

func (g *growth) grow(ctx context.Context, workers int) error {
	end, err := lastOf(ctx, g.log.Store)
	if err != nil {
		return err
	}
	var before head
	var in map[Ledger]known
	err = g.file.change(func(d *desk) error {
		if before, err = d.head(); err != nil {
			return err
		}
		if in, err = d.ledgers(); err != nil {
			return err
		}
		return d.aim(end)
	})
	if err != nil {
		return err
	}
	versions := map[Ledger]uint64{}
	if before.built && end.Position <= before.at.Position+handful {
		err = g.handful(ctx, before.at.Position, end.Position, in, versions)
	} else {
		err = g.ledgers(ctx, end.Position, in, versions, workers)
	}
	if err != nil {
		return err
	}
	return g.file.change(func(d *desk) error { return d.arrive(versions) })
}

// handful puts what the log has between two positions.
func (g *growth) handful(ctx context.Context, after, end eventstore.Position, in map[Ledger]known, versions map[Ledger]uint64) error {
	parts := map[Ledger]*part{}
	behind := map[Ledger]bool{} // that ended before a record which could not be read
	for rec, err := range g.log.Store.ReadAll(ctx, after, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			return err
		}
		if rec.Position > end {
			break
		}
		election, unit, ok := journal.SplitStream(rec.Stream)
		if !ok {
			return fmt.Errorf("stream %q at position %d is no ledger", rec.Stream, rec.Position)
		}
		l := Ledger{election, unit}
		if parts[l] == nil && uint64(rec.Version) > in[l].version+1 {
			behind[l] = true
		}
		if behind[l] {
			continue
		}
		if parts[l] == nil {
			parts[l] = &part{postings: postings{}}
		}
		err := g.add(&rec, parts[l])
		if behind[l] = g.log.Unreadable.Note(err); behind[l] {
			continue
		}
		if err != nil {
			return err
		}
		versions[l] = uint64(rec.Version)
	}
	for l, p := range parts {
		if err := g.put(l, p); err != nil {
			return err
		}
	}
	for l := range behind {
		if parts[l] != nil {
			continue
		}
		last, err := g.ledger(ctx, l, in[l].version, end)
		if err != nil {
			return err
		}
		versions[l] = last
	}
	return nil
}

// ledgers puts what each ledger has up to a position beyond what is in, the longest first.
func (g *growth) ledgers(ctx context.Context, end eventstore.Position, in map[Ledger]known, versions map[Ledger]uint64, workers int) error {
	list, err := command.Lengths(ctx, g.log.Store, g.log.Catalog)
	if err != nil {
		return err
	}
	queue := make(chan Ledger, len(list))
	for _, s := range list {
		l := Ledger{s.Election, s.Unit}
		if known := in[l].version; known < s.Events {
			g.all += s.Events - known
			queue <- l
		}
	}
	close(queue)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	var mu sync.Mutex
	for range workers {
		wait.Go(func() {
			for l := range queue {
				last, err := g.ledger(ctx, l, in[l].version, end)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				versions[l] = last
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// ledger puts what a ledger has after a version, and returns the last version that is in then.
func (g *growth) ledger(ctx context.Context, l Ledger, after uint64, end eventstore.Position) (last uint64, err error) {
	last = after
	p := &part{postings: postings{}}
	for rec, err := range g.log.Store.Read(ctx, journal.LedgerStream(l.Election, l.Unit), eventstore.Version(after)) {
		if err != nil {
			return 0, err
		}
		if rec.Position > end {
			break
		}
		err := g.add(&rec, p)
		if g.log.Unreadable.Note(err) {
			break
		}
		if err != nil {
			return 0, err
		}
		last = uint64(rec.Version)
		if len(p.occurrences) == batch {
			if err := g.put(l, p); err != nil {
				return 0, err
			}
			p = &part{postings: postings{}, occurrences: p.occurrences[:0]}
		}
	}
	if err := g.put(l, p); err != nil {
		return 0, err
	}
	if g.told != nil {
		g.told(g.done.Load(), g.all)
	}
	return last, nil
}

// part is what is to be put of a ledger, of events that follow each other.
type part struct {
	postings    postings
	occurrences []Occurrence
}

// add notes what a record is about, and when it occurred.
func (g *growth) add(rec *eventstore.Record, p *part) error {
	event, err := journal.Decode(rec, ledger.NewEventOf)
	if err != nil {
		return err
	}
	subjects := subject.Of(event)
	p.postings.add(uint64(rec.Version), subjects)
	p.occurrences = append(p.occurrences, OccurrenceOf(event))
	g.posted.Add(uint64(len(subjects)))
	if done := g.done.Add(1); g.told != nil && done%every == 0 {
		g.told(done, max(g.all, done))
	}
	return nil
}

func (g *growth) put(l Ledger, p *part) error {
	rows, err := g.file.put(l, p.postings)
	g.rows.Add(uint64(rows))
	if err != nil {
		return err
	}
	return g.file.note(l, p.occurrences)
}

// subjectsOf are the subjects of a record of a ledger.
func subjectsOf(rec *eventstore.Record) ([]string, error) {
	event, err := journal.Decode(rec, ledger.NewEventOf)
	if err != nil {
		return nil, err
	}
	return subject.Of(event), nil
}

// lastOf is the place of the newest record of all.
func lastOf(ctx context.Context, store eventstore.Store) (at cache.Mark, err error) {
	head, err := store.Head(ctx)
	if err != nil || head == 0 {
		return at, err
	}
	for rec, err := range store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		if err != nil {
			return at, err
		}
		if rec.Position == head {
			at = cache.Mark{Position: rec.Position, Event: rec.ID}
		}
		break
	}
	return at, nil
}

// belongs tells whether a mark is of this log: the record at its position is the one it names. The zero mark belongs to every log.
func belongs(ctx context.Context, store eventstore.Store, at cache.Mark) (bool, error) {
	if at.Position == 0 {
		return true, nil
	}
	for rec, err := range store.ReadAll(ctx, at.Position-1, eventstore.Filter{}) {
		if err != nil {
			return false, err
		}
		return rec.Position == at.Position && rec.ID == at.Event, nil
	}
	return false, nil
}
