package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// TestMain lets the test start itself as the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("JEJAK_TEST_CRASH"); path != "" {
		appendUntilKilled(path)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	crashStreams = 24
	crashSize    = 3 // events of an append, all of one command
)

// appendUntilKilled appends to all streams at once and prints each append that was acknowledged: stream, version before, command, position.
func appendUntilKilled(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{CheckpointPages: 50})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for w := range crashStreams {
		go func() {
			stream := fmt.Sprint(w)
			version, _, err := s.StreamHead(ctx, stream)
			for ; err == nil; version += crashSize {
				command := uuid.Must(uuid.NewV7())
				var position eventstore.Position
				position, err = s.Append(ctx, stream, version, crashEvents(command)...)
				if err == nil {
					fmt.Fprintln(os.Stdout, stream, version, command, position) // one write, so a whole line or none
				}
			}
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}()
	}
	select {}
}

func crashEvents(command uuid.UUID) []eventstore.Event {
	events := make([]eventstore.Event, crashSize)
	for i := range events {
		events[i] = eventstore.Event{
			ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "x", RecordedAt: time.Now(), Data: payload, Metadata: metadata,
		}
	}
	return events
}

type acknowledged struct {
	version  eventstore.Version
	command  uuid.UUID
	position eventstore.Position
}

// TestKilled kills a process that appends, at random moments, and looks at what it left: everything acknowledged, no half of an append.
func TestKilled(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	path := filepath.Join(t.TempDir(), "events.db")
	acks := map[string][]acknowledged{}
	total := 0
	for round := range rounds {
		n := runAndKill(t, path, time.Duration(rand.IntN(400))*time.Millisecond, round%4 == 3, acks)
		total += n
		t.Logf("round %d: %d appends acknowledged", round, n)
		checkAcknowledged(t, path, acks)
		if t.Failed() {
			return
		}
	}
	if total == 0 {
		t.Error("nothing was acknowledged in any round")
	}
}

// runAndKill returns how many appends were acknowledged until the kill, which comes some time after the first, or, if early, after the start.
func runAndKill(t *testing.T, path string, after time.Duration, early bool, acks map[string][]acknowledged) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "JEJAK_TEST_CRASH="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = child.Process.Kill() }
	if early {
		time.AfterFunc(after, kill)
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); n++ {
		if n == 0 && !early {
			time.AfterFunc(after, kill)
		}
		var stream string
		var a acknowledged
		var command string
		if _, err := fmt.Sscan(lines.Text(), &stream, &a.version, &command, &a.position); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		a.command = uuid.MustParse(command)
		acks[stream] = append(acks[stream], a)
	}
	if err := child.Wait(); child.ProcessState.Exited() {
		t.Fatalf("the process ended by itself: %v", err)
	}
	return n
}

func checkAcknowledged(t *testing.T, path string, acks map[string][]acknowledged) {
	t.Helper()
	s := open(t, path, Options{})
	defer s.Close()
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for w := range crashStreams {
		stream := fmt.Sprint(w)
		var records []eventstore.Record
		for r, err := range s.Read(t.Context(), stream, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Version != eventstore.Version(len(records)+1) {
				t.Fatalf("stream %s: version %d comes after %d", stream, r.Version, len(records))
			}
			records = append(records, r)
		}
		if len(records)%crashSize != 0 {
			t.Errorf("stream %s has half an append: %d events", stream, len(records))
		}
		for i, r := range records {
			first := records[i-i%crashSize]
			if r.Command != first.Command || r.Position != first.Position+eventstore.Position(i%crashSize) {
				t.Errorf("stream %s: version %d does not belong to the append before it", stream, r.Version)
			}
		}
		for _, a := range acks[stream] {
			end := int(a.version) + crashSize
			if end > len(records) || records[end-1].Command != a.command || records[end-1].Position != a.position {
				t.Errorf("stream %s: the append of command %s after version %d was acknowledged, but is not there", stream, a.command, a.version)
			}
		}
		if all := acks[stream]; len(all) > 0 {
			last := all[len(all)-1]
			position, err := s.Append(t.Context(), stream, last.version, crashEvents(last.command)...)
			if err != nil || position != last.position {
				t.Errorf("stream %s: the append again = %d, %v, want %d", stream, position, err, last.position)
			}
		}
	}
}
