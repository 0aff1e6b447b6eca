package server

import (
	"context"
	"path/filepath"

	"jejak/internal/history"
	"jejak/internal/trail"
)

// PastMemory is how many bytes the states of ledgers as they were take where nothing else is said.
const PastMemory = history.KeepBytes

// openHistory lets ledgers be seen as they were, and keeps the index of things up to the log in the background.
func (s *Server) openHistory(ctx context.Context) error {
	file, err := trail.Open(filepath.Join(s.cfg.Dir, TrailFile))
	if err != nil {
		return err
	}
	s.opened("file of the index of things", func(context.Context) error { return file.Close() })
	index := trail.Start(ctx, file, trail.Log{Store: s.store, Catalog: s.catalog, Unreadable: s.unreadable}, s.log)
	s.opened("index of things", index.Close)
	s.history = history.New(history.Config{
		Store: s.store, Catalog: s.catalog, Snapshots: s.cache, Index: index, Now: s.clock.Now, Simulated: s.clock.Simulated(), Log: s.log,
		Keep: s.cfg.PastMemory,
	})
	return nil
}
