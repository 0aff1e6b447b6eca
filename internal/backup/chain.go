package backup

import (
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// chain holds that a log is whole, record by record.
type chain struct {
	events uint64
	last   eventstore.Position
	ends   map[string]eventstore.Version
	seed   maphash.Seed
	ids    []uint64 // hashes
}

func newChain() *chain {
	return &chain{ends: map[string]eventstore.Version{}, seed: maphash.MakeSeed()}
}

func (c *chain) add(r *eventstore.Record) error {
	if r.Position != c.last+1 {
		return fmt.Errorf("position %d comes after %d", r.Position, c.last)
	}
	if end := c.ends[r.Stream]; r.Version != end+1 {
		return fmt.Errorf("position %d: version %d of stream %s comes after %d", r.Position, r.Version, r.Stream, end)
	}
	if err := eventstore.Validate(r.Stream, []eventstore.Event{r.Event}); err != nil {
		return fmt.Errorf("position %d: %w", r.Position, err)
	}
	c.events++
	c.last, c.ends[r.Stream] = r.Position, r.Version
	c.ids = append(c.ids, maphash.Comparable[uuid.UUID](c.seed, r.ID))
	return nil
}

// twice tells whether an id is there more than once. That two of some millions have the same hash of 64 bits by chance does not happen.
func (c *chain) twice() error {
	slices.Sort(c.ids)
	for i := 1; i < len(c.ids); i++ {
		if c.ids[i] == c.ids[i-1] {
			return damaged("two events of the log have the same id")
		}
	}
	return nil
}
