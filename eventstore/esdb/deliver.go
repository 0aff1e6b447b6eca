package esdb

import (
	"context"
	"time"

	"jejak/eventstore"
)

// put hands a record on. While history is read the newest is held back until the next message tells whether there is more.
func (u *subscription) put(r eventstore.Record) error {
	for {
		u.mu.Lock()
		if len(u.buffer) < bufferRecords && u.bytes < bufferBytes {
			break
		}
		u.mu.Unlock()
		select {
		case <-u.room:
		case <-u.ctx.Done():
			return context.Cause(u.ctx)
		}
	}
	if u.caughtUp {
		u.push(r)
	} else {
		if u.held != nil {
			u.push(*u.held)
		}
		u.held = &r
		time.AfterFunc(silence, func() { u.release(r.Position) })
	}
	u.mu.Unlock()
	wake(u.more)
	return nil
}

func (u *subscription) push(r eventstore.Record) {
	u.buffer = append(u.buffer, r)
	u.bytes += eventstore.Size(r.Event)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// release ends the holding back of a record after which nothing came for a while.
func (u *subscription) release(position eventstore.Position) {
	u.mu.Lock()
	silent := u.held != nil && u.held.Position == position
	u.mu.Unlock()
	if silent {
		u.catchUp(true)
	}
}

func (u *subscription) catchUp(done bool) {
	u.mu.Lock()
	if u.held != nil {
		u.push(*u.held)
		u.held = nil
	}
	u.caughtUp = done
	u.mu.Unlock()
	wake(u.more)
}

func (u *subscription) fail(err error) {
	u.mu.Lock()
	u.err = err
	u.mu.Unlock()
	wake(u.more)
}

// expect tells of an append of this process: until it has come, the subscription is not live.
func (u *subscription) expect(stream string, events []eventstore.Event, position eventstore.Position) {
	for i := range events {
		if u.filter.Match(stream, events[i].Type) {
			u.mu.Lock()
			u.expected = max(u.expected, position)
			u.mu.Unlock()
			return
		}
	}
}

// Next is described at eventstore.Subscription.
func (u *subscription) Next(ctx context.Context) (eventstore.Record, error) {
	for {
		if err := u.ended(ctx); err != nil {
			return eventstore.Record{}, err
		}
		u.mu.Lock()
		if len(u.buffer) > 0 {
			r := u.buffer[0]
			u.buffer[0] = eventstore.Record{}
			u.buffer = u.buffer[1:]
			u.bytes -= eventstore.Size(r.Event)
			u.live.Store(len(u.buffer) == 0 && u.held == nil && u.caughtUp && r.Position >= u.expected)
			u.mu.Unlock()
			wake(u.room)
			if !u.internal {
				u.store.show(&r)
			}
			return r, nil
		}
		err := u.err
		if u.caughtUp {
			u.live.Store(true)
		}
		u.mu.Unlock()
		if err != nil {
			return eventstore.Record{}, err
		}
		select {
		case <-u.more:
		case <-u.ctx.Done():
		case <-ctx.Done():
		}
	}
}

// ended returns why there is no next record.
func (u *subscription) ended(ctx context.Context) error {
	if u.closed.Load() {
		return eventstore.ErrClosed
	}
	if err := u.store.usable(u.parent); err != nil {
		return err
	}
	return ctx.Err()
}

// Live is described at eventstore.Subscription.
func (u *subscription) Live() bool { return u.live.Load() }

// Close is described at eventstore.Subscription.
func (u *subscription) Close() error {
	u.once.Do(func() {
		u.closed.Store(true)
		u.store.mu.Lock()
		delete(u.store.subs, u)
		u.store.mu.Unlock()
		u.cancel()
	})
	return nil
}
