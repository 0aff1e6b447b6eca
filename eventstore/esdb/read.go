package esdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"jejak/eventstore"
)

// Read is described at eventstore.Store.
func (s *Store) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return s.read(ctx, stream, after, math.MaxInt64)
}

func (s *Store) read(ctx context.Context, stream string, after eventstore.Version, limit uint64) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		if err := s.usable(ctx); err != nil {
			yield(eventstore.Record{}, err)
			return
		}
		if after > math.MaxInt64 || !s.ours(stream) {
			return
		}
		version := after
		request := func() *api.ReadReq {
			return readStream(stream, uint64(version), api.ReadReq_Options_Forwards, limit-uint64(version-after))
		}
		missing, stopped := false, false
		err := s.patiently(ctx, request, func(answer *api.ReadResp) (bool, error) {
			if answer.GetStreamNotFound() != nil {
				missing = true
			}
			e := answer.GetEvent().GetEvent()
			if e == nil {
				return true, nil
			}
			r, err := decode(e)
			if err != nil {
				return false, err
			}
			if r.Version != version+1 {
				return false, fmt.Errorf("version %d of stream %s is missing: %w", version+1, stream, deletedStream(stream))
			}
			version = r.Version
			s.show(&r)
			if !yield(r, nil) {
				stopped = true
				return false, nil
			}
			return uint64(version-after) < limit, nil
		})
		if missing && err == nil {
			err = s.neverWas(ctx, stream)
		}
		if err != nil && !stopped {
			yield(eventstore.Record{}, fmt.Errorf("read stream %s after %d: %w", stream, version, err))
		}
	}
}

// neverWas finds out whether a stream that is not there has been deleted: the server gives the same answer for both.
func (s *Store) neverWas(ctx context.Context, stream string) error {
	if s.reachedVersion(stream) > 0 {
		return deletedStream(stream)
	}
	return s.notDeleted(ctx, stream)
}

// notDeleted asks for the mark that a deletion leaves.
func (s *Store) notDeleted(ctx context.Context, stream string) error {
	var err error
	errRead := s.patiently(ctx, func() *api.ReadReq { return readStream("$$"+stream, math.MaxUint64, api.ReadReq_Options_Backwards, 1) },
		func(answer *api.ReadResp) (bool, error) {
			var about struct {
				Before json.Number `json:"$tb"`
			}
			if e := answer.GetEvent().GetEvent(); e != nil && json.Unmarshal(e.GetData(), &about) == nil && about.Before != "" && about.Before != "0" {
				err = deletedStream(stream)
			}
			return true, nil
		})
	var f *failure
	if errors.As(errRead, &f) && f.fault == refused {
		errRead = nil // the metadata of streams may be for administrators only
	}
	return errors.Join(err, errRead)
}

// ReadAll is described at eventstore.Store. The position must be one of this log.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		position := after
		after, err := s.within(ctx, after)
		if err != nil {
			yield(eventstore.Record{}, err)
			return
		}
		from, stopped := after, false
		err = s.patiently(ctx, func() *api.ReadReq { return readAll(from, api.ReadReq_Options_Forwards) }, func(answer *api.ReadResp) (bool, error) {
			e := answer.GetEvent().GetEvent()
			if e == nil {
				return true, nil
			}
			p, err := s.place(e)
			if err != nil {
				return false, err
			}
			if p <= from { // readings begin with where they begin
				return true, nil
			}
			from = p
			stream, typ := string(e.GetStreamIdentifier().GetStreamName()), e.GetMetadata()["type"]
			if p <= position || !s.ours(stream) || !filter.Match(stream, typ) {
				return true, nil
			}
			r, err := decode(e)
			if err != nil {
				return false, err
			}
			s.show(&r)
			if !yield(r, nil) {
				stopped = true
				return false, nil
			}
			return true, nil
		})
		if err != nil && !stopped {
			yield(eventstore.Record{}, fmt.Errorf("read the log after %d: %w", from, err))
		}
	}
}

// place is positionOf, but lets the server's own records be of the old kind.
func (s *Store) place(e *recorded) (eventstore.Position, error) {
	if !s.ours(string(e.GetStreamIdentifier().GetStreamName())) {
		return eventstore.Position(e.GetCommitPosition()) + 1, nil
	}
	return positionOf(e)
}

// within returns a position that the server can begin at: the given one, or the end of the log for one beyond it.
func (s *Store) within(ctx context.Context, after eventstore.Position) (eventstore.Position, error) {
	if err := s.usable(ctx); err != nil || uint64(after) <= s.newest.Load() {
		return after, err
	}
	head, err := s.Head(ctx)
	return min(after, head), err
}

// Head is described at eventstore.Store.
func (s *Store) Head(ctx context.Context) (head eventstore.Position, err error) {
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	// Backwards over what the server has written for itself, as far as a record that is known.
	floor := eventstore.Position(s.newest.Load())
	head = floor
	err = s.patiently(ctx, func() *api.ReadReq {
		return readAll(eventstore.Position(math.MaxUint64), api.ReadReq_Options_Backwards)
	}, func(answer *api.ReadResp) (bool, error) {
		e := answer.GetEvent().GetEvent()
		if e == nil {
			return true, nil
		}
		p, err := s.place(e)
		if err != nil || p <= floor {
			return false, err
		}
		if !s.ours(string(e.GetStreamIdentifier().GetStreamName())) {
			return true, nil
		}
		head = p
		return false, nil
	})
	if err != nil {
		return 0, fmt.Errorf("find the end of the log: %w", err)
	}
	return head, nil
}

// StreamHead is described at eventstore.Store.
func (s *Store) StreamHead(ctx context.Context, stream string) (eventstore.Version, eventstore.Position, error) {
	if err := s.usable(ctx); err != nil || !s.ours(stream) {
		return 0, 0, err
	}
	version, position, err := s.newestOf(ctx, stream, math.MaxUint64)
	if err == nil && version == 0 {
		err = s.neverWas(ctx, stream)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find the end of stream %s: %w", stream, err)
	}
	return version, position, nil
}

// newestOf returns where the newest event of a stream is, at a revision or before it.
func (s *Store) newestOf(ctx context.Context, stream string, revision uint64) (version eventstore.Version, position eventstore.Position, err error) {
	err = s.patiently(ctx, func() *api.ReadReq { return readStream(stream, revision, api.ReadReq_Options_Backwards, 1) }, func(answer *api.ReadResp) (bool, error) {
		e := answer.GetEvent().GetEvent()
		if e == nil {
			return true, nil
		}
		version = eventstore.Version(e.GetStreamRevision()) + 1
		var err error
		position, err = positionOf(e)
		return false, err
	})
	if err == nil && position > eventstore.Position(s.known.followed.Load()) {
		s.raiseShown(position)
	}
	return version, position, err
}

func (s *Store) positionAt(ctx context.Context, stream string, version eventstore.Version) (eventstore.Position, error) {
	got, position, err := s.newestOf(ctx, stream, uint64(version)-1)
	if err == nil && got != version {
		err = fmt.Errorf("version %d of stream %s is missing: %w", version, stream, deletedStream(stream))
	}
	return position, err
}

// ByCommand is described at eventstore.Store.
func (s *Store) ByCommand(ctx context.Context, command uuid.UUID) (eventstore.Record, bool, error) {
	if err := s.usable(ctx); err != nil || command == uuid.Nil {
		return eventstore.Record{}, false, err
	}
	place, found, err := s.find(ctx, command)
	if err != nil {
		return eventstore.Record{}, false, fmt.Errorf("find command %s: %w", command, err)
	}
	if !found {
		return eventstore.Record{}, false, nil
	}
	for r, err := range s.read(ctx, place.Stream, place.Version-1, 1) {
		if err != nil || r.Command == uuid.Nil { // the id is that of an event without a command
			return eventstore.Record{}, false, err
		}
		if r.Command != command {
			break
		}
		return r, true, nil
	}
	return eventstore.Record{}, false, fmt.Errorf("command %s is not where the index has it, at version %d of %s: stop the server, delete the index, start again", command, place.Version, place.Stream)
}
