package command

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// StoreCatalog is the reference data of the elections in a store, folded from the streams election-<election>.
type StoreCatalog struct {
	store  eventstore.Store
	logger *slog.Logger

	mu    sync.RWMutex
	books map[string]*electionBook

	discovering sync.Mutex
	discovered  eventstore.Position // the log is searched for elections up to here
}

type electionBook struct {
	reading sync.Mutex
	read    eventstore.Version // events folded
	book    *election.Book
}

var _ Catalog = (*StoreCatalog)(nil)

// NewStoreCatalog returns a catalog that knows nothing until it is refreshed.
func NewStoreCatalog(store eventstore.Store, logger *slog.Logger) *StoreCatalog {
	return &StoreCatalog{store: store, logger: logger, books: map[string]*electionBook{}}
}

// Reference implements election.Catalog.
func (c *StoreCatalog) Reference(electionID, version string) (*election.Reference, bool) {
	if b := c.find(electionID); b != nil {
		return b.book.Reference(electionID, version)
	}
	return nil, false
}

// Latest is the version that was published last.
func (c *StoreCatalog) Latest(electionID string) (*election.Reference, bool) {
	if b := c.find(electionID); b != nil {
		return b.book.Latest(electionID)
	}
	return nil, false
}

// Elections are those of which a version is published, sorted.
func (c *StoreCatalog) Elections() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list []string
	for id, b := range c.books {
		if _, ok := b.book.Latest(id); ok {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}

// Units of an election's newest version: the province, then its regencies by code.
func (c *StoreCatalog) Units(electionID string) []domain.Code {
	ref, ok := c.Latest(electionID)
	if !ok {
		return nil
	}
	return append([]domain.Code{ref.Province}, ref.Children[ref.Province]...)
}

// Refresh reads on in an election's stream, which may be new.
func (c *StoreCatalog) Refresh(ctx context.Context, electionID string) error {
	b := c.find(electionID)
	stream := journal.ElectionStream(electionID)
	if b == nil {
		version, _, err := c.store.StreamHead(ctx, stream)
		if err != nil {
			return fmt.Errorf("look for %s: %w", stream, err)
		}
		if version == 0 {
			return nil // Not remembered: anyone may ask for any name.
		}
		b = c.add(electionID)
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	for rec, err := range c.store.Read(ctx, stream, b.read) {
		if err != nil {
			return fmt.Errorf("read %s after version %d: %w", stream, b.read, err)
		}
		b.read = rec.Version
		if err := b.book.Apply(rec.Type, rec.Schema, rec.Data); err != nil {
			// The version concerned is not there, and what needs it will say so; the others are.
			c.logger.Error("reference data cannot be read", "stream", stream, "version", uint64(rec.Version), "error", err)
		}
	}
	return nil
}

// Discover searches the log for elections, from where it stopped last time, and reads what they have.
func (c *StoreCatalog) Discover(ctx context.Context) error {
	c.discovering.Lock()
	defer c.discovering.Unlock()
	found := map[string]bool{}
	for _, id := range c.Elections() {
		found[id] = true
	}
	at := c.discovered
	filter := eventstore.Filter{StreamPrefix: journal.ElectionPrefix, Types: []string{(&election.ReferencePublished{}).EventType()}}
	for rec, err := range c.store.ReadAll(ctx, at, filter) {
		if err != nil {
			return fmt.Errorf("search the log for elections: %w", err)
		}
		at = rec.Position
		found[strings.TrimPrefix(rec.Stream, journal.ElectionPrefix)] = true
	}
	for id := range found {
		if err := c.Refresh(ctx, id); err != nil {
			return err
		}
	}
	c.discovered = at
	return nil
}

func (c *StoreCatalog) find(electionID string) *electionBook {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.books[electionID]
}

func (c *StoreCatalog) add(electionID string) *electionBook {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.books[electionID]
	if b == nil {
		b = &electionBook{book: election.NewCatalog()}
		c.books[electionID] = b
	}
	return b
}
