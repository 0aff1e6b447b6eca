package brokertest

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Servers are a cluster. What one says to another goes through this process, which can cut it.
type Servers struct {
	Nodes []*Node
	links []*link
}

// Cluster starts servers that know each other, each with the arguments. They end with the test.
func Cluster(t testing.TB, size int, env []string, args ...string) *Servers {
	t.Helper()
	s := &Servers{Nodes: make([]*Node, size)}
	ports := make([]int, size)
	for i := range s.Nodes {
		s.Nodes[i], ports[i] = New(t, fmt.Sprint("nats", i+1), args...), Port(t)
		s.Nodes[i].Env = env
	}
	for i, n := range s.Nodes {
		routes := []string{"nats://127.0.0.1:1"} // JetStream wants one, also of the first, who calls nobody
		for j := range i {                       // one of two calls the other
			l := newLink(t, i, j, fmt.Sprintf("127.0.0.1:%d", ports[j]))
			s.links = append(s.links, l)
			routes = append(routes, "nats://"+l.listener.Addr().String())
		}
		if size > 1 { // one alone would wait for others
			n.Args = append(slices.Clone(args), "--cluster_name", "jejak", "--cluster", fmt.Sprintf("nats://127.0.0.1:%d", ports[i]),
				"--routes", strings.Join(routes, ","), "--cluster_advertise", "127.0.0.1:1") // nobody finds a way past the links
		}
	}
	for _, n := range s.Nodes {
		n.Start()
	}
	return s
}

// URLs are where clients connect, parted by commas.
func (s *Servers) URLs() string {
	urls := make([]string, len(s.Nodes))
	for i, n := range s.Nodes {
		urls[i] = n.URL()
	}
	return strings.Join(urls, ",")
}

// Isolate cuts a server off from the others, and not from its clients.
func (s *Servers) Isolate(node *Node) {
	i := slices.Index(s.Nodes, node)
	for _, l := range s.links {
		if l.from == i || l.to == i {
			l.cut()
		}
	}
}

// Heal takes back Isolate.
func (s *Servers) Heal() {
	for _, l := range s.links {
		l.mend()
	}
}

// link carries what one server says to another, and the answers.
type link struct {
	from, to int
	listener net.Listener
	target   string

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]struct{}
}

func newLink(t testing.TB, from, to int, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", Port(t)))
	if err != nil {
		t.Fatal(err)
	}
	l := &link{from: from, to: to, listener: listener, target: target, conns: map[net.Conn]struct{}{}}
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
		l.cut()
		work.Wait()
	})
	return l
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for conn := range l.conns {
		_ = conn.Close() // that is what is wanted
	}
}

func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// hold keeps connections until they end, unless the link is cut.
func (l *link) hold(conns ...net.Conn) bool {
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

func (l *link) carry(in net.Conn) {
	defer in.Close()
	if !l.hold(in) {
		return
	}
	out, err := net.Dial("tcp", l.target)
	if err != nil {
		return // the server does not run
	}
	defer out.Close()
	if !l.hold(out) {
		return
	}
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1]) // it ends with either
			_ = pair[0].Close()
			_ = pair[1].Close()
		})
	}
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, in)
	delete(l.conns, out)
}
