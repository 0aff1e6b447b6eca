package simulation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"jejak/internal/api"
	"jejak/internal/client"
)

// wave is a stretch of time in which acts happen that do not wait for each other. The clock is set to its end before they are sent.
type wave struct {
	name        string // for people
	from, until time.Time
	everywhere  bool // all regencies of the province; else only those in scope
	act         func(s *stage)
}

// play is a simulation under way.
type play struct {
	config Config
	client *client.Client
	world  *world
	scope  []*regency // played in full
	first  *regency   // of the scope: one of every kind of failure happens here at least
	waves  []wave

	simulator person
	clock     time.Time // the server's, as last heard

	again    atomic.Bool // what is sent now may have been sent before
	acts     atomic.Int64
	rejected atomic.Int64
	position atomic.Uint64 // highest answered
	current  atomic.Int64  // wave

	mu        sync.Mutex
	surprises []string // answers other than wanted
	surprised int
	failed    error // the first batch that could not be sent
}

// maxSurprises is how many surprises are kept word by word.
const maxSurprises = 50

func (p *play) surprise(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.surprised++
	if len(p.surprises) < maxSurprises {
		p.surprises = append(p.surprises, fmt.Sprintf(format, args...))
	}
}

// perform plays the waves from one on; those before are rehearsed: made, so that everybody knows what he did, but not sent.
func (p *play) perform(ctx context.Context, from int, done func(wave int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan *batch, p.config.Workers)
	var busy, workers sync.WaitGroup
	for range p.config.Workers {
		workers.Go(func() {
			for b := range jobs {
				// The one before was taken from the queue before, so somebody is at it.
				if b.after != nil {
					<-b.after
				}
				err := p.deliver(ctx, b)
				if b.done != nil {
					close(b.done)
				}
				if err != nil {
					p.mu.Lock()
					if p.failed == nil {
						p.failed = err
					}
					p.mu.Unlock()
					cancel()
				}
				busy.Done()
			}
		})
	}
	defer workers.Wait()
	defer close(jobs)

	stage := &stage{seed: p.config.Seed, world: p, open: map[*person]*batch{}, tap: p.config.tap}
	for i := range p.waves {
		w := &p.waves[i]
		live := i >= from
		stage.wave = w
		stage.send = func(*batch) {}
		if live {
			p.current.Store(int64(i))
			if err := p.setClock(ctx, w.until); err != nil {
				return err
			}
			stage.send = func(b *batch) {
				busy.Add(1)
				jobs <- b
			}
		}
		regencies := p.scope
		if w.everywhere {
			regencies = p.world.regencies
		}
		for _, r := range regencies {
			stage.regency = r
			w.act(stage)
			stage.flush()
			if ctx.Err() != nil {
				break
			}
		}
		busy.Wait()
		p.mu.Lock()
		err := p.failed
		p.mu.Unlock()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if live {
			p.again.Store(p.config.Again)
			if err := done(i + 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver sends a batch and looks at its answers.
func (p *play) deliver(ctx context.Context, b *batch) error {
	again := p.again.Load()
	n := 0
	look := func(a api.Answer, resent bool) {
		p.look(b, n, a, again || resent)
		n++
	}
	var err error
	if len(b.wants) == 1 {
		var a api.Answer
		var resent bool
		if a, resent, err = p.client.Send(ctx, b.person.token(), b.body); err == nil {
			look(a, resent)
		}
	} else {
		err = p.client.SendLines(ctx, b.person.token(), b.body, look)
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", b.person.role, b.person.scope, err)
	}
	return nil
}

// look judges one answer.
func (p *play) look(b *batch, n int, a api.Answer, again bool) {
	if n >= len(b.wants) {
		p.surprise("more answers than commands: %+v", a)
		return
	}
	p.acts.Add(1)
	if a.Result == api.Rejected {
		p.rejected.Add(1)
	}
	for old := p.position.Load(); a.Position > old && !p.position.CompareAndSwap(old, a.Position); old = p.position.Load() {
	}
	if !b.wants[n].met(a, again) {
		p.surprise("%s of %s: answer %s %v %v, wanted %s, to %s", b.person.role, b.person.scope, a.Result, rules(a), a.Discrepancies, b.wants[n], lineAt(b.body, n))
	}
}

func (w want) String() string {
	text := ""
	for i, name := range []string{"accepted", "accepted_with_discrepancy", "duplicate", "rejected", "error"} {
		if w.results&(1<<i) != 0 {
			text += name + " "
		}
	}
	return text + w.rule
}

func rules(a api.Answer) []string {
	var list []string
	for _, e := range a.Errors {
		list = append(list, e.Rule+" "+e.Path+": "+e.MessageEN)
	}
	return list
}

// lineAt is the n-th line, shortened.
func lineAt(body []byte, n int) string {
	for ; n > 0; n-- {
		for i, c := range body {
			if c == '\n' {
				body = body[i+1:]
				break
			}
		}
	}
	for i, c := range body {
		if c == '\n' {
			body = body[:i]
			break
		}
	}
	return string(body[:min(len(body), 700)])
}

// setClock drives the server's clock. One that is ahead already, because the simulation was cut off or everything is sent again, is left alone.
func (p *play) setClock(ctx context.Context, to time.Time) error {
	if !p.clock.Before(to) {
		return nil
	}
	if err := p.client.SetClock(ctx, p.simulator.token(), to); err != nil {
		return fmt.Errorf("set the server's clock to %s: %w", to.Format(time.RFC3339), err)
	}
	p.clock = to
	if err := p.settle(ctx); err != nil {
		return fmt.Errorf("wait for what follows at %s: %w", to.Format(time.RFC3339), err)
	}
	return nil
}
