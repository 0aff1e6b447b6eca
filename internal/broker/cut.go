package broker

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// cutEvery is how often it is looked whose token has become bad.
	cutEvery = time.Second
	// cutRounds is how many rounds somebody whose token is bad is looked after: one who was being let in just then connects a moment later.
	cutRounds = 30
	// sayEvery is how often the log repeats that somebody cannot be cut.
	sayEvery = 30 * time.Second
)

// connections finds and cuts the connections of users.
type connections interface {
	// cut ends all connections of these users that are open now and says how many each had. An error: there may be more of them.
	cut(ctx context.Context, userIDs []string) (map[string]int, error)
}

// cutter ends the connections of people whose token is revoked or has expired. It goes by the server's clock, which a simulator may drive: what
// NATS itself knows about expiry goes by the machine's.
type cutter struct {
	b       *Broker
	conns   connections
	mu      sync.Mutex
	seen    map[string]int      // user -> rounds since his token went bad in which every server was asked, 0 while it is good
	leaving map[string]struct{} // users whose consumers are to be removed
	said    time.Time           // when the log was last told that somebody cannot be cut
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

func newCutter(b *Broker, conns connections) *cutter {
	ctx, cancel := context.WithCancel(context.Background())
	c := &cutter{b: b, conns: conns, seen: map[string]int{}, leaving: map[string]struct{}{}, ctx: ctx, cancel: cancel}
	c.work.Go(func() { every(ctx, cutEvery, c.cutBad) })
	// Apart: a JetStream that does not answer must not hold up a cut.
	c.work.Go(func() { every(ctx, cutEvery, c.forgetLeaving) })
	return c
}

func (c *cutter) stop() {
	c.cancel()
	c.work.Wait()
}

// every does something again and again until ctx ends.
func every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		do(ctx)
	}
}

// watch looks after a user from now on.
func (c *cutter) watch(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[userID] = 0
}

// surveyed watches over everybody who is found connected, also who was let in before this program started.
func (c *cutter) surveyed(s *system) {
	var done, said time.Time
	c.work.Go(func() {
		every(c.ctx, cutEvery, func(ctx context.Context) {
			if time.Since(done) < surveyEvery {
				return
			}
			err := s.survey(ctx, func(id string) {
				if _, ours := c.b.cfg.People.Get(id); ours {
					c.watch(id)
				}
			})
			switch {
			case err == nil:
				done, said = time.Now(), time.Time{}
			case ctx.Err() == nil && time.Since(said) >= sayEvery:
				said = time.Now()
				c.b.log.Error("it is not known who is connected to the NATS cluster; it is asked again", "error", err)
			}
		})
	})
}

// bad lists the users whose token is no longer good.
func (c *cutter) bad() []string {
	now := c.b.cfg.People.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for id := range c.seen {
		if user, ok := c.b.cfg.People.Get(id); !ok || !user.Active(now) {
			ids = append(ids, id)
		}
	}
	return ids
}

// cutBad cuts what people whose token is bad have open. Who could not be looked for everywhere stays until he can be.
func (c *cutter) cutBad(ctx context.Context) {
	ids := c.bad()
	if len(ids) == 0 {
		c.b.cfg.Telemetry.CutsPending(0)
		return
	}
	c.mu.Lock()
	for _, id := range ids {
		if c.seen[id] == 0 {
			c.leaving[id] = struct{}{}
		}
	}
	c.mu.Unlock()
	cut, err := c.conns.cut(ctx, ids)
	for id, n := range cut {
		c.b.cfg.Telemetry.Security.Info("connections cut: the token is revoked or has expired", "user", id, "connections", n)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.b.cfg.Telemetry.CutsPending(len(ids))
		if time.Since(c.said) >= sayEvery {
			c.said = time.Now()
			c.b.log.Error("people whose token is revoked or has expired may still be connected; it is tried again", "users", len(ids), "error", err)
		}
		return
	}
	c.said = time.Time{}
	c.b.cfg.Telemetry.CutsPending(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.seen[id]++
		if c.seen[id] >= cutRounds {
			c.leaving[id] = struct{}{} // one who was being let in just then has made them again
			delete(c.seen, id)
		}
	}
}

// forgetLeaving removes the consumers of those who may not come again. What cannot be removed is tried again.
func (c *cutter) forgetLeaving(ctx context.Context) {
	c.mu.Lock()
	ids := slices.Collect(maps.Keys(c.leaving))
	c.mu.Unlock()
	for _, id := range ids {
		c.mu.Lock()
		delete(c.leaving, id)
		c.mu.Unlock()
		asking, cancel := context.WithTimeout(ctx, patience)
		err := c.b.forget(asking, id)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		c.b.log.Warn("consumers of a user who may not come again are still there; it is tried again", "user", id, "error", err)
		c.mu.Lock()
		c.leaving[id] = struct{}{}
		c.mu.Unlock()
		return // the others would fare no better now
	}
}
