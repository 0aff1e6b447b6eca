package esdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"jejak/eventstore"
)

const (
	bufferRecords = 512     // that a subscription has read ahead; then the server waits, never the log
	bufferBytes   = 4 << 20 // likewise
	// A checkpoint every 32 × 32 records of others lets a subscription that was cut go on without looking at them again.
	searchWindow, checkpointInterval = 32, 32
	// Servers before 22.10 do not say when history ends. Its last record is then held back this long.
	silence = 200 * time.Millisecond
)

// Subscribe is described at eventstore.Store. A subscription outlives the connection: it goes on where it was when the server is back.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	filter.Types = slices.Clone(filter.Types)
	u, err := s.subscribe(ctx, after, filter, false)
	if err != nil {
		return nil, fmt.Errorf("subscribe after %d: %w", after, err)
	}
	return u, nil
}

// subscription has one goroutine that receives and fills the buffer.
type subscription struct {
	store    *Store
	filter   eventstore.Filter
	internal bool // of the index: what it gets is shown to nobody
	after    eventstore.Position
	parent   context.Context // of Subscribe

	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	buffer   []eventstore.Record
	bytes    int
	held     *eventstore.Record // received, but whether it is the last of history is not known yet
	caughtUp bool
	expected eventstore.Position // of the newest record of this process that is to come
	err      error
	more     chan struct{} // has one element when there is something new for Next
	room     chan struct{} // likewise for the receiver

	live   atomic.Bool
	closed atomic.Bool
	once   sync.Once
}

// subscribe returns when the server has confirmed the subscription.
func (s *Store) subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter, internal bool) (*subscription, error) {
	from, err := s.within(ctx, after)
	if err != nil {
		return nil, err
	}
	u := &subscription{
		store: s, filter: filter, internal: internal, after: after, parent: ctx,
		more: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
	u.ctx, u.cancel = s.open(ctx)
	if !internal {
		s.mu.Lock()
		s.subs[u] = struct{}{}
		s.mu.Unlock()
	}
	confirmed := make(chan error, 1)
	s.entry.RLock() // Close waits for what runs
	if s.closing.Err() == nil {
		s.running.Go(func() { u.receive(from, confirmed) })
	}
	s.entry.RUnlock()
	select {
	case err = <-confirmed:
	case <-u.ctx.Done():
		err = context.Cause(u.ctx)
	}
	if err != nil {
		u.Close()
		return nil, err
	}
	return u, nil
}

// receive subscribes again and again until the subscription ends. Only what cannot pass ends it.
func (u *subscription) receive(from eventstore.Position, confirmed chan<- error) {
	wait := 50 * time.Millisecond
	first := true
	for {
		got := false
		err := u.run(&from, func() {
			got = true
			if first {
				first = false
				confirmed <- nil
			}
		})
		if u.ctx.Err() != nil {
			return
		}
		if first {
			confirmed <- err
			return
		}
		if !faultOf(err).passing() {
			u.fail(err)
			return
		}
		if got {
			wait = 50 * time.Millisecond
		}
		u.store.log.Info("a subscription was cut and begins again", "after", uint64(from), "error", err)
		select {
		case <-time.After(wait):
			wait = min(2*wait, 2*time.Second)
		case <-u.ctx.Done():
			return
		}
	}
}

// run is one subscription of the server, from a position that it moves on.
func (u *subscription) run(from *eventstore.Position, confirmed func()) (err error) {
	s := u.store
	n, err := s.server.get(u.ctx)
	if err != nil {
		return err
	}
	defer func() { s.server.put(n, err) }()
	ctx, cancel := context.WithCancel(s.server.outgoing(u.ctx))
	defer cancel()
	impatience := time.AfterFunc(s.opt.Attempt, cancel)
	defer impatience.Stop()
	var trailer metadata.MD
	call, err := n.streams.Read(ctx, u.request(*from), grpc.Trailer(&trailer))
	if err != nil {
		return explain(u.ctx, n.address, err, trailer)
	}
	// Between two records that are far apart there is silence; when the server is gone the keep-alive of the connection notices.
	for {
		answer, err := call.Recv()
		if err != nil {
			return explain(u.ctx, n.address, err, trailer)
		}
		impatience.Stop()
		switch content := answer.GetContent().(type) {
		case *api.ReadResp_Confirmation:
			confirmed()
		case *api.ReadResp_Event:
			e := content.Event.GetEvent()
			if e == nil {
				continue
			}
			p, err := s.place(e)
			if err != nil {
				return err
			}
			if p <= *from {
				continue
			}
			stream, typ := string(e.GetStreamIdentifier().GetStreamName()), e.GetMetadata()["type"]
			if p > u.after && s.ours(stream) && u.filter.Match(stream, typ) {
				r, err := decode(e)
				if err != nil {
					return err
				}
				if err := u.put(r); err != nil {
					return err
				}
			}
			*from = p
		case *api.ReadResp_Checkpoint_:
			*from = max(*from, eventstore.Position(content.Checkpoint.GetCommitPosition())+1)
		case *api.ReadResp_CaughtUp_:
			u.catchUp(true)
		case *api.ReadResp_FellBehind_:
			u.catchUp(false)
		}
	}
}

func (u *subscription) request(after eventstore.Position) *api.ReadReq {
	filter := &api.ReadReq_Options_FilterOptions{
		CheckpointIntervalMultiplier: checkpointInterval,
		Window:                       &api.ReadReq_Options_FilterOptions_Max{Max: searchWindow},
	}
	streams := &api.ReadReq_Options_FilterOptions_Expression{Prefix: u.store.opt.Prefixes}
	if u.filter.StreamPrefix != "" {
		streams.Prefix = []string{u.filter.StreamPrefix}
	}
	if len(streams.Prefix) == 0 {
		streams.Regex = `^[^\$].*`
	}
	filter.Filter = &api.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: streams}
	o := readOptions()
	o.StreamOption = allFrom(after)
	o.CountOption = &api.ReadReq_Options_Subscription{Subscription: &api.ReadReq_Options_SubscriptionOptions{}}
	o.FilterOption = &api.ReadReq_Options_Filter{Filter: filter}
	return &api.ReadReq{Options: o}
}
