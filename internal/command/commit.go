package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jejak/eventstore"
	"jejak/internal/cache"
)

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
