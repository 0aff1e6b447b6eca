package server

import (
	"context"
	"path/filepath"

	"jejak/domain"
	"jejak/internal/telemetry"
	"jejak/internal/views"
)

// openViews keeps the rows of the read models up to the log. It stands before the policies, so that it is closed after them: what they did last is
// then in the rows too, and the next start need load no ledger for a list.
func (s *Server) openViews(ctx context.Context) error {
	file, err := views.Open(filepath.Join(s.cfg.Dir, ViewsFile))
	if err != nil {
		return err
	}
	s.opened("file of the views", func(context.Context) error { return file.Close() })
	runner, err := views.Start(ctx, views.Config{
		Store: s.store, Ledgers: s.ledgers, File: file, Views: views.All(s.clock.Simulated()), Log: s.log, Metrics: s.metrics,
		OnRow: s.onRow,
	})
	if err != nil {
		return err
	}
	s.views = runner
	// Those that nothing has changed since the last start are told to nobody by themselves.
	runner.Each(views.Regency, func(r views.Row) { s.onRow(r.View, r.Election, domain.Code(r.Unit), r.At.Position, r.Body) })
	s.opened("views", runner.Close)
	s.metrics.WatchViews(func(report telemetry.ViewLag) {
		for _, lag := range runner.Lag() {
			report(lag.View, lag.Position, lag.Head, lag.Oldest, lag.Stopped)
		}
	})
	return nil
}
