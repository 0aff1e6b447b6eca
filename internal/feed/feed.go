// Package feed publishes the event feed: it follows the log and writes the messages of package projections/feed into the JetStream stream JEJAK,
// and the rows of read models into the bucket jejak_status.
//
// The log is the truth and NATS carries a copy. The stream's own last message is the publisher's checkpoint, so nothing has to agree with it: a
// publisher that starts reads which message is the last, and goes on with exactly the next one. Every publish says which sequence and which message
// it expects to be the last, so that order is kept and a second publisher is fenced. What the broker has lost is published again from the log.
//
// Nothing here is in the way of a command: while the broker is away, slow or full, the publisher waits, tries again and catches up.
package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/journal"
	"jejak/internal/unreadable"
	"jejak/projections/feed"
)

// The names in the broker.
const (
	Stream = "JEJAK"
	Bucket = "jejak_status"
)

// Limits of the stream unless Config says otherwise. What is older than they allow is read over HTTP.
const (
	DefaultMaxAge   = 90 * 24 * time.Hour
	DefaultMaxBytes = 4 << 30
)

// Checkpoints keep what the publisher knew of shipments at a place of the log. They may forget.
type Checkpoints interface {
	Checkpoint(name string) (data []byte, at cache.Mark)
	SetCheckpoint(name string, data []byte, at cache.Mark) error
}

// Metrics is told what the publisher does. Its methods must not block.
type Metrics interface {
	// FeedPublished: the broker has acknowledged a message; replay when it was marked as one.
	FeedPublished(replay bool)
	// FeedFailed: publishing stopped and is tried again. reason is one of Reasons.
	FeedFailed(reason string)
	// FeedMissing: so many messages were deleted between others of the stream, and only a rebuild brings them back.
	FeedMissing(messages int)
}

// Why publishing stopped, for metrics.
const (
	ReasonBroker  = "broker"  // it is away, slow, or refuses
	ReasonFenced  = "fenced"  // another publisher was first
	ReasonLost    = "lost"    // the stream lost messages
	ReasonRecord  = "record"  // a record cannot be made into messages
	ReasonStream  = "stream"  // the stream cannot be used as it is
	ReasonStorage = "storage" // the log cannot be read
)

// Reasons lists them.
func Reasons() []string {
	return []string{ReasonBroker, ReasonFenced, ReasonLost, ReasonRecord, ReasonStream, ReasonStorage}
}

// Config of a Publisher. JetStream, Store, Checkpoints and Log are required.
type Config struct {
	JetStream   jetstream.JetStream // with the right to make and purge the stream, and to publish into it
	Store       eventstore.Store
	Checkpoints Checkpoints
	Log         *slog.Logger
	Metrics     Metrics // nil: none
	// Unreadable is told of records that cannot be made into messages; nil: nobody.
	Unreadable *unreadable.Book
	Replicas   int           // of stream and bucket; 0: 1
	MaxBytes   int64         // of the stream; 0: DefaultMaxBytes
	MaxAge     time.Duration // of its messages; 0: DefaultMaxAge

	look     time.Duration // how often the stream is looked at while nothing fails
	patience time.Duration // how long an acknowledgement may take
	apart    time.Duration // between two walks for which there is a cause
	sent     func()        // for tests: after every message that was sent
	acked    func()        // for tests: after every message that was acknowledged
}

// Publisher publishes the feed of one log. Run it in one goroutine; the other methods may be called by any.
type Publisher struct {
	cfg Config
	fold
	waiting  []*rebuild // that are under way
	rebuilds chan *rebuild
	damaged  chan damage   // what a walk has found
	walks    chan struct{} // causes for one

	ends     uint64 // where the stream ended when the session began
	fencedAt uint64 // where it ended when another was first
	fenced   int    // how often it was so there
	inVain   int    // failures since something was published
	torn     bool   // the stream contradicts itself about its end, and is to be emptied first
	migrated bool   // stream and bucket have been brought to the Config
	anew     bool   // the stream is to be filled from the first record
	watch    watch
	keptAt   time.Time     // when the checkpoint was saved, or taken up
	position atomic.Uint64 // of the last record whose messages are all acknowledged
	trouble  atomic.Pointer[string]
	failing  atomic.Pointer[string]
}

// New makes a Publisher, which does nothing until it is run.
func New(cfg Config) *Publisher {
	if cfg.Metrics == nil {
		cfg.Metrics = noMetrics{}
	}
	if cfg.Replicas == 0 {
		cfg.Replicas = 1
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = DefaultMaxAge
	}
	if cfg.look == 0 {
		cfg.look = 5 * time.Second
	}
	if cfg.patience == 0 {
		cfg.patience = 10 * time.Second
	}
	if cfg.apart == 0 {
		cfg.apart = walkApart
	}
	return &Publisher{cfg: cfg, rebuilds: make(chan *rebuild), damaged: make(chan damage), walks: make(chan struct{}, 1)}
}

const (
	firstPause, longestPause = 50 * time.Millisecond, 3 * time.Second
	// longestFenced bounds how long a publisher that another one was faster than leaves it the field.
	longestFenced = 2 * time.Second
	// patienceWithOne is how many failures in a row are put up with from one server of a cluster: what one that is cut off from the others says of the
	// stream (it has no leader) others need not say.
	patienceWithOne = 4
)

// Run publishes until ctx ends. What fails is told and tried again.
func (p *Publisher) Run(ctx context.Context) {
	defer p.keep()
	p.recall()
	p.keptAt = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	var walking sync.WaitGroup
	walking.Go(func() { p.walker(ctx) })
	defer func() {
		cancel()
		walking.Wait()
	}()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		before := p.position.Load()
		err := p.session(ctx)
		if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) {
			return
		}
		if p.position.Load() != before {
			pause, p.inVain = firstPause, 0
		}
		if !errors.Is(err, errAgain) {
			pause = p.failed(err, pause)
			select {
			case <-time.After(pause):
			case r := <-p.rebuilds:
				p.begin(r)
			case d := <-p.damaged:
				_ = p.refill(ctx, d) // the next session does it, or its walk finds the damage again
			case <-ctx.Done():
				return
			}
		}
	}
}

// failed tells of an error and returns how long to wait.
func (p *Publisher) failed(err error, pause time.Duration) time.Duration {
	reason := ReasonBroker
	var s *stop
	if errors.As(err, &s) {
		reason = s.reason
	}
	if reason == ReasonFenced && p.stuck() {
		p.contradicted(err)
		reason, err = ReasonBroker, fmt.Errorf("the stream takes no message, it stays at number %d: %w", p.ends, err)
	}
	p.cfg.Metrics.FeedFailed(reason)
	if reason == ReasonFenced {
		p.cfg.Log.Debug("another publisher of the feed was first", "after_position", p.position.Load(), "error", err)
		return min(pause, longestFenced)
	}
	text := err.Error()
	p.failing.Store(&text)
	if s != nil && s.lasting {
		p.trouble.Store(&text)
	}
	p.inVain++
	if errors.Is(err, errSilent) || errors.Is(err, context.DeadlineExceeded) || p.inVain%patienceWithOne == 0 {
		p.elsewhere()
	}
	p.cfg.Log.Error("feed is not published for now", "reason", reason, "after_position", p.position.Load(), "again_in", pause, "error", err)
	return pause
}

// stuck tells whether nobody was first, although the broker says so: the stream's end has not moved for some tries. So it looks when a disk is full,
// and a message is dropped without an answer.
func (p *Publisher) stuck() bool {
	if p.ends != p.fencedAt {
		p.fencedAt, p.fenced = p.ends, 0
	}
	p.fenced++
	return p.fenced >= patienceWithOne
}

// elsewhere connects to another server of the broker, if it has more: one that is cut off from the others, or hangs, keeps its clients and does
// nothing for them.
func (p *Publisher) elsewhere() {
	conn := p.cfg.JetStream.Conn()
	if !conn.IsConnected() || len(conn.Servers()) < 2 {
		return
	}
	p.cfg.Log.Warn("a server of the broker is of no use: another is tried", "server", conn.ConnectedServerName())
	if err := conn.ForceReconnect(); err != nil {
		p.cfg.Log.Error("another server of the broker cannot be tried", "error", err)
	}
}

// stop is why a session ended.
type stop struct {
	reason  string
	lasting bool // somebody must do something
	err     error
}

func (s *stop) Error() string { return s.err.Error() }
func (s *stop) Unwrap() error { return s.err }

// errSilent: the broker is connected and acknowledges nothing.
var errSilent = errors.New("the broker acknowledges nothing")

// errAgain ends a session that is to begin again at once.
var errAgain = errors.New("begin again")

// Trouble says why the feed stands still until somebody mends it, "" when it does not: a record that cannot be made into messages, a stream
// that cannot be used. A broker that is away is no trouble; see Failing.
func (p *Publisher) Trouble() string { return text(&p.trouble) }

// Failing says why nothing could be published the last time it was tried, "" when it could.
func (p *Publisher) Failing() string { return text(&p.failing) }

func text(of *atomic.Pointer[string]) string {
	if t := of.Load(); t != nil {
		return *t
	}
	return ""
}

// healthy takes back what was said of failures.
func (p *Publisher) healthy() {
	p.trouble.Store(nil)
	p.failing.Store(nil)
}

// Position is that of the last record of a ledger whose messages are all in the stream.
func (p *Publisher) Position() eventstore.Position { return eventstore.Position(p.position.Load()) }

// Lag is how far the feed is behind the log.
type Lag struct {
	Head   eventstore.Position // of the log
	Oldest time.Time           // when the first record that is not published was recorded; zero: all are
}

// Lag reads in the log how far the feed is behind.
func (p *Publisher) Lag(ctx context.Context) (Lag, error) {
	head, err := p.cfg.Store.Head(ctx)
	if err != nil {
		return Lag{}, fmt.Errorf("look how far the feed is behind: %w", err)
	}
	rec, found, err := p.next(ctx, p.Position())
	if err != nil {
		return Lag{}, fmt.Errorf("look how far the feed is behind: %w", err)
	}
	lag := Lag{Head: head}
	if found {
		lag.Oldest = rec.RecordedAt
	}
	return lag, nil
}

// next is the first record of a ledger after a position.
func (p *Publisher) next(ctx context.Context, after eventstore.Position) (eventstore.Record, bool, error) {
	for rec, err := range p.cfg.Store.ReadAll(ctx, after, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		return rec, err == nil, err
	}
	return eventstore.Record{}, false, nil
}

// read is a record of the store as the feed's messages are made of it.
func read(rec *eventstore.Record) (feed.Record, error) {
	election, unit, ok := journal.SplitStream(rec.Stream)
	if !ok {
		return feed.Record{}, fmt.Errorf("stream %q is no ledger", rec.Stream)
	}
	event, err := journal.Decode(rec, newEvent)
	if err != nil {
		return feed.Record{}, err
	}
	simulated := false
	if bytes.Contains(rec.Metadata, []byte(`"simulated"`)) { // most records are real, and reading all metadata is a good part of the work
		simulated, err = journal.Simulated(rec)
	}
	return feed.Record{
		Recorded: event, Position: rec.Position, Election: election, Unit: unit, Schema: rec.Schema, Data: rec.Data, Simulated: simulated,
	}, err
}

// noMetrics ignores everything.
type noMetrics struct{}

func (noMetrics) FeedPublished(bool) {}
func (noMetrics) FeedFailed(string)  {}
func (noMetrics) FeedMissing(int)    {}
