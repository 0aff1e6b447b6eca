package sqlite

import (
	"path/filepath"
	"testing"

	"jejak/eventstore"
	"jejak/eventstore/storetest"
)

func TestStore(t *testing.T) {
	for name, opt := range map[string]Options{
		"defaults": {},
		// Everything is at its limit all the time.
		"tight": {Readers: 1, Queue: 1, BatchEvents: 3, BatchBytes: 1000, CheckpointPages: 8},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) func() eventstore.Store {
				path := filepath.Join(t.TempDir(), "events.db")
				return func() eventstore.Store { return open(t, path, opt) }
			}, storetest.Features{Durable: true})
		})
	}
}

func open(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
