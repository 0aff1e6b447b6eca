package ledger_test

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/shipment"
)

// given approvals and those revoked, told again from the events alone.
type approvals struct {
	given   map[string]domain.Recorded
	revoked map[string]bool
}

func approvalsOf(history []domain.Recorded) approvals {
	a := approvals{map[string]domain.Recorded{}, map[string]bool{}}
	for _, rec := range history {
		switch e := rec.Event.(type) {
		case *approval.Given:
			a.given[rec.Meta.CommandID.String()] = rec
		case *approval.Revoked:
			a.revoked[e.Approval] = true
		}
	}
	return a
}

// covers tells whether another entitled person approves, whenever.
func (a approvals) covers(purpose approval.Purpose, subject string, act domain.Recorded) bool {
	for id, rec := range a.given {
		g := rec.Event.(*approval.Given)
		who := rec.Meta.Actor
		entitled := who.Role == domain.RoleProvince && who.Scope == string(given.Province) ||
			(who.Role == domain.RoleOperator || who.Role == domain.RoleChecker && purpose == approval.BallotNumber) && who.Scope == string(given.Unit)
		if g.Purpose == purpose && slices.Contains(g.Subject, subject) && !a.revoked[id] && entitled && who.ID != act.Meta.Actor.ID {
			return true
		}
	}
	return false
}

// exempted: nothing is exempted but by an approval in force by another entitled person, in whatever order they came. Where several acts about a thing do
// not agree on it, nothing is asked: which of them counts is asked elsewhere.
func exempted(t given.TB, s *ledger.State, history []domain.Recorded) {
	t.Helper()
	known := approvalsOf(history)
	boxes, trips := map[domain.BoxID][]bool{}, map[string][]bool{} // whether each act is as it must be
	retired := map[domain.BoxID]bool{}
	for _, rec := range history {
		switch e := rec.Event.(type) {
		case *packing.BoxesPacked:
			for _, b := range e.Boxes {
				want, _ := s.Reference().Ballots(b.Box.Destination())
				right := b.Box.IsRecap() || b.Ballots == want || e.Exception != nil && known.covers(approval.BallotNumber, string(b.Box), rec)
				boxes[b.Box] = append(boxes[b.Box], right)
			}
		case *packing.BoxReplaced:
			retired[e.Box] = true
		case *shipment.Dispatched:
			trips[e.Shipment] = append(trips[e.Shipment], e.Override == nil || known.covers(approval.NoEscort, e.Shipment, rec))
		}
	}
	found := map[string]bool{} // rule and unit
	for _, f := range s.AllFindings() {
		for _, unit := range f.Units {
			found[f.Rule.ID+" "+unit] = true
		}
	}
	for id, right := range boxes {
		is := found["ballot_number "+string(id)]
		if !slices.Contains(right, false) && is || !slices.Contains(right, true) && !is && !retired[id] {
			t.Fatalf("box %s: packed as it must be: %v; a finding of its number: %v", id, right, is)
		}
	}
	for id, right := range trips {
		is := found["approval_missing "+id]
		if !slices.Contains(right, false) && is || !slices.Contains(right, true) && found["escort_overridden "+id] != is {
			t.Fatalf("shipment %s: its overrides are approved: %v; found that one is missing: %v", id, right, is)
		}
	}
}
