// Package invariant checks what must hold of a log, whatever has happened to its machine: the same check after every simulated fault and of a
// log in use.
package invariant

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// Options of a check. The zero Options check the log alone.
type Options struct {
	// Acknowledged are appends that were answered with success: each must be in the log, whole, at its place. A later append to the same stream
	// may be left out.
	Acknowledged []Append
	// Unknown are appends whose outcome the caller did not learn: each must be in the log whole, or not at all.
	Unknown []Append
	// Progress, unless nil, is told how far the check has come, about every 10,000 events: events and commands looked at, and how many there are about.
	Progress func(done, total uint64)
	// Index, unless nil, is what the engine looks records up by. It is read once, instead of each stream by itself and each command by its id: what the engine
	// finds by it follows from it. Only where it does not fit the log is everything looked up, to find out what is wrong.
	Index *Index
	// Gapless: the engine's positions follow on each other without gaps.
	Gapless bool
	// Look, unless nil, is given every record once, in the order of the log. Its error is a problem.
	Look func(*eventstore.Record) error
	// MaxProblems is after how many problems the check ends. Default 100.
	MaxProblems int
}

// Index is what an engine looks records up by, in any order.
type Index struct {
	// Streams yields stream, version and position of every record.
	Streams func(context.Context) iter.Seq2[eventstore.Record, error]
	// Commands yields command and position of every record of a command, and id and position of every other.
	Commands func(context.Context) iter.Seq2[eventstore.Record, error]
}

// Append is an append that somebody made.
type Append struct {
	Stream   string
	Expected eventstore.Version
	Position eventstore.Position // that it was answered with; 0 of one without an answer
	Events   []eventstore.Event
}

// Problem is something that does not hold, and where.
type Problem struct {
	Position eventstore.Position // 0: not at one place
	Stream   string              // "" not of one stream
	Version  eventstore.Version
	Text     string
}

func (p Problem) String() string {
	switch {
	case p.Position != 0:
		return fmt.Sprintf("position %d (%s, version %d): %s", p.Position, p.Stream, p.Version, p.Text)
	case p.Stream != "":
		return fmt.Sprintf("stream %s: %s", p.Stream, p.Text)
	}
	return p.Text
}

// Report is what the check has found.
type Report struct {
	Events, Streams, Commands uint64
	Head                      eventstore.Position // up to which it was checked
	Problems                  []Problem
}

// Err is nil when there are no problems, and otherwise names all.
func (r Report) Err() error {
	errs := make([]error, len(r.Problems))
	for i, p := range r.Problems {
		errs[i] = errors.New(p.String())
	}
	return errors.Join(errs...)
}

// Check reads the log up to where it ends now, twice: in order of positions, and stream by stream. It may be in use meanwhile. What is wrong is in the
// report; an error is that it could not be checked: ctx ended, or the store is closed.
//
// Four million events take about 100 MB: the ids and commands are kept as hashes of 8 bytes, and of each stream its end.
func Check(ctx context.Context, store eventstore.Store, opt Options) (Report, error) {
	if opt.MaxProblems <= 0 {
		opt.MaxProblems = 100
	}
	c := &check{ctx: ctx, store: store, opt: opt, seed: maphash.MakeSeed(), streams: map[string]*streamEnd{}}
	err := c.run()
	if errors.Is(err, errEnough) {
		err = nil
	}
	return c.report, err
}

var errEnough = errors.New("enough problems")

type check struct {
	ctx    context.Context
	store  eventstore.Store
	opt    Options
	seed   maphash.Seed
	report Report
	total  uint64 // about, for Progress
	done   uint64

	streams  map[string]*streamEnd
	ids      []uint64 // hashes
	commands []uint64 // of where they begin
	placed   places   // of all records, by stream
	acted    places   // likewise by command
}

// streamEnd is where a stream ends, and a hash of all its records.
type streamEnd struct {
	version  eventstore.Version
	position eventstore.Position
	sum      uint64
}

// problem notes a problem; it returns errEnough after the last.
func (c *check) problem(r eventstore.Record, format string, args ...any) error {
	c.report.Problems = append(c.report.Problems, Problem{r.Position, r.Stream, r.Version, fmt.Sprintf(format, args...)})
	if len(c.report.Problems) >= c.opt.MaxProblems {
		return errEnough
	}
	return nil
}

// broken notes an error of the store as a problem, unless the check itself is over.
func (c *check) broken(at eventstore.Record, doing string, err error) error {
	if e := c.ctx.Err(); e != nil {
		return e
	}
	if errors.Is(err, eventstore.ErrClosed) || errors.Is(err, eventstore.ErrUnavailable) {
		return err
	}
	return c.problem(at, "%s: %v", doing, err)
}

func (c *check) progress() {
	c.done++
	if c.opt.Progress != nil && c.done%10_000 == 0 {
		c.opt.Progress(min(c.done, c.total), c.total)
	}
}

func (c *check) run() error {
	head, err := c.store.Head(c.ctx)
	if err != nil {
		return c.broken(eventstore.Record{}, "find the end of the log", err)
	}
	c.report.Head = head
	c.total = 2 * uint64(head) // positions have gaps on some engines, so this is the most
	if err := c.all(head); err != nil {
		return err
	}
	c.report.Streams = uint64(len(c.streams))
	c.total = 2*c.report.Events + c.report.Commands
	for _, look := range []func() error{c.twice, c.byStream, c.byCommand, c.expected} {
		if err := look(); err != nil {
			return err
		}
	}
	if c.opt.Progress != nil {
		c.opt.Progress(c.total, c.total)
	}
	return nil
}

// all reads the log in order of positions.
func (c *check) all(head eventstore.Position) error {
	var last eventstore.Record
	for r, err := range c.store.ReadAll(c.ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return c.broken(last, "read on after this", err)
		}
		if r.Position > head {
			break
		}
		if err := c.record(r, last); err != nil {
			return err
		}
		if c.opt.Look != nil {
			if odd := c.opt.Look(&r); odd != nil {
				if err := c.problem(r, "%v", odd); err != nil {
					return err
				}
			}
		}
		last = r
		last.Data, last.Metadata = nil, nil
	}
	if last.Position != head {
		return c.problem(last, "the log ends here, but says that it ends at %d", head)
	}
	return nil
}

// record looks at one record, after the one before it.
func (c *check) record(r, last eventstore.Record) error {
	c.report.Events++
	c.progress()
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, c.problem(r, format, args...)) }
	switch {
	case r.Position <= last.Position:
		bad("it comes after position %d", last.Position)
	case c.opt.Gapless && r.Position != last.Position+1:
		bad("positions %d to %d are missing", last.Position+1, r.Position-1)
	}
	end := c.streams[r.Stream]
	if end == nil {
		end = &streamEnd{}
		c.streams[r.Stream] = end
	}
	if r.Version != end.version+1 {
		bad("it comes after version %d", end.version)
	}
	if err := eventstore.Validate(r.Stream, []eventstore.Event{r.Event}); err != nil && !errors.Is(err, eventstore.ErrTooLarge) {
		bad("it is malformed: %v", err)
	}
	if stored := r.Stored(); !stored.RecordedAt.Equal(r.RecordedAt) {
		bad("its time %s is finer than a microsecond", r.RecordedAt)
	}
	end.version, end.position = r.Version, r.Position
	if c.opt.Index == nil {
		end.sum = c.chain(end.sum, r)
	}
	c.placed.add(c.inStream(&r))
	c.acted.add(c.ofCommand(&r))
	c.ids = append(c.ids, maphash.Comparable(c.seed, r.ID))
	if r.Command != uuid.Nil && r.Command != last.Command {
		c.report.Commands++
		c.commands = append(c.commands, maphash.Comparable(c.seed, r.Command))
	} else if r.Command != uuid.Nil && r.Stream != last.Stream {
		bad("its command %s has events in stream %s too", r.Command, last.Stream)
	}
	return errors.Join(errs...)
}

// chain adds a record to the hash of its stream.
func (c *check) chain(sum uint64, r eventstore.Record) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	maphash.WriteComparable(&h, struct {
		before      uint64
		position    eventstore.Position
		version     eventstore.Version
		id, command uuid.UUID
		typ         string
		schema      int
		at          int64
		data, meta  int
	}{sum, r.Position, r.Version, r.ID, r.Command, r.Type, r.Schema, r.RecordedAt.UnixMicro(), len(r.Data), len(r.Metadata)})
	_, _ = h.Write(r.Data)
	_, _ = h.Write(r.Metadata)
	return h.Sum64()
}

// repeated returns the values that are there more than once. It sorts.
func repeated(hashes []uint64) map[uint64]bool {
	slices.Sort(hashes)
	twice := map[uint64]bool{}
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			twice[hashes[i]] = true
		}
	}
	return twice
}
