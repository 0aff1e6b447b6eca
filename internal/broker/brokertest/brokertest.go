// Package brokertest runs real NATS servers, each a process of its own, for tests: a server that is killed or stopped there is as one that fails.
package brokertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Generous is how long a test waits for what must come. It only guards: nothing is decided by it.
const Generous = 2 * time.Minute

// module is the server, at the version that go.mod names: the one inside the program.
const module = "github.com/nats-io/nats-server/v2"

// program is the server, which is built when it is not in bin/ yet.
func program(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs(".")
	for err == nil {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			err = errors.New("the test does not run inside the project")
		}
		root = filepath.Dir(root)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "bin", "nats-server-v"+server.VERSION)
	if _, err := os.Stat(name); err == nil {
		return name
	}
	part := filepath.Join(t.TempDir(), "nats-server")
	cmd := exec.Command("go", "build", "-o", part, module)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", module, err, out)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Rename(part, name)); err != nil {
		return part // as on another file system
	}
	return name
}

// Node is a server. Its methods are for one goroutine.
type Node struct {
	t    testing.TB
	Name string
	Dir  string // of JetStream
	Args []string
	Env  []string // beside those of the test

	front   *Line   // for clients
	callers []*Line // by which others of its cluster call it
	ports   string  // the folder into which it writes where it listens

	cmd    *exec.Cmd
	exited chan struct{}
	out    output
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// New is a server of its own that is not started yet. It ends with the test.
func New(t testing.TB, name string, args ...string) *Node {
	t.Helper()
	n := &Node{t: t, Name: name, Dir: t.TempDir(), Args: args, front: NewLine(t, ""), ports: t.TempDir()}
	t.Cleanup(func() {
		n.Kill()
		if t.Failed() && os.Getenv("JEJAK_TEST_LOG") != "" {
			t.Logf("%s:\n%s", n.Name, n.out.String())
		}
	})
	return n
}

// URL is where clients connect, the same over every start.
func (n *Node) URL() string { return "nats://" + n.front.Address() }

// Said is its log.
func (n *Node) Said() string { return n.out.String() }

// Start starts it at ports that are free, and waits until it takes connections.
func (n *Node) Start() {
	n.t.Helper()
	args := append([]string{"-a", "127.0.0.1", "-p", "-1", "--client_advertise", n.front.Address(), "--ports_file_dir", n.ports, "-n", n.Name, "-sd", n.Dir, "-js"}, n.Args...)
	n.cmd = exec.Command(program(n.t), args...)
	n.cmd.Env = append(os.Environ(), n.Env...)
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.out
	n.cmd.SysProcAttr = dieWithTest
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		defer close(exited)
		_ = cmd.Wait() // how it ended is not asked: most are killed
	}(n.cmd, n.exited)
	for began := time.Now(); !n.listens(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-n.exited:
			n.t.Fatalf("%s does not start:\n%s", n.Name, n.out.String())
		default:
		}
		if time.Since(began) > Generous {
			n.t.Fatalf("%s takes no connections:\n%s", n.Name, n.out.String())
		}
	}
}

// listens reads where the process that runs takes connections, and leads the lines there.
func (n *Node) listens() bool {
	text, err := os.ReadFile(filepath.Join(n.ports, fmt.Sprintf("%s_%d.ports", filepath.Base(n.cmd.Path), n.cmd.Process.Pid)))
	var ports server.Ports
	if err != nil || json.Unmarshal(text, &ports) != nil || len(ports.Nats) == 0 || len(n.callers) > 0 && len(ports.Cluster) == 0 {
		return false // not written yet, or not wholly
	}
	n.front.To(strings.TrimPrefix(ports.Nats[0], "nats://"))
	for _, l := range n.callers {
		l.To(strings.TrimPrefix(ports.Cluster[0], "nats://"))
	}
	return true
}

// Kill ends it as a failing machine does, with SIGKILL. What does not run stays so.
func (n *Node) Kill() { n.end(syscall.SIGKILL) }

// Stop ends it as an administrator does.
func (n *Node) Stop() { n.end(syscall.SIGTERM) }

func (n *Node) end(s syscall.Signal) {
	n.t.Helper()
	if n.cmd == nil {
		return
	}
	n.signal(s)
	<-n.exited
	n.cmd = nil
}

// Freeze stops it without ending its connections: it answers nothing until Thaw.
func (n *Node) Freeze() {
	n.t.Helper()
	n.signal(syscall.SIGSTOP)
}

// Thaw lets it go on.
func (n *Node) Thaw() {
	n.t.Helper()
	n.signal(syscall.SIGCONT)
}

func (n *Node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		n.t.Fatalf("signal %s to %s: %v", s, n.Name, err)
	}
}
