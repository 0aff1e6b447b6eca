package policy

import (
	"context"
	"fmt"
	"sync"

	"jejak/eventstore"
	"jejak/internal/clock"
)

// Policies are the running policies of one server.
type Policies struct {
	store   eventstore.Store
	clock   clock.Clock
	runners []*runner
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Start starts every policy. They run until Close, each by itself: one that stands still holds up no other.
func Start(ctx context.Context, cfg Config) *Policies {
	if cfg.Metrics == nil {
		cfg.Metrics = noMetrics{}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Policies{store: cfg.Store, clock: cfg.Clock, cancel: cancel}
	for _, make := range []func() policy{
		func() policy { return newDeliveries() },
		func() policy { return newSeals(cfg.Store) },
		func() policy { return newDeadlines(cfg.Catalog) },
	} {
		r := &runner{Config: cfg, policy: make(), make: make}
		p.runners = append(p.runners, r)
		p.running.Go(func() { r.run(ctx) })
	}
	return p
}

// Close stops the policies. What they have not sent yet they send when they are started again.
func (p *Policies) Close(ctx context.Context) error {
	p.cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the policies: %w", ctx.Err())
	}
}

// Settled tells whether the policies have sent everything that the log and the clock called for when it was asked, and every command of theirs
// is answered.
func (p *Policies) Settled(ctx context.Context) (bool, error) {
	head, err := p.store.Head(ctx)
	if err != nil {
		return false, fmt.Errorf("look whether the policies are done: %w", err)
	}
	now := p.clock.Now()
	for _, r := range p.runners {
		if done, err := r.settled(ctx, head, now); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// Handled reports for every policy the position of the last record of its types that it is done with, for metrics.
func (p *Policies) Handled(report func(policy string, position eventstore.Position)) {
	for _, r := range p.runners {
		report(r.name(), eventstore.Position(r.handled.Load()))
	}
}
