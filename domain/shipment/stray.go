package shipment

import (
	"maps"
	"slices"

	"jejak/domain"
)

// Stray is somebody of a police unit who tells of a shipment whose escort nobody has asked that unit to be. Phones send in any order, so it is kept;
// it moves nothing and shows nowhere but as one finding of the person until the unit is asked.
type Stray struct {
	Sender uint32 // of Texts: user id
	Act    uint32 // of the register of boxes: the first
}

// Counting are the facts of a shipment that count: all but what strays tell.
func (b *Book) Counting(s *Shipment) []Fact {
	if len(s.Strays) == 0 {
		return s.Facts
	}
	e := b.escorts(s.Facts)
	return slices.DeleteFunc(slices.Clone(s.Facts), func(f Fact) bool { return b.stray(&f, &e) })
}

// strays are those who stray in a shipment, each once, in the order of what they tell.
func (b *Book) strays(facts []Fact, e *Escorts[uint32]) (list []Stray) {
	for i := range facts {
		f := &facts[i]
		if !b.stray(f, e) {
			continue
		}
		sender := b.Boxes.Register.Acts[f.Act].Actor
		if !slices.ContainsFunc(list, func(s Stray) bool { return s.Sender == sender }) {
			list = append(list, Stray{sender, f.Act})
		}
	}
	return list
}

// strayed brings State.Strays up to date with who strays in a shipment. The map is replaced, so that a saved one stays what it was.
func (b *Book) strayed(id string, before, now []Stray) {
	same := func(x, y Stray) bool { return x.Sender == y.Sender }
	if slices.EqualFunc(before, now, same) {
		return
	}
	next := maps.Clone(b.State.Strays)
	if next == nil {
		next = map[string][]string{}
	}
	for _, s := range before {
		sender := b.Boxes.Register.Texts.Text(s.Sender)
		next[sender] = slices.DeleteFunc(slices.Clone(next[sender]), func(other string) bool { return other == id })
		if len(next[sender]) == 0 {
			delete(next, sender)
		}
	}
	for _, s := range now {
		sender := b.Boxes.Register.Texts.Text(s.Sender)
		if at, found := slices.BinarySearch(next[sender], id); !found {
			next[sender] = slices.Insert(slices.Clone(next[sender]), at, id)
		}
	}
	b.State.Strays = next
}

// Incidents are those that police units raise about shipments alone. Whether they count depends on who was asked to escort.
type Incidents interface {
	// Recheck looks again at those that name a shipment.
	Recheck(shipment string)
	// Senders are those who raised one that names a shipment.
	Senders(shipment string) []string
	// Held is an event of a sender that does not count yet; ok is false for none.
	Held(sender string) (proof domain.Ref, policeUnit string, ok bool)
}

// Senders says what is wrong with what people tell of shipments that nobody has asked them to escort: one finding each, however much they tell.
type Senders struct{ Shipments *Book }

var _ domain.Book = Senders{}

// Findings implements domain.Book.
func (b Senders) Findings(sender string) []domain.Finding {
	proof, unit, ok := b.Shipments.Incidents.Held(sender)
	reg := b.Shipments.Boxes.Register
	if list := b.Shipments.State.Strays[sender]; len(list) > 0 {
		number, _ := reg.Texts.Find(sender)
		for _, s := range b.Shipments.State.Shipments[list[0]].Strays {
			if s.Sender == number {
				proof, unit, ok = reg.Acts[s.Act].Ref(), reg.Texts.Text(reg.Acts[s.Act].Place), true
			}
		}
	}
	if !ok {
		return nil
	}
	return []domain.Finding{{
		Key: RuleEscortNotAssigned.ID + "|" + sender, Rule: RuleEscortNotAssigned, Units: []string{unit}, Provisional: true, Path: "/data",
		Args: []any{unit, sender}, Proof: []domain.Ref{proof},
	}}
}

// Save implements domain.Book. What a sender tells is kept with the shipments.
func (b Senders) Save(string) (restore func()) { return func() {} }

// senders are those whose finding may change when somebody else is asked to escort a shipment.
func (b *Book) senders(id string) []domain.Subject {
	list := b.Incidents.Senders(id)
	if s := b.State.Shipments[id]; s != nil {
		for i := range s.Facts {
			if f := &s.Facts[i]; ofTheEscort(f.Kind) && b.teller(f) != 0 {
				list = append(list, b.Boxes.Register.Texts.Text(b.Boxes.Register.Acts[f.Act].Actor))
			}
		}
	}
	slices.Sort(list)
	var subjects []domain.Subject
	for _, sender := range slices.Compact(list) {
		subjects = append(subjects, domain.Subject{Kind: domain.SubjectSender, ID: sender})
	}
	return subjects
}

// Asked tells whether a police unit was ever asked to escort a shipment.
func (b *Book) Asked(id, policeUnit string) bool {
	standing, _ := b.Standing(id, policeUnit)
	return standing != NotAsked
}

// NotAsked is what is wrong with a request about a shipment by somebody whose unit nobody has asked.
func (b *Book) NotAsked(actor domain.Actor, path string) domain.Violation {
	return domain.Violation{Rule: RuleEscortNotAssigned, Path: path, Args: []any{actor.Scope, actor.ID}}
}

// IsShipment tells whether something that an incident names can only be a shipment: neither a box nor a place.
func (b *Book) IsShipment(unit string) bool {
	_, notBox := domain.ParseBoxID(unit)
	_, notPlace := domain.ParseCode(unit)
	return notBox != nil && notPlace != nil
}
