package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"jejak/eventstore"
	"jejak/internal/command"
)

// Log is the log of a data directory that no server has open, for what works on it alone. It has the directory until Close.
type Log struct {
	Store     eventstore.Store
	Catalog   command.Catalog
	Simulated bool   // which the records are
	ViewsPath string // of the file of the views, which may not be there

	server *Server
}

// OpenLog opens the log of dir. store is as in Config. A directory in use is a *lock.HeldError; one that no server has ever run in is an error.
func OpenLog(ctx context.Context, dir, store string) (*Log, error) {
	kind, err := KindOf(dir)
	if err == nil && kind == "" {
		err = fmt.Errorf("%s is no data directory of a server: name it with --data", dir)
	}
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: Config{Dir: dir, Store: store, Kind: kind}, log: discard}
	for _, step := range []func(context.Context) error{s.openDirectory, s.openCache, s.openStore} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return &Log{
		Store: s.store, Catalog: command.NewStoreCatalog(s.store, s.log), Simulated: kind == Simulated, ViewsPath: filepath.Join(dir, ViewsFile), server: s,
	}, nil
}

// Close gives the directory back.
func (l *Log) Close() error { return l.server.Close() }
