// Package handover makes the minutes of a handoff (berita acara serah terima, BAST) as a PDF that two parties sign. Its bytes are a function of what the
// ledger knows of the handoff, of the names of the people in it as far as they are still known, and of the proof that the acceptance is in the log: no
// clock and no font of the machine is in them. docs/decisions/015 says what follows.
package handover

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
	"jejak/domain/handoff"
	"jejak/domain/ledger"
)

// Sheet is what stands on the minutes.
type Sheet struct {
	Election, ElectionName string
	Unit                   domain.Code
	UnitName               string
	Handoff                string
	Number                 string // as the office numbers it; "" prints the handoff's id
	Shipment               string // "" when the giver walks
	Simulated              bool

	Giver, Receiver Party
	Place           Place // where the boxes are now
	Boxes           []Box // of all lists, by id
	Offered         int
	Accepted        int
	Missing         int
	Extra           int
	Witnesses       []Witness

	Evidence Evidence
}

// Place is a region with its name.
type Place struct {
	Code domain.Code
	Name string
}

// Party is who gave or took, where, and when by that person's device. A party that the ledger does not know yet is the zero Party.
type Party struct {
	Person Person
	Place  Place
	At     time.Time
	Event  uuid.UUID // the record that says so
	// Version is its version in the unit's ledger.
	Version uint64
}

// Person is an id, with a name while people.db has one.
type Person struct{ ID, Name string }

// Witness saw it.
type Witness struct {
	Role   string
	Person Person
}

// Mark says in which of the receiver's lists a box is.
type Mark int

// The marks.
const (
	Taken Mark = iota
	IsMissing
	IsExtra
	Unmentioned // offered, and in none of the receiver's lists
)

// Box is a line of the minutes.
type Box struct {
	ID        domain.BoxID
	Mark      Mark
	Condition []string // what is not good about it
	Read      []string // seals that the receiver read
	Applied   []string // seals that were on it by the ledger
}

// SealsDiffer tells whether the receiver read other seals than were on the box.
func (b Box) SealsDiffer() bool {
	return b.Mark == Taken && !b.ID.IsKit() && !slices.Equal(slices.Sorted(slices.Values(b.Read)), slices.Sorted(slices.Values(b.Applied)))
}

// Evidence is what leads from the paper to the log.
type Evidence struct {
	Leaf  string // hash of the acceptance's leaf in the notary's tree, base64
	Proof string // C2SP tlog-proof of it; "" while no checkpoint has it
}

// Read reads a handoff out of a ledger; ok is false when the ledger does not know the handoff, or nobody has accepted it. Names and evidence are for the
// caller to fill in.
func Read(s *ledger.State, id string) (sheet Sheet, ok bool) {
	h := s.Handoffs.Handoffs[id]
	if h == nil || len(h.Accepts) == 0 {
		return sheet, false
	}
	sheet = Sheet{Election: s.Election, Unit: s.Unit, Handoff: id, UnitName: string(s.Unit)}
	ref := s.Reference()
	if ref != nil {
		sheet.ElectionName, sheet.UnitName = ref.Name, ref.Regions[s.Unit].Name
	}
	register := &s.BoxRegister
	party := func(n uint32, place domain.Code) Party {
		a := &register.Acts[n]
		return Party{Person: Person{ID: register.Texts.Text(a.Actor)}, Place: placeOf(ref, place), At: time.UnixMicro(a.Occurred).UTC(), Event: a.Ref().Event, Version: a.Version}
	}
	offer := s.HandoffBook().Offer(id)
	to := offer.To
	if to == "" {
		to = domain.Code(register.Texts.Text(register.Acts[h.Accepts[0].Act].Place))
	}
	if len(h.Offers) > 0 {
		sheet.Giver, sheet.Shipment = party(h.Offers[0].Act, offer.From), h.Offers[0].Shipment
	}
	sheet.Receiver, sheet.Place = party(h.Accepts[0].Act, to), placeOf(ref, to)
	for _, w := range h.Witnesses {
		role, person, _ := strings.Cut(w, " ")
		sheet.Witnesses = append(sheet.Witnesses, Witness{Role: role, Person: Person{ID: person}})
	}
	sheet.list(s, h, offer)
	return sheet, true
}

func placeOf(ref *election.Reference, code domain.Code) Place {
	if ref == nil || code.Level() == domain.None {
		return Place{Code: code}
	}
	name := ref.Regions[code].Name
	if code.Level() == domain.Station {
		name = "TPS " + strings.TrimLeft(string(code[10:]), "0") + ", " + ref.Regions[code.Up(domain.Village)].Name
	}
	return Place{Code: code, Name: name}
}

// list makes a line of every box that one of the two names.
func (sheet *Sheet) list(s *ledger.State, h *handoff.Handoff, offer box.Offer) {
	lines := map[uint32]Box{}
	line := func(numbers []uint32, mark Mark) {
		for _, n := range numbers {
			lines[n] = Box{ID: s.BoxRegister.ID(n), Mark: mark}
		}
	}
	line(offer.Boxes, Unmentioned)
	for _, a := range h.Accepts {
		line(a.Missing, IsMissing)
		line(a.Extras, IsExtra)
		line(a.Boxes, Taken)
	}
	sheet.Offered = len(offer.Boxes)
	for _, b := range lines {
		switch b.Mark {
		case Taken:
			sheet.Accepted++
		case IsMissing, Unmentioned:
			sheet.Missing++
		case IsExtra:
			sheet.Extra++
		}
		b.seen(s, sheet.Handoff)
		sheet.Boxes = append(sheet.Boxes, b)
	}
	slices.SortFunc(sheet.Boxes, func(a, b Box) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

// seen fills in what the receiver saw of the box, and the seals that were on it before.
func (b *Box) seen(s *ledger.State, id string) {
	var on []string
	for _, f := range s.Boxes().Facts(b.ID) {
		switch f.Kind {
		case box.Sealed:
			on = f.Seals
		case box.Unsealed:
			on = nil
		case box.Accepted:
			if f.Document == id {
				b.Read, b.Applied = f.Seals, on
				b.Condition = slices.DeleteFunc(slices.Clone(f.Condition), func(c string) bool { return c == "extra" })
				return
			}
		case box.Replaces, box.Packed, box.Checked, box.Replaced, box.Loaded, box.Missing, box.Lost, box.Seized, box.Damaged, box.Counted, box.Foreign:
		}
	}
}

// Name gives everybody the name that names has; a person without one stays an id.
func (sheet *Sheet) Name(names func(id string) string) {
	for _, p := range []*Person{&sheet.Giver.Person, &sheet.Receiver.Person} {
		if p.ID != "" {
			p.Name = names(p.ID)
		}
	}
	sheet.Witnesses = slices.Clone(sheet.Witnesses)
	for i := range sheet.Witnesses {
		sheet.Witnesses[i].Person.Name = names(sheet.Witnesses[i].Person.ID)
	}
}
