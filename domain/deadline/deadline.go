// Package deadline is the room of the clock: after a deadline silence is a finding.
package deadline

import (
	"maps"
	"slices"
	"strings"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	deadlineCommand()
}

// Event is an event of the room.
//
//sumtype:decl
type Event interface {
	domain.Event
	deadlineEvent()
}

// Pass tells that a deadline has passed for an area (deadline.pass). Only the system's clock sends it, once per district.
type Pass struct {
	Deadline string      `json:"deadline"` // id in the reference data
	Area     domain.Code `json:"area"`     // a district
}

// Passed: the deadline has passed for the area (deadline.passed).
type Passed struct {
	Deadline string      `json:"deadline"`
	At       time.Time   `json:"at"` // the moment of the deadline
	Area     domain.Code `json:"area"`
}

func (*Pass) deadlineCommand() {}
func (*Passed) deadlineEvent() {}

// CommandType implements domain.Command.
func (*Pass) CommandType() string { return "deadline.pass" }

// EventType implements domain.Event.
func (*Passed) EventType() string { return "deadline.passed" }

// Schema implements domain.Event.
func (*Passed) Schema() int { return 1 }

// Validate implements domain.Command.
func (p *Pass) Validate(c *domain.Check) {
	c.Need("/data/deadline", p.Deadline, domain.Name)
	c.Code("/data/area", p.Area, domain.District)
}

// The rules of the clock.
var (
	RuleUnknownDeadline = &domain.Rule{ID: "unknown_deadline", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "tenggat %[1]v tidak ada dalam data acuan", EN: "there is no deadline %[1]v in the reference data"},
		Remedy:  domain.Text{ID: "tenggat yang dikenal: %[2]v", EN: "known deadlines: %[2]v"}}
	RuleUnknownDistrict = &domain.Rule{ID: "unknown_district", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "kecamatan %[1]v tidak ada pada satker %[2]v", EN: "there is no district %[1]v in unit %[2]v"},
		Remedy:  domain.Text{ID: "periksa kodenya", EN: "check the code"}}
	RuleNotReached = &domain.Rule{ID: "deadline_not_reached", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "tenggat %[1]v baru lewat pada %[2]v", EN: "deadline %[1]v passes only at %[2]v"},
		Remedy:  domain.Text{ID: "tunggu", EN: "wait"}}
	RulePassedAlready = &domain.Rule{ID: "deadline_passed_already", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "tenggat %[1]v sudah dicatat lewat untuk %[2]v", EN: "that deadline %[1]v has passed for %[2]v is recorded already"},
		Remedy:  domain.Text{ID: "tidak perlu dikirim lagi", EN: "there is no need to send it again"}}
)

// State holds the deadlines that have passed. The zero value is empty.
type State struct {
	Passes map[string]map[domain.Code]Passage // by deadline and district
}

// Passage is a deadline that has passed for a district. New reference data may move a deadline while it has passed for some districts only.
type Passage struct {
	At  int64  // the moment of the deadline, microseconds since 1970
	Act uint32 // of the register of boxes
}

// Of returns the moment of a deadline and the act that recorded that it has passed for a place, if it has.
func (s *State) Of(deadline string, place domain.Code) (at int64, act uint32, ok bool) {
	p, ok := s.Passes[deadline][place.Up(domain.District)]
	return p.At, p.Act, ok
}

// Districts are those for which a deadline has passed, in order.
func (s *State) Districts() []domain.Code {
	var districts []domain.Code
	for _, passages := range s.Passes {
		for district := range passages {
			districts = append(districts, district)
		}
	}
	slices.Sort(districts)
	return slices.Compact(districts)
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	c := State{Passes: maps.Clone(s.Passes)}
	for deadline, passages := range c.Passes {
		c.Passes[deadline] = maps.Clone(passages)
	}
	return c
}

// Room decides on deadlines and folds them.
type Room struct {
	state *State
	boxes *box.Book
	ref   *election.Reference
}

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's deadlines. ref is nil before the unit has adopted reference data.
func NewRoom(state *State, boxes *box.Book, ref *election.Reference) *Room {
	return &Room{state: state, boxes: boxes, ref: ref}
}

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	if commandType == "deadline.pass" {
		return &Pass{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if eventType == "deadline.passed" && schema <= 1 {
		return &Passed{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	c := cmd.(*Pass)
	var plan domain.Plan
	bad := func(rule *domain.Rule, path string, args ...any) {
		plan.Violations = append(plan.Violations, domain.Violation{Rule: rule, Path: path, Args: args})
	}
	deadline, known := r.ref.Deadline(c.Deadline)
	if !known {
		var ids []string
		for _, d := range r.ref.Deadlines {
			ids = append(ids, d.ID)
		}
		bad(RuleUnknownDeadline, "/data/deadline", c.Deadline, strings.Join(ids, " "))
	} else if act.RecordedAt.Before(deadline.At) {
		bad(RuleNotReached, "/data/deadline", c.Deadline, deadline.At.Format(time.RFC3339))
	}
	if !r.boxes.Unit.Covers(c.Area) || !r.boxes.Knows(c.Area) {
		bad(RuleUnknownDistrict, "/data/area", string(c.Area), string(r.boxes.Unit))
	}
	if _, _, passed := r.state.Of(c.Deadline, c.Area); passed {
		bad(RulePassedAlready, "/data/area", c.Deadline, string(c.Area))
	}
	plan.Event = &Passed{Deadline: c.Deadline, At: deadline.At, Area: c.Area}
	for _, s := range r.ref.StationsIn(c.Area) {
		plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectStation, ID: string(s)})
	}
	return plan
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	switch e := rec.Event.(Event).(type) {
	case *Passed:
		if r.state.Passes == nil {
			r.state.Passes = map[string]map[domain.Code]Passage{}
		}
		if r.state.Passes[e.Deadline] == nil {
			r.state.Passes[e.Deadline] = map[domain.Code]Passage{}
		}
		r.state.Passes[e.Deadline][e.Area] = Passage{At: e.At.UnixMicro(), Act: r.boxes.Register.AddAct(rec, e.Deadline)}
	}
}

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleUnknownDeadline, RuleUnknownDistrict, RuleNotReached, RulePassedAlready}
}
