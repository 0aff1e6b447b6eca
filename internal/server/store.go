package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/sqlite"
	"jejak/internal/diskfull"
	"jejak/internal/journal"
)

// openStore opens the log, in the directory or on EventStoreDB.
func (s *Server) openStore(ctx context.Context) error {
	var store eventstore.Store
	switch engineOf(s.cfg.Store) {
	case eventStoreDB:
		// What stands beside the log is followed by a store of its own, so that the log's knows nothing of it.
		beside, err := esdb.Open(ctx, s.cfg.Store, esdb.Options{Prefixes: []string{eventstore.SidePrefix}, Logger: s.log})
		if err != nil {
			return err
		}
		s.side = beside
		s.opened("streams beside the log", func(context.Context) error { return beside.Close() })
		if store, err = esdb.Open(ctx, s.cfg.Store, esdb.Options{Index: s.cache.Index(), Prefixes: journal.StreamPrefixes(), Logger: s.log}); err != nil {
			return err
		}
	case embedded:
		var former formerLog
		opt := sqlite.Options{VFS: s.disk, Former: former.vouch(NotaryDir(s.cfg.Dir))}
		file, err := sqlite.Open(ctx, filepath.Join(s.cfg.Dir, EventsFile), opt)
		if err != nil {
			return err
		}
		former.tell(s.log)
		store, s.side = file, file.Side()
	}
	s.store = store
	s.opened("event store", func(context.Context) error { return store.Close() })
	return s.sameKind(ctx)
}

// sameKind refuses a log of another kind than the directory: several directories may stand before one EventStoreDB.
func (s *Server) sameKind(ctx context.Context) error {
	if engineOf(s.cfg.Store) == embedded {
		return nil // it came into being with the directory
	}
	for rec, err := range s.store.ReadAll(ctx, 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			return fmt.Errorf("read the first record: %w", err)
		}
		simulated, err := journal.Simulated(&rec)
		if err != nil {
			return err
		}
		if simulated != (s.cfg.Kind == Simulated) {
			return fmt.Errorf("the log holds %s, the data directory %s is %s: see to --store, --clock and --data", kindName(simulated), s.cfg.Dir, s.cfg.Kind)
		}
		break
	}
	return nil
}

func kindName(simulated bool) string {
	if simulated {
		return "made-up records"
	}
	return "real records"
}

// watchEvery is how often the log is looked after while something is wrong with it.
const watchEvery = time.Second

// openWatch looks after the log until the server closes: an embedded log that has failed is reopened as soon as its disk lets it; the
// silence of another machine is over when it answers again.
func (s *Server) openWatch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.watch(ctx)
	}()
	s.opened("watch of the event store", func(context.Context) error {
		cancel()
		<-ended
		return nil
	})
	return nil
}

func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch store := s.store.(type) {
		case *sqlite.Store:
			if store.Stats().Failed != nil {
				s.reopen(ctx, store)
			}
		default:
			if s.ledgers.Unavailable() == "" {
				continue
			}
			try, cancel := context.WithTimeout(ctx, 2*watchEvery)
			if _, err := store.Head(try); err == nil {
				s.ledgers.Answering()
			}
			cancel()
		}
	}
}

// reopen tries until the log takes appends again, less and less often.
func (s *Server) reopen(ctx context.Context, store *sqlite.Store) {
	s.log.Error("the event log has failed and is reopened", "error", store.Stats().Failed)
	for wait := watchEvery; ; wait = min(2*wait, 30*time.Second) {
		err := s.reopenOnce(ctx, store)
		if err == nil {
			s.ledgers.Reopened()
			s.log.Info("the event log takes appends again", "head", uint64(store.Stats().Head))
			return
		}
		if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) {
			return
		}
		s.log.Error("the event log cannot be reopened yet", "error", err, "again_in", wait.String())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// reopenOnce tries once. To reopen, every connection is closed, also those that read, and on a full disk none can be opened again: reads go on only as long as
// nothing is tried before there is room.
func (s *Server) reopenOnce(ctx context.Context, store *sqlite.Store) error {
	if failed := store.Stats().Failed; failed != nil && diskfull.Is(failed, s.cfg.Dir) && diskfull.Still(s.cfg.Dir) {
		return fmt.Errorf("the disk of %s is still full: free some space", s.cfg.Dir)
	}
	return store.Reopen(ctx)
}
