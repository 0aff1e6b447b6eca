package feed

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/journal"
	"jejak/projections/feed"
)

var newEvent = ledger.NewEventOf

// fold is how far the log has been made into messages, and the messages that are not known to be in the stream. It outlives sessions, so that a
// publisher that was overtaken has no record to read again.
type fold struct {
	router  *feed.Router // nil: nothing has been read yet
	folded  cache.Mark   // the last record that the router has seen
	pending []entry
	bytes   int       // of their bodies
	floor   place     // the message before the first pending one, in the stream
	lastSeq uint64    // its sequence, 0 for unknown
	lastAt  time.Time // when it was acknowledged
	skip    *place    // in a record that is still to be read: everything up to it is in the stream
	horizon eventstore.Position
	held    map[string]eventstore.Position // streams that stand still, with the record of theirs that cannot be read
	left    eventstore.Position            // of the last record of a held stream
	kept    eventstore.Position            // of the checkpoint that is saved
	since   int                            // records that the router has seen after it
}

// entry is a message that is to be published.
type entry struct {
	feed.Message
	position eventstore.Position
	last     bool   // of its record
	sequence uint64 // that it gets in the stream
	acked    bool
}

func (e *entry) place() place { return place{e.position, e.ID} }

// checkpointEvery is the number of records after which what is folded is saved: seldom, for it may be large. Positions do not tell how many there are, on
// EventStoreDB they count bytes.
const checkpointEvery = 200_000

// knownEvery is how long what is known of the stream may be older on the disk than in memory. It is true at any age, and tells less the older it is.
const knownEvery = 24 * time.Hour

// checkpointName has the version of what is saved under it.
var checkpointName = fmt.Sprintf("feed/%d", feed.StateVersion)

// saved is a checkpoint: a router for which everything up to a record was in the stream.
type saved struct {
	Router   []byte
	LastID   string // of the record's last message
	Sequence uint64
	At       time.Time // when it was acknowledged
	Stream   known
}

// keep saves the checkpoint, if everything that the router has seen is in the stream and there is something new in it.
func (p *Publisher) keep() {
	// While a stream is held nothing is saved: a program that can read it folds everything from before it again.
	grown := p.folded.Position > p.kept || time.Since(p.keptAt) > knownEvery
	if p.router == nil || len(p.held) > 0 || len(p.pending) > 0 || p.skip != nil || !grown || p.floor.position != p.folded.Position {
		return
	}
	var data bytes.Buffer
	router, err := p.router.Save()
	if err == nil {
		err = gob.NewEncoder(&data).Encode(saved{router, p.floor.id, p.lastSeq, p.lastAt, p.watch.known})
	}
	if err == nil {
		err = p.cfg.Checkpoints.SetCheckpoint(checkpointName, data.Bytes(), p.folded)
	}
	if err != nil {
		p.cfg.Log.Warn("checkpoint of the feed was not saved; the next start reads more of the log", "error", err)
	}
	p.kept, p.keptAt, p.since = p.folded.Position, time.Now(), 0
}

// restore takes up the checkpoint if it is of this log and fits. It leaves an empty fold otherwise.
func (p *Publisher) restore(ctx context.Context, fits func(s *saved, at cache.Mark) bool) (bool, error) {
	p.fold = fold{router: feed.NewRouter(), horizon: p.horizon}
	data, at := p.cfg.Checkpoints.Checkpoint(checkpointName)
	var s saved
	if at.Position == 0 || gob.NewDecoder(bytes.NewReader(data)).Decode(&s) != nil || !fits(&s, at) {
		return false, nil
	}
	if ok, err := p.inLog(ctx, at.Position, at.Event); err != nil || !ok {
		return false, err
	}
	router, err := feed.Restore(s.Router)
	if err != nil {
		p.cfg.Log.Warn("checkpoint of the feed cannot be used; reading the whole log", "error", err)
		return false, nil
	}
	p.router, p.folded, p.kept, p.keptAt, p.since = router, at, at.Position, time.Now(), 0
	p.floor, p.lastSeq, p.lastAt = place{at.Position, s.LastID}, s.Sequence, s.At
	return true, nil
}

// align makes the fold go on right after the end of the stream.
func (p *Publisher) align(ctx context.Context, e *end) (rollup bool, err error) {
	if p.anew {
		return !e.empty, p.startOver(ctx)
	}
	if e.empty {
		aged, err := p.agedOut(ctx, e)
		if err != nil || aged {
			return false, err
		}
		if !e.unused || e.another || p.position.Load() > 0 {
			p.cfg.Metrics.FeedFailed(ReasonLost)
			p.cfg.Log.Error("the stream of the feed is empty, and not by its age: it is filled again from the log, marked as replay",
				"stream", Stream, "made_anew", e.another, "last_sequence", e.sequence, "published_position", p.position.Load())
		}
		return !e.unused, p.startOver(ctx) // the first message says that the feed begins with it
	}
	if err := p.ofThisLog(ctx, e); err != nil {
		return false, err
	}
	p.horizon = e.horizon
	if p.goesOn(e) {
		return false, nil
	}
	if p.router != nil && e.position <= p.floor.position {
		p.cfg.Metrics.FeedFailed(ReasonLost)
		p.cfg.Log.Error("the stream of the feed ends before what it had acknowledged: the rest is published again from the log", "stream", Stream,
			"ends_at", e.position, "published_position", p.position.Load())
	}
	return false, p.rewind(ctx, e)
}

// startOver begins with the first record of the log. What is in the log by now is a replay.
func (p *Publisher) startOver(ctx context.Context) error {
	head, err := p.cfg.Store.Head(ctx)
	if err != nil {
		return &stop{ReasonStorage, false, fmt.Errorf("read the head of the log: %w", err)}
	}
	p.fold = fold{router: feed.NewRouter(), horizon: head}
	p.position.Store(0)
	return nil
}

// agedOut tells whether the stream is empty because its last message was as old as messages get, and everything up to that is known.
func (p *Publisher) agedOut(ctx context.Context, e *end) (bool, error) {
	old := func(sequence uint64, at time.Time) bool {
		return sequence > 0 && sequence == e.sequence && time.Since(at) >= p.cfg.MaxAge
	}
	if p.router != nil {
		return p.skip == nil && old(p.lastSeq, p.lastAt), nil
	}
	ok, err := p.restore(ctx, func(s *saved, _ cache.Mark) bool { return old(s.Sequence, s.At) })
	if ok {
		p.position.Store(uint64(p.folded.Position))
	}
	return ok, err
}

// goesOn tells whether what is in memory goes on after the end of the stream, having dropped what is in the stream already.
func (p *Publisher) goesOn(e *end) bool {
	if p.router == nil {
		return false
	}
	if p.floor == e.place {
		return true
	}
	if i := slices.IndexFunc(p.pending, func(x entry) bool { return x.place() == e.place }); i >= 0 {
		p.passed(i + 1)
		return true
	}
	if e.position <= p.folded.Position {
		return false
	}
	p.passed(len(p.pending))
	at := e.place
	p.floor, p.skip = at, &at
	return true
}

// passed takes the first n pending messages as published.
func (p *Publisher) passed(n int) {
	for i := range p.pending[:n] {
		x := &p.pending[i]
		p.floor = x.place()
		p.bytes -= len(x.Body)
		if x.last {
			p.position.Store(uint64(x.position))
		}
	}
	clear(p.pending[:n]) // the bodies go before the list does
	p.pending = p.pending[n:]
	if len(p.pending) == 0 {
		p.position.Store(max(p.position.Load(), uint64(p.left)))
	}
}

// rewind reads what the router must know before the end of the stream.
func (p *Publisher) rewind(ctx context.Context, e *end) error {
	whole := false // the checkpoint is the end itself
	_, err := p.restore(ctx, func(s *saved, at cache.Mark) bool {
		whole = at.Position == e.position && s.LastID == e.id
		return whole || at.Position < e.position
	})
	if err != nil {
		return err
	}
	if p.folded.Position == e.position && whole {
		p.position.Store(uint64(e.position))
		return nil
	}
	p.held = maps.Clone(e.held)
	p.position.Store(uint64(e.position - 1))
	filter := eventstore.Filter{StreamPrefix: journal.LedgerPrefix, Types: feed.Folded()}
	for rec, err := range p.cfg.Store.ReadAll(ctx, p.folded.Position, filter) {
		if err != nil {
			return &stop{ReasonStorage, false, fmt.Errorf("read the log: %w", err)}
		}
		if rec.Position >= e.position {
			break
		}
		p.observe(&rec)
		p.since++
	}
	p.folded = cache.Mark{Position: e.position - 1}
	at := e.place
	p.floor, p.skip = at, &at
	return nil
}

func (p *Publisher) observe(rec *eventstore.Record) {
	if p.holds(rec) {
		return
	}
	r, err := read(rec)
	if err != nil {
		p.hold(rec, err)
		return
	}
	p.router.Observe(&r)
}

// take makes a record into pending messages.
func (p *Publisher) take(rec *eventstore.Record) error {
	p.since++
	if p.skip != nil && rec.Position < p.skip.position {
		if slices.Contains(folded, rec.Type) {
			p.observe(rec)
		}
		p.folded = cache.Mark{Position: rec.Position, Event: rec.ID}
		return nil
	}
	var messages []feed.Message
	if !p.holds(rec) {
		r, err := read(rec)
		if err == nil {
			messages, err = p.router.Messages(&r)
		}
		if err != nil {
			p.hold(rec, err)
		}
	}
	if p.holds(rec) {
		p.folded, p.left = cache.Mark{Position: rec.Position, Event: rec.ID}, rec.Position
		p.skip = nil // it was in this record or before: another program could read it
		p.passed(0)
		return nil
	}
	p.folded = cache.Mark{Position: rec.Position, Event: rec.ID}
	from := 0
	if p.skip != nil {
		from = 1 + slices.IndexFunc(messages, func(m feed.Message) bool { return m.ID == p.skip.id })
		if from == 0 {
			p.cfg.Log.Warn("another build made other messages of a record: all of it is published again", "position", rec.Position, "last", p.skip.id)
		}
		p.skip = nil
		if from == len(messages) {
			p.position.Store(uint64(rec.Position))
		}
	}
	for i := from; i < len(messages); i++ {
		p.bytes += len(messages[i].Body)
		p.pending = append(p.pending, entry{Message: messages[i], position: rec.Position, last: i == len(messages)-1})
	}
	return nil
}

var folded = feed.Folded()
