package supporting

import (
	"slices"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/fact"
)

// Room decides on and folds the supporting data of one unit. It is the book of domain.SubjectSupporting as well.
type Room struct {
	state *State
	ref   *election.Reference
	unit  domain.Code
}

var (
	_ domain.Room = (*Room)(nil)
	_ domain.Book = (*Room)(nil)
)

// NewRoom returns the room over a state that the ledger owns. ref is nil before the unit has adopted reference data.
func NewRoom(state *State, ref *election.Reference, unit domain.Code) *Room {
	if state.Groups == nil {
		state.Groups = map[string]*Group{}
	}
	return &Room{state: state, ref: ref, unit: unit}
}

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "supporting.submit_data":
		return &SubmitData{}
	case "supporting.return_data":
		return &ReturnData{}
	case "supporting.verify_data":
		return &VerifyData{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "supporting.data_submitted":
		return &DataSubmitted{}
	case "supporting.data_returned":
		return &DataReturned{}
	case "supporting.data_verified":
		return &DataVerified{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *SubmitData:
		return domain.Plan{
			Event:   &DataSubmitted{Group: c.Group, Basis: c.Basis, Lines: c.Lines, Note: c.Note},
			Touched: []domain.Subject{{Kind: domain.SubjectSupporting, ID: c.Group}},
		}
	case *ReturnData:
		return domain.Plan{
			Event:      &DataReturned{Group: c.Group, Revision: r.state.Groups[c.Group].Revision(), Findings: c.Findings},
			Violations: slices.Concat(domain.RequestOnly(act, cmd), province(act), r.waits(c.Group, StatusSubmitted, StatusRegencyVerified, StatusVerified)),
		}
	case *VerifyData:
		return domain.Plan{
			Event:      &DataVerified{Group: c.Group, Revision: r.state.Groups[c.Group].Revision(), Level: c.Level},
			Violations: append(domain.RequestOnly(act, cmd), r.verify(act, c)...),
		}
	}
	return domain.Plan{}
}

func (r *Room) verify(act domain.Act, c *VerifyData) []domain.Violation {
	var violations []domain.Violation
	status := r.state.Status(c.Group)
	switch {
	case c.Level == LevelRegency:
		violations = r.waits(c.Group, StatusSubmitted)
	case status == StatusSubmitted:
		violations = append(province(act), domain.Violation{Rule: RuleRegencyFirst, Path: "/data/level", Args: []any{c.Group, string(status)}})
	default:
		violations = append(province(act), r.waits(c.Group, StatusRegencyVerified)...)
	}
	if current := r.state.Groups[c.Group].Current(); current != nil && current.Actor == act.Actor.ID {
		violations = append(violations, domain.Violation{Rule: RuleVerifierIsSubmitter, Path: "/data/group", Args: []any{c.Group}})
	}
	return violations
}

// waits is a violation unless the group has one of the statuses.
func (r *Room) waits(group string, statuses ...Status) []domain.Violation {
	if status := r.state.Status(group); !slices.Contains(statuses, status) {
		return []domain.Violation{{Rule: RuleNotSubmitted, Path: "/data/group", Args: []any{group, string(status)}}}
	}
	return nil
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
	switch e := rec.Event.(Event).(type) {
	case *DataSubmitted:
		g := r.group(e.Group)
		f := fact.Of(rec)
		g.Submissions = fact.Insert(g.Submissions, Submission{Fact: f, Basis: e.Basis, Lines: e.Lines, Note: e.Note})
		if g.Current().Ref == f.Ref { // otherwise an older revision came late
			g.Status, g.VerifiedBy, g.Findings = StatusSubmitted, nil, nil
		}
	case *DataReturned:
		g := r.group(e.Group)
		g.Status, g.Findings, g.VerifiedBy, g.DecidedAt = StatusReturned, e.Findings, nil, rec.Meta.RecordedAt
	case *DataVerified:
		g := r.group(e.Group)
		g.Status, g.DecidedAt = StatusVerified, rec.Meta.RecordedAt
		if e.Level == LevelRegency {
			g.Status = StatusRegencyVerified
		}
		if g.VerifiedBy == nil {
			g.VerifiedBy = map[string]string{}
		}
		g.VerifiedBy[e.Level] = rec.Meta.Actor.ID
	}
}

func (r *Room) group(id string) *Group {
	g := r.state.Groups[id]
	if g == nil {
		g = &Group{Status: StatusDraft}
		r.state.Groups[id] = g
	}
	return g
}

// Findings implements domain.Book: what is wrong with the current data of a group.
func (r *Room) Findings(id string) []domain.Finding {
	s := r.state.Groups[id].Current()
	if s == nil || r.ref == nil {
		return nil
	}
	var findings []domain.Finding
	region := r.ref.Regions[r.unit]
	want := Basis{Stations: int64(region.StationCount), Villages: int64(region.Villages), Districts: int64(region.Districts)}
	if s.Basis != want && s.Note == "" {
		findings = append(findings, domain.Finding{
			Key: RuleBasisDiffers.ID + "|" + id + "|" + s.Key(), Rule: RuleBasisDiffers, Units: []string{string(r.unit)}, Path: "/data/basis",
			Args:  []any{id, s.Basis.Stations, s.Basis.Villages, s.Basis.Districts, want.Stations, want.Villages, want.Districts},
			Proof: []domain.Ref{s.Ref},
		})
	}
	for i, l := range s.Lines {
		norm, known := r.ref.Norms.For(l.Item, r.unit)
		if known && norm.Group != id {
			findings = append(findings, domain.Finding{
				Key: RuleItemGroup.ID + "|" + id + "|" + l.Item + "|" + s.Key(), Rule: RuleItemGroup, Units: []string{l.Item}, Path: "/data/lines" + domain.Index(i) + "/item",
				Args: []any{l.Item, norm.Group, id}, Proof: []domain.Ref{s.Ref},
			})
		}
	}
	return findings
}

// Save implements domain.Book. Lists of a group are never changed in place, so a shallow copy is enough; VerifiedBy is replaced by what
// submits and is only added to by what touches no finding.
func (r *Room) Save(id string) (restore func()) {
	g := r.state.Groups[id]
	if g == nil {
		return func() { delete(r.state.Groups, id) }
	}
	before := *g
	return func() { r.state.Groups[id] = &before }
}
