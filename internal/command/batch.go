package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/journal"
)

// maxAhead is how far a device's clock may be before the server's.
const maxAhead = 10 * time.Minute

// batch is what one Append will carry, and the answers that wait for it.
type batch struct {
	expected eventstore.Version
	events   []eventstore.Event
	bytes    int
	commands int
	answers  []pending
	accepted map[uuid.UUID][32]byte // id and hash of the commands in it

	positions []eventstore.Position // of the events, once stored, where the store has gaps
}

// pending is an answer that must not be given before the batch is durable: it was decided on top of what is in the batch.
type pending struct {
	task   *task
	answer api.Answer
	last   int  // index in batch.events of the command's last event
	kept   bool // a rejection that goes to the attempts
	repeat bool // a duplicate of a command in this batch
}

// begin makes room for what is decided next. The answers and ids are the writer's and used again and again; the events go to the store, which may
// hold them longer than the batch lasts.
func (w *writer) begin(expected eventstore.Version, tasks int) *batch {
	b := &w.batch
	if len(b.answers) > keptAnswers {
		*b = batch{}
	}
	clear(b.accepted)
	*b = batch{expected: expected, events: make([]eventstore.Event, 0, tasks), answers: b.answers[:0], accepted: b.accepted}
	if b.accepted == nil {
		b.accepted = map[uuid.UUID][32]byte{}
	}
	return b
}

// keptAnswers is the most answers whose memory is used again: ledgers are many, and one long batch says nothing of the next.
const keptAnswers = 128

// verdict is what became of one command, before it is stored.
type verdict struct {
	answer api.Answer
	events []eventstore.Event // not empty: accepted
	bytes  int
	kept   bool  // a rejection to be kept
	repeat bool  // a duplicate of a command in the batch
	spoilt bool  // the state has changed and nothing of it may be stored: answer, then throw the state away
	err    error // nothing can be decided now
}

// decideAll decides tasks in order and stores what they give in as few appends as fit. It returns how many leading tasks are answered; after an
// error the rest is not, and the state may hold what is not in the log.
func (w *writer) decideAll(tasks []*task) (done int, err error) {
	if err := w.load(); err != nil {
		return 0, err
	}
	if err := w.follow(); err != nil {
		return 0, err
	}
	b := w.begin(eventstore.Version(w.state.Version), len(tasks))
	for i, t := range tasks {
		v := w.decide(b, t)
		switch {
		case v.err != nil:
			if err := w.commit(b); err != nil {
				return done, err
			}
			return i, v.err
		case v.spoilt:
			if err := w.commit(b); err != nil {
				return done, err
			}
			w.reply(t, v.answer)
			w.state = nil
			return i + 1, nil
		case len(v.events) > 0 && !b.fits(v):
			if err := w.commit(b); err != nil {
				return done, err
			}
			done = i
			b = w.begin(b.expected+eventstore.Version(len(b.events)), len(tasks)-i)
		}
		b.add(t, v)
	}
	if err := w.commit(b); err != nil {
		return done, err
	}
	return len(tasks), nil
}

func (b *batch) fits(v verdict) bool {
	return b.bytes+v.bytes <= eventstore.MaxAppend && len(b.events)+len(v.events) <= eventstore.MaxEvents
}

func (b *batch) add(t *task, v verdict) {
	if len(v.events) > 0 {
		b.events = append(b.events, v.events...)
		b.bytes += v.bytes
		b.commands++
		b.accepted[t.command.ID] = t.command.Hash
	}
	b.answers = append(b.answers, pending{task: t, answer: v.answer, last: len(b.events) - 1, kept: v.kept, repeat: v.repeat})
}

// decide decides one command on top of the batch.
func (w *writer) decide(b *batch, t *task) verdict {
	c := &t.command
	if hash, again := b.accepted[c.ID]; again {
		if hash == c.Hash {
			return verdict{answer: api.Answer{ID: c.ID.String(), Result: api.Duplicate, Status: 200}, repeat: true}
		}
		return verdict{answer: failure(*c, 409, 0, RuleCommandIDReused, "/id", c.ID)}
	}
	first, found, err := w.h.cfg.Store.ByCommand(w.h.ctx, c.ID)
	if err != nil {
		return verdict{err: fmt.Errorf("look up command %s: %w", c.ID, err)}
	}
	if found {
		return w.repeated(b, c, &first)
	}
	if c.Guard != nil {
		if problem := c.Guard(w.state); problem != nil {
			return verdict{answer: api.Answer{ID: c.ID.String(), Result: api.Error, Status: 403, Errors: []api.Problem{*problem}}}
		}
	}
	recordedAt := w.now()
	if ahead := c.OccurredAt.Sub(recordedAt); ahead > maxAhead && c.Mode == domain.Request {
		return verdict{kept: true, answer: rejection(*c, []domain.Violation{{
			Rule: RuleClockAhead, Path: "/occurred_at", Args: []any{c.OccurredAt.Format(time.RFC3339), recordedAt.In(c.OccurredAt.Location()).Format(time.RFC3339)},
		}})}
	}
	if adopt, ok := c.Data.(*ledger.AdoptReference); ok {
		if err := w.source().Ensure(w.h.ctx, w.key.election, adopt.Version); err != nil {
			return verdict{err: err}
		}
	}
	return w.execute(c, recordedAt)
}

// now is the server's clock, which never goes back within a ledger, to the microsecond that the log keeps.
func (w *writer) now() time.Time {
	now := w.h.cfg.Clock.Now().UTC().Truncate(time.Microsecond)
	if now.Before(w.state.LastRecorded) {
		return w.state.LastRecorded
	}
	return now
}

// repeated answers a command that is in the log.
func (w *writer) repeated(b *batch, c *Command, first *eventstore.Record) verdict {
	hash, ok, err := journal.CommandHash(first)
	if err != nil {
		return verdict{err: err}
	}
	if !ok || hash != c.Hash || first.Stream != w.stream {
		return verdict{answer: failure(*c, 409, 0, RuleCommandIDReused, "/id", c.ID)}
	}
	if uint64(first.Version) > w.state.Version {
		if len(b.events) > 0 {
			return verdict{err: &eventstore.ConflictError{Stream: w.stream, Expected: b.expected, Actual: first.Version}}
		}
		if err := w.catchUp(w.h.ctx); err != nil {
			return verdict{err: err}
		}
		b.expected = eventstore.Version(w.state.Version)
	}
	return verdict{answer: api.Answer{ID: c.ID.String(), Result: api.Duplicate, Status: 200}, repeat: true}
}

// execute lets the ledger decide and encodes what it gives. A fault in a rule harms its own command only.
func (w *writer) execute(c *Command, recordedAt time.Time) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			w.h.cfg.Logger.Error("panic while deciding a command", "stream", w.stream, "command", c.ID, "type", c.Data.CommandType(), "panic", p, "stack", string(debug.Stack()))
			v = verdict{spoilt: true, answer: failure(*c, 500, 0, ruleInternal, "")}
		}
	}()
	act := domain.Act{
		ID: c.ID, Mode: c.Mode, Election: c.Election, Unit: c.Unit, Actor: c.Actor, Device: c.Device, OccurredAt: c.OccurredAt, RecordedAt: recordedAt,
	}
	d := w.state.Execute(act, c.Data)
	if len(d.Rejections) > 0 {
		answer := rejection(*c, d.Rejections)
		return verdict{answer: answer, kept: answer.Result == api.Rejected}
	}
	v.answer = accepted(*c, d.Events, d.Raised)
	origin := w.h.origin(c)
	v.events = make([]eventstore.Event, len(d.Events))
	for i, rec := range d.Events {
		event, err := journal.Encode(rec, &origin, i == 0)
		if err != nil {
			w.h.cfg.Logger.Error("event cannot be encoded", "stream", w.stream, "command", c.ID, "error", err)
			return verdict{spoilt: true, answer: failure(*c, 500, 0, ruleInternal, "")}
		}
		v.events[i] = event
		v.bytes += eventstore.Size(event)
	}
	if v.bytes > eventstore.MaxAppend || len(v.events) > eventstore.MaxEvents {
		return verdict{spoilt: true, answer: failure(*c, 413, 0, RuleTooLarge, "/data", v.bytes, len(v.events), eventstore.MaxAppend, eventstore.MaxEvents)}
	}
	for _, raised := range d.Raised {
		w.h.cfg.Metrics.Found(raised.Kind)
	}
	return v
}

// origin is what the log keeps of a command beside the act. A command without a correlation begins one.
func (h *Handler) origin(c *Command) journal.Origin {
	o := journal.Origin{
		Hash: c.Hash, SubmittedBy: c.SubmittedBy, Correlation: c.Correlation, Causation: c.Causation, Place: c.Place, Evidence: c.Evidence,
		Simulated: h.cfg.Clock.Simulated(),
	}
	if o.Correlation == uuid.Nil {
		o.Correlation = c.ID
	}
	if o.Causation == uuid.Nil {
		o.Causation = c.ID
	}
	return o
}

// commit stores the batch and gives its answers.
func (w *writer) commit(b *batch) error {
	if len(b.events) > 0 {
		started := time.Now()
		position, err := w.append(b)
		if err == nil && w.h.cfg.Shared {
			b.positions, err = w.own(b)
		}
		if err != nil {
			return err
		}
		w.last = cache.Mark{Position: position, Event: b.events[len(b.events)-1].ID}
		w.h.working(true)
		w.h.cfg.Metrics.Appended(b.commands, len(b.events), b.bytes, time.Since(started))
	} else if err := w.current(b); err != nil {
		return err
	}
	for i := range b.answers {
		p := &b.answers[i]
		switch {
		case p.kept:
			w.h.attemptsOf(w.key).keep(w, p.task, p.answer)
			continue
		case p.repeat:
			p.answer.Position = uint64(w.last.Position)
		case p.answer.Status == 200:
			p.answer.Position = uint64(b.position(p.last, w.last.Position))
		}
		w.reply(p.task, p.answer)
	}
	clear(b.answers) // who has an answer is done with; a ledger may now rest for long
	return nil
}

// position is that of event i, when the last event of the batch has the given one.
func (b *batch) position(i int, last eventstore.Position) eventstore.Position {
	if b.positions != nil && i >= 0 {
		return b.positions[i]
	}
	// Positions grow by at least one with every event, so this is at or after the event, and exactly it on an engine without gaps.
	return last - eventstore.Position(len(b.events)-1-i)
}

// append repeats an append whose outcome is unknown, until it is known, the time is up or the server gives up.
func (w *writer) append(b *batch) (eventstore.Position, error) {
	giveUp := time.Now().Add(w.h.cfg.GiveUp)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		try, done := context.WithTimeout(w.h.ctx, min(w.h.cfg.GiveUp/4, time.Until(giveUp)))
		position, err := w.h.cfg.Store.Append(try, w.stream, b.expected, b.events...)
		done()
		if err == nil || !errors.Is(err, eventstore.ErrUnknownOutcome) || errors.Is(err, eventstore.ErrFailed) || errors.Is(err, eventstore.ErrClosed) {
			return position, err
		}
		w.h.cfg.Metrics.Retried("unknown_outcome")
		select {
		case <-time.After(min(wait, time.Until(giveUp))):
		case <-w.h.ctx.Done():
		}
		if w.h.ctx.Err() != nil || !time.Now().Before(giveUp) {
			return 0, err
		}
	}
}

// own makes sure that what the log has is what this server has appended: a conflict if another server was first with the same events. It returns
// the positions of the events.
func (w *writer) own(b *batch) ([]eventstore.Position, error) {
	positions := make([]eventstore.Position, 0, len(b.events))
	for rec, err := range w.h.cfg.Store.Read(w.h.ctx, w.stream, b.expected) {
		if err != nil {
			return nil, fmt.Errorf("read back the append to %s: %w", w.stream, err)
		}
		if e := &b.events[len(positions)]; rec.ID != e.ID || !bytes.Equal(rec.Data, e.Data) || !bytes.Equal(rec.Metadata, e.Metadata) {
			return nil, &eventstore.ConflictError{Stream: w.stream, Expected: b.expected, Actual: b.expected + eventstore.Version(len(b.events))}
		}
		if positions = append(positions, rec.Position); len(positions) == len(b.events) {
			return positions, nil
		}
	}
	return nil, fmt.Errorf("read back the append to %s: the log has %d of its %d events", w.stream, len(positions), len(b.events))
}

// current holds a batch that appends nothing, and so meets no expected version, against the log: what it refuses may have been made right by
// what another server has written meanwhile.
func (w *writer) current(b *batch) error {
	refuses := slices.ContainsFunc(b.answers, func(p pending) bool { return p.answer.Status != 200 })
	if !w.h.cfg.Shared || !refuses {
		return nil
	}
	version, _, err := w.h.cfg.Store.StreamHead(w.h.ctx, w.stream)
	if err == nil && version != b.expected {
		err = &eventstore.ConflictError{Stream: w.stream, Expected: b.expected, Actual: version}
	}
	return err
}

// quiet is after how many batches without an event of another server a ledger counts as this server's alone again.
const quiet = 64

// follow folds what another server has written, as long as one is known to write to this ledger: to find out from a refused append costs
// the state, which must then be loaded anew.
func (w *writer) follow() error {
	if w.contended == 0 {
		return nil
	}
	before := w.state.Version
	if err := w.catchUp(w.h.ctx); err != nil {
		return err
	}
	w.contended--
	if w.state.Version != before {
		w.contended = quiet
	}
	return nil
}
