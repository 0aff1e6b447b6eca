package httpapi

import (
	"sync"

	"jejak/domain"
)

// cache keeps what was made of a ledger at a version, so that a board that asks every second does not fold what has not changed.
type cache struct {
	mu    sync.Mutex
	slots map[slot]made
}

// slot names a thing made of a ledger.
type slot struct {
	election string
	unit     domain.Code
	what     string
}

type made struct {
	version uint64
	value   any
}

func newCache() *cache { return &cache{slots: map[slot]made{}} }

// get returns what was made at exactly this version.
func (c *cache) get(key slot, version uint64) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.slots[key]
	if !ok || m.version != version {
		return nil, false
	}
	return m.value, true
}

func (c *cache) put(key slot, version uint64, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slots[key] = made{version: version, value: value}
}
