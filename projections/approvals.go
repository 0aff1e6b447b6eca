package projections

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/projections/form"
)

// The states of an approval, and of an act that has none.
const (
	ApprovalWaiting = "waiting"
	ApprovalInForce = "in_force"
	ApprovalUsed    = "used"
	ApprovalRefused = "refused"
	ApprovalRevoked = "revoked"
)

// ApprovalQuery chooses approvals of a ledger. Empty fields choose all.
type ApprovalQuery struct {
	State string
	After string                          // only numbers after this one
	Limit int                             // 0: no limit
	Sees  func(places []domain.Code) bool // of boxes, and the two ends of a shipment; nil: all
}

// Approvals lists what was approved and refused, and the recorded acts that wait for an approval, as they were recorded. A request that was refused for
// want of one changed nothing and waits for nothing. What somebody entitled has refused waits no more.
func Approvals(s *ledger.State, q ApprovalQuery) []form.ApprovalCard {
	cards := []form.ApprovalCard{}
	add := func(c form.ApprovalCard) {
		c.Number = fmt.Sprintf("APR-%s-%012d", s.Unit, c.Version)
		c.Unit = string(s.Unit)
		if c.Number > q.After && (q.State == "" || q.State == c.State) && (q.Sees == nil || q.Sees(placesOf(s, c.Subject))) {
			cards = append(cards, c)
		}
	}
	for id, r := range s.Approvals.Rulings {
		if r.Entitled {
			add(ruling(s, id, r))
		}
	}
	if q.State == "" || q.State == ApprovalWaiting {
		for _, c := range waiting(s) {
			add(c)
		}
	}
	slices.SortFunc(cards, func(a, b form.ApprovalCard) int { return cmp.Compare(a.Number, b.Number) })
	if q.Limit > 0 && len(cards) > q.Limit {
		cards = cards[:q.Limit]
	}
	return cards
}

func ruling(s *ledger.State, id string, r *approval.Ruling) form.ApprovalCard {
	c := form.ApprovalCard{
		ID: id, Purpose: string(r.Purpose), Subject: slices.Clone(r.Subjects), State: ApprovalInForce, Amount: r.Amount, Document: r.Document, Note: r.Note,
		By: r.Actor, OccurredAt: stamp(r.OccurredAt), Event: r.Ref.Event.String(), Version: r.Ref.Version,
	}
	switch {
	case r.Refusal:
		c.State = ApprovalRefused
	case r.Revoked != nil:
		c.State, c.RevokedBy, c.RevokedFor = ApprovalRevoked, r.Revoked.Actor, r.Revoked.Reason
	case s.ApprovalUsed(id):
		c.State = ApprovalUsed
	}
	return c
}

// waiting are the recorded acts that miss an approval, one card an act.
func waiting(s *ledger.State) []form.ApprovalCard {
	var cards []form.ApprovalCard
	for id := range s.Shipments.Shipments {
		if len(s.ShipmentBook().Overriding(id)) == 0 || s.Approvals.Declined(approval.NoEscort, id) {
			continue
		}
		for _, f := range s.ShipmentBook().Findings(id) {
			if f.Rule == approval.RuleMissing {
				cards = append(cards, waits(s, approval.NoEscort, id, f.Proof[len(f.Proof)-1]))
			}
		}
	}
	acts := map[uint64]int{} // card by version of the packing
	for n := range s.BoxRegister.Boxes {
		id := s.BoxRegister.ID(uint32(n))
		if len(s.Boxes().Excepting(id)) == 0 || s.Approvals.Declined(approval.BallotNumber, string(id)) {
			continue
		}
		for _, f := range s.Boxes().Findings(string(id)) {
			if f.Rule != box.RuleBallotNumber || !s.Boxes().ByApproval(id, f.Proof[len(f.Proof)-1]) {
				continue
			}
			by := f.Proof[len(f.Proof)-1]
			if i, known := acts[by.Version]; known {
				cards[i].Subject = append(cards[i].Subject, string(id))
				continue
			}
			acts[by.Version] = len(cards)
			cards = append(cards, waits(s, approval.BallotNumber, string(id), by))
		}
	}
	for _, i := range acts {
		slices.Sort(cards[i].Subject)
	}
	return cards
}

// waits is the card of an act: the register of boxes has who did it and when.
func waits(s *ledger.State, purpose approval.Purpose, subject string, by domain.Ref) form.ApprovalCard {
	c := form.ApprovalCard{Purpose: string(purpose), Subject: []string{subject}, State: ApprovalWaiting, Event: by.Event.String(), Version: by.Version}
	for _, role := range purpose.Roles() {
		c.Entitled = append(c.Entitled, string(role))
	}
	acts := s.BoxRegister.Acts
	if at, found := slices.BinarySearchFunc(acts, by.Version, func(a box.Act, v uint64) int { return cmp.Compare(a.Version, v) }); found {
		c.By, c.OccurredAt = s.BoxRegister.Texts.Text(acts[at].Actor), stamp(time.UnixMicro(acts[at].Occurred))
	}
	return c
}

// placesOf are the places that the subjects of an approval belong to; an order has none.
func placesOf(s *ledger.State, subjects []string) (places []domain.Code) {
	for _, id := range subjects {
		if b, err := domain.ParseBoxID(id); err == nil {
			places = append(places, b.Destination())
		} else if x := s.Shipments.Shipments[id]; x != nil {
			places = append(places, x.From, x.To)
		}
	}
	return places
}
