package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"jejak/eventstore"
)

const (
	saveEntries = 2000                  // of one transaction of the index, about
	saveEvery   = 50 * time.Millisecond // unless somebody waits
)

// find looks a command up, or an event without one. Nothing that this process has acknowledged or shown to a caller is missed.
func (s *Store) find(ctx context.Context, id uuid.UUID) (Place, bool, error) {
	k := &s.known
	for {
		shown := k.shown.Load()
		k.mu.Lock()
		place, found := k.new[id]
		k.mu.Unlock()
		if found {
			return place, true, nil
		}
		// What has left k.new is in the index.
		place, found, err := s.index.Find(ctx, id)
		if found || err != nil {
			return place, found, err
		}
		if k.followed.Load() >= shown {
			return Place{}, false, nil
		}
		if err := s.follows(ctx, shown); err != nil {
			return Place{}, false, err
		}
	}
}

// follows waits until the index has everything up to a position.
func (s *Store) follows(ctx context.Context, position uint64) error {
	k := &s.known
	k.waiting.Add(1)
	defer k.waiting.Add(-1)
	for {
		moved := k.moved.Wait()
		if k.followed.Load() >= position {
			return nil
		}
		if broken := k.broken.Load(); broken != nil {
			return *broken
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing.Done():
			return eventstore.ErrClosed
		}
	}
}

// show notes that a caller sees a record: what it may ask for next must be found.
func (s *Store) show(r *eventstore.Record) {
	k := &s.known
	if uint64(r.Position) <= k.followed.Load() {
		return
	}
	k.mu.Lock()
	_, mine := k.new[key(&r.Event)]
	k.mu.Unlock()
	if !mine {
		s.raiseShown(r.Position)
	}
	s.reached(r.Stream, r.Version, r.Position)
}

func (s *Store) raiseShown(position eventstore.Position) {
	if uint64(position) <= s.newest.Load() && uint64(position) <= s.known.shown.Load() {
		return
	}
	for {
		old := s.known.shown.Load()
		if old >= uint64(position) || s.known.shown.CompareAndSwap(old, uint64(position)) {
			return
		}
	}
}

// startIndex begins to follow the log where the index ends, and waits until it has caught up.
func (s *Store) startIndex(ctx context.Context) error {
	through, err := s.index.Through(ctx)
	if err != nil {
		return err
	}
	fits, err := s.fits(ctx, through)
	if err != nil {
		return err
	}
	if !fits {
		s.log.Warn("the command index is of another log and is made anew", "server", s.server.name)
		if err := s.index.Reset(ctx); err != nil {
			return err
		}
		through = Mark{}
	}
	s.known.followed.Store(uint64(through.Position))
	s.newest.Store(uint64(through.Position))
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	sub, err := s.subscribe(s.closing, through.Position, eventstore.Filter{}, true)
	if err != nil {
		return err
	}
	s.running.Go(func() { s.follow(sub, through) })
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	wait, cancel := s.open(ctx)
	defer cancel()
	go func() {
		for {
			select {
			case <-tick.C:
				s.log.Info("the command index is brought up to the log", "position", s.known.followed.Load(), "head", uint64(head))
			case <-wait.Done():
				return
			}
		}
	}()
	if err := s.follows(ctx, uint64(head)); err != nil {
		return fmt.Errorf("bring the command index up to the log: %w", err)
	}
	return nil
}

// fits tells whether the event of a mark stands in this log.
func (s *Store) fits(ctx context.Context, m Mark) (fits bool, err error) {
	if m == (Mark{}) {
		return true, nil
	}
	err = s.patiently(ctx, func() *api.ReadReq { return readAll(m.Position, api.ReadReq_Options_Forwards) }, func(answer *api.ReadResp) (bool, error) {
		e := answer.GetEvent().GetEvent()
		if e == nil {
			return true, nil
		}
		id, err := decodeID(e.GetId())
		fits = err == nil && id == m.Event && eventstore.Position(e.GetCommitPosition())+1 == m.Position
		return false, nil
	})
	var f *failure
	if errors.As(err, &f) && f.fault == other {
		return false, nil // the server has no such position
	}
	return fits, err
}

// follow saves what the log gets until the store closes.
func (s *Store) follow(sub *subscription, through Mark) {
	defer sub.Close()
	var entries []Entry
	saved := through
	var last uuid.UUID
	began := time.Now()
	for {
		ctx, cancel := s.closing, context.CancelFunc(func() {})
		if through != saved {
			ctx, cancel = context.WithDeadline(s.closing, began.Add(saveEvery))
		}
		r, err := sub.Next(ctx)
		cancel()
		switch {
		case err == nil:
			if through == saved {
				began = time.Now()
			}
			through = Mark{r.Position, r.ID}
			if id := key(&r.Event); id != last {
				entries = append(entries, Entry{id, Place{r.Stream, r.Version}})
				last = id
			}
			s.reached(r.Stream, r.Version, r.Position)
			full := len(entries) >= saveEntries || time.Since(began) > 10*saveEvery
			if !full && !(sub.Live() && (s.known.waiting.Load() > 0 || time.Since(began) > saveEvery)) {
				continue
			}
		case s.closing.Err() != nil: // what is not saved is followed again by the next Open
			s.save(entries, through)
			return
		case errors.Is(err, context.DeadlineExceeded):
		default:
			s.breaks(fmt.Errorf("follow the log: %w", err))
			return
		}
		if through == saved {
			continue
		}
		for !s.save(entries, through) {
			select {
			case <-time.After(time.Second):
			case <-s.closing.Done():
				return
			}
		}
		entries, saved = entries[:0], through
	}
}

// save puts entries into the index; what is in it is forgotten here.
func (s *Store) save(entries []Entry, through Mark) bool {
	if err := s.index.Save(context.WithoutCancel(s.closing), entries, through); err != nil {
		s.breaks(fmt.Errorf("save where commands are: %w", err))
		return false
	}
	k := &s.known
	k.mu.Lock()
	for _, e := range entries {
		delete(k.new, e.ID)
	}
	k.followed.Store(uint64(through.Position))
	k.mu.Unlock()
	k.broken.Store(nil)
	k.moved.Raise()
	return true
}

// breaks lets those who wait for the index know why it does not come.
func (s *Store) breaks(err error) {
	err = fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	s.log.Error("the command index does not follow the log", "error", err)
	s.known.broken.Store(&err)
	s.known.moved.Raise()
}
