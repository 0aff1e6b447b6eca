package projections

import (
	"jejak/domain/ledger"
	"jejak/domain/supporting"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Supporting says how far a unit's supporting data is, group by group.
func Supporting(s *ledger.State, at eventstore.Position) form.SupportingRow {
	row := form.SupportingRow{Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), Plan: planState(s), Groups: []form.SupportingGroup{}}
	for _, id := range supporting.Groups() {
		g := form.SupportingGroup{Group: id, State: string(s.Supporting.Status(id))}
		if data := s.Supporting.Groups[id]; data != nil {
			g.Submissions = data.Revision()
			if last := data.Current(); last != nil {
				g.SubmittedAt = stamp(last.OccurredAt)
			}
			if data.Status == supporting.StatusVerified {
				g.VerifiedAt = stamp(data.DecidedAt)
			}
			for _, f := range data.Findings {
				g.Findings = append(g.Findings, form.PlanFinding{Item: f.Item, Field: f.Field, Finding: f.Finding})
			}
		}
		row.Groups = append(row.Groups, g)
	}
	return row
}

// supportingStates is the state of every group of items.
func supportingStates(s *ledger.State) map[string]string {
	states := map[string]string{}
	for _, id := range supporting.Groups() {
		states[id] = string(s.Supporting.Status(id))
	}
	return states
}

// planState is the status of the need plan, "none" before the first calculation.
func planState(s *ledger.State) string {
	if s.Need.Status == "" {
		return "none"
	}
	return string(s.Need.Status)
}

// Plan is the need plan of a unit: the approved one, or the one being worked on while none is approved.
func Plan(s *ledger.State, at eventstore.Position) form.PlanCard {
	card := form.PlanCard{
		Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), State: planState(s), Lines: []form.PlanLine{}, Supporting: supportingStates(s),
	}
	for _, f := range s.Need.Findings {
		card.Findings = append(card.Findings, form.PlanFinding{Item: f.Item, Finding: f.Finding})
	}
	plan := s.Plan()
	if plan == nil {
		return card
	}
	card.Norms, card.Reference = plan.Norms, plan.Reference
	for _, l := range plan.Lines {
		line := form.PlanLine{Item: l.Item, Variant: l.Variant, Unit: l.Unit, Formula: l.Formula, Derived: l.Derived}
		if l.Quantity != nil {
			quantity := *l.Quantity // the form outlives the state
			line.Quantity = &quantity
		}
		card.Lines = append(card.Lines, line)
	}
	return card
}
