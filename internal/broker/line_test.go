package broker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/broker/brokertest"
	"jejak/internal/example"
	"jejak/internal/follow"
	"jejak/internal/outside"
	"jejak/internal/people"
)

const feedPage = "../../docs/feed.md"

// listener is a program, or the command as the page has it, that prints messages; each has a body of its own.
type listener struct {
	name string
	mu   sync.Mutex
	had  map[string]int // how often a body was printed
	said bytes.Buffer   // what it said beside that
}

var bodyForm = regexp.MustCompile(`\{"unit":"[^"]*","n":\d+`)

// line takes what was printed.
func (l *listener) line(text string) {
	if body := bodyForm.FindString(text); body != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.had[body]++
	}
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

func (l *listener) different() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.had)
}

// broke counts how often a program said that its rights had ended.
func (l *listener) broke() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.said.String(), "authentication expired")
}

// runs runs a program until the test ends.
func (l *listener) runs(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = l
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			l.line(lines.Text())
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended if it cannot be killed
		<-read
		_ = cmd.Wait() // it was killed
	})
}

// heard: everything has come, and each message once.
func (l *listener) heard(t *testing.T, messages int, patience time.Duration) {
	t.Helper()
	for end := time.Now().Add(patience); l.different() < messages && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	twice := 0
	for _, n := range l.had {
		if n > 1 {
			twice++
		}
	}
	if len(l.had) != messages || twice > 0 {
		t.Errorf("%s: %d of %d messages are lost, %d came twice\n%s", l.name, messages-len(l.had), messages, twice, l.said.String())
	}
}

// environment is what the page has readers set.
func environment(url string, user people.Added) []string {
	return append(os.Environ(), "NATS_URL="+url, "NATS_USER="+user.ID, "NATS_PASSWORD="+user.Token)
}

// inGo runs the program of the page.
func inGo(t *testing.T, url string, user people.Added) *listener {
	t.Helper()
	e, err := example.Read(feedPage, "listen")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "listen")
	if err := e.Build(".", program); err != nil {
		t.Fatal(err)
	}
	l := &listener{name: "Go", had: map[string]int{}}
	cmd := exec.Command(program)
	cmd.Env = environment(url, user)
	l.runs(t, cmd)
	return l
}

// javaScript is a program of the page that node is to run.
func javaScript(t *testing.T, name, url string, user people.Added) *exec.Cmd {
	t.Helper()
	e, err := example.Read(feedPage, name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), outside.Program(t, "node"), "--input-type=module", "-")
	cmd.Dir = outside.NPM(t, "@nats-io/transport-node", "@nats-io/jetstream", "@nats-io/kv")
	cmd.Stdin = strings.NewReader(e.Text)
	cmd.Env = environment(url, user)
	return cmd
}

func inJavaScript(t *testing.T, url string, user people.Added) *listener {
	t.Helper()
	l := &listener{name: "JavaScript", had: map[string]int{}}
	l.runs(t, javaScript(t, "listen.mjs", url, user))
	return l
}

// withTheCommand runs the command of the page again and again, in larger portions.
func withTheCommand(t *testing.T, url string, user people.Added) *listener {
	t.Helper()
	e, err := example.Read(feedPage, "next")
	if err != nil {
		t.Fatal(err)
	}
	script := strings.NewReplacer("nats consumer", outside.Built(t, "nats-v0.5.1")+" consumer", "--count 10", "--count 200 --timeout 2s").Replace(e.Text)
	l := &listener{name: "the command", had: map[string]int{}}
	home := t.TempDir()
	cmd := exec.Command("sh", "-c", "ID=$NATS_USER; while sleep 0.1; do "+strings.TrimSpace(script)+" || true; done")
	cmd.Env = append(environment(url, user), "HOME="+home, "XDG_CONFIG_HOME="+home)
	l.runs(t, cmd)
	return l
}

// watching follows as `jejak watch` does.
func watching(t *testing.T, b *Broker, url string, user people.Added) *listener {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q api.FeedQuery
		err := json.NewDecoder(r.Body).Decode(&q)
		var made Made
		if err == nil {
			made, err = b.Consumer(r.Context(), user.User, Query{Since: q.Since, InMemory: q.InMemory})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(api.FeedConsumer{Stream: made.Stream, Consumer: made.Consumer, Subjects: made.Subjects, Position: made.Position}) // it asks again
	}))
	l := &listener{name: "jejak watch", had: map[string]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	last := uint64(0)
	go func() {
		ended <- follow.Follow(ctx, follow.Config{
			Find: func() (string, string, error) { return server.URL, url, nil }, Token: user.Token, Query: api.FeedQuery{Since: "0"},
			Each: func(m follow.Message) error {
				if m.Sequence < last {
					return fmt.Errorf("%d came after %d", m.Sequence, last)
				}
				last = m.Sequence
				l.line(string(m.Body))
				return nil
			},
			Trouble: func(err error) {
				if err != nil {
					fmt.Fprintln(l, err)
				}
			},
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("jejak watch: %v", err)
		}
		server.Close()
	})
	return l
}

// publish puts messages of an area into the feed, as fast as it takes them.
func (d *door) publish(area string, first, last int) {
	d.t.Helper()
	padding := strings.Repeat("x", 400)
	var answers []jetstream.PubAckFuture
	for n := first; n <= last; n++ {
		answer, err := d.js.PublishMsgAsync(&nats.Msg{
			Subject: fmt.Sprintf("jejak.pemilu2024.%s.shipment.SHP-%d.dispatched", area, n%500), Data: fmt.Appendf(nil, `{"unit":"%s","n":%d,"data":"%s"}`, area, n, padding),
			Header: nats.Header{"ce-sequence": {fmt.Sprintf("%020d", n)}, "ce-time": {"2024-02-01T00:00:00Z"}, "Nats-Msg-Id": {fmt.Sprint(n, ".", area)}},
		})
		if err != nil {
			d.t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	limit := time.After(generous)
	for i, answer := range answers {
		n := first + i
		select {
		case <-answer.Ok():
		case err := <-answer.Err():
			d.t.Fatalf("message %d: %v", n, err)
		case <-limit:
			d.t.Fatalf("message %d: no answer after %s", n, generous)
		}
	}
}

// broken: whoever listens to so many messages gets each of them once, though his line breaks in the middle of what is under way, again and again. Half of
// them come while he listens.
func broken(t *testing.T, messages int, listen ...func(d *door, url string, user people.Added) *listener) {
	t.Parallel()
	d := bareDoor(t)
	d.close()
	d.wait = 2 * time.Second
	d.open()
	d.makeFeed()
	d.publish("P3578A", 1, messages/2)
	var lines []*brokertest.Line
	var all []*listener
	for i, listen := range listen {
		line := brokertest.NewLine(t, strings.TrimPrefix(d.URL(), "nats://"))
		line.BreakAfter(int64(messages) * 700 / 7)
		lines = append(lines, line)
		all = append(all, listen(d, "nats://"+line.Address(), d.another(domain.RoleEscort, "P3578A", fmt.Sprint("listener ", i))))
	}
	d.publish("P3578A", messages/2+1, messages)
	for i, l := range all {
		l.heard(t, messages, generous)
		if n := lines[i].Breaks(); n < 3 {
			t.Errorf("%s: the line broke %d times", l.name, n)
		}
	}
}

func TestALineThatBreaks(t *testing.T) {
	broken(t, 9000, func(d *door, url string, user people.Added) *listener { return inGo(d.t, url, user) },
		func(d *door, url string, user people.Added) *listener { return watching(d.t, d.Broker, url, user) })
}

func TestALineThatBreaksInJavaScript(t *testing.T) {
	broken(t, 9000, func(d *door, url string, user people.Added) *listener { return inJavaScript(d.t, url, user) })
}

// The command asks the server for each message anew.
func TestALineThatBreaksUnderTheCommand(t *testing.T) {
	broken(t, 600, func(d *door, url string, user people.Added) *listener { return withTheCommand(d.t, url, user) })
}

// TestRightsThatEnd: in a cluster NATS ends every connection when its rights end, here after some seconds. Nothing is lost by that either.
func TestRightsThatEnd(t *testing.T) {
	t.Parallel()
	const atLeast, portion, ends = 20_000, 500, 3
	d := openClusterDoor(t, 3, false, 2*time.Second)
	d.close()
	d.cfg.ackWait = 2 * time.Second
	d.reopen()
	// In memory: what servers write is not what is tried here, and 20,000 messages that three of them sync take minutes.
	until(t, "the stream is in memory", func() bool {
		_ = d.js.DeleteStream(t.Context(), Stream) // it is gone, or the next try tells
		_, err := d.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: Stream, Subjects: []string{"jejak.*.*.*.*.*"}, Storage: jetstream.MemoryStorage, Replicas: 3})
		return err == nil
	})
	d.publish("P3578A", 1, atLeast/2)
	l := inGo(t, d.servers.URLs(), d.user(domain.RoleEscort, "P3578A"))
	messages := atLeast / 2
	pace := time.NewTicker(50 * time.Millisecond) // so that messages are under way whenever the rights end
	defer pace.Stop()
	for began := time.Now(); messages < atLeast || l.broke() < ends; messages += portion {
		<-pace.C
		d.publish("P3578A", messages+1, messages+portion)
		if time.Since(began) > generous {
			t.Fatalf("rights ended %d times in %s:\n%s", l.broke(), generous, l.said.String())
		}
	}
	l.heard(t, messages, brokertest.Generous)
	t.Logf("%d messages, rights ended %d times", messages, l.broke())
}

// TestRowsInJavaScript runs the program of the page that reads a row and a checkpoint, as somebody who may see every row and as one who may see his own.
func TestRowsInJavaScript(t *testing.T) {
	d := openDoor(t)
	if _, err := d.js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: NotaryBucket, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	d.row("3578", `{"code":"3578"}`)
	if _, err := d.js.Publish(t.Context(), "$KV."+NotaryBucket+".jejak/0f3a5c7d9b1e2f40", []byte("signed")); err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"35", "3578"} {
		out, err := javaScript(t, "row.mjs", d.URL(), d.user(domain.RoleSupervisor, scope)).CombinedOutput()
		if want := "{\"code\":\"3578\"}\nsigned\n"; err != nil || string(out) != want {
			t.Errorf("supervisor of %s: %v: %q, want %q", scope, err, out, want)
		}
	}
}
