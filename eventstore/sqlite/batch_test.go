package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// TestOneOfBatchFailsAlone puts good and bad appends into the same transactions: each gets its own answer.
func TestOneOfBatchFailsAlone(t *testing.T) {
	const writers, appends = 64, 20
	var events, answered atomic.Int64
	s := open(t, filepath.Join(t.TempDir(), "events.db"), Options{Observe: func(batchEvents, batchAppends int, d time.Duration) {
		events.Add(int64(batchEvents))
		answered.Add(int64(batchAppends))
		if d <= 0 || batchEvents < 1 || batchAppends < 1 {
			t.Errorf("Observe(%d, %d, %v)", batchEvents, batchAppends, d)
		}
	}})
	shared := newEvent(0)
	if _, err := s.Append(t.Context(), "shared", 0, shared); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			stream := fmt.Sprint(w)
			for v := range eventstore.Version(appends) {
				good := newEvent(0)
				var err, want error
				switch w % 4 {
				case 0: // right
				case 1:
					_, err = s.Append(t.Context(), stream, v+5, good)
					want = eventstore.ErrConflict
				case 2:
					_, err = s.Append(t.Context(), stream, v, good, shared)
					want = eventstore.ErrExists
				case 3:
					_, err = s.Append(t.Context(), stream, v, good, good)
					want = eventstore.ErrInvalid
				}
				if !errors.Is(err, want) {
					t.Errorf("Append = %v, want %v", err, want)
				}
				if _, err := s.Append(t.Context(), stream, v, good); err != nil {
					t.Errorf("Append = %v", err)
				}
			}
		})
	}
	all.Wait()
	st := s.Stats()
	if want := uint64(writers*appends + 1); st.Events != want || st.Appends != want || uint64(st.Head) != want {
		t.Errorf("%+v, want %d events", st, want)
	}
	if want := uint64(writers / 4 * appends); st.Conflicts != want || st.Exists != want {
		t.Errorf("%+v, want %d of each refusal", st, want)
	}
	if st.Batches >= st.Events {
		t.Errorf("%d transactions for %d appends: they are not put together", st.Batches, st.Events)
	}
	if err := s.Close(); err != nil { // the last call of Observe follows the last answer
		t.Error(err)
	}
	if uint64(events.Load()) < st.Events || uint64(answered.Load()) < st.Appends {
		t.Errorf("Observe was told of %d events in %d appends, want %d", events.Load(), answered.Load(), st.Events)
	}
}

// TestSameCommandInBatch sends one command to many streams at once: one wins.
func TestSameCommandInBatch(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "events.db"), Options{})
	defer s.Close()
	for round := range 20 {
		command := uuid.Must(uuid.NewV7())
		if round%2 == 0 {
			command = uuid.Nil
		}
		event := newEvent(0)
		event.Command = command
		var won atomic.Int64
		var all sync.WaitGroup
		for w := range 32 {
			all.Go(func() {
				_, err := s.Append(t.Context(), fmt.Sprintf("%d-%d", round, w), 0, event)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, eventstore.ErrExists) {
					t.Errorf("Append = %v", err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d streams have the event", round, won.Load())
		}
	}
}

// TestCommandSet: the set has every command, and few others.
func TestCommandSet(t *testing.T) {
	c := newCommandSet()
	if !c.may(uuid.New()) {
		t.Error("says no before it is complete")
	}
	c.complete.Store(true)
	const n = layerCommands + 1000 // into the second layer
	for i := range n {
		c.add(numbered(i))
	}
	if layers := len(*c.layers.Load()); layers != 2 {
		t.Errorf("%d layers", layers)
	}
	wrong := 0
	for i := range n {
		if !c.may(numbered(i)) {
			t.Fatalf("does not have command %d", i)
		}
	}
	for i := range 100_000 {
		if c.may(numbered(n + i)) {
			wrong++
		}
	}
	t.Logf("%d of 100,000 others are taken for known", wrong)
	if wrong > 1000 {
		t.Errorf("%d of 100,000 others are taken for known", wrong)
	}
}

func numbered(i int) uuid.UUID {
	id := uuid.UUID{6: 0x70, 8: 0x80}
	id[0], id[1], id[2], id[3] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
	return id
}

// TestLearnedCommands: look-ups are right while the set is being filled and after.
func TestLearnedCommands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	s := open(t, path, Options{})
	var events []eventstore.Event
	for i := range 9 {
		batch := make([]eventstore.Event, 1000)
		for j := range batch {
			batch[j] = newEvent(0)
		}
		if _, err := s.Append(t.Context(), fmt.Sprint(i), 0, batch...); err != nil {
			t.Fatal(err)
		}
		events = append(events, batch...)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, Options{})
	defer s.Close()
	for pass := 0; pass < 2 || !s.known.complete.Load(); pass++ {
		for i := 0; i < len(events); i += 100 {
			if r, ok, err := s.ByCommand(t.Context(), events[i].Command); !ok || err != nil || r.ID != events[i].ID {
				t.Fatalf("ByCommand = %s, %t, %v", r.ID, ok, err)
			}
			if _, ok, err := s.ByCommand(t.Context(), uuid.Must(uuid.NewV7())); ok || err != nil {
				t.Fatalf("ByCommand of another = %t, %v", ok, err)
			}
		}
	}
}
