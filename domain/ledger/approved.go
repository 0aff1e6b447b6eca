package ledger

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
)

// approvedActs tells the room of approvals of the acts that other rooms keep.
type approvedActs struct{ s *State }

var _ approval.Acts = approvedActs{}

// Actors implements approval.Acts.
func (a approvedActs) Actors(purpose approval.Purpose, subject string) []string {
	switch purpose {
	case approval.BudgetException:
		if o := a.s.Procurement.Orders[subject]; o != nil && o.Own != nil {
			return []string{o.Own.Actor}
		}
	case approval.NoEscort:
		return a.s.views.shipments.Overriding(subject)
	case approval.BallotNumber:
		return a.s.views.boxes.Excepting(domain.BoxID(subject))
	}
	return nil
}

// StandsOn implements approval.Acts. Which of several approvals a shipment or a box stands on is not told apart: none of them can be revoked.
func (a approvedActs) StandsOn(id string, r *approval.Ruling) bool {
	return slices.ContainsFunc(r.Subjects, func(subject string) bool {
		if r.Purpose == approval.BudgetException {
			o := a.s.Procurement.Orders[subject]
			return o != nil && slices.Contains(o.StandsOn, id)
		}
		return slices.ContainsFunc(a.Actors(r.Purpose, subject), func(actor string) bool { return actor != r.Actor })
	})
}

// ApprovalUsed tells whether a recorded act stands on an approval.
func (s *State) ApprovalUsed(id string) bool {
	r := s.Approvals.Rulings[id]
	return r != nil && !r.Refusal && approvedActs{s}.StandsOn(id, r)
}

// Unknown implements approval.Acts. An order or shipment may still be to come; a box is one of the reference data or none.
func (a approvedActs) Unknown(purpose approval.Purpose, subject, path string) []domain.Violation {
	if purpose == approval.BallotNumber {
		return a.s.views.boxes.Check(domain.BoxID(subject), path)
	}
	return nil
}
