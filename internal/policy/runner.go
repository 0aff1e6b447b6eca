package policy

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/unreadable"
)

// Checkpoints keep what each policy knew at a place of the log up to which all its commands are answered. They may forget.
type Checkpoints interface {
	Checkpoint(name string) (data []byte, at cache.Mark)
	SetCheckpoint(name string, data []byte, at cache.Mark) error
}

// Metrics is told what the policies do.
type Metrics interface {
	// PolicySent: a command of a policy was answered; result is the answer's.
	PolicySent(policy, result string)
	// PolicyFailed: a policy stands still for now, and will try again.
	PolicyFailed(policy string)
}

// Config of the policies. All but Metrics is required.
type Config struct {
	Store       eventstore.Store
	Ledgers     command.Ledgers
	Catalog     command.Catalog
	Clock       clock.Clock
	Checkpoints Checkpoints
	Log         *slog.Logger
	Metrics     Metrics // nil: none
	// Unreadable is told of records that cannot be read; nil: nobody.
	Unreadable *unreadable.Book
}

// runner runs one policy.
type runner struct {
	Config
	policy
	make    func() policy // a new one, that knows nothing
	begun   bool
	behind  eventstore.Position // head of the log at the start: the time counts only from there on
	handled atomic.Uint64       // position of the last record folded, its commands answered
	at      cache.Mark          // the same, for the checkpoint
	ticked  atomic.Int64        // time (ns since 1970) for which all is sent by what is folded; 0 while something was folded since
	clear   atomic.Uint64       // up to this position there was nothing for the policy after handled
	ahead   bool                // the fold is ahead of at: commands are under way
	kept    eventstore.Position // of the checkpoint that is saved
	since   int                 // records folded after it
	// held are the ledgers with a record that cannot be read, by stream, from there on. While there are any no checkpoint is saved: a program that can read
	// them folds the log again from before, and sends what was not sent.
	held map[string]eventstore.Position
}

const (
	// checkpointEvery is the number of records after which the checkpoint is saved: seldom, for it may hold a million seals. Positions do not tell how
	// many there are, on EventStoreDB they count bytes.
	checkpointEvery = 200_000
	// look is the longest that the clock goes unwatched: a machine's clock may be set.
	look = 30 * time.Second
	// catchUp is how often a policy asks whether it has caught up.
	catchUp = 20 * time.Millisecond

	firstPause, longestPause = 50 * time.Millisecond, 10 * time.Second
)

// run runs the policy until ctx ends. What fails is told and tried again: nothing is passed over.
func (r *runner) run(ctx context.Context) {
	defer r.keep()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		before := r.handled.Load()
		err := r.follow(ctx)
		if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) {
			return
		}
		r.Metrics.PolicyFailed(r.name())
		r.Log.Error("policy stands still and tries again", "policy", r.name(), "after_position", r.handled.Load(), "again_in", pause, "error", err)
		if r.handled.Load() != before {
			pause = firstPause
		}
		if wait(ctx, pause) != nil {
			return
		}
	}
}

// follow reads the log from where it stopped, and watches the clock.
func (r *runner) follow(ctx context.Context) error {
	if !r.begun {
		if err := r.begin(ctx); err != nil {
			return err
		}
		r.begun = true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub, err := r.Store.Subscribe(ctx, eventstore.Position(r.handled.Load()), eventstore.Filter{StreamPrefix: journal.LedgerPrefix, Types: r.types()})
	if err != nil {
		return err
	}
	records, failed := make(chan eventstore.Record, 64), make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		failed <- pump(ctx, sub, records)
	}()
	defer func() {
		cancel()
		<-done
		_ = sub.Close() // only read from
	}()
	timer := time.NewTimer(look)
	defer timer.Stop()
	for {
		var changed <-chan struct{}
		next := catchUp
		if r.ready(sub) {
			changed = r.Clock.Changed()
			var err error
			if next, err = r.tick(ctx); err != nil {
				return err
			}
		}
		timer.Reset(next)
		select {
		case rec := <-records:
			if err := r.take(ctx, &rec); err != nil {
				return err
			}
		case <-changed:
		case <-timer.C:
		case err := <-failed:
			return err
		}
	}
}

// begin goes on from the checkpoint, if it belongs to this log.
func (r *runner) begin(ctx context.Context) error {
	head, err := r.Store.Head(ctx)
	if err != nil {
		return err
	}
	r.behind = head
	data, mark := r.Checkpoints.Checkpoint(r.key())
	if mark.Position == 0 {
		return nil
	}
	for rec, err := range r.Store.ReadAll(ctx, mark.Position-1, eventstore.Filter{}) {
		if err != nil {
			return err
		}
		if rec.Position != mark.Position || rec.ID != mark.Event {
			return nil
		}
		break
	}
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(r.fold()); err != nil {
		r.Log.Warn("checkpoint cannot be used; reading the whole log", "policy", r.name(), "error", err)
		r.policy = r.make() // without what was decoded so far
		return nil
	}
	r.at, r.kept = mark, mark.Position
	r.handled.Store(uint64(mark.Position))
	return nil
}

// key names the checkpoint.
func (r *runner) key() string { return fmt.Sprintf("%s/%d", r.name(), foldVersion) }

// ready tells whether enough is folded for the time to count: what was there at the start.
func (r *runner) ready(sub eventstore.Subscription) bool {
	return r.behind == 0 || r.at.Position >= r.behind || sub.Live()
}

// pump hands records on until something ends it.
func pump(ctx context.Context, sub eventstore.Subscription, out chan<- eventstore.Record) error {
	for {
		rec, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case out <- rec:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take folds a record and sends what it calls for.
func (r *runner) take(ctx context.Context, rec *eventstore.Record) error {
	var orders []order
	if at, held := r.held[rec.Stream]; !held || rec.Position < at {
		var err error
		orders, err = r.observe(ctx, rec)
		if r.Unreadable.Note(err) {
			r.hold(rec.Stream, rec.Position)
			r.Metrics.PolicyFailed(r.name())
		} else if err != nil {
			return fmt.Errorf("%s version %d: %w", rec.Stream, rec.Version, err)
		}
	}
	if err := r.send(ctx, orders); err != nil {
		return err
	}
	r.at = cache.Mark{Position: rec.Position, Event: rec.ID}
	r.ticked.Store(0)
	r.handled.Store(uint64(rec.Position))
	if r.since++; r.since > checkpointEvery {
		r.keep()
	}
	return nil
}

func (r *runner) hold(stream string, at eventstore.Position) {
	if r.held == nil {
		r.held = map[string]eventstore.Position{}
	}
	if before, held := r.held[stream]; !held || at < before {
		r.held[stream] = at
	}
}

// settled tells whether everything that the log up to head and the time call for is sent and answered.
func (r *runner) settled(ctx context.Context, head eventstore.Position, now time.Time) (bool, error) {
	if r.ticked.Load() < now.UnixNano() {
		return false, nil
	}
	from := eventstore.Position(max(r.handled.Load(), r.clear.Load()))
	for rec, err := range r.Store.ReadAll(ctx, from, eventstore.Filter{StreamPrefix: journal.LedgerPrefix, Types: r.types()}) {
		if err != nil {
			return false, err
		}
		if rec.Position <= head {
			return false, nil
		}
		break
	}
	r.clear.Store(uint64(max(from, head)))
	return true, nil
}

// keep saves the checkpoint, unless commands are not answered that the fold takes for sent.
func (r *runner) keep() {
	if r.at.Position <= r.kept || r.ahead || len(r.held) > 0 {
		return
	}
	var data bytes.Buffer
	err := gob.NewEncoder(&data).Encode(r.fold())
	if err == nil {
		err = r.Checkpoints.SetCheckpoint(r.key(), data.Bytes(), r.at)
	}
	if err != nil {
		r.Log.Warn("checkpoint was not saved; commands will be sent again, which adds nothing", "policy", r.name(), "error", err)
	}
	r.kept, r.since = r.at.Position, 0
}

// tick sends what the time calls for and returns how long to wait at most before looking again.
func (r *runner) tick(ctx context.Context) (time.Duration, error) {
	now := r.Clock.Now()
	orders, next := r.due(now)
	if err := r.send(ctx, orders); err != nil {
		return 0, err
	}
	r.ticked.Store(now.UnixNano())
	if next.IsZero() || r.Clock.Simulated() { // a driven clock tells when it changes
		return look, nil
	}
	return min(max(next.Sub(now), time.Millisecond), look), nil
}

// decoded reads a record of a ledger as the event it is.
func decoded(rec *eventstore.Record) (election string, unit domain.Code, event domain.Recorded, err error) {
	election, unit, ok := journal.SplitStream(rec.Stream)
	if !ok {
		return "", "", event, fmt.Errorf("stream %q is no ledger", rec.Stream)
	}
	event, err = journal.Decode(rec, ledger.NewEventOf)
	return election, unit, event, err
}

// noMetrics ignores everything.
type noMetrics struct{}

func (noMetrics) PolicySent(string, string) {}
func (noMetrics) PolicyFailed(string)       {}
