package main

import (
	"context"
	"errors"
	"fmt"

	"jejak/eventstore/lock"
	"jejak/internal/refdata"
	"jejak/internal/server"
)

// storeReference puts reference data into a data directory that no server has open.
func storeReference(ctx context.Context, dir, store string, ds *refdata.Dataset) (imported, error) {
	done, err := server.Import(ctx, dir, store, ds)
	var held *lock.HeldError
	if errors.As(err, &held) {
		return imported{}, inUse(held)
	}
	if err != nil {
		return imported{}, storeAway(fmt.Errorf("import reference data: %w", err))
	}
	return imported{Election: ds.Election, Version: done.Version, Added: done.Added, Adopted: done.Adopted}, nil
}
