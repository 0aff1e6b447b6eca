package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/eventstore"
	"jejak/projections/feed"
)

// place is a message of the feed: a record, and which of its messages.
type place struct {
	position eventstore.Position
	id       string // Nats-Msg-Id
}

// end is where a stream ends.
type end struct {
	place                                   // of its last message, zero for none
	empty    bool                           // there is no message
	unused   bool                           // and there never was one
	another  bool                           // it is not the stream that was here before
	sequence uint64                         // of the last message that ever was
	previous string                         // id that the broker knows as the last message's, "" when it may not know it
	event    uuid.UUID                      // of the last message
	horizon  eventstore.Position            // records up to it are a replay
	held     map[string]eventstore.Position // ledgers that stand still: see hold
}

// readEnd reads the end of the stream.
func readEnd(ctx context.Context, s jetstream.Stream) (end, error) {
	state := s.CachedInfo().State
	e := end{sequence: state.LastSeq, empty: state.Msgs == 0, unused: state.LastSeq < max(1, s.CachedInfo().Config.FirstSeq)}
	if e.empty {
		return e, nil
	}
	m, err := s.GetMsg(ctx, state.LastSeq)
	if errors.Is(err, jetstream.ErrMsgNotFound) { // deleted: to find the one before, NATS walks over every subject under the stream's lock
		m, err = s.GetLastMsgForSubject(ctx, "jejak.>")
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) { // emptied since
		return e, errAgain
	}
	if err != nil {
		return e, fmt.Errorf("read the last message of stream %s: %w", Stream, err)
	}
	if m.Sequence > state.LastSeq {
		e.sequence = m.Sequence
	}
	e.id = m.Header.Get(feed.HeaderMessageID)
	if m.Sequence == e.sequence {
		e.previous = e.id
	}
	position, err := strconv.ParseUint(m.Header.Get(feed.HeaderSequence), 10, 64)
	event, _ := uuid.Parse(firstUUID(e.id))
	if err != nil || event == uuid.Nil {
		return e, &stop{ReasonStream, true, fmt.Errorf("message %d of stream %s is none of the feed (subject %s): somebody else publishes there; "+
			"take that right away and fill the stream anew with: jejak feed rebuild", m.Sequence, Stream, m.Subject)}
	}
	e.position, e.event = eventstore.Position(position), event
	if e.held, err = parseHeld(m.Header.Get(feed.HeaderHeld)); err != nil {
		return e, &stop{ReasonStream, true, fmt.Errorf("header %s of message %d of stream %s: %w: fill the stream anew with: jejak feed rebuild",
			feed.HeaderHeld, m.Sequence, Stream, err)}
	}
	if m.Header.Get(feed.HeaderReplay) != "" {
		to, err := strconv.ParseUint(m.Header.Get(feed.HeaderReplayTo), 10, 64)
		if err != nil {
			to = position
		}
		e.horizon = eventstore.Position(to)
	}
	return e, nil
}

func firstUUID(id string) string { return id[:min(len(id), 36)] }

// inLog tells whether an event stands in the log at a position.
func (p *Publisher) inLog(ctx context.Context, at eventstore.Position, event uuid.UUID) (bool, error) {
	if at == 0 {
		return false, nil
	}
	for rec, err := range p.cfg.Store.ReadAll(ctx, at-1, eventstore.Filter{}) {
		if err != nil {
			return false, &stop{ReasonStorage, false, fmt.Errorf("read the record at position %d: %w", at, err)}
		}
		return rec.Position == at && rec.ID == event, nil
	}
	return false, nil
}

// ofThisLog refuses a stream that was filled from another log, or from records that this one no longer has.
func (p *Publisher) ofThisLog(ctx context.Context, e *end) error {
	ok, err := p.inLog(ctx, e.position, e.event)
	if err != nil || ok {
		return err
	}
	return &stop{ReasonStream, true, fmt.Errorf("the last message of stream %s is event %s at position %d, which this log does not have: the stream is of another "+
		"data directory, or the log was restored from an older backup. If this broker belongs to this directory, fill the stream anew with: jejak feed rebuild",
		Stream, e.event, e.position)}
}
