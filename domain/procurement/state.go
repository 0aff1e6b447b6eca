package procurement

import (
	"maps"
	"slices"

	"jejak/domain/fact"
	"jejak/domain/goods"
)

// State is what the room knows. The zero value is empty. Only the rooms change it; what it holds is never changed in place but replaced,
// so that saved values stay what they were.
type State struct {
	Budget     Budget
	Orders     fact.Table[Order]
	Deliveries fact.Table[Delivery]
}

// Budget of the unit, in rupiah.
type Budget struct {
	Set       bool
	Ceiling   int64
	Document  string
	Committed int64 // by the unit's own orders
	Excepted  int64 // of that, what was approved above the ceiling
	Paid      int64
}

// Order is everything known of an order, also when nobody has told yet who placed it.
type Order struct {
	Own        *Placing
	External   []Placing // told by reports, in order of occurrence; the first counts when the unit did not order itself
	Amended    []PricedLine
	Excepted   int64    // rupiah of its lines that were approved above the ceiling
	StandsOn   []string // ids of the approvals that allowed them, as they were used; never changed in place
	Production []Production
	Deliveries []string // announced against it, sorted
	Paid       int64    // rupiah
	Closed     *fact.Fact
}

// Placing is an order as it was placed.
type Placing struct {
	fact.Fact
	PlacedBy  string // "" for the unit itself
	Supplier  string
	Lines     []PricedLine
	Exception *Excepted
}

// Production is one batch from the printer's minutes.
type Production struct {
	fact.Fact
	Seller
	Item                           goods.Item
	Printed, Sent, Stored, Spoiled int64
}

// Delivery is everything known of a delivery.
type Delivery struct {
	Announced []Announcement   // the first counts
	Counts    []Count          // the first counts
	Sorted    map[string]Tally // by ballot design, over all cartons
	Accepted  *Acceptance
	Replaced  map[string][]goods.Line // by claim: what the supplier has replaced
}

// Announcement of a delivery.
type Announcement struct {
	fact.Fact
	Seller
	Order string // "" when it comes from another unit's stock
	Lines []goods.Line
}

// Count of a delivery in the warehouse.
type Count struct {
	fact.Fact
	Lines []CountLine
}

// CountLine is what was found of one item. announced = Good + Damaged + Missing - Extra: pieces above what was announced are in Good or
// Damaged too, and Extra says how many they are.
type CountLine struct {
	goods.Item
	Good    int64 `json:"good"`
	Damaged int64 `json:"damaged"`
	Missing int64 `json:"missing"`
	Extra   int64 `json:"extra"`
}

// Tally is what was found when ballots were sorted, in sheets.
type Tally struct {
	Good, Damaged, Missing, Foreign int64
}

// Total is how many sheets the cartons should have held.
func (t Tally) Total() int64 { return t.Good + t.Damaged + t.Missing + t.Foreign }

// Acceptance of a delivery.
type Acceptance struct {
	fact.Fact
	Document string
}

// Placing that counts: the unit's own, else the first that was told; nil while nobody has told.
func (o *Order) Placing() *Placing {
	switch {
	case o == nil:
		return nil
	case o.Own != nil:
		return o.Own
	case len(o.External) > 0:
		return &o.External[0]
	}
	return nil
}

// Lines that are ordered now, amendments included; nil while nobody has told.
func (o *Order) Lines() []PricedLine {
	p := o.Placing()
	switch {
	case p == nil:
		return nil
	case o.Own != nil && o.Amended != nil:
		return o.Amended
	}
	return p.Lines
}

// Ordered pieces of an item.
func (o *Order) Ordered(item goods.Item) int64 {
	for _, l := range o.Lines() {
		if l.Item == item {
			return l.Quantity
		}
	}
	return 0
}

// Announcement that counts, nil while nobody has announced the delivery.
func (d *Delivery) Announcement() *Announcement {
	if d == nil || len(d.Announced) == 0 {
		return nil
	}
	return &d.Announced[0]
}

// Count that counts, nil while nobody has counted.
func (d *Delivery) Count() *Count {
	if d == nil || len(d.Counts) == 0 {
		return nil
	}
	return &d.Counts[0]
}

// AnnouncedOf an item: pieces, and whether the item is named at all.
func (d *Delivery) AnnouncedOf(item goods.Item) (pieces int64, named bool) {
	if a := d.Announcement(); a != nil {
		for _, l := range a.Lines {
			if l.Item == item {
				return l.Quantity, true
			}
		}
	}
	return 0, false
}

// CountedGood pieces of an item, zero while nobody has counted.
func (d *Delivery) CountedGood(item goods.Item) int64 {
	if c := d.Count(); c != nil {
		for _, l := range c.Lines {
			if l.Item == item {
				return l.Good
			}
		}
	}
	return 0
}

// IsAccepted tells whether the goods are the unit's own.
func (d *Delivery) IsAccepted() bool { return d != nil && d.Accepted != nil }

// ReplacedOf an item: pieces that the supplier brought in settlement of claims about this delivery.
func (d *Delivery) ReplacedOf(item goods.Item) (pieces int64) {
	for _, lines := range d.Replaced {
		for _, l := range lines {
			if l.Item == item {
				pieces += l.Quantity
			}
		}
	}
	return pieces
}

// Delivery returns what is known of a delivery, nil if nothing.
func (s *State) Delivery(id string) *Delivery { return s.Deliveries[id] }

// AddCount tells what was counted of a delivery. It is for package receipt's Apply.
func (s *State) AddCount(id string, count Count) {
	s.Deliveries.Change(id, func(d *Delivery) { d.Counts = fact.Insert(d.Counts, count) })
}

// AddSorting adds what was found in a carton of a delivery's ballots. It is for package receipt's Apply.
func (s *State) AddSorting(id, design string, carton Tally) {
	s.Deliveries.Change(id, func(d *Delivery) {
		sorted := maps.Clone(d.Sorted)
		if sorted == nil {
			sorted = map[string]Tally{}
		}
		t := sorted[design]
		sorted[design] = Tally{t.Good + carton.Good, t.Damaged + carton.Damaged, t.Missing + carton.Missing, t.Foreign + carton.Foreign}
		d.Sorted = sorted
	})
}

// SetReplaced tells what the supplier has replaced for a delivery under one claim; no lines: nothing. It is for package receipt's Apply.
func (s *State) SetReplaced(id, claim string, lines []goods.Line) {
	if len(lines) == 0 && s.Deliveries[id] == nil {
		return
	}
	s.Deliveries.Change(id, func(d *Delivery) {
		replaced := maps.Clone(d.Replaced)
		if replaced == nil {
			replaced = map[string][]goods.Line{}
		}
		if replaced[claim] = lines; len(lines) == 0 {
			delete(replaced, claim)
		}
		d.Replaced = replaced
	})
}

// withID returns the sorted list with id in it.
func withID(list []string, id string) []string {
	at, found := slices.BinarySearch(list, id)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), at, id)
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	return State{Budget: s.Budget, Orders: maps.Clone(s.Orders), Deliveries: maps.Clone(s.Deliveries)}
}
