package memory

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"jejak/eventstore"
)

// Subscribe is described at eventstore.Store.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := s.snapshot(); err != nil {
		return nil, err
	}
	filter.Types = slices.Clone(filter.Types)
	return &subscription{store: s, ctx: ctx, after: after, filter: filter, closed: make(chan struct{})}, nil
}

type subscription struct {
	store  *Store
	ctx    context.Context
	after  eventstore.Position
	filter eventstore.Filter
	live   atomic.Bool
	closed chan struct{}
	once   sync.Once
}

// Next is described at eventstore.Subscription.
func (u *subscription) Next(ctx context.Context) (eventstore.Record, error) {
	for {
		changed := u.store.changed.Wait()
		records, err := u.store.snapshot()
		if err != nil {
			return eventstore.Record{}, err
		}
		select {
		case <-u.closed:
			return eventstore.Record{}, eventstore.ErrClosed
		default:
		}
		if err := u.ctx.Err(); err != nil {
			return eventstore.Record{}, err
		}
		if err := ctx.Err(); err != nil {
			return eventstore.Record{}, err
		}
		if r, ok := u.advance(records); ok {
			u.live.Store(!u.more(records))
			return r, nil
		}
		u.live.Store(true)
		select {
		case <-changed:
		case <-u.closed:
		case <-u.ctx.Done():
		case <-ctx.Done():
		}
	}
}

func (u *subscription) advance(records []eventstore.Record) (eventstore.Record, bool) {
	for uint64(u.after) < uint64(len(records)) {
		r := &records[u.after]
		u.after++
		if u.filter.Match(r.Stream, r.Type) {
			return *r, true
		}
	}
	return eventstore.Record{}, false
}

// more skips what the filter leaves out and tells whether anything is left.
func (u *subscription) more(records []eventstore.Record) bool {
	for ; uint64(u.after) < uint64(len(records)); u.after++ {
		if r := &records[u.after]; u.filter.Match(r.Stream, r.Type) {
			return true
		}
	}
	return false
}

// Live is described at eventstore.Subscription.
func (u *subscription) Live() bool { return u.live.Load() }

// Close is described at eventstore.Subscription.
func (u *subscription) Close() error {
	u.once.Do(func() { close(u.closed) })
	return nil
}
