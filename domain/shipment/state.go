package shipment

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/goods"
)

// Kind is what a fact about a shipment says.
type Kind uint8

// The kinds of fact, in the order of the work; what Fact's Text means for each.
const (
	KindPlanned     Kind = iota + 1
	KindLoaded           // Text: the vehicle
	KindInspected        // Flag: what was in order
	KindAssigned         // Text: the police unit
	KindAccepted         // Text: the police unit of the escort who accepted
	KindHandedOver       // Text: the next police unit
	KindCancelled        // Text: the reason
	KindDispatched       // Flag: overridden or byApproval; Text: in schema 1 the approver of the override
	KindCheckpoint       // Text: where
	KindDelayed          // Text: the reason
	KindDiverted         // Text: the new place
	KindTransferred      // Text: the new vehicle
	KindArrived          // Text: the place
)

var kindNames = [...]string{"", "planned", "loaded", "vehicle_inspected", "escort_assigned", "escort_accepted", "escort_handed_over", "cancelled",
	"dispatched", "checkpoint_passed", "delayed", "diverted", "load_transferred", "arrived"}

// String is the second half of the event's type.
func (k Kind) String() string { return kindNames[k] }

// Flags of a fact.
const (
	roadworthy uint8 = 1 << iota // of an inspection
	driverFit
	papers
	overridden // of a dispatch: by an override of schema 1
	byApproval // of a dispatch: an override is meant, which an approval in force covers
	byPolice   // told by somebody of a police unit
	byCarrier  // told by somebody of a carrier

	fit = roadworthy | driverFit | papers
)

// Fact is one thing known about a shipment.
type Fact struct {
	Act  uint32 // of the register of boxes
	Text uint32 // of Texts of that register
	// Firm is likewise: the carrier that a plan or load names; of what a carrier tells, his account's party. 0 for none.
	Firm uint32
	Kind Kind
	Flag uint8
}

// Status is where a shipment stands.
type Status uint8

// The statuses.
const (
	StatusPlanned Status = iota
	StatusLoading
	StatusDispatched
	StatusDelayed
	StatusArrived
	StatusCancelled
	Statuses int = iota
)

var statusNames = [Statuses]string{"planned", "loading", "dispatched", "delayed", "arrived", "cancelled"}

// String is the status's name for callers.
func (s Status) String() string { return statusNames[s] }

// Shipment is what is known of one shipment.
type Shipment struct {
	Leg      Leg // "", like From and To, while the plan is not here
	From, To domain.Code
	Planned  []uint32 // boxes and kits of the plan, sorted
	Lines    []goods.Line
	Facts    []Fact   // as they occurred; never changed in place
	Boxes    []uint32 // boxes and kits loaded, sorted; never changed in place

	// What follows from the facts.
	Status  Status
	Journey box.Journey
	Bound   domain.Code // where it goes now: To, or where it was diverted
	Vehicle uint32      // of Texts: the last
	Carrier uint32      // of Texts: the firm that drives, 0 while nobody has named it
	Escort  uint32      // of Texts: the police unit in charge, 0 for none
	Agreed  bool        // it has accepted
	Told    bool        // somebody whose shipment it is has told of it, not only strays
	Strays  []Stray     // never changed in place
}

// State holds the shipments of a ledger. The zero value is empty.
type State struct {
	Shipments map[string]*Shipment // by id
	Counts    [Statuses]int        // how many are in each status, of those that are Told
	Strays    map[string][]string  // by user id: the shipments in which the person strays, sorted; replaced when it changes
}

// compare orders facts as they occurred.
func (b *Book) compare(x, y Fact) int {
	acts := b.Boxes.Register.Acts
	p, q := &acts[x.Act], &acts[y.Act]
	if c := cmp.Compare(p.Occurred, q.Occurred); c != 0 {
		return c
	}
	if c := cmp.Compare(x.Kind, y.Kind); c != 0 {
		return c
	}
	return bytes.Compare(p.Command[:], q.Command[:])
}

// change replaces a shipment by what edit makes of it, a new one if need be. The old value stays what it was.
func (b *Book) change(id string, edit func(s *Shipment)) {
	if b.State.Shipments == nil {
		b.State.Shipments = map[string]*Shipment{}
	}
	next := Shipment{}
	if old := b.State.Shipments[id]; old != nil {
		next = *old
		b.count(old, -1)
	}
	left, strays, asked := next.goodsLeft(), next.Strays, b.escorts(next.Facts).Asked
	edit(&next)
	b.walk(id, &next, nil)
	b.State.Shipments[id] = &next
	if left != next.goodsLeft() {
		for _, line := range next.Lines {
			b.Boxes.Stock.Issue(line.Item.Item, line.Variant, line.Quantity)
		}
	}
	b.count(&next, 1)
	b.strayed(id, strays, next.Strays)
	if !slices.Equal(asked, b.escorts(next.Facts).Asked) {
		b.Incidents.Recheck(id)
	}
}

func (b *Book) count(s *Shipment, by int) {
	if s.Told {
		b.State.Counts[s.Status] += by
	}
}

// goodsLeft tells whether the goods of the shipment's lines have left the stock of the unit: both plan and dispatch are known.
func (s *Shipment) goodsLeft() bool {
	return s.Leg != "" && slices.ContainsFunc(s.Facts, func(f Fact) bool { return f.Kind == KindDispatched })
}

// insert puts a fact in its place in a new list.
func (b *Book) insert(facts []Fact, f Fact) []Fact {
	at, _ := slices.BinarySearchFunc(facts, f, b.compare)
	return slices.Insert(slices.Clone(facts), at, f)
}

// union is the sorted union of two sorted lists, a new list.
func union(a, b []uint32) []uint32 {
	both := append(slices.Clone(a), b...)
	slices.Sort(both)
	return slices.Compact(both)
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	return State{Shipments: maps.Clone(s.Shipments), Counts: s.Counts, Strays: maps.Clone(s.Strays)}
}
