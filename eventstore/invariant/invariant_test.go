package invariant_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/invariant"
	"jejak/eventstore/memory"
)

// lying is a store that changes what it gives out in order of positions.
type lying struct {
	eventstore.Store
	change func(r *eventstore.Record) (keep bool)
}

func (l lying) ReadAll(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for r, err := range l.Store.ReadAll(ctx, after, f) {
			if l.change(&r) && !yield(r, err) {
				return
			}
		}
	}
}

func TestCheck(t *testing.T) {
	store := memory.New()
	defer store.Close()
	var acked []invariant.Append
	for n := range 20 {
		command := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, n))
		a := invariant.Append{Stream: fmt.Sprint("s-", n%3), Expected: eventstore.Version(n / 3 * 2)}
		for i := range 2 {
			a.Events = append(a.Events, eventstore.Event{
				ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "x", RecordedAt: time.Unix(int64(n), 0), Data: []byte(`{}`),
			})
		}
		var err error
		if a.Position, err = store.Append(t.Context(), a.Stream, a.Expected, a.Events...); err != nil {
			t.Fatal(err)
		}
		acked = append(acked, a)
	}
	report, err := invariant.Check(t.Context(), store, invariant.Options{Acknowledged: acked})
	if err != nil || report.Err() != nil || report.Events != 40 || report.Streams != 3 || report.Commands != 20 {
		t.Errorf("a log in order: %+v, %v", report, err)
	}
	lost := acked[3]
	lost.Stream = "s-9"
	report, err = invariant.Check(t.Context(), store, invariant.Options{Acknowledged: []invariant.Append{lost}})
	if err != nil || len(report.Problems) != 1 || !strings.Contains(report.Err().Error(), "was acknowledged, but 0 of them") {
		t.Errorf("an append that is not there: %+v, %v", report, err)
	}
	for want, change := range map[string]func(r *eventstore.Record) bool{
		"comes after version":         func(r *eventstore.Record) bool { return r.Position != 7 },
		"comes after position 20":     func(r *eventstore.Record) bool { r.Position = min(r.Position, 20); return true },
		"malformed":                   func(r *eventstore.Record) bool { r.Data = []byte(`{`); return true },
		"read by itself it has other": func(r *eventstore.Record) bool { r.Data = []byte(`[]`); return true },
		"its id":                      func(r *eventstore.Record) bool { r.ID = acked[0].Events[0].ID; return true },
		"with events of others between": func(r *eventstore.Record) bool {
			if r.Position > 30 {
				r.Command = acked[0].Events[0].Command
			}
			return true
		},
		"is not found": func(r *eventstore.Record) bool {
			if r.Position > 38 {
				r.Command = uuid.Max
			}
			return true
		},
		"but says that it ends at": func(r *eventstore.Record) bool { return r.Position < 40 },
	} {
		report, err := invariant.Check(t.Context(), lying{store, change}, invariant.Options{})
		if err != nil || !strings.Contains(fmt.Sprint(report.Err()), want) {
			t.Errorf("%q: %v, %v", want, report.Err(), err)
		}
	}
}
