package broker

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// cutEvery is how often it is looked whose token has become bad.
	cutEvery = time.Second
	// cutRounds is how many rounds somebody whose token is bad is looked after: one who was being let in just then connects a moment later.
	cutRounds = 30
)

// connections finds and cuts the connections of a user.
type connections interface {
	// cut ends all connections of a user that are open now and says how many there were.
	cut(ctx context.Context, userID string) (int, error)
}

// cutter ends the connections of people whose token is revoked or has expired. It goes by the server's clock, which a simulator may drive: what
// NATS itself knows about expiry goes by the machine's.
type cutter struct {
	b      *Broker
	conns  connections
	mu     sync.Mutex
	seen   map[string]int // user -> rounds since his token went bad, 0 while it is good
	cancel context.CancelFunc
	ended  chan struct{}
}

func newCutter(b *Broker, conns connections) *cutter {
	ctx, cancel := context.WithCancel(context.Background())
	c := &cutter{b: b, conns: conns, seen: map[string]int{}, cancel: cancel, ended: make(chan struct{})}
	go c.run(ctx)
	return c
}

func (c *cutter) stop() {
	c.cancel()
	<-c.ended
}

// watch looks after a user from now on.
func (c *cutter) watch(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[userID] = 0
}

func (c *cutter) run(ctx context.Context) {
	defer close(c.ended)
	tick := time.NewTicker(cutEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, id := range c.bad() {
			c.end(ctx, id)
		}
	}
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

// end cuts what somebody has open, and removes his consumers once.
func (c *cutter) end(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n, err := c.conns.cut(ctx, id)
	if err != nil {
		c.b.log.Error("connections of a user cannot be cut yet", "user", id, "error", err)
		return
	}
	if n > 0 {
		c.b.cfg.Telemetry.Security.Info("connections cut: the token is revoked or has expired", "user", id, "connections", n)
	}
	c.mu.Lock()
	c.seen[id]++
	round := c.seen[id]
	if round >= cutRounds {
		delete(c.seen, id)
	}
	c.mu.Unlock()
	if round != 1 && round != cutRounds {
		return
	}
	if err := c.b.forget(ctx, id); err != nil {
		c.b.log.Warn("consumers of a user who may not come again are still there", "user", id, "error", err)
	}
}

// embeddedConnections are those of the server inside the process.
type embeddedConnections struct{ server *server.Server }

func (e embeddedConnections) cut(_ context.Context, userID string) (int, error) {
	found, err := e.server.Connz(&server.ConnzOptions{Account: ownAccount(userID), Limit: maxConns})
	if err != nil {
		return 0, err
	}
	for _, conn := range found.Conns {
		// One that has ended meanwhile is no error.
		_ = e.server.DisconnectClientByID(conn.Cid)
	}
	return len(found.Conns), nil
}
