package brokertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Servers are a cluster. What one says to another goes through this process, which can cut it.
type Servers struct {
	Nodes []*Node
	links []link
}

// link is the line by which one server calls another.
type link struct {
	*Line
	from, to int
}

// Cluster starts servers that know each other, each with the arguments. They end with the test.
func Cluster(t testing.TB, size int, env []string, args ...string) *Servers {
	t.Helper()
	s := &Servers{Nodes: make([]*Node, size)}
	for i := range s.Nodes {
		s.Nodes[i] = New(t, fmt.Sprint("nats", i+1), args...)
		s.Nodes[i].Env = env
	}
	for i, n := range s.Nodes {
		routes := []string{"nats://127.0.0.1:1"} // JetStream wants one, also of the first, who calls nobody
		for j := range i {                       // one of two calls the other
			l := NewLine(t, "")
			s.links = append(s.links, link{l, i, j})
			s.Nodes[j].callers = append(s.Nodes[j].callers, l)
			routes = append(routes, "nats://"+l.Address())
		}
		if size > 1 { // one alone would wait for others
			n.Args = append(slices.Clone(args), "--cluster_name", "jejak", "--cluster", "nats://127.0.0.1:-1",
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
			l.Cut()
		}
	}
}

// Heal takes back Isolate.
func (s *Servers) Heal() {
	for _, l := range s.links {
		l.Mend()
	}
}
