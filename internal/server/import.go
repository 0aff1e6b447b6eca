package server

import (
	"context"
	"errors"

	"jejak/internal/command"
	"jejak/internal/refdata"
)

// Imported is the outcome of Import.
type Imported struct {
	Version string
	Added   int // events of the reference data; 0 when the log had this version
	Adopted int // units that go by this version now and did not before
}

// Import puts reference data into the log of a directory that no server has open, and lets every unit of the election go by it. A new directory
// becomes a real one, of the province of the data; one of another province refuses them. store is as in Config. Importing the same again, also after an import that was cut off, does what is missing. A directory in use is a *lock.HeldError.
func Import(ctx context.Context, dir, store string, data *refdata.Dataset) (done Imported, err error) {
	s := &Server{cfg: Config{Dir: dir, Store: store, Province: data.Reference.Province}, log: discard}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, step := range []func(context.Context) error{s.openAsIs, s.openCache, s.openStore, s.openClock, s.signTheRest} {
		if err := step(ctx); err != nil {
			return done, err
		}
	}
	written, err := refdata.Importer{Store: s.store, Now: s.clock.Now, Actor: s.system(), Simulated: s.clock.Simulated()}.Import(ctx, data)
	if err != nil {
		return done, err
	}
	done = Imported{Version: written.Version, Added: written.Added}
	if err := s.openHandler(ctx, command.NewStoreCatalog(s.store, s.log)); err != nil {
		return done, err
	}
	done.Adopted, err = s.adopt(ctx, data.Election, data.Version, everyone)
	return done, err
}

// openAsIs opens the directory as what it is; a new one becomes real.
func (s *Server) openAsIs(ctx context.Context) error {
	kind, err := KindOf(s.cfg.Dir)
	if err != nil {
		return err
	}
	s.cfg.Kind = kind
	if kind == "" {
		s.cfg.Kind = Real
	}
	return s.openDirectory(ctx)
}
