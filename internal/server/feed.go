package server

import (
	"context"
	"sync"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/feed"
	"jejak/internal/views"
)

// openFeed publishes the log and the rows of the regencies over NATS. It stands before the views, whose last rows it still takes.
func (s *Server) openFeed(ctx context.Context) error {
	if s.broker == nil {
		return nil
	}
	s.feed = feed.New(feed.Config{
		JetStream: s.broker.JetStream(), Store: s.store, Checkpoints: s.cache, Log: s.log, Metrics: s.metrics, Unreadable: s.unreadable,
		Replicas: s.cfg.NATS.Replicas, MaxBytes: s.cfg.NATS.MaxBytes, MaxAge: s.cfg.NATS.MaxAge,
	})
	s.board = feed.NewBoard(s.feed, s.log)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { s.feed.Run(running) })
	all.Go(func() { s.board.Run(running) })
	notices := feed.NewNotices(s.broker.JetStream(), s.cfg.NATS.Replicas, s.log)
	all.Go(func() { notices.Run(running) })
	s.notices.Store(notices)
	if newest := s.notary.Newest(); newest != nil {
		s.onSigned(newest)
	}
	s.opened("feed", func(context.Context) error {
		cancel()
		all.Wait()
		return nil
	})
	s.metrics.WatchFeed(func() (position, head eventstore.Position, oldest time.Duration, stopped bool) {
		ctx, cancel := context.WithTimeout(running, time.Second)
		defer cancel()
		position, stopped = s.feed.Position(), s.feed.Trouble() != ""
		lag, err := s.feed.Lag(ctx)
		if err != nil { // the log cannot be read, which others tell
			return position, position, 0, stopped
		}
		if !lag.Oldest.IsZero() {
			oldest = max(s.clock.Now().Sub(lag.Oldest), 0)
		}
		return position, lag.Head, oldest, stopped
	})
	return nil
}

// onRow hands the rows of the regencies to the feed.
func (s *Server) onRow(view, election string, unit domain.Code, at eventstore.Position, body []byte) {
	if view == views.Regency && s.board != nil {
		s.board.Offer(election, string(unit), at, body)
	}
}

// rebuildFeed publishes the feed anew, and the rows of the bucket.
func (s *Server) rebuildFeed(ctx context.Context, progress func(api.FeedRebuild)) error {
	if err := s.board.Reset(ctx); err != nil {
		return err
	}
	return s.feed.Rebuild(ctx, func(p feed.Progress) {
		progress(api.FeedRebuild{Position: uint64(p.Position), To: uint64(p.To), Done: p.Done})
	})
}
