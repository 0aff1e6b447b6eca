package command

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/unreadable"
)

// Catalog is the reference data of all elections. It is safe for concurrent use.
type Catalog interface {
	election.Catalog
	// Elections lists the elections of which a version is published.
	Elections() []string
	// Units lists the units of an election's newest version, province first; none for an unknown election.
	Units(election string) []domain.Code
	// Refresh reads what has been published of an election since the last time; an unknown one is looked for.
	Refresh(ctx context.Context, election string) error
	// Discover finds the elections that no one has asked for yet. It may read the whole log.
	Discover(ctx context.Context) error
}

// Cache keeps states of ledgers, so that a ledger need not be folded from its first event. It may forget whatever it likes.
type Cache interface {
	// Load returns the newest state it has of a stream, and the last event in it.
	Load(ctx context.Context, stream string) (data ledger.Data, at cache.Mark, ok bool)
	// Save keeps a state. It must not keep references into data.
	Save(ctx context.Context, stream string, data *ledger.Data, at cache.Mark) error
}

// Config of a Handler. Store, Catalog and Clock are required.
type Config struct {
	Store   eventstore.Store
	Catalog Catalog
	Clock   clock.Clock
	Cache   Cache        // nil: every ledger is folded from its first event
	Logger  *slog.Logger // nil: slog.Default
	Metrics Metrics      // nil: none
	// Stepped says why the clock is not believed, nil while it is; a nil Stepped always believes it. Meanwhile nothing is recorded.
	Stepped func() *clock.SteppedError
	// Unreadable is told of records that cannot be read; nil: nobody.
	Unreadable *unreadable.Book
	// Elections are known beforehand, so that the whole log need not be searched before the first answer; others are found all the same.
	Elections []string
	// QueueLength is the most commands that wait for one ledger; more are answered 503. Default 1,024.
	QueueLength int
	// SnapshotEvery is the number of events after which a ledger is saved to the cache, when nothing waits (at four times as many, it is saved
	// whatever waits). Default 10,000. In a long ledger it is an eighth of its events.
	SnapshotEvery int
	// AttemptsPerDevice and AttemptsPerActor cap the rejected commands that are kept in a day (of the server's clock, WIB). Default 200, 1,000.
	AttemptsPerDevice, AttemptsPerActor int
	// Shared says that other servers append to the same store. Then every append is read back: one that another server made of the same commands
	// at the same moment looks like a retry of this one's, but may have another time or, where an id was used twice, another content.
	Shared bool
	// GiveUp is how long an append whose outcome is unknown is repeated before the callers are told so. Default 20 s.
	GiveUp time.Duration
}

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil || c.Catalog == nil || c.Clock == nil {
		return c, errors.New("open command handling: a store, a catalog and a clock are required")
	}
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.QueueLength, 1024)
	set(&c.SnapshotEvery, 10_000)
	set(&c.AttemptsPerDevice, 200)
	set(&c.AttemptsPerActor, 1000)
	if c.GiveUp <= 0 {
		c.GiveUp = 20 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = NoMetrics{}
	}
	return c, nil
}
