package command

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
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
	if w.h.cfg.Stepped != nil {
		if e := w.h.cfg.Stepped(); e != nil {
			return verdict{answer: failure(*c, 503, 60, RuleServerClock, "", e.Says.UTC().Format(time.RFC3339), e.Expected.UTC().Format(time.RFC3339))}
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
