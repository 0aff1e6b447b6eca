package approval

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/fact"
)

// Acts tells of the acts that approvals are about, which other rooms keep.
type Acts interface {
	// Actors are the people who did what needs, or may come to need, an approval of a purpose and subject.
	Actors(purpose Purpose, subject string) []string
	// StandsOn tells whether a recorded act rests on an approval.
	StandsOn(id string, r *Ruling) bool
	// Unknown says why something cannot be the subject of an approval, if so.
	Unknown(purpose Purpose, subject, path string) []domain.Violation
}

// Room decides who may approve and folds it.
type Room struct {
	state *State
	acts  Acts
	unit  domain.Code
}

var (
	_ domain.Room = (*Room)(nil)
	_ domain.Book = (*Room)(nil)
)

// NewRoom returns the room over state.
func NewRoom(state *State, acts Acts, unit domain.Code) *Room { return &Room{state, acts, unit} }

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "approval.give":
		return &Give{}
	case "approval.refuse":
		return &Refuse{}
	case "approval.revoke":
		return &Revoke{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "approval.given":
		return &Given{}
	case "approval.refused":
		return &Refused{}
	case "approval.revoked":
		return &Revoked{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	plan := domain.Plan{Violations: domain.RequestOnly(act, cmd)}
	own := domain.Subject{Kind: domain.SubjectApproval, ID: act.ID.String()}
	switch c := cmd.(Command).(type) {
	case *Give:
		plan.Event, plan.Touched = (*Given)(c), append(touched(c.Purpose, c.Subject), own)
		plan.Violations = append(plan.Violations, r.rules(act, c.Purpose, c.Subject)...)
	case *Refuse:
		plan.Event, plan.Touched = (*Refused)(c), append(touched(c.Purpose, c.Subject), own)
		plan.Violations = append(plan.Violations, r.rules(act, c.Purpose, c.Subject)...)
	case *Revoke:
		plan.Event = (*Revoked)(c)
		id := normal(c.Approval)
		ruling := r.state.Rulings[id]
		if ruling == nil || ruling.Refusal {
			plan.Violations = append(plan.Violations, broken(RuleUnknown, "/data/approval", c.Approval))
			return plan
		}
		plan.Touched = append(touched(ruling.Purpose, ruling.Subjects), domain.Subject{Kind: domain.SubjectApproval, ID: id})
		switch {
		case !Entitled(ruling.Purpose, act.Actor, r.unit):
			plan.Violations = append(plan.Violations, r.notEntitled(act, "/data/approval", ruling.Purpose))
		case ruling.Revoked != nil:
			plan.Violations = append(plan.Violations, broken(RuleRevoked, "/data/approval", id))
		case r.acts.StandsOn(id, ruling):
			plan.Violations = append(plan.Violations, broken(RuleUsed, "/data/approval", id, strings.Join(ruling.Subjects, ", ")))
		}
	}
	return plan
}

// rules are what giving and refusing break alike: one who may not, one who acts himself, and things that cannot be.
func (r *Room) rules(act domain.Act, purpose Purpose, subjects []string) []domain.Violation {
	var violations []domain.Violation
	if !Entitled(purpose, act.Actor, r.unit) {
		violations = append(violations, r.notEntitled(act, "/data/purpose", purpose))
	}
	for i, subject := range subjects {
		path := "/data/subject"
		if purpose == BallotNumber {
			path += domain.Index(i)
		}
		violations = append(violations, r.acts.Unknown(purpose, subject, path)...)
		if slices.Contains(r.acts.Actors(purpose, subject), act.Actor.ID) {
			violations = append(violations, broken(RuleOwn, path, subject))
		}
	}
	return violations
}

func (r *Room) notEntitled(act domain.Act, path string, purpose Purpose) domain.Violation {
	return broken(RuleNotEntitled, path, string(act.Actor.Role), act.Actor.Scope, string(purpose), purpose.Who(), string(r.unit))
}

func broken(rule *domain.Rule, path string, args ...any) domain.Violation {
	return domain.Violation{Rule: rule, Path: path, Args: args}
}

// touched is what may be explained by an approval, or no more without it. What an order may cost is asked when it is placed and never found later.
func touched(purpose Purpose, subjects []string) []domain.Subject {
	var list []domain.Subject
	for _, id := range subjects {
		switch purpose {
		case NoEscort:
			list = append(list, domain.Subject{Kind: domain.SubjectShipment, ID: id})
		case BallotNumber:
			list = append(list, domain.Subject{Kind: domain.SubjectBox, ID: id})
		case BudgetException, correction:
		}
	}
	return list
}

// normal is an id as it is kept.
func normal(id string) string {
	if parsed, err := uuid.Parse(id); err == nil {
		return parsed.String()
	}
	return id
}

// CheckID fails for what is no id of an approval. A required one must not be empty.
func CheckID(c *domain.Check, path, id string, required bool) {
	if id == "" {
		if required {
			c.Fail(domain.RuleMissing, path)
		}
		return
	}
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		c.Fail(RuleNoID, path, id)
	}
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	id, f := rec.Meta.CommandID.String(), fact.Of(rec)
	switch e := rec.Event.(Event).(type) {
	case *Given:
		ruling := Ruling{Fact: f, Purpose: e.Purpose, Subjects: e.Subject, Role: rec.Meta.Actor.Role,
			Entitled: Entitled(e.Purpose, rec.Meta.Actor, r.unit), Document: e.Document, Note: e.Note}
		if e.Terms != nil {
			ruling.Amount = e.Terms.Amount
		}
		r.state.add(id, ruling)
	case *Refused:
		r.state.add(id, Ruling{Fact: f, Refusal: true, Purpose: e.Purpose, Subjects: e.Subject, Role: rec.Meta.Actor.Role,
			Entitled: Entitled(e.Purpose, rec.Meta.Actor, r.unit), Note: e.Reason})
	case *Revoked:
		if id := normal(e.Approval); r.state.Rulings[id] != nil {
			r.state.Rulings.Change(id, func(ruling *Ruling) { ruling.Revoked = &Revocation{Fact: f, Reason: e.Reason} })
		}
	}
}

// Findings implements domain.Book: what lacks an approval is found at the act that needs one.
func (r *Room) Findings(string) []domain.Finding { return nil }

// Save implements domain.Book.
func (r *Room) Save(id string) (restore func()) {
	if r.state.Rulings[id] != nil {
		return r.state.Rulings.Save(id)
	}
	return func() { r.state.drop(id) }
}

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleNotYet, RuleNoTerms, RuleTooMuch, RuleNoID, RuleMissing, RuleOwn, RuleNotEntitled, RuleUsed, RuleRevoked, RuleUnknown}
}
