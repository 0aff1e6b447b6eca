// Package given lets tests of the rooms read as given / when / then over a real ledger:
//
//	given.Ledger(t, given.Reference(), given.Unit).
//		Did(domain.Request, given.Officer, &procurement.PlaceOrder{...}).
//		When(domain.Report, given.Warehouse, &receipt.CountGoods{...}).
//		Then("receipt.goods_counted", "discrepancy.raised").
//		Raises(domain.Short, "DLV-3578-1/booth")
//
// At every act it also checks what must hold of every room: commands and events survive JSON unchanged, a rejected command leaves the
// state as it was, and folding the recorded events alone gives the state that executing them gave.
package given

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"reflect"
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

	shadow *ledger.State // folds History and nothing else
	acts   uint64
	at     time.Time
	nextAt time.Time
}

type catalog struct{ ref *election.Reference }

func (c catalog) Reference(electionID, version string) (*election.Reference, bool) {
	return c.ref, electionID == c.ref.Election && version == c.ref.Version
}

// Ledger begins a Scene with the empty ledger of a unit that has adopted ref.
func Ledger(t TB, ref *election.Reference, unit domain.Code) *Scene {
	t.Helper()
	s := &Scene{
		t: t, at: Start,
		State:  ledger.New(ref.Election, unit, catalog{ref}),
		shadow: ledger.New(ref.Election, unit, catalog{ref}),
	}
	return s.Did(domain.Request, System, &ledger.AdoptReference{Version: ref.Version})
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
	s.LastID, s.Last, s.Invalid = act.ID, ledger.Decision{}, nil
	s.sameAfterJSON(cmd.CommandType(), cmd, s.State.NewCommand(cmd.CommandType()))
	check := &domain.Check{Unit: s.State.Unit, Election: s.State.Election, Now: act.RecordedAt}
	cmd.Validate(check)
	if s.Invalid = check.Violations(); len(s.Invalid) > 0 {
		return s
	}
	before := s.copyOf(s.State.Data)
	s.Last = s.State.Execute(act, cmd)
	if len(s.Last.Rejections) > 0 {
		if diff := compare(before, s.State.Data); diff != "" {
			s.t.Fatalf("%s was rejected but changed the state (-before +after):\n%s", cmd.CommandType(), diff)
		}
		return s
	}
	for _, rec := range s.Last.Events {
		s.sameAfterJSON(rec.Event.EventType(), rec.Event, s.State.NewEvent(rec.Event.EventType(), rec.Event.Schema()))
		s.fold(rec, s.shadow)
	}
	if diff := compare(s.copyOf(s.shadow.Data), s.State.Data); diff != "" {
		s.t.Fatalf("%s: executing gave another state than folding its events (-folded +executed):\n%s", cmd.CommandType(), diff)
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
	return domain.Act{
		ID:   uuid.NewSHA1(uuid.NameSpaceOID, binary.BigEndian.AppendUint64(nil, s.acts)),
		Mode: mode, Election: s.State.Election, Unit: s.State.Unit, Actor: actor,
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
	if zero == nil || reflect.ValueOf(zero).IsNil() {
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
	if diff := compare(value, zero); diff != "" {
		s.t.Fatalf("%s is another after JSON (-before +after):\n%s", name, diff)
	}
}

// copyOf is a deep copy by gob, as a snapshot makes it.
func (s *Scene) copyOf(data ledger.Data) ledger.Data {
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

func compare(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Exporter(func(reflect.Type) bool { return true }))
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
