package sqlite

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"jejak/eventstore"
)

// Subscribe is described at eventstore.Store.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	filter.Types = slices.Clone(filter.Types)
	u := &subscription{store: s, ctx: ctx, read: uint64(after), src: source{filter: filter}, rows: firstPageRows, closed: make(chan struct{})}
	s.tail.watchers.Add(1)
	u.unwatch = context.AfterFunc(ctx, u.left)
	return u, nil
}

// subscription reads pages of the file until it has come to the tail, then batches from there. It holds one of them at a time.
type subscription struct {
	store  *Store
	ctx    context.Context
	src    source
	closed chan struct{}
	live   atomic.Bool

	// These belong to the goroutine that calls Next.
	records []eventstore.Record // read and not yet handed on; not to be changed
	page    *page               // where they are from, nil for the tail
	read    uint64              // position of the last row looked at
	rows    int                 // of the next page
	err     error

	once    sync.Once // the tail counts this no more
	unwatch func() bool
	closing sync.Once
}

func (u *subscription) left() { u.once.Do(func() { u.store.tail.watchers.Add(-1) }) }

// Next is described at eventstore.Subscription.
func (u *subscription) Next(ctx context.Context) (eventstore.Record, error) {
	for {
		if err := u.ended(ctx); err != nil {
			return eventstore.Record{}, err
		}
		if u.skip() {
			r := u.records[0]
			u.records = u.records[1:]
			u.live.Store(!u.skip() && u.read >= u.store.tail.head.Load())
			return r, nil
		}
		changed := u.store.tail.changed.Wait()
		head := u.store.tail.head.Load()
		if u.read < head {
			if err := u.more(ctx, head); err != nil {
				return eventstore.Record{}, err
			}
			continue
		}
		u.live.Store(true)
		select {
		case <-changed:
		case <-u.closed:
		case <-u.store.closing:
		case <-u.ctx.Done():
		case <-ctx.Done():
		}
	}
}

// ended returns why there is no next record.
func (u *subscription) ended(ctx context.Context) error {
	select {
	case <-u.closed:
		return eventstore.ErrClosed
	default:
	}
	if u.err == nil {
		if u.err = u.store.usable(u.ctx); u.err != nil {
			u.left()
		}
	}
	if u.err != nil {
		return u.err
	}
	return ctx.Err()
}

// skip drops what the filter leaves out and tells whether anything is left.
func (u *subscription) skip() bool {
	for len(u.records) > 0 {
		if r := &u.records[0]; u.page != nil || u.src.filter.Match(r.Stream, r.Type) { // a page has been filtered
			return true
		}
		u.records = u.records[1:]
	}
	return false
}

// more reads on, from the tail if that goes back far enough.
func (u *subscription) more(ctx context.Context, head uint64) error {
	if u.page != nil {
		u.page.release()
		u.page = nil
	}
	if u.records = u.store.tail.after(eventstore.Position(u.read)); len(u.records) > 0 {
		u.read = uint64(u.records[len(u.records)-1].Position)
		return nil
	}
	u.records = nil
	u.src.upTo = head
	p, err := u.store.page(ctx, &u.src, u.read, u.rows)
	if err != nil {
		if ctx.Err() == nil {
			u.err = err
			u.left()
		}
		return err
	}
	u.rows = min(u.rows*4, pageRows)
	u.page, u.records, u.read = p, p.records, p.last
	if p.end {
		u.read = head
	}
	return nil
}

// Live is described at eventstore.Subscription.
func (u *subscription) Live() bool { return u.live.Load() }

// Close is described at eventstore.Subscription.
func (u *subscription) Close() error {
	u.closing.Do(func() {
		close(u.closed)
		u.unwatch()
		u.left()
	})
	return nil
}
