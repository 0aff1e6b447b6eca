package handoff

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/box"
)

// OfferFact is one offer.
type OfferFact struct {
	Act      uint32 // of the register of boxes
	Shipment string // "" when the giver walks
	To       domain.Code
	Boxes    []uint32 // sorted
}

// AcceptFact is one acceptance. Its lists are sorted.
type AcceptFact struct {
	Act                    uint32
	Boxes, Missing, Extras []uint32
}

// Handoff is what is known of one handoff. Its lists are never changed in place.
type Handoff struct {
	Offers    []OfferFact    // as they occurred; the first counts
	Accepts   []AcceptFact   // as they occurred
	Witnesses []string       // "<role> <id>", sorted
	Documents []DocumentFact // as they occurred
}

// State holds the handoffs of a ledger. The zero value is empty.
type State struct {
	Handoffs   map[string]*Handoff // by id
	ByShipment map[string][]string // handoffs by shipment, sorted; never changed in place
}

// Book says what is wrong with handoffs, and tells the boxes what was offered.
type Book struct {
	State *State
	Boxes *box.Book
}

var (
	_ domain.Book = (*Book)(nil)
	_ box.Offers  = (*Book)(nil)
)

// Offer implements box.Offers.
func (b *Book) Offer(handoff string) box.Offer {
	h := b.State.Handoffs[handoff]
	if h == nil || len(h.Offers) == 0 {
		return box.Offer{}
	}
	o := &h.Offers[0]
	offer := box.Offer{Known: true, To: o.To, Walked: o.Shipment == "", Boxes: o.Boxes}
	if o.Shipment != "" {
		offer.From = b.Boxes.Journeys.Journey(o.Shipment).From
	}
	if offer.From == "" {
		if scope := domain.Code(b.text(b.act(o.Act).Place)); scope.Level() != domain.None {
			offer.From = scope
		}
	}
	return offer
}

// OfShipment returns the handoffs that were offered from a shipment, and every box that they offer or accept.
func (b *Book) OfShipment(shipment string) (handoffs []string, boxes []uint32) {
	handoffs = b.State.ByShipment[shipment]
	for _, id := range handoffs {
		for _, o := range b.State.Handoffs[id].Offers {
			boxes = append(boxes, o.Boxes...)
		}
		for _, a := range b.State.Handoffs[id].Accepts {
			boxes = slices.Concat(boxes, a.Boxes, a.Extras)
		}
	}
	slices.Sort(boxes)
	return handoffs, slices.Compact(boxes)
}

// Received are the boxes that a handoff has brought so far.
func (b *Book) Received(handoff string) []uint32 {
	var boxes []uint32
	if h := b.State.Handoffs[handoff]; h != nil {
		for _, a := range h.Accepts {
			boxes = slices.Concat(boxes, a.Boxes, a.Extras)
		}
	}
	slices.Sort(boxes)
	return slices.Compact(boxes)
}

// Save implements domain.Book.
func (b *Book) Save(id string) (restore func()) {
	forget := b.Boxes.Register.Mark()
	before := b.State.Handoffs[id]
	var shipments []string
	var lists [][]string
	if before != nil {
		for _, o := range before.Offers {
			shipments = append(shipments, o.Shipment)
			lists = append(lists, b.State.ByShipment[o.Shipment])
		}
	}
	return func() {
		if h := b.State.Handoffs[id]; h != nil {
			for _, o := range h.Offers {
				b.unlist(o.Shipment, id)
			}
		}
		for i, s := range shipments {
			b.list(s, lists[i])
		}
		if before == nil {
			delete(b.State.Handoffs, id)
		} else {
			b.State.Handoffs[id] = before
		}
		forget()
	}
}

func (b *Book) list(shipment string, handoffs []string) {
	if shipment == "" {
		return
	}
	if len(handoffs) == 0 {
		delete(b.State.ByShipment, shipment)
		return
	}
	if b.State.ByShipment == nil {
		b.State.ByShipment = map[string][]string{}
	}
	b.State.ByShipment[shipment] = handoffs
}

func (b *Book) unlist(shipment, handoff string) {
	b.list(shipment, slices.DeleteFunc(slices.Clone(b.State.ByShipment[shipment]), func(h string) bool { return h == handoff }))
}

// change replaces a handoff by what edit makes of it, a new one if need be.
func (b *Book) change(id string, edit func(h *Handoff)) *Handoff {
	if b.State.Handoffs == nil {
		b.State.Handoffs = map[string]*Handoff{}
	}
	next := Handoff{}
	if old := b.State.Handoffs[id]; old != nil {
		next = *old
	}
	edit(&next)
	b.State.Handoffs[id] = &next
	return &next
}

func (b *Book) act(n uint32) *box.Act { return &b.Boxes.Register.Acts[n] }

func (b *Book) text(n uint32) string { return b.Boxes.Register.Texts.Text(n) }

// before tells which of two acts occurred first.
func (b *Book) before(x, y uint32) int {
	p, q := b.act(x), b.act(y)
	if c := cmp.Compare(p.Occurred, q.Occurred); c != 0 {
		return c
	}
	return bytes.Compare(p.Command[:], q.Command[:])
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	return State{Handoffs: maps.Clone(s.Handoffs), ByShipment: maps.Clone(s.ByShipment)}
}
