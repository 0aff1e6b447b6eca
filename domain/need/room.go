package need

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/supporting"
)

// Room decides on and folds the need plan of one unit. It has no findings: every act is a decision.
type Room struct {
	state      *State
	ref        *election.Reference
	unit       domain.Code
	supporting *supporting.State
}

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over a state that the ledger owns; data is the state of the room supporting, which is only read. ref is nil before
// the unit has adopted reference data.
func NewRoom(state *State, ref *election.Reference, unit domain.Code, data *supporting.State) *Room {
	return &Room{state: state, ref: ref, unit: unit, supporting: data}
}

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "need.calculate":
		return &CalculatePlan{}
	case "need.submit":
		return &SubmitPlan{}
	case "need.return":
		return &ReturnPlan{}
	case "need.approve":
		return &ApprovePlan{}
	case "need.amend":
		return &AmendPlan{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "need.calculated":
		return &PlanCalculated{}
	case "need.submitted":
		return &PlanSubmitted{}
	case "need.returned":
		return &PlanReturned{}
	case "need.approved":
		return &PlanApproved{}
	case "need.amended":
		return &PlanAmended{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	violations := domain.RequestOnly(act, cmd)
	var event domain.Event
	switch c := cmd.(Command).(type) {
	case *CalculatePlan:
		lines, wrong := r.calculate()
		violations = slices.Concat(violations, r.mayCalculate(), wrong)
		event = &PlanCalculated{Norms: r.ref.Norms.Version, Reference: r.ref.Version, Lines: lines}
	case *SubmitPlan:
		violations = append(violations, r.maySubmit()...)
		event = &PlanSubmitted{Revision: r.state.Revision}
	case *ReturnPlan:
		violations = slices.Concat(violations, province(act), r.is(StatusSubmitted))
		event = &PlanReturned{Revision: r.state.Revision, Findings: c.Findings}
	case *ApprovePlan:
		violations = slices.Concat(violations, province(act), r.is(StatusSubmitted), r.scrutinised())
		event = &PlanApproved{Revision: r.state.Revision}
	case *AmendPlan:
		lines, wrong := r.calculate()
		violations = slices.Concat(violations, r.mayAmend(), wrong)
		event = &PlanAmended{
			OldNorms: r.state.Plan.Norms, NewNorms: r.ref.Norms.Version,
			OldReference: r.state.Plan.Reference, NewReference: r.ref.Version, Reason: c.Reason, Lines: lines,
		}
	}
	return domain.Plan{Event: event, Violations: violations}
}

func (r *Room) calculate() ([]Line, []domain.Violation) {
	lines, err := Own(r.ref, r.unit)
	if err != nil {
		return nil, []domain.Violation{{Rule: RuleNotCalculable, Path: "/unit", Args: []any{err.Error()}}}
	}
	return lines, nil
}

func (r *Room) mayCalculate() []domain.Violation {
	if r.state.Approved != nil {
		return []domain.Violation{{Rule: RuleApprovedIsAmended, Path: "/type", Args: []any{r.state.Approved.Norms}}}
	}
	return r.is(StatusNone, StatusCalculated, StatusReturned)
}

func (r *Room) mayAmend() []domain.Violation {
	if r.state.Approved == nil {
		return []domain.Violation{wrongStatus(r.state.Status, StatusApproved)}
	}
	return r.is(StatusApproved, StatusAmended, StatusReturned)
}

func (r *Room) maySubmit() []domain.Violation {
	if wrong := r.is(StatusCalculated, StatusReturned, StatusAmended); len(wrong) > 0 {
		return wrong
	}
	if r.state.Plan.Reference != r.ref.Version {
		return []domain.Violation{{Rule: RulePlanOutdated, Path: "/type", Args: []any{r.state.Plan.Reference, r.ref.Version}}}
	}
	return nil
}

// scrutinised is a violation for each group of supporting data that the province has not verified.
func (r *Room) scrutinised() []domain.Violation {
	var violations []domain.Violation
	for _, group := range r.supporting.Unverified() {
		violations = append(violations, domain.Violation{
			Rule: RuleSupportingNotVerified, Path: "/type", Args: []any{group, string(r.supporting.Status(group))},
		})
	}
	return violations
}

func (r *Room) is(statuses ...Status) []domain.Violation {
	if slices.Contains(statuses, r.state.Status) {
		return nil
	}
	return []domain.Violation{wrongStatus(r.state.Status, statuses...)}
}

func wrongStatus(status Status, wanted ...Status) domain.Violation {
	words := make([]string, len(wanted))
	for i, w := range wanted {
		words[i] = word(w)
	}
	return domain.Violation{Rule: RuleWrongStatus, Path: "/type", Args: []any{word(status), strings.Join(words, ", ")}}
}

// word names a status in a message.
func word(s Status) string {
	if s == StatusNone {
		return "not calculated"
	}
	return string(s)
}

// province is a violation unless the actor decides for the province.
func province(act domain.Act) []domain.Violation {
	if act.Actor.Role == domain.RoleProvince || act.Actor.Role == domain.RoleAdmin {
		return nil
	}
	return []domain.Violation{{Rule: RuleProvinceOnly, Path: "/type", Args: []any{string(act.Actor.Role)}}}
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	s := r.state
	s.ChangedAt = rec.Meta.RecordedAt
	switch e := rec.Event.(Event).(type) {
	case *PlanCalculated:
		s.Status = StatusCalculated
		s.Revision++
		s.Plan = Plan{Norms: e.Norms, Reference: e.Reference, Lines: e.Lines, By: rec.Meta.Actor.ID}
	case *PlanSubmitted:
		s.Status, s.Findings = StatusSubmitted, nil
	case *PlanReturned:
		s.Status, s.Findings = StatusReturned, e.Findings
	case *PlanApproved:
		s.Status = StatusApproved
		approved := s.Plan
		s.Approved = &approved
	case *PlanAmended:
		s.Status = StatusAmended
		s.Revision++
		s.Plan = Plan{Norms: e.NewNorms, Reference: e.NewReference, Lines: e.Lines, By: rec.Meta.Actor.ID, Reason: e.Reason}
	}
}
