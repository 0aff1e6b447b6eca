package httpapi

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"jejak/internal/share"
)

// reserve is how many connections are taken beyond all others, for who asks whether the server is well. Everything else is answered 503 on them.
const reserve = 64

// connections are all that are open. On those that wait for a request, the one that has waited longest makes room for a new one: of the same account or
// address when that has its share, of all when all are taken. What is being answered is never cut. So whoever holds connections and says nothing keeps
// nobody out.
type connections struct {
	good, open share.Limit // with a good token, and without

	mu      sync.Mutex
	of      map[holder]*list.List // of *conn, the one that has waited longest first
	n       int                   // connections, and openN those without a good token
	openN   int
	reached [2]uint64 // how often one had to make room, or was taken from the reserve
}

// reachedLimit is the limit for which one makes room.
type reachedLimit int

const (
	reachedGood reachedLimit = iota
	reachedOpen
)

// holder is an account, or the address of those whose token is not known.
type holder struct {
	open bool
	name string
}

// conn is a connection that is accounted for.
type conn struct {
	net.Conn
	all    *connections
	free   func()
	spare  bool                   // taken from the reserve
	good   atomic.Pointer[string] // the account whose token came last
	exempt bool                   // of a proxy: it stands for many addresses

	// under all.mu
	holder holder
	place  *list.Element // nil once it is gone
	busy   bool          // a request is being answered
}

func newConnections(good, open share.Limit) *connections {
	return &connections{good: good, open: open, of: map[holder]*list.List{}}
}

func (c *connections) watch(report func(name string, taken, most int, reached uint64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	report(limitConnections, c.n-c.openN, c.good.All, c.reached[reachedGood])
	report(limitOpenConnections, c.openN, c.open.All, c.reached[reachedOpen])
}

// add takes a new connection in, and lets go of one that waits where there are too many.
func (c *connections) add(n net.Conn, address string, exempt bool, free func()) *conn {
	x := &conn{Conn: n, all: c, free: free, exempt: exempt}
	c.mu.Lock()
	var gone []*conn
	c.enter(x, holder{open: true, name: address})
	if !exempt && c.of[x.holder].Len() > c.open.Each {
		gone = append(gone, c.makeRoom(reachedOpen, x, func(h holder) bool { return h == x.holder }))
	}
	if c.openN > c.open.All {
		gone = append(gone, c.makeRoom(reachedOpen, x, func(h holder) bool { return h.open }))
	}
	if c.n > c.good.All {
		y := c.makeRoom(reachedGood, x, func(h holder) bool { return h.open })
		if y == nil {
			y = c.makeRoom(reachedGood, x, func(holder) bool { return true })
		}
		x.spare = c.n > c.good.All
		gone = append(gone, y)
	}
	c.mu.Unlock()
	for _, y := range gone {
		if y != nil {
			_ = y.Close()
		}
	}
	return x
}

func (c *connections) enter(x *conn, h holder) {
	l := c.of[h]
	if l == nil {
		l = list.New()
		c.of[h] = l
	}
	x.holder, x.place = h, l.PushBack(x)
	if c.n++; h.open {
		c.openN++
	}
}

func (c *connections) leave(x *conn) {
	if x.place == nil {
		return
	}
	l := c.of[x.holder]
	l.Remove(x.place)
	x.place = nil
	if l.Len() == 0 {
		delete(c.of, x.holder)
	}
	if c.n--; x.holder.open {
		c.openN--
	}
}

// makeRoom takes out the connection that has waited longest of the holder who has most, among some holders, but not a certain one. It is nil when
// none of them waits. The caller closes it.
func (c *connections) makeRoom(which reachedLimit, but *conn, among func(holder) bool) *conn {
	c.reached[which]++
	var best *conn
	most := 0
	for h, l := range c.of {
		if !among(h) || l.Len() <= most {
			continue
		}
		for e := l.Front(); e != nil; e = e.Next() {
			if x := e.Value.(*conn); x != but && !x.busy {
				best, most = x, l.Len()
				break
			}
		}
	}
	if best != nil {
		c.leave(best)
	}
	return best
}

// proved notes that a good token came over a connection.
func (x *conn) proved(account string) {
	if before := x.good.Load(); before != nil && *before == account {
		return
	}
	x.good.Store(&account)
	c := x.all
	c.mu.Lock()
	if x.place == nil {
		c.mu.Unlock()
		return
	}
	c.leave(x)
	c.enter(x, holder{name: account})
	var gone *conn
	if c.of[x.holder].Len() > c.good.Each {
		gone = c.makeRoom(reachedGood, x, func(h holder) bool { return h == x.holder })
	}
	c.mu.Unlock()
	if gone != nil {
		_ = gone.Close()
	}
}

// turned notes that a connection waits for a request, or is being answered.
func (x *conn) turned(busy bool) {
	x.all.mu.Lock()
	defer x.all.mu.Unlock()
	if x.busy = busy; !busy && x.place != nil {
		x.all.of[x.holder].MoveToBack(x.place)
	}
}

// Close closes it and takes it out of the account.
func (x *conn) Close() error {
	err := x.Conn.Close()
	x.all.mu.Lock()
	x.all.leave(x)
	x.all.mu.Unlock()
	x.free()
	return err
}

// connKey is where the context of a request has its connection.
type connKey struct{}

func connOf(ctx context.Context) *conn {
	x, _ := ctx.Value(connKey{}).(*conn)
	return x
}

// account sets a server up to account for its connections.
func (c *connections) account(server *http.Server) {
	server.ConnContext = func(ctx context.Context, n net.Conn) context.Context {
		if x, ok := n.(*conn); ok {
			return context.WithValue(ctx, connKey{}, x)
		}
		return ctx
	}
	server.ConnState = func(n net.Conn, state http.ConnState) {
		x, ok := n.(*conn)
		if !ok {
			return
		}
		switch state {
		case http.StateActive:
			x.turned(true)
		case http.StateIdle:
			x.turned(false)
		case http.StateNew, http.StateHijacked, http.StateClosed:
		}
	}
}

// counted is a listener whose connections are accounted for. All that there may be, and the reserve, are taken; more wait to be accepted.
type counted struct {
	net.Listener
	all    *connections
	proxy  func(netip.Addr) bool
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (c *connections) listener(l net.Listener, proxy func(netip.Addr) bool) *counted {
	return &counted{Listener: l, all: c, proxy: proxy, slots: make(chan struct{}, c.good.All+reserve), closed: make(chan struct{})}
}

// Accept waits for a free slot and a connection.
func (l *counted) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	n, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	from := addrOf(n.RemoteAddr().String())
	return l.all.add(n, share.Group(from), l.proxy(from), sync.OnceFunc(func() { <-l.slots })), nil
}

// Close ends Accept.
func (l *counted) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
