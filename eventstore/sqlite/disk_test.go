package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/faultvfs"
	"jejak/eventstore/invariant"
)

// chosen returns which of the operations 1 to n a test breaks: all when JEJAK_FAULTS is "all", and otherwise some, evenly spread and by chance.
func chosen(t *testing.T, n, some int) []int {
	t.Helper()
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	if os.Getenv("JEJAK_FAULTS") == "all" || n <= some {
		return all
	}
	if testing.Short() {
		some = max(some/4, 1)
	}
	var some1 []int
	for i := range some / 2 {
		some1 = append(some1, 1+i*n/(some/2))
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for len(some1) < some {
		some1 = append(some1, 1+r.IntN(n))
	}
	slices.Sort(some1)
	return slices.Compact(some1)
}

const diskPath = "/events.db"

// script is a run of appends that is the same each time, on a disk that may break at any operation.
type script struct {
	t     *testing.T
	disk  *faultvfs.Disk
	store *Store // nil: closed
	mend  func() // called when the log has failed or could not be opened; it returns when the disk is well, or stops the script

	acked   []invariant.Append
	unknown []invariant.Append
	next    int // number of the next command
	ended   bool
}

func newScript(t *testing.T) *script {
	t.Helper()
	disk, err := faultvfs.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, disk: disk}
	t.Cleanup(func() {
		s.close()
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *script) open() {
	for !s.ended {
		store, err := Open(context.Background(), diskPath, Options{VFS: s.disk.Name(), CheckpointPages: 24, Readers: 2})
		if err == nil {
			s.store = store
			return
		}
		s.broken(err)
	}
}

// broken ends the script, or mends what has broken it.
func (s *script) broken(err error) {
	if s.mend == nil {
		s.ended = true
		if s.disk.Off() {
			return
		}
		s.t.Fatalf("without a fault: %v", err)
	}
	s.mend()
}

func (s *script) close() error {
	if s.store == nil {
		return nil
	}
	err := s.store.Close()
	s.store = nil
	return err
}

// events makes the events of a command. Every third command has its times an hour before those of the one before it, as after a jump of the clock.
func (s *script) events(n, size int) []eventstore.Event {
	s.next++
	command := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, "command ", s.next))
	at := time.Date(2024, 2, 14, 7, s.next, 0, 0, time.UTC).Add(-time.Hour * time.Duration(s.next%3))
	events := make([]eventstore.Event, n)
	for i := range events {
		events[i] = eventstore.Event{
			ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "box.opened", Schema: 1, RecordedAt: at,
			Data:     fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, i, strings.Repeat(string(rune('a'+s.next%26)), size)),
			Metadata: fmt.Appendf(nil, `{"command":%d}`, s.next),
		}
	}
	return events
}

// append makes an append and, where the disk breaks, the same again until it is answered.
func (s *script) append(stream string, n, size int) {
	if s.ended {
		return
	}
	var expected eventstore.Version
	for _, a := range s.acked {
		if a.Stream == stream {
			expected = max(expected, a.Expected+eventstore.Version(len(a.Events)))
		}
	}
	a := invariant.Append{Stream: stream, Expected: expected, Events: s.events(n, size)}
	for !s.ended {
		var err error
		a.Position, err = s.store.Append(context.Background(), a.Stream, a.Expected, a.Events...)
		if err == nil {
			s.unknown = nil
			s.acked = append(s.acked, a)
			return
		}
		if !errors.Is(err, eventstore.ErrFailed) {
			s.t.Fatalf("Append = %v", err)
		}
		if s.unknown = nil; errors.Is(err, eventstore.ErrUnknownOutcome) {
			s.unknown = []invariant.Append{a}
		}
		s.broken(err)
	}
}

// refused makes appends that the log refuses or has already.
func (s *script) refused() {
	if s.ended || len(s.acked) == 0 {
		return
	}
	ctx := context.Background()
	first := s.acked[0]
	if _, err := s.store.Append(ctx, first.Stream, first.Expected, s.events(1, 10)...); !errors.Is(err, eventstore.ErrConflict) && !errors.Is(err, eventstore.ErrFailed) {
		s.t.Fatalf("Append at a version that is taken = %v", err)
	}
	if _, err := s.store.Append(ctx, "other", 0, first.Events...); !errors.Is(err, eventstore.ErrExists) && !errors.Is(err, eventstore.ErrFailed) {
		s.t.Fatalf("Append of a command that is there = %v", err)
	}
	s.again(first)
}

// again makes an append that was acknowledged once more.
func (s *script) again(a invariant.Append) {
	if p, err := s.store.Append(context.Background(), a.Stream, a.Expected, a.Events...); err == nil && p != a.Position || err != nil && !errors.Is(err, eventstore.ErrFailed) {
		s.t.Fatalf("Append again = %d, %v, want %d", p, err, a.Position)
	}
}

// run plays the script.
func (s *script) run() {
	s.open()
	for i := range 5 {
		s.append("ledger-a", 1, 50)
		s.append("ledger-b", 4, 300)
		s.append("ledger-c", 1, 30_000+i*3000)
		s.refused()
	}
	if !s.ended {
		_ = s.close() // a disk that breaks here is found broken, or well again, by the next to open it
		s.open()
	}
	for range 5 {
		s.append("ledger-b", 1, 2000)
		s.append("ledger-d", 9, 700)
	}
	if !s.ended {
		_ = s.close()
	}
}

// check holds the open log against what the script knows.
func (s *script) check() {
	s.t.Helper()
	report, err := invariant.Check(s.t.Context(), s.store, invariant.Options{Acknowledged: s.acked, Unknown: s.unknown})
	if err := errors.Join(err, report.Err(), s.store.Verify(s.t.Context())); err != nil {
		s.t.Error(err)
	}
	events := uint64(0)
	for _, a := range s.acked {
		events += uint64(len(a.Events))
	}
	for _, a := range s.unknown {
		if report.Events != events {
			events += uint64(len(a.Events))
		}
	}
	if report.Events != events {
		s.t.Errorf("the log has %d events, of which %d were sent", report.Events, events)
	}
}

// goOn checks the log that was opened after a fault, makes the append without an answer again, and one more.
func (s *script) goOn() {
	s.t.Helper()
	s.check()
	s.ended, s.mend = false, nil
	for _, a := range s.unknown {
		head, _ := s.store.Head(s.t.Context())
		there := eventstore.Version(0)
		if v, _, _ := s.store.StreamHead(s.t.Context(), a.Stream); v > a.Expected {
			there = v
		}
		p, err := s.store.Append(s.t.Context(), a.Stream, a.Expected, a.Events...)
		if err != nil || there == 0 && p != head+eventstore.Position(len(a.Events)) || there != 0 && p > head {
			s.t.Errorf("the append without an answer again = %d, %v (head %d, stream at %d)", p, err, head, there)
		}
		a.Position = p
		s.acked = append(s.acked, a)
	}
	s.unknown = nil
	for _, a := range s.acked {
		s.again(a)
	}
	s.append("ledger-a", 2, 100)
	s.check()
}

// TestCut cuts the power or the process at every write and sync.
func TestCut(t *testing.T) {
	whole := newScript(t)
	whole.run()
	n := whole.disk.Changes()
	t.Logf("%d changes of the disk", n)
	for _, outcome := range []faultvfs.Outcome{faultvfs.Killed, faultvfs.LostNothing, faultvfs.LostAll, faultvfs.LostSome} {
		t.Run(outcome.String(), func(t *testing.T) {
			for _, at := range chosen(t, n, 24) {
				if !t.Run(fmt.Sprint(at), func(t *testing.T) { testCut(t, at, outcome) }) {
					return
				}
			}
		})
	}
}

func testCut(t *testing.T, at int, outcome faultvfs.Outcome) {
	s := newScript(t)
	s.disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
		return faultvfs.Fault{Cut: op.Kind >= faultvfs.Write && op.N == at}
	})
	s.run()
	_ = s.close()
	s.disk.SetPlan(nil)
	s.disk.Restart(outcome, uint64(at))
	s.ended = false
	s.open()
	s.goOn()
}
