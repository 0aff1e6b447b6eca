package esdb

import (
	"context"
	"errors"
	"log/slog"

	"jejak/eventstore"
)

// Options of a store.
type Options struct {
	Index    Index
	Prefixes []string
	Logger   *slog.Logger
}

// Open connects to EventStoreDB.
func Open(context.Context, string, Options) (eventstore.Store, error) {
	return nil, errors.New("EventStoreDB is not built yet")
}
