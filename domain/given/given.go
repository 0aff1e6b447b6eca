// Package given lets tests of the rooms read as given / when / then over a real ledger:
//
//	given.Ledger(t, given.Reference(), given.Unit).
//		Did(domain.Request, given.Officer, &procurement.PlaceOrder{...}).
//		When(domain.Report, given.Warehouse, &receipt.CountGoods{...}).
//		Then("receipt.goods_counted", "discrepancy.raised").
//		Raises(domain.Short, "DLV-3578-1/booth")
//
// At every act it also checks what must hold of every room: commands and events survive JSON unchanged, a rejected command leaves the
// state as it was, folding the recorded events alone gives the state that executing them gave, and the figures that the ledger keeps are what all
// boxes, stations and cases amount to.
package given

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/incident"
	"jejak/domain/ledger"
)

// TB is the part of testing.TB that a Scene needs, so that a rapid.T serves as well.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

var _ TB = testing.TB(nil)

// Scene is a ledger in a test and what became of the last command.
type Scene struct {
	t       TB
	State   *ledger.State
	History []domain.Recorded // every event since the Scene began
	Last    ledger.Decision
	Invalid []domain.Violation // of the last command's form
	LastID  uuid.UUID          // id of the last command

	mode    domain.Mode   // of the last command
	shadow  *ledger.State // folds History and nothing else
	catalog election.Catalog
	acts    uint64
	at      time.Time
	nextAt  time.Time
	nextID  uuid.UUID
}

type catalog struct{ ref *election.Reference }

func (c catalog) Reference(electionID, version string) (*election.Reference, bool) {
	return c.ref, electionID == c.ref.Election && version == c.ref.Version
}

// Ledger begins a Scene with the empty ledger of a unit that has adopted ref.
func Ledger(t TB, ref *election.Reference, unit domain.Code) *Scene {
	t.Helper()
	return LedgerOf(t, catalog{ref}, ref.Election, unit).Did(domain.Request, System, &ledger.AdoptReference{Version: ref.Version})
}

// LedgerOf begins a Scene with the empty ledger of a unit, which has adopted nothing yet.
func LedgerOf(t TB, c election.Catalog, electionID string, unit domain.Code) *Scene {
	return &Scene{t: t, at: Start, catalog: c, State: ledger.New(electionID, unit, c), shadow: ledger.New(electionID, unit, c)}
}

// Has folds events as if they had been recorded long ago, a minute apart, by System in mode request. No rule is asked.
func (s *Scene) Has(events ...domain.Event) *Scene {
	s.t.Helper()
	for _, e := range events {
		act := s.act(domain.Request, System)
		s.fold(domain.Recorded{
			Version: s.State.Version + 1, ID: domain.EventID(act.ID, 0), Event: e,
			Meta: domain.Meta{CommandID: act.ID, Actor: act.Actor, Mode: act.Mode, OccurredAt: act.OccurredAt, RecordedAt: act.RecordedAt},
		}, s.State, s.shadow)
	}
	return s
}

// At sets when the next act occurred; it is recorded in its turn all the same, so a time in the past makes a late report.
func (s *Scene) At(occurred time.Time) *Scene {
	s.nextAt = occurred
	return s
}

// As sets the id of the next command, for tests in which the same commands come in another order.
func (s *Scene) As(id uuid.UUID) *Scene {
	s.nextID = id
	return s
}

// Wait lets the server's clock go on to a moment.
func (s *Scene) Wait(until time.Time) *Scene {
	if until.After(s.at) {
		s.at = until
	}
	return s
}

// Now is when the last act was recorded.
func (s *Scene) Now() time.Time { return s.at }

// Did is When for an act that must be accepted; its discrepancies, if any, are not asked about.
func (s *Scene) Did(mode domain.Mode, actor domain.Actor, cmd domain.Command) *Scene {
	s.t.Helper()
	s.When(mode, actor, cmd)
	if v := slices.Concat(s.Invalid, s.Last.Rejections); len(v) > 0 {
		s.t.Fatalf("%s by %s was refused: %v", cmd.CommandType(), actor.ID, v)
	}
	return s
}

// When sends a command.
func (s *Scene) When(mode domain.Mode, actor domain.Actor, cmd domain.Command) *Scene {
	s.t.Helper()
	act := s.act(mode, actor)
	s.LastID, s.Last, s.Invalid, s.mode = act.ID, ledger.Decision{}, nil, mode
	s.sameAfterJSON(cmd.CommandType(), cmd, s.State.NewCommand(cmd.CommandType()))
	check := &domain.Check{Unit: s.State.Unit, Election: s.State.Election, Now: act.RecordedAt}
	cmd.Validate(check)
	if s.Invalid = check.Violations(); len(s.Invalid) > 0 {
		return s
	}
	before := s.encode(s.State.Data)
	s.Last = s.State.Execute(act, cmd)
	if len(s.Last.Rejections) > 0 {
		if diff := differ(before, s.encode(s.State.Data)); diff != "" {
			s.t.Fatalf("%s was rejected but changed the state (-before +after):\n%s", cmd.CommandType(), diff)
		}
		s.sameFigures(cmd.CommandType() + ", which was rejected,")
		return s
	}
	for _, rec := range s.Last.Events {
		s.sameAfterJSON(rec.Event.EventType(), rec.Event, s.State.NewEvent(rec.Event.EventType(), rec.Event.Schema()))
		s.fold(rec, s.shadow)
	}
	s.sameFigures(cmd.CommandType())
	after := s.encode(s.State.Data)
	if diff := differ(s.encode(s.shadow.Data), after); diff != "" {
		s.t.Fatalf("%s: executing gave another state than folding its events (-folded +executed):\n%s", cmd.CommandType(), diff)
	}
	if s.acts%8 == 2 {
		data := s.throughGob(s.State.Data)
		if diff := differ(s.encode(data), after); diff != "" {
			s.t.Fatalf("%s: a snapshot of the state is another state (-snapshot +state):\n%s", cmd.CommandType(), diff)
		}
		s.sameAccount(data)
	}
	return s
}

func (s *Scene) act(mode domain.Mode, actor domain.Actor) domain.Act {
	s.acts++
	s.at = s.at.Add(time.Minute)
	occurred := s.at
	if !s.nextAt.IsZero() {
		occurred, s.nextAt = s.nextAt, time.Time{}
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, binary.BigEndian.AppendUint64(nil, s.acts))
	if s.nextID != uuid.Nil {
		id, s.nextID = s.nextID, uuid.Nil
	}
	return domain.Act{
		ID: id, Mode: mode, Election: s.State.Election, Unit: s.State.Unit, Actor: actor,
		Device:     domain.Device{ID: "dev-" + actor.ID, Seq: int64(s.acts)},
		OccurredAt: occurred, RecordedAt: s.at,
	}
}

func (s *Scene) fold(rec domain.Recorded, into ...*ledger.State) {
	s.t.Helper()
	s.History = append(s.History, rec)
	for _, state := range into {
		if err := state.Fold(rec); err != nil {
			s.t.Fatalf("folding %s: %v", rec.Event.EventType(), err)
		}
	}
}

// sameAfterJSON fails when value, sent through JSON into zero, is not what it was.
func (s *Scene) sameAfterJSON(name string, value, zero any) {
	s.t.Helper()
	if zero == nil {
		s.t.Fatalf("no room makes a %s", name)
	}
	data, err := json.Marshal(value)
	if err != nil {
		s.t.Fatalf("%s as JSON: %v", name, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(zero); err != nil {
		s.t.Fatalf("%s from JSON %s: %v", name, data, err)
	}
	if diff := cmp.Diff(value, zero, cmpopts.EquateEmpty()); diff != "" {
		s.t.Fatalf("%s is another after JSON (-before +after):\n%s", name, diff)
	}
}

// encode writes the state as JSON, in which maps are ordered.
func (s *Scene) encode(data ledger.Data) []byte {
	s.t.Helper()
	b, err := json.Marshal(data)
	if err != nil {
		s.t.Fatalf("state to JSON: %v", err)
	}
	return b
}

// throughGob is the data as a snapshot gives it back.
func (s *Scene) throughGob(data ledger.Data) ledger.Data {
	s.t.Helper()
	var buf bytes.Buffer
	var c ledger.Data
	if err := gob.NewEncoder(&buf).Encode(data); err != nil {
		s.t.Fatalf("state to gob: %v", err)
	}
	if err := gob.NewDecoder(&buf).Decode(&c); err != nil {
		s.t.Fatalf("state from gob: %v", err)
	}
	return c
}

// differ compares two JSON documents in which an empty list, map or text is as good as none.
func differ(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return err.Error()
	}
	return cmp.Diff(prune(x), prune(y))
}

// prune leaves out what is empty.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for k, e := range v {
			if p := prune(e); p != nil {
				kept[k] = p
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case []any:
		if len(v) == 0 {
			return nil
		}
		kept := make([]any, len(v))
		for i, e := range v {
			kept[i] = prune(e)
		}
		return kept
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// Open are the open discrepancies of the ledger, by id.
func (s *Scene) Open() map[string]*incident.Case {
	open := map[string]*incident.Case{}
	for id, c := range s.State.Register.Cases {
		if c.Status == incident.StatusOpen {
			open[id] = c
		}
	}
	return open
}
