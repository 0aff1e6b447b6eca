package simulation

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"jejak/internal/client"
)

// newPlay sets the stage: the world, the people, what will go wrong.
func newPlay(config Config) (*play, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	world, err := readWorld(config.Reference)
	if err != nil {
		return nil, err
	}
	codes, err := config.scope(world)
	if err != nil {
		return nil, err
	}
	p := &play{config: config, world: world, waves: calendar(), simulator: newPerson(config.Seed, "simulator", "35", "")}
	for _, code := range codes {
		p.scope = append(p.scope, world.find(code))
	}
	p.first = p.scope[0]
	for _, r := range p.scope { // a regency without districts' stores cannot show everything
		if !direct[r.code] && direct[p.first.code] {
			p.first = r
		}
	}
	for _, r := range world.regencies {
		r.assign(config.Seed, world.police[r.code])
		r.account = newAccount(r)
		if !slices.Contains(codes, r.code) {
			r.stayAway()
		}
	}
	for _, r := range p.scope {
		r.draw(config.Seed, r == p.first)
		r.group(config.Seed, r == p.first)
	}
	return p, nil
}

// Run plays the simulation, or goes on with it, compares the truth with what the server answers, and writes the verdict. The verdict may be
// bad without an error; an error means that the simulation could not be played to its end: a *client.UnreachableError when the server is away.
func Run(ctx context.Context, config Config) (*Verdict, error) {
	p, err := newPlay(config)
	if err != nil {
		return nil, err
	}
	codes := make([]string, len(p.scope))
	for i, r := range p.scope {
		codes[i] = r.code
	}
	if dir := p.config.StateDir; dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("simulate: %w", err)
		}
	}
	state, err := resume(p.config.StateDir, p.config.Seed, codes)
	if err != nil {
		return nil, err
	}
	p.client, err = client.New(config.URL, client.Options{
		Connections: p.config.Workers + 2, Patience: p.config.Patience, Busy: -1, // a play goes on when the server can take it
		OnRetry: func(err error, wait time.Duration) { p.config.Logger.Debug("again", "after", wait, "cause", err) },
	})
	if err != nil {
		return nil, err
	}
	defer p.client.Close()
	started := time.Now().Add(-state.Took)
	if err := p.enlist(ctx); err != nil {
		return nil, err
	}
	if p.clock, err = p.client.Clock(ctx, p.simulator.token()); err != nil {
		return nil, fmt.Errorf("read the server's clock: %w", err)
	}
	if p.clock.Before(state.Now) { // not the server that was played on
		p.config.Logger.Warn("the server is behind the simulation: playing from the beginning", "server", p.clock, "simulation", state.Now)
		state = checkpoint{Seed: state.Seed, Regencies: state.Regencies}
		started = time.Now()
	}
	from := state.Waves
	p.acts.Store(state.Acts)
	p.rejected.Store(state.Rejected)
	p.surprises, p.surprised = state.Surprises, len(state.Surprises)
	p.again.Store(true) // whether the wave at hand was sent in part is not known
	if p.config.Again {
		from = 0
	}
	p.current.Store(int64(min(from, len(p.waves)-1)))
	stop := p.watch()
	err = p.perform(ctx, from, func(waves int) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		state.Waves, state.Now, state.Acts = waves, p.waves[waves-1].until, p.acts.Load()
		state.Rejected = p.rejected.Load()
		state.Took, state.Surprises = time.Since(started), p.surprises
		return save(p.config.StateDir, StateFile, state)
	})
	stop()
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	verdict, err := p.judge(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare with the truth: %w", err)
	}
	verdict.Duration = time.Since(started).Round(time.Millisecond).String()
	return verdict, save(p.config.StateDir, VerdictFile, verdict)
}

// watch tells of the progress a few times a second until stop is called.
func (p *play) watch() (stop func()) {
	if p.config.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.config.Progress(p.progress())
			case <-done:
				p.config.Progress(p.progress())
				return
			}
		}
	})
	return func() {
		close(done)
		finished.Wait()
	}
}

func (p *play) progress() Progress {
	n := int(p.current.Load())
	w := p.waves[n]
	return Progress{
		Phase: w.name, Now: w.until, Wave: n + 1, Waves: len(p.waves), Acts: p.acts.Load(), Expected: p.expected(), Rejected: p.rejected.Load(),
	}
}

// expected is about how many acts there will be: one for each carton, six for each station, ten for each trip.
func (p *play) expected() (n int64) {
	n = int64(len(p.world.regencies)) * 20
	for _, r := range p.scope {
		for _, s := range r.stations {
			n += s.ballots() * int64(types) / sheetsPerCarton
		}
		n += int64(6*len(r.stations) + len(r.stations)/5 + 10*len(r.trips) + 400)
	}
	return n
}

// inOrder sorts waves by their end: the clock only moves forward.
func inOrder(waves []wave) []wave {
	slices.SortStableFunc(waves, func(a, b wave) int { return cmp.Or(a.until.Compare(b.until), a.from.Compare(b.from)) })
	return waves
}
