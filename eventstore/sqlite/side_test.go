package sqlite

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// TestSide: what stands beside the log is durable, at expected versions, and in none of the log's positions.
func TestSide(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	open := func() *Store {
		t.Helper()
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	event := func(n int) eventstore.Event {
		return eventstore.Event{ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Type: "a", Schema: 1, RecordedAt: time.Unix(int64(n), 0), Data: fmt.Appendf(nil, `{"n":%d}`, n)}
	}
	heard, err := s.Subscribe(t.Context(), 0, eventstore.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		var at eventstore.Position
		if n%2 == 0 {
			at, err = s.Append(t.Context(), "ledger-e.3578", eventstore.Version(n/2), event(n))
		} else {
			at, err = s.Side().Append(t.Context(), "side-x", eventstore.Version(n/2), event(n))
		}
		if err != nil || at != eventstore.Position(n/2+1) {
			t.Fatal(n, at, err)
		}
	}
	for n := range 3 {
		if rec, err := heard.Next(t.Context()); err != nil || rec.Stream != "ledger-e.3578" || rec.Position != eventstore.Position(n+1) {
			t.Errorf("heard %+v, %v", rec, err)
		}
	}
	if err := heard.Close(); err != nil {
		t.Fatal(err)
	}
	check := func(s *Store) {
		t.Helper()
		count := func(records iter.Seq2[eventstore.Record, error], stream string) {
			t.Helper()
			n := 0
			for rec, err := range records {
				if n++; err != nil || rec.Stream != stream || rec.Position != eventstore.Position(n) || rec.Version != eventstore.Version(n) {
					t.Errorf("record %d is %+v, %v", n, rec, err)
				}
			}
			if n != 3 {
				t.Errorf("%d records of %s", n, stream)
			}
		}
		count(s.ReadAll(t.Context(), 0, eventstore.Filter{}), "ledger-e.3578")
		count(s.Side().Read(t.Context(), "side-x", 0), "side-x")
		count(ReadUnchecked(t.Context(), path), "ledger-e.3578")
		count(ReadSideUnchecked(t.Context(), path), "side-x")
		if head, err := s.Head(t.Context()); err != nil || head != 3 {
			t.Error(head, err)
		}
		if v, at, err := s.Side().StreamHead(t.Context(), "side-x"); err != nil || v != 3 || at != 3 {
			t.Error(v, at, err)
		}
		if err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		// Again is no second time; another at the same version is refused.
		if at, err := s.Side().Append(t.Context(), "side-x", 1, event(3)); err != nil || at != 2 {
			t.Error(at, err)
		}
		if _, err := s.Side().Append(t.Context(), "side-x", 1, event(9)); !errors.Is(err, eventstore.ErrConflict) {
			t.Error(err)
		}
	}
	check(s)
	if _, err := s.Append(t.Context(), "side-x", 3, event(7)); !errors.Is(err, eventstore.ErrInvalid) {
		t.Errorf("the log took a stream beside it: %v", err)
	}
	if _, err := s.Side().Append(t.Context(), "ledger-e.3578", 3, event(7)); !errors.Is(err, eventstore.ErrInvalid) {
		t.Errorf("a stream of the log was taken beside it: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	check(s)
	copied := filepath.Join(t.TempDir(), "events.db")
	both := func(yield func(eventstore.Record, error) bool) {
		for _, records := range []iter.Seq2[eventstore.Record, error]{s.Side().Read(t.Context(), "side-x", 0), s.ReadAll(t.Context(), 0, eventstore.Filter{})} {
			for rec, err := range records {
				if !yield(rec, err) {
					return
				}
			}
		}
	}
	if err := Load(t.Context(), copied, both); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path = copied
	s = open()
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
