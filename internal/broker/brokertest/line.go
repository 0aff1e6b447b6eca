package brokertest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Line carries TCP connections to a server, through this process, which can break them. It keeps its address while the server comes back at others, so
// that nobody needs a port that was free a moment ago. It ends with the test.
type Line struct {
	listener net.Listener

	mu     sync.Mutex
	target string // "" for no server
	down   bool
	conns  map[net.Conn]struct{}
	after  int64 // bytes from the server after which a connection breaks, 0 for never
	breaks int
}

// NewLine is a line to host:port, or to no server yet.
func NewLine(t testing.TB, target string) *Line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{listener: listener, target: target, conns: map[net.Conn]struct{}{}}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed at the end of the test
			}
			work.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close() // nothing was written to it
		l.Cut()
		work.Wait()
	})
	return l
}

// Address is host:port where it listens.
func (l *Line) Address() string { return l.listener.Addr().String() }

// To says where the server is from now on.
func (l *Line) To(target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = target
}

// Cut ends all connections, and takes no more until Mend.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for conn := range l.conns {
		_ = conn.Close() // that is what is wanted
	}
}

// Mend takes back Cut.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// BreakAfter has every connection that is made from now on break when so many bytes came from the server; 0: none.
func (l *Line) BreakAfter(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = bytes
}

// Breaks is how many connections broke so.
func (l *Line) Breaks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.breaks
}

// hold keeps connections until they end, unless the line is cut.
func (l *Line) hold(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return false
	}
	for _, conn := range conns {
		l.conns[conn] = struct{}{}
	}
	return true
}

func (l *Line) carry(in net.Conn) {
	defer in.Close()
	if !l.hold(in) {
		return
	}
	l.mu.Lock()
	target, after := l.target, l.after
	l.mu.Unlock()
	out, err := net.Dial("tcp", target)
	if err != nil {
		return // the server does not run
	}
	defer out.Close()
	if !l.hold(out) {
		return
	}
	var answers io.Reader = out
	if after > 0 {
		answers = io.LimitReader(out, after)
	}
	var both sync.WaitGroup
	end := func() { // the other way ends with it
		_ = in.Close()
		_ = out.Close()
	}
	both.Go(func() {
		defer end()
		_, _ = io.Copy(out, in)
	})
	both.Go(func() {
		defer end()
		if n, _ := io.Copy(in, answers); after > 0 && n == after {
			l.mu.Lock()
			l.breaks++
			l.mu.Unlock()
		}
	})
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, in)
	delete(l.conns, out)
}
