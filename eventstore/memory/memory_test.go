package memory_test

import (
	"testing"

	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/eventstore/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() eventstore.Store {
		return func() eventstore.Store { return memory.New() }
	}, storetest.Features{})
}
