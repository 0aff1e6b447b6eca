package wire

import (
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
)

func (r *reading) confirm() error {
	return r.call.Send(&api.ReadResp{Content: &api.ReadResp_Confirmation{Confirmation: &api.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}}})
}

func (r *reading) caughtUp() error {
	return r.call.Send(&api.ReadResp{Content: &api.ReadResp_CaughtUp_{CaughtUp: &api.ReadResp_CaughtUp{}}})
}

// subscribeToAll sends what is after the position, then what comes, until somebody ends it.
func (r *reading) subscribeToAll(o *api.ReadReq_Options_AllOptions) error {
	all, grown := r.log.view()
	next, err := r.place(all, o)
	if err != nil {
		return err
	}
	if p := o.GetPosition(); p != nil && next < len(all) && all[next].Position == p.GetCommitPosition() {
		next++
	}
	if err := r.confirm(); err != nil {
		return err
	}
	every, considered := checkpointEvery(r.options.GetFilter()), uint64(0)
	for caughtUp := false; ; {
		for ; next < len(all); next++ {
			if next&1023 == 0 && r.call.Context().Err() != nil {
				return r.ended(r.call.Context())
			}
			if r.filter == nil || r.filter(all[next]) {
				if err := r.send(all[next]); err != nil {
					return err
				}
			}
			if considered++; r.filter != nil && considered%every == 0 {
				if err := r.checkpoint(all[next].Position); err != nil {
					return err
				}
			}
		}
		if !caughtUp {
			caughtUp = true
			if err := r.caughtUp(); err != nil {
				return err
			}
		}
		select {
		case <-grown:
		case <-r.call.Context().Done():
			return r.ended(r.call.Context())
		case <-r.ctx.Done():
			return r.running()
		}
		all, grown = r.log.view()
	}
}

func (r *reading) checkpoint(position uint64) error {
	return r.call.Send(&api.ReadResp{Content: &api.ReadResp_Checkpoint_{Checkpoint: &api.ReadResp_Checkpoint{CommitPosition: position, PreparePosition: position}}})
}

// subscribeToStream likewise, after a revision. The stream need not exist.
func (r *reading) subscribeToStream(o *api.ReadReq_Options_StreamOptions) error {
	name := string(o.GetStreamIdentifier().GetStreamName())
	s, grown := r.log.stream(name)
	if s.tombstone != nil {
		return deletedError(name)
	}
	next := int64(0)
	switch x := o.GetRevisionOption().(type) {
	case *api.ReadReq_Options_StreamOptions_Revision:
		next = int64(exactly(x.Revision)) + 1
	case *api.ReadReq_Options_StreamOptions_End:
		next = s.last() + 1
	case *api.ReadReq_Options_StreamOptions_Start:
	}
	if err := r.confirm(); err != nil {
		return err
	}
	for caughtUp := false; ; {
		if first := s.first(now()); first <= s.last()+1 {
			next = max(next, first)
		} else {
			next = max(next, s.last()+1) // deleted
		}
		for ; next <= s.last(); next++ {
			if err := r.send(s.events[next]); err != nil {
				return err
			}
		}
		if s.tombstone != nil {
			return deletedError(name)
		}
		if !caughtUp {
			caughtUp = true
			if err := r.caughtUp(); err != nil {
				return err
			}
		}
		select {
		case <-grown:
		case <-r.call.Context().Done():
			return r.ended(r.call.Context())
		case <-r.ctx.Done():
			return r.running()
		}
		s, grown = r.log.stream(name)
	}
}
