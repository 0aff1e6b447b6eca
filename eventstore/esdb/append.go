package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"jejak/eventstore"
)

// Append is described at eventstore.Store. The server recognises a retry by the ids in the slots after expected; that a command is not
// appended to two places is found out by the index, for all that this process has acknowledged or seen.
func (s *Store) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	if err := eventstore.Validate(stream, events); err != nil {
		return 0, err
	}
	if !s.ours(stream) {
		return 0, fmt.Errorf("append to %q: streams of this log begin with one of %q: %w", stream, s.opt.Prefixes, eventstore.ErrInvalid)
	}
	s.entry.RLock()
	if err := s.usable(ctx); err != nil {
		s.entry.RUnlock()
		return 0, err
	}
	s.appending.Add(1)
	s.entry.RUnlock()
	defer s.appending.Done()

	if err := s.reserve(ctx, events); err != nil {
		return 0, err
	}
	defer s.unreserve(events)
	there, err := s.firstKnown(ctx, events)
	if err != nil {
		return 0, fmt.Errorf("append to %s: nothing was stored: %w", stream, err)
	}
	if there != nil || expected > math.MaxInt64 {
		return s.again(ctx, stream, expected, events, there)
	}
	if expected == 0 {
		// Of a deleted stream the server would go on with the numbers.
		if err := s.notDeleted(ctx, stream); err != nil {
			return 0, fmt.Errorf("append to %s: nothing was stored: %w", stream, err)
		}
	}
	replay := s.reachedVersion(stream) > expected
	position, resent, err := s.send(ctx, stream, expected, events)
	if err != nil {
		return 0, err
	}
	if replay || resent {
		// What the server answers to a retry is not the position of the last event on every version.
		if position, err = s.positionAt(ctx, stream, expected+eventstore.Version(len(events))); err != nil {
			return 0, fmt.Errorf("append to %s: it is stored, but where: %w: send it again: %v", stream, eventstore.ErrUnknownOutcome, err)
		}
	}
	s.acknowledge(stream, expected, events, position)
	return position, nil
}

// again answers an append of which something is known to be in the log: it is the same append, or one that must not be.
func (s *Store) again(ctx context.Context, stream string, expected eventstore.Version, events []eventstore.Event, there *eventstore.Event) (eventstore.Position, error) {
	version, _, err := s.StreamHead(ctx, stream)
	if err != nil {
		return 0, fmt.Errorf("append to %s: nothing was stored: %w", stream, err)
	}
	conflict := &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: version}
	if version == expected {
		return 0, &eventstore.ExistsError{Stream: stream, Event: there.ID, Command: there.Command}
	}
	if expected > version || version-expected < eventstore.Version(len(events)) {
		return 0, conflict
	}
	i := 0
	for r, err := range s.read(ctx, stream, expected, uint64(len(events))) {
		if err != nil {
			return 0, fmt.Errorf("append to %s: nothing was stored: see what is there: %w", stream, err)
		}
		if r.ID != events[i].ID {
			return 0, conflict
		}
		if i++; i == len(events) {
			return r.Position, nil
		}
	}
	return 0, conflict
}

// send asks until the outcome is known. The same append again is a retry to the server, so that it cannot duplicate; and since expected is
// exact, an answer to the second time is true of the first: stored now or before, or not stored and never to be.
func (s *Store) send(ctx context.Context, stream string, expected eventstore.Version, events []eventstore.Event) (_ eventstore.Position, resent bool, _ error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opt.Resolve, fmt.Errorf("no answer within %s", s.opt.Resolve))
	defer cancel()
	wait := 20 * time.Millisecond
	var doubt error // why the outcome was unknown, nil while certainly nothing is stored
	for try := 0; ; try++ {
		position, sent, err := s.try(ctx, stream, expected, events)
		if err == nil {
			return position, doubt != nil, nil
		}
		if errors.Is(err, eventstore.ErrConflict) {
			return 0, false, err
		}
		f := faultOf(err)
		if doubt == nil && (!sent || f.certain()) {
			// Another leader is asked at once; an outage is for the caller to wait out.
			if f.fault == notLeader && try < 3 && ctx.Err() == nil {
				continue
			}
			return 0, false, fmt.Errorf("append to %s: nothing was stored: %w", stream, err)
		}
		if sent && !f.certain() {
			doubt = err
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
			continue
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-s.closing.Done():
			err = eventstore.ErrClosed
		}
		// Not doubt itself: it is an ErrUnavailable, by which callers know that nothing was stored.
		return 0, false, fmt.Errorf("append to %s: %w: %w: send it again (%v)", stream, eventstore.ErrUnknownOutcome, err, doubt)
	}
}

// try sends the append once. sent tells whether the server may have it.
func (s *Store) try(ctx context.Context, stream string, expected eventstore.Version, events []eventstore.Event) (_ eventstore.Position, sent bool, err error) {
	n, err := s.server.get(ctx)
	if err != nil {
		return 0, false, err
	}
	defer func() { s.server.put(n, err) }()
	attempt, cancel := context.WithTimeout(s.server.outgoing(ctx), s.opt.Attempt)
	defer cancel()
	var trailer metadata.MD
	// gRPC sends a call again by itself when it believes that the server has not seen it, and may then end the messages before all are sent:
	// half an append would be a whole one to the server. Nothing to be sent again is kept, so it does not.
	call, err := n.streams.Append(attempt, grpc.Trailer(&trailer), grpc.MaxRetryRPCBufferSize(0))
	if err != nil {
		return 0, false, explain(ctx, n.address, err, trailer)
	}
	options := &api.AppendReq_Options{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)}}
	if expected == 0 {
		options.ExpectedStreamRevision = &api.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	} else {
		options.ExpectedStreamRevision = &api.AppendReq_Options_Revision{Revision: uint64(expected) - 1}
	}
	err = call.Send(&api.AppendReq{Content: &api.AppendReq_Options_{Options: options}})
	for i := 0; i < len(events) && err == nil; i++ {
		err = call.Send(encodeEvent(&events[i]))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, true, explain(ctx, n.address, err, trailer)
	}
	answer := &api.AppendResp{}
	if err != nil {
		// It is over; why, the answer tells. To end the messages here would be to end them early.
		err = call.RecvMsg(answer)
	} else {
		answer, err = call.CloseAndRecv()
	}
	if err != nil {
		return 0, true, explain(ctx, n.address, err, trailer)
	}
	switch result := answer.GetResult().(type) {
	case *api.AppendResp_Success_:
		position, err := stored(stream, expected, events, result.Success)
		return position, true, err
	case *api.AppendResp_WrongExpectedVersion_:
		actual := eventstore.Version(0)
		if current, ok := result.WrongExpectedVersion.GetCurrentRevisionOption().(*api.AppendResp_WrongExpectedVersion_CurrentRevision); ok {
			actual = eventstore.Version(current.CurrentRevision) + 1
		}
		return 0, true, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}
	}
	return 0, true, fmt.Errorf("EventStoreDB at %s gave an answer that this version does not know", n.address)
}

// stored reads the answer to an append.
func stored(stream string, expected eventstore.Version, events []eventstore.Event, ok *api.AppendResp_Success) (eventstore.Position, error) {
	last, isRevision := ok.GetCurrentRevisionOption().(*api.AppendResp_Success_CurrentRevision)
	if !isRevision || eventstore.Version(last.CurrentRevision)+1 != expected+eventstore.Version(len(events)) {
		// The server goes on numbering after a deletion.
		return 0, &failure{fault: deleted, err: fmt.Errorf("append to %s after %d ends at version %d: %w", stream, expected, ok.GetCurrentRevision()+1, deletedStream(stream))}
	}
	p := ok.GetPosition()
	if p == nil || p.GetCommitPosition() != p.GetPreparePosition() {
		return 0, fmt.Errorf("append to %s: the server does not say where", stream)
	}
	return eventstore.Position(p.GetCommitPosition()) + 1, nil
}

// reserve waits until no other append of the same commands is under way: otherwise both would find that the command is new.
func (s *Store) reserve(ctx context.Context, events []eventstore.Event) error {
	k := &s.known
	for {
		var wait chan struct{}
		k.mu.Lock()
		for i := range events {
			if wait = k.underway[key(&events[i])]; wait != nil {
				break
			}
		}
		if wait == nil {
			done := make(chan struct{})
			for i := range events {
				k.underway[key(&events[i])] = done
			}
			k.mu.Unlock()
			return nil
		}
		k.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) unreserve(events []eventstore.Event) {
	k := &s.known
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.underway[key(&events[0])])
	for i := range events {
		delete(k.underway, key(&events[i]))
	}
}

// firstKnown returns the first event that is in the log, or whose command is.
func (s *Store) firstKnown(ctx context.Context, events []eventstore.Event) (*eventstore.Event, error) {
	var last uuid.UUID
	for i := range events {
		id := key(&events[i])
		if id == last {
			continue
		}
		last = id
		_, found, err := s.find(ctx, id)
		if err != nil {
			return nil, err
		}
		if found {
			return &events[i], nil
		}
	}
	return nil, nil
}

// acknowledge remembers an append before its caller is told.
func (s *Store) acknowledge(stream string, expected eventstore.Version, events []eventstore.Event, position eventstore.Position) {
	k := &s.known
	k.mu.Lock()
	if uint64(position) > k.followed.Load() {
		for i := range events {
			id := key(&events[i])
			if _, found := k.new[id]; !found {
				k.new[id] = Place{stream, expected + eventstore.Version(i) + 1}
			}
		}
	}
	k.mu.Unlock()
	s.reached(stream, expected+eventstore.Version(len(events)), position)
	s.mu.Lock()
	defer s.mu.Unlock()
	for u := range s.subs {
		u.expect(stream, events, position)
	}
}
