package refold_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/journal"
	"jejak/internal/refold"
)

const events = 1000 // several chunks

type catalog struct{ ref *election.Reference }

func (c catalog) Reference(string, string) (*election.Reference, bool) { return c.ref, true }
func (c catalog) Refresh(context.Context, string) error                { return nil }

// history is a ledger's: it adopts reference data, and then one thing after another goes wrong.
func history() []domain.Recorded {
	var all []domain.Recorded
	for n := range events {
		at := given.Start.Add(time.Duration(n) * time.Minute)
		meta := domain.Meta{CommandID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Actor: given.Operator, Mode: domain.Report, OccurredAt: at, RecordedAt: at.UTC()}
		rec := domain.Recorded{Version: uint64(n + 1), ID: domain.EventID(meta.CommandID, 0), Meta: meta, Event: &incident.IncidentRaised{
			Incident: fmt.Sprintf("DSC-3578-%06d", n), Kind: domain.Accident, Severity: domain.Low, Units: []string{"SHP-3578-1"}, Note: strings.Repeat("hujan ", n%7),
		}}
		if n == 0 {
			rec.Event = &ledger.ReferenceAdopted{Version: given.Version}
		}
		all = append(all, rec)
	}
	return all
}

// source is a log with the history in it; change may damage an event before it is written.
func source(t *testing.T, change func(version uint64, e *eventstore.Event)) refold.Source {
	t.Helper()
	store := memory.New()
	var written []eventstore.Event
	for _, rec := range history() {
		e, err := journal.Encode(rec, &journal.Origin{}, true)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(rec.Version, &e)
		}
		written = append(written, e)
	}
	if _, err := store.Append(t.Context(), journal.LedgerStream(given.Election, given.Unit), 0, written...); err != nil {
		t.Fatal(err)
	}
	return refold.Source{Store: store, Catalog: catalog{given.Reference()}}
}

func data(t *testing.T, s *ledger.State) string {
	t.Helper()
	text, err := json.Marshal(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFold: reading ahead gives the state that folding one event after another gives, wherever it begins, and each event once and in order.
func TestFold(t *testing.T) {
	s := source(t, nil)
	want := s.New(given.Election, given.Unit)
	for _, rec := range history() {
		if err := want.Fold(rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, stop := range []uint64{1, 15, 16, 17, 16 + 256, 999, events} {
		state := s.New(given.Election, given.Unit)
		for _, until := range []uint64{stop, events + 1} { // stopped, and gone on from there
			var versions []uint64
			began := state.Version
			err := s.Fold(t.Context(), state, func(step refold.Step) (bool, error) {
				versions = append(versions, uint64(step.Record.Version))
				if step.Event.Version != uint64(step.Record.Version) || step.Event.ID != step.Record.ID || step.State.Version != step.Event.Version {
					t.Fatalf("record %d with event %d at state %d", step.Record.Version, step.Event.Version, step.State.Version)
				}
				return step.Event.Version < until, nil
			})
			end := min(until, events)
			if err != nil || state.Version != end || len(versions) != int(end-began) || !slices.IsSorted(versions) {
				t.Fatalf("from %d until %d: state %d, versions %v, error %v", began, until, state.Version, versions, err)
			}
		}
		if data(t, state) != data(t, want) {
			t.Errorf("stopped at %d and gone on: another state than folded at once", stop)
		}
	}
}

// TestUnreadable: a record that cannot be read is an error that names its place, when the fold comes to it and not before; nothing after it is folded.
func TestUnreadable(t *testing.T) {
	for name, damage := range map[string]func(*eventstore.Event){
		"data":     func(e *eventstore.Event) { e.Data = []byte(`[7]`) },
		"metadata": func(e *eventstore.Event) { e.Metadata = []byte(`{"actor":7}`) },
		"type":     func(e *eventstore.Event) { e.Type = "incident.invented" },
	} {
		for _, bad := range []uint64{1, 16, 17, 300, events} {
			s := source(t, func(version uint64, e *eventstore.Event) {
				if version == bad {
					damage(e)
				}
			})
			state := s.New(given.Election, given.Unit)
			err := s.Fold(t.Context(), state, nil)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("version %d:", bad)) || state.Version != bad-1 {
				t.Errorf("%s of %d: state %d, error %v", name, bad, state.Version, err)
			}
			if bad == 1 {
				continue
			}
			state = s.New(given.Election, given.Unit)
			err = s.Fold(t.Context(), state, func(step refold.Step) (bool, error) { return step.Event.Version < bad-1, nil })
			if err != nil || state.Version != bad-1 {
				t.Errorf("%s of %d, stopped before it: state %d, error %v", name, bad, state.Version, err)
			}
		}
	}
}

// TestFoldEnds: what the caller says, a context that ends and a store that is closed end a fold with their error.
func TestFoldEnds(t *testing.T) {
	s := source(t, nil)
	mine := errors.New("enough")
	if err := s.Fold(t.Context(), s.New(given.Election, given.Unit), func(refold.Step) (bool, error) { return true, mine }); !errors.Is(err, mine) {
		t.Errorf("error %v instead of the caller's", err)
	}
	if err := s.Fold(t.Context(), s.New(given.Election, given.Unit), func(refold.Step) (bool, error) { panic("oh") }); err == nil || !strings.Contains(err.Error(), "panic: oh") {
		t.Errorf("error %v instead of the panic", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	state := s.New(given.Election, given.Unit)
	err := s.Fold(ctx, state, func(refold.Step) (bool, error) { cancel(); return true, nil })
	if state.Version < events && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled at version %d: error %v", state.Version, err)
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Fold(t.Context(), s.New(given.Election, given.Unit), nil); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("error %v of a closed store", err)
	}
}
