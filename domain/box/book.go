package box

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/election"
	"jejak/domain/goods"
)

// Journey is what a box must know of its shipment.
type Journey struct {
	From      domain.Code // "" while the plan is not known
	HasLeft   bool
	Left      int64 // when, in microseconds since 1970
	Cancelled bool  // and never left
}

// Journeys looks up what the shipments did; an unknown one is the zero Journey.
type Journeys interface {
	Journey(shipment string) Journey
}

// Offer is what a box must know of its handoff.
type Offer struct {
	Known  bool
	From   domain.Code // the giver's place
	To     domain.Code
	Walked bool     // without a shipment
	Boxes  []uint32 // sorted
}

// Has tells whether the box was offered.
func (o Offer) Has(box uint32) bool {
	_, ok := slices.BinarySearch(o.Boxes, box)
	return ok
}

// Offers looks up the handoffs; an unknown one is the zero Offer.
type Offers interface {
	Offer(handoff string) Offer
}

// Book says what is wrong with boxes and kits.
type Book struct {
	Register *Register
	Ref      *election.Reference // nil while none is adopted
	Unit     domain.Code
	Journeys Journeys
	Offers   Offers
	Stock    Stock
	// Approvals allow boxes another number of ballots.
	Approvals *approval.State
}

// Stock is told which ballots are in boxes. What changes the content of a box touches the stock of the designs concerned.
type Stock interface {
	Issue(item, variant string, quantity int64)
}

// Findings implements domain.Book for a box id.
func (b *Book) Findings(id string) []domain.Finding {
	number, ok := b.Register.IDs.Find(id)
	if !ok {
		return nil
	}
	var findings []domain.Finding
	b.walk(number, &findings)
	return findings
}

// Save implements domain.Book.
func (b *Book) Save(id string) (restore func()) {
	forget := b.Register.Mark()
	number, ok := b.Register.IDs.Find(id)
	if !ok {
		return forget
	}
	box := b.Register.Boxes[number]
	return func() {
		b.Register.put(number, box)
		forget()
	}
}

// Refresh brings the state of boxes up to date after their facts, or those of their shipment or handoff, have changed.
func (b *Book) Refresh(numbers ...uint32) {
	for _, n := range numbers {
		old, box := b.Register.Boxes[n], b.walk(n, nil)
		b.Register.put(n, box)
		if old.Design != box.Design || old.Ballots != box.Ballots {
			b.issue(old, -1)
			b.issue(box, 1)
		}
	}
}

func (b *Book) issue(box Box, sign int64) {
	if box.Ballots != 0 {
		b.Stock.Issue(goods.Ballot, b.Register.Texts.Text(box.Design), sign*int64(box.Ballots))
	}
}

// exempt tells whether a packing may have another number of ballots.
func (b *Book) exempt(id domain.BoxID, f *Fact) bool {
	if f.Flag&ByApproval != 0 {
		return b.Approvals.Covered(approval.BallotNumber, string(id), b.Register.Texts.Text(b.Register.Acts[f.Act].Actor))
	}
	return f.Flag&Exempt != 0
}

// Excepting are the people who packed a box and meant it to hold another number of ballots, by approval.
func (b *Book) Excepting(id domain.BoxID) []string {
	number, ok := b.Register.Number(id)
	if !ok {
		return nil
	}
	var who []string
	for _, f := range b.Register.Boxes[number].Facts {
		if f.Kind == Packed && f.Flag&ByApproval != 0 {
			who = append(who, b.Register.Texts.Text(b.Register.Acts[f.Act].Actor))
		}
	}
	return who
}

// ByApproval tells whether a record packed a box and meant it to hold another number of ballots, by approval.
func (b *Book) ByApproval(id domain.BoxID, record domain.Ref) bool {
	number, ok := b.Register.Number(id)
	return ok && slices.ContainsFunc(b.Register.Boxes[number].Facts, func(f Fact) bool {
		return f.Kind == Packed && f.Flag&ByApproval != 0 && b.Register.Acts[f.Act].Version == record.Version
	})
}

// Reached tells whether a place accepted the box at a moment (microseconds since 1970) or before.
func (b *Book) Reached(id domain.BoxID, place domain.Code, by int64) bool {
	number, ok := b.Register.Number(id)
	if !ok {
		return false
	}
	for _, f := range b.Register.Boxes[number].Facts {
		act := &b.Register.Acts[f.Act]
		if f.Kind != Accepted || act.Occurred > by {
			continue
		}
		to := b.Offers.Offer(b.Register.Texts.Text(act.Document)).To
		if to == "" {
			to = domain.Code(b.Register.Texts.Text(act.Place))
		}
		if to == place {
			return true
		}
	}
	return false
}

// Add folds a fact about a box, known or not. The caller refreshes the box afterwards.
func (b *Book) Add(number uint32, f Fact) { b.Register.add(number, f) }

// Check says why a box cannot be the subject of a command, if so.
func (b *Book) Check(id domain.BoxID, path string) []domain.Violation {
	dest := id.Destination()
	switch {
	case !b.Knows(dest):
		return []domain.Violation{{Rule: RuleUnknownStation, Path: path, Args: []any{string(id), string(dest)}}}
	case dest.Up(domain.Regency) != b.Unit:
		return []domain.Violation{{Rule: RuleOtherUnit, Path: path, Args: []any{string(id), string(dest.Up(domain.Regency)), string(b.Unit)}}}
	case !b.Ref.HasBox(id):
		return []domain.Violation{{Rule: RuleUnknownBox, Path: path, Args: []any{string(id)}}}
	}
	return nil
}

// Knows tells whether the reference data has a region or station of this code.
func (b *Book) Knows(place domain.Code) bool {
	_, station := b.Ref.Stations[place]
	_, region := b.Ref.Regions[place]
	return station || region
}

// CheckAll is Check for a list at a path.
func (b *Book) CheckAll(ids []domain.BoxID, path string) []domain.Violation {
	var violations []domain.Violation
	for i, id := range ids {
		violations = append(violations, b.Check(id, path+domain.Index(i))...)
	}
	return violations
}

// Subjects are boxes as subjects.
func Subjects(ids []domain.BoxID) []domain.Subject {
	subjects := make([]domain.Subject, len(ids))
	for i, id := range ids {
		subjects[i] = domain.Subject{Kind: domain.SubjectBox, ID: string(id)}
	}
	return subjects
}

// SubjectsOf is Subjects for numbers.
func (r *Register) SubjectsOf(numbers []uint32) []domain.Subject {
	subjects := make([]domain.Subject, len(numbers))
	for i, n := range numbers {
		subjects[i] = domain.Subject{Kind: domain.SubjectBox, ID: r.IDs.Name(n)}
	}
	return subjects
}

// place is the number of a place as a custody.
func (r *Register) place(place domain.Code) uint32 { return r.Texts.Add(string(place)) }
