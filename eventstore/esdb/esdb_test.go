package esdb

import (
	"context"
	"os"
	"testing"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/esdb/wire"
	"jejak/eventstore/storetest"
)

// real names an EventStoreDB for the tests in place of the wire-level server. They add streams to it and delete nothing.
const real = "JEJAK_TEST_ESDB"

// prefixes of the streams that the tests write: a real server may have others.
var prefixes = []string{"test-", "model-", "outage-", "cut-"}

// testServer returns the connection string of a server.
func testServer(t *testing.T) string {
	t.Helper()
	if connection := os.Getenv(real); connection != "" {
		return connection
	}
	return startWire(t, wire.Options{}).ConnectionString()
}

func startWire(t *testing.T, opt wire.Options) *wire.Server {
	t.Helper()
	s, err := wire.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() eventstore.Store {
		connection, index := testServer(t), NewMemoryIndex()
		return func() eventstore.Store {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			s, err := Open(ctx, connection, Options{Index: index, Prefixes: prefixes})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}, storetest.Features{Durable: true, Shared: os.Getenv(real) != ""})
}
