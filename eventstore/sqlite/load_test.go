package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/eventstore"
)

// line is a log of n records in two streams.
func line(n int) (all []eventstore.Record) {
	for i := range n {
		e := eventstore.Event{ID: uuid.New(), Type: "a.b", Schema: 1, RecordedAt: time.UnixMicro(int64(i)).UTC(), Data: []byte(`{"n": 1}`)}
		if i%3 == 0 {
			e.Command = uuid.New()
		}
		all = append(all, eventstore.Record{Event: e, Position: eventstore.Position(i + 1), Stream: fmt.Sprint("s", i%2), Version: eventstore.Version(i/2 + 1)})
	}
	return all
}

func of(all []eventstore.Record, last error) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
		if last != nil {
			yield(eventstore.Record{}, last)
		}
	}
}

func TestLoad(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "events.db")
	want := line(loadEvents + 7) // more than a transaction
	if err := Load(ctx, path, of(want, nil)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(ctx); err != nil {
		t.Error(err)
	}
	var got []eventstore.Record
	for rec, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rec)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("loaded (-was +is):\n%.2000s", diff)
	}
	// It goes on as any log.
	if at, err := s.Append(ctx, "s0", eventstore.Version(len(want)/2+1), eventstore.Event{ID: uuid.New(), Type: "a.b"}); err != nil || at != eventstore.Position(len(want)+1) {
		t.Errorf("the next is at %d, %v", at, err)
	}
	if err := Load(ctx, path, of(want, nil)); err == nil || !strings.Contains(err.Error(), "it has events already") {
		t.Errorf("into a log that is there: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	broken := errors.New("the source breaks")
	ended, end := context.WithCancel(t.Context())
	end()
	all := line(6)
	changed := func(change func(r *eventstore.Record)) []eventstore.Record {
		some := append([]eventstore.Record(nil), all...)
		change(&some[3])
		return some
	}
	for name, c := range map[string]struct {
		ctx     context.Context
		records iter.Seq2[eventstore.Record, error]
		want    string
	}{
		"a source that breaks": {t.Context(), of(all, broken), "the source breaks"},
		"nobody waits":         {ended, of(all, nil), "context canceled"},
		"a gap":                {t.Context(), of(append(all[:2:2], all[3:]...), nil), "position 4 comes after 2"},
		"a version":            {t.Context(), of(changed(func(r *eventstore.Record) { r.Version = 7 }), nil), "version 7 of stream s1 comes after 1"},
		"no JSON":              {t.Context(), of(changed(func(r *eventstore.Record) { r.Data = []byte("{") }), nil), "position 4"},
		"an id twice":          {t.Context(), of(changed(func(r *eventstore.Record) { r.ID, r.Command = all[1].ID, uuid.Nil }), nil), "position 4"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Load(c.ctx, filepath.Join(t.TempDir(), "events.db"), c.records)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
