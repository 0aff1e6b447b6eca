package esdb

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between store and server, so that the same faults of the way can be made before any server.
type proxy struct {
	t        *testing.T
	target   string
	address  string
	string   string // connection string through it
	deaf     atomic.Bool
	swallow  atomic.Bool // what the server says is lost
	mu       sync.Mutex
	listener net.Listener
	away     bool // as if nobody listened
	conns    map[net.Conn]struct{}
}

func startProxy(t *testing.T, connection string) *proxy {
	t.Helper()
	u, err := url.Parse(connection)
	if err != nil || strings.Contains(u.Host, ",") || u.Scheme != "esdb" {
		t.Skipf("the proxy takes one host: %s", Redact(connection))
	}
	if q := u.Query(); q.Get("tls") != "false" && q.Get("tlsVerifyCert") != "false" {
		t.Skip("the proxy is at another address than the server's certificate: use tlsVerifyCert=false")
	}
	p := &proxy{t: t, target: u.Host, conns: map[net.Conn]struct{}{}}
	p.up()
	u.Host = p.address
	p.string = u.String()
	t.Cleanup(p.down)
	return p
}

// up lets connections through. The address stays taken while it is down, so that no other test gets it.
func (p *proxy) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
	if p.listener != nil {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	p.listener, p.address = l, l.Addr().String()
	p.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
}

// down ends every connection, those that are there and those that come.
func (p *proxy) down() {
	p.mu.Lock()
	p.away = true
	p.mu.Unlock()
	p.cut()
}

// cut ends all connections at once.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
		delete(p.conns, c)
	}
}

func (p *proxy) serve(c net.Conn) {
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		c.Close()
		return
	}
	p.mu.Lock()
	if p.away {
		p.mu.Unlock()
		c.Close()
		s.Close()
		return
	}
	p.conns[c], p.conns[s] = struct{}{}, struct{}{}
	p.mu.Unlock()
	go p.copy(s, c, &p.deaf)
	p.copy(c, s, &p.swallow)
}

func (p *proxy) copy(to, from net.Conn, lose *atomic.Bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && !lose.Load() {
			if _, werr := to.Write(b[:n]); werr != nil {
				break
			}
		}
		if err != nil && err != io.EOF || n == 0 {
			break
		}
	}
	to.Close()
	from.Close()
	p.mu.Lock()
	delete(p.conns, to)
	delete(p.conns, from)
	p.mu.Unlock()
}
