package ledger_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
)

// files are the golden files of a pattern by the name before the first of these endings.
func files(t testing.TB, pattern string, endings ...string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		for _, e := range endings {
			name, _, _ = strings.Cut(name, e)
		}
		found[name] = data
	}
	return found
}

// busy is the history of a ledger in which every example has been sent, so that most ids mean something.
var busy = sync.OnceValue(func() []domain.Recorded {
	s := given.Stocked(panics{})
	for _, cmd := range examples() {
		for _, mode := range bothModes {
			s.When(mode, given.Operator, cmd)
		}
	}
	return s.History
})

// panics is a given.TB outside of a test.
type panics struct{}

func (panics) Helper()                           {}
func (panics) Fatalf(format string, args ...any) { panic(format) }
func (panics) Errorf(format string, args ...any) { panic(format) }

func busyLedger(t testing.TB) *ledger.State {
	t.Helper()
	s := ledger.New(given.Election, given.Unit, only{reference})
	for _, rec := range busy() {
		if err := s.Fold(rec); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// FuzzCommand: whatever is decoded and valid is decided without a panic in either mode, by an empty ledger and by one that is in use. What is
// rejected changes nothing; what is accepted is written, read again and folded to the same; the register stays what the facts say.
func FuzzCommand(f *testing.F) {
	for name, data := range files(f, "testdata/commands/*.json", ".json") {
		f.Add(name, data, true)
		f.Add(name, data, false)
	}
	f.Fuzz(func(t *testing.T, commandType string, data []byte, report bool) {
		cmd := ledger.NewCommandOf(commandType)
		if cmd == nil || strictly(data, cmd) != nil {
			return
		}
		check := &domain.Check{Unit: given.Unit, Election: given.Election, Now: given.Start}
		if cmd.Validate(check); len(check.Violations()) > 0 {
			for _, v := range check.Violations() {
				if v.Rule.OnRequest != domain.Invalid || !strings.HasPrefix(v.Path, "/data") || strings.Contains(v.MessageEN()+v.Message(), "%!(") && !strings.Contains(string(data), "%!(") {
					t.Errorf("%+v", v)
				}
			}
			return
		}
		again := ledger.NewCommandOf(commandType)
		if written, err := json.Marshal(cmd); err != nil || strictly(written, again) != nil || !cmp.Equal(cmd, again, cmpopts.EquateEmpty()) {
			t.Errorf("%s is another after writing and reading: %s, %v", commandType, written, err)
		}
		mode := domain.Request
		if report {
			mode = domain.Report
		}
		act := domain.Act{ID: uuid.UUID{1}, Mode: mode, Election: given.Election, Unit: given.Unit, Actor: given.Operator, OccurredAt: given.Start, RecordedAt: given.VotingDay}
		empty := ledger.New(given.Election, given.Unit, only{reference})
		empty.Execute(domain.Act{ID: uuid.UUID{2}, Mode: domain.Request, Actor: given.System}, &ledger.AdoptReference{Version: given.Version})
		for _, s := range []*ledger.State{ledger.New(given.Election, given.Unit, only{reference}), empty, busyLedger(t)} {
			before := stateOf(t, s)
			d := s.Execute(act, cmd)
			if (len(d.Events) == 0) != (len(d.Rejections) > 0) {
				t.Fatalf("%d events, rejections %v", len(d.Events), d.Rejections)
			}
			if len(d.Rejections) > 0 {
				if diff := cmp.Diff(before, stateOf(t, s), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("rejected, and changed (-before +after):\n%s", diff)
				}
				continue
			}
			for _, rec := range d.Events {
				read := ledger.NewEventOf(rec.Event.EventType(), rec.Event.Schema())
				if written, err := json.Marshal(rec.Event); err != nil || strictly(written, read) != nil || !cmp.Equal(rec.Event, read, cmpopts.EquateEmpty()) {
					t.Fatalf("%s is another after writing and reading: %s", rec.Event.EventType(), written)
				}
			}
			if s.Reference() != nil {
				registered(t, s)
				counted(t, s)
			}
		}
	})
}

func stateOf(t *testing.T, s *ledger.State) any {
	t.Helper()
	data, err := json.Marshal(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return pruned(v)
}

// FuzzEvent: what is read as an event is written as the same event.
func FuzzEvent(f *testing.F) {
	for name, data := range files(f, "../*/testdata/events/*.json", ".v") {
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, eventType string, data []byte) {
		event := ledger.NewEventOf(eventType, 0)
		if event == nil {
			return
		}
		if event.EventType() != eventType {
			t.Fatalf("%s makes a %s", eventType, event.EventType())
		}
		if strictly(data, event) != nil {
			return
		}
		written, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		again := reflect.New(reflect.TypeOf(event).Elem()).Interface()
		if err := strictly(written, again); err != nil || !cmp.Equal(event, again, cmpopts.EquateEmpty()) {
			t.Errorf("%s is written as %s: %v", data, written, err)
		}
	})
}
