package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/journal"
)

// attempts keeps the rejected commands of one ledger in a stream of their own, so that the ledger's stream holds only what happened.
type attempts struct {
	h      *Handler
	key    ledgerKey
	stream string

	mu      sync.Mutex
	waiting []attempt
	closing bool
	wake    chan struct{}

	// What follows belongs to the goroutine of run.
	version eventstore.Version
	last    time.Time
	known   bool // version and kept are those of the stream
	day     string
	kept    map[string]int // of the day, by device and by actor
}

type attempt struct {
	w      *writer
	task   *task
	answer api.Answer
}

func newAttempts(h *Handler, key ledgerKey) *attempts {
	return &attempts{h: h, key: key, stream: journal.AttemptsStream(key.election, key.unit), wake: make(chan struct{}, 1)}
}

// keep queues a rejection; it is answered when it is durable.
func (a *attempts) keep(w *writer, t *task, answer api.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) >= a.h.cfg.QueueLength {
		w.reply(t, failure(t.command, 503, 1, RuleOverloaded, "/unit", a.key.unit))
		return
	}
	a.waiting = append(a.waiting, attempt{w, t, answer})
	a.signal()
}

func (a *attempts) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closing = true
	a.signal()
}

func (a *attempts) signal() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *attempts) run() {
	for {
		a.mu.Lock()
		list, closing := a.waiting, a.closing
		a.waiting = nil
		a.mu.Unlock()
		if len(list) > 0 {
			a.store(list)
			continue
		}
		if closing {
			return
		}
		<-a.wake
	}
}

// store appends the attempts that are within the caps, and answers all.
func (a *attempts) store(list []attempt) {
	if err := a.catchUp(); err != nil {
		a.fail(list, err)
		return
	}
	var events []eventstore.Event
	bytes, from := 0, 0
	flush := func(to int) bool {
		if err := a.append(events); err != nil {
			a.fail(list[from:], err)
			return false
		}
		for _, t := range list[from:to] {
			t.w.reply(t.task, t.answer)
		}
		events, bytes, from = nil, 0, to
		return true
	}
	for i, t := range list {
		if !a.admit(&t.task.command) {
			a.h.cfg.Metrics.AttemptNotKept()
			continue
		}
		event, err := a.encode(t)
		if err != nil {
			a.h.cfg.Logger.Error("attempt cannot be encoded", "stream", a.stream, "command", t.task.command.ID, "error", err)
			continue
		}
		size := eventstore.Size(event)
		if (bytes+size > eventstore.MaxAppend || len(events) == eventstore.MaxEvents) && !flush(i) {
			return
		}
		events = append(events, event)
		bytes += size
	}
	flush(len(list))
}

func (a *attempts) fail(list []attempt, err error) {
	a.known = false
	a.h.failing(err)
	a.h.cfg.Logger.Error("attempts cannot be stored", "stream", a.stream, "commands", len(list), "error", err)
	for _, t := range list {
		t.w.reply(t.task, failure(t.task.command, 503, 2, ruleUnavailable, "", err.Error()))
	}
}

// append appends at the end of the stream, wherever other servers have moved it.
func (a *attempts) append(events []eventstore.Event) error {
	if len(events) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(a.h.ctx, a.h.cfg.GiveUp)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		_, err := a.h.cfg.Store.Append(ctx, a.stream, a.version, events...)
		var conflict *eventstore.ConflictError
		switch {
		case err == nil:
			a.version += eventstore.Version(len(events))
			return nil
		case errors.As(err, &conflict):
			a.version = conflict.Actual
			continue
		case !errors.Is(err, eventstore.ErrUnknownOutcome) || errors.Is(err, eventstore.ErrFailed) || errors.Is(err, eventstore.ErrClosed):
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// wib is the time of western Indonesia, by which days are counted.
var wib = time.FixedZone("WIB", 7*3600)

// admit counts an attempt and tells whether it is within the caps of its device and its actor. A device's name is what the sender says, so the
// actor has a cap of his own.
func (a *attempts) admit(c *Command) bool {
	if day := a.now().In(wib).Format(time.DateOnly); day != a.day {
		a.day, a.kept = day, map[string]int{}
	}
	actor, device := attemptKeys(c.Actor.ID, c.Device.ID)
	if a.kept[actor] >= a.h.cfg.AttemptsPerActor || a.kept[device] >= a.h.cfg.AttemptsPerDevice {
		return false
	}
	a.kept[actor]++
	a.kept[device]++
	return true
}

func attemptKeys(actor, device string) (string, string) { return actor, actor + "\x00" + device }

func (a *attempts) now() time.Time {
	if now := a.h.cfg.Clock.Now().UTC().Truncate(time.Microsecond); now.After(a.last) {
		a.last = now
	}
	return a.last
}

// catchUp finds the end of the stream and counts the attempts of today that are in it, so that a restart does not lift the caps.
func (a *attempts) catchUp() error {
	if a.known {
		return nil
	}
	version, _, err := a.h.cfg.Store.StreamHead(a.h.ctx, a.stream)
	if err != nil {
		return fmt.Errorf("find the end of %s: %w", a.stream, err)
	}
	const tail = 10_000 // enough for a day of many devices, and soon read
	after := eventstore.Version(0)
	if version > tail {
		after = version - tail
	}
	a.day, a.kept = a.now().In(wib).Format(time.DateOnly), map[string]int{}
	for rec, err := range a.h.cfg.Store.Read(a.h.ctx, a.stream, after) {
		if err != nil {
			return fmt.Errorf("read %s: %w", a.stream, err)
		}
		version = rec.Version
		if rec.RecordedAt.After(a.last) {
			a.last = rec.RecordedAt
		}
		if rec.RecordedAt.In(wib).Format(time.DateOnly) != a.day {
			continue
		}
		m, err := journal.ReadMetadata(&rec)
		if a.h.cfg.Unreadable.Note(err) {
			continue // it counts for nobody, and is in the way of nobody
		}
		if err != nil {
			return err
		}
		actor, device := attemptKeys(m.Actor.ID, m.Device.ID)
		a.kept[actor]++
		a.kept[device]++
	}
	a.version, a.known = version, true
	return nil
}

func (a *attempts) encode(t attempt) (eventstore.Event, error) {
	c := &t.task.command
	data, err := json.Marshal(c.Data)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("encode %s: %w", c.Data.CommandType(), err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("make an event id: %w", err)
	}
	envelope := api.Command{
		ID: c.ID.String(), Type: c.Data.CommandType(), Mode: string(c.Mode), Election: c.Election, Unit: string(c.Unit),
		OccurredAt: c.OccurredAt.Format(time.RFC3339Nano), Place: c.Place, Evidence: c.Evidence, Data: data,
	}
	if c.Device != (domain.Device{}) {
		envelope.Device = &api.Device{ID: c.Device.ID, Seq: c.Device.Seq}
	}
	meta := domain.Meta{CommandID: c.ID, Actor: c.Actor, Device: c.Device, Mode: c.Mode, OccurredAt: c.OccurredAt, RecordedAt: a.now()}
	origin := a.h.origin(c)
	return journal.EncodeAttempt(id, meta, &origin, journal.Attempt{Command: envelope, Errors: t.answer.Errors})
}
