package wire

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc/peer"
)

// listener remembers its connections, so that they can be cut.
type listener struct {
	net.Listener

	mu    sync.Mutex
	conns map[string]*connection // by the address of the client
}

type connection struct {
	*net.TCPConn
	of *listener
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &connection{TCPConn: c.(*net.TCPConn), of: l} // only TCP is listened on
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c.RemoteAddr().String()] = conn
	return conn, nil
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	if key := c.RemoteAddr().String(); c.of.conns[key] == c {
		delete(c.of.conns, key)
	}
	c.of.mu.Unlock()
	return c.TCPConn.Close()
}

// abort resets the connection: what was not sent yet is thrown away.
func (c *connection) abort() {
	_ = c.SetLinger(0) // a connection that is closed already cannot be told
	_ = c.Close()
}

// cut resets the connection of a client.
func (l *listener) cut(client string) {
	l.mu.Lock()
	c := l.conns[client]
	l.mu.Unlock()
	if c != nil {
		c.abort()
	}
}

// cutAll resets every connection.
func (l *listener) cutAll() {
	l.mu.Lock()
	conns := make([]*connection, 0, len(l.conns))
	for _, c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		c.abort()
	}
}

// caller is the address of the client of a call.
func caller(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return ""
}
