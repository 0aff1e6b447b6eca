package feed

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/shipment"
)

// Fact is one thing known about a shipment.
type Fact struct {
	Kind     shipment.Kind
	Occurred int64     // microseconds since 1970
	Command  uuid.UUID // settles ties, as in the ledger
	Text     string    // vehicle, police unit, place or reason, by the kind
	More     string    // order number, or until when
	By       string    // police unit of the escort who tells it
	Carrier  string    // firm that a plan or load names
}

// Trip is what the feed knows of one shipment.
type Trip struct {
	Leg, From, To string // "" while the plan is not here
	Boxes, Kits   int
	Facts         []Fact // as they occurred
}

// standing is what follows from the facts.
type standing struct {
	status                shipment.Status
	bound, vehicle        string
	carrier               string
	escort, order         string
	place                 string
	placeAt               int64
	delay, until          string
	following             []string // police units that escort, sorted
	dispatched, cancelled bool
}

// compare orders facts as the ledger does.
func compare(a, b Fact) int {
	return cmp.Or(cmp.Compare(a.Occurred, b.Occurred), cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Command[:], b.Command[:]))
}

// with is the trip with one more event. The old one stays what it was.
func (t Trip) with(r *Record, e shipment.Event) Trip {
	f := Fact{Occurred: r.Meta.OccurredAt.UnixMicro(), Command: r.Meta.CommandID}
	if r.Meta.Actor.Role == domain.RoleEscort {
		f.By = r.Meta.Actor.Scope
	}
	switch e := e.(type) {
	case *shipment.Planned:
		f.Kind, f.Carrier = shipment.KindPlanned, e.Carrier
		if t.Leg == "" {
			t.Leg, t.From, t.To, t.Boxes, t.Kits = string(e.Leg), string(e.From), string(e.To), len(e.Boxes), len(e.Kits)
		}
	case *shipment.Loaded:
		f.Kind, f.Text, f.Carrier = shipment.KindLoaded, e.Vehicle, e.Carrier
	case *shipment.VehicleInspected:
		f.Kind = shipment.KindInspected
	case *shipment.EscortAssigned:
		f.Kind, f.Text, f.More = shipment.KindAssigned, e.PoliceUnit, e.OrderNo
	case *shipment.EscortAccepted:
		f.Kind, f.Text = shipment.KindAccepted, f.By
	case *shipment.EscortHandedOver:
		f.Kind, f.Text, f.More = shipment.KindHandedOver, e.PoliceUnit, e.OrderNo
	case *shipment.Dispatched:
		f.Kind = shipment.KindDispatched
	case *shipment.CheckpointPassed:
		f.Kind, f.Text = shipment.KindCheckpoint, e.Place
	case *shipment.Delayed:
		f.Kind, f.Text, f.More = shipment.KindDelayed, e.Reason, e.Until
	case *shipment.Diverted:
		f.Kind, f.Text = shipment.KindDiverted, string(e.To)
	case *shipment.LoadTransferred:
		f.Kind, f.Text = shipment.KindTransferred, e.Vehicle
	case *shipment.Arrived:
		f.Kind, f.Text = shipment.KindArrived, string(e.Place)
	case *shipment.Cancelled:
		f.Kind = shipment.KindCancelled
	}
	at, _ := slices.BinarySearchFunc(t.Facts, f, compare)
	t.Facts = slices.Insert(slices.Clone(t.Facts), at, f)
	return t
}

// escorts folds who escorts the shipment, as the ledger does.
func (t Trip) escorts() (e shipment.Escorts[string]) {
	for _, f := range t.Facts {
		t.ask(&e, f)
	}
	return e
}

// ask folds one fact.
func (t Trip) ask(e *shipment.Escorts[string], f Fact) (moved bool) {
	switch {
	case f.Kind == shipment.KindAssigned:
		e.Assigned(f.Text)
		return true
	case f.Kind == shipment.KindHandedOver:
		return e.HandedOver(f.By, f.Text)
	}
	return false
}

// moves tells whether what a command tells of the escort changed it at its moment.
func (t Trip) moves(command uuid.UUID) bool {
	var e shipment.Escorts[string]
	for _, f := range t.Facts {
		if moved := t.ask(&e, f); f.Command == command {
			return moved
		}
	}
	return false
}

// stray tells whether a fact is of a police unit that nobody has asked: it counts for nothing.
func (f Fact) stray(e *shipment.Escorts[string]) bool {
	switch f.Kind {
	case shipment.KindAccepted, shipment.KindHandedOver, shipment.KindCheckpoint, shipment.KindDelayed:
		return f.By != "" && e.Of(f.By) == shipment.NotAsked
	case shipment.KindPlanned, shipment.KindLoaded, shipment.KindInspected, shipment.KindAssigned, shipment.KindCancelled, shipment.KindDispatched,
		shipment.KindDiverted, shipment.KindTransferred, shipment.KindArrived:
	}
	return false
}

// stand walks along the facts. State, direction, vehicle, carrier and escort are the ledger's own, which a test holds equal.
func (t Trip) stand() standing {
	s := standing{bound: t.To}
	all := t.escorts()
	var carrier shipment.Carriers[string]
	var e shipment.Escorts[string]
	for _, f := range t.Facts {
		if f.stray(&all) {
			continue
		}
		carrier.Named(f.Kind, f.Carrier)
		switch f.Kind {
		case shipment.KindPlanned, shipment.KindInspected, shipment.KindAccepted:
		case shipment.KindLoaded:
			s.vehicle = f.Text
			if s.status == shipment.StatusPlanned {
				s.status = shipment.StatusLoading
			}
		case shipment.KindAssigned, shipment.KindHandedOver:
			if t.ask(&e, f) {
				s.escort, s.order = f.Text, f.More
			}
		case shipment.KindDispatched:
			if !s.dispatched {
				s.dispatched, s.status = true, shipment.StatusDispatched
			}
		case shipment.KindCheckpoint:
			s.place, s.placeAt = f.Text, f.Occurred
			if s.status == shipment.StatusDelayed {
				s.status = shipment.StatusDispatched
			}
		case shipment.KindDelayed:
			s.delay, s.until = f.Text, f.More
			if s.status == shipment.StatusDispatched {
				s.status = shipment.StatusDelayed
			}
		case shipment.KindDiverted:
			s.bound = f.Text
		case shipment.KindTransferred:
			s.vehicle = f.Text
		case shipment.KindArrived:
			s.place, s.placeAt = f.Text, f.Occurred
			if !s.cancelled {
				s.status = shipment.StatusArrived
			}
		case shipment.KindCancelled:
			if !s.dispatched {
				s.cancelled, s.status = true, shipment.StatusCancelled
			}
		}
	}
	s.carrier = carrier.Carrier
	s.following = slices.Sorted(slices.Values(all.On))
	return s
}

// card is what every message to the police says of a shipment.
func (t Trip) card(id string, s *standing) PoliceShipment {
	return PoliceShipment{
		Shipment: id, State: s.status.String(), Leg: t.Leg, From: t.From, To: t.To, Bound: s.bound, Vehicle: s.vehicle, Carrier: s.carrier, Boxes: t.Boxes, Kits: t.Kits,
		PoliceUnit: s.escort, OrderNo: s.order,
	}
}

// summary is the card with what is known last.
func (t Trip) summary(id string, s *standing) PoliceShipment {
	c := t.card(id, s)
	c.Event = SummaryEvent
	if s.place != "" {
		c.Place, c.PlaceAt = s.place, stamp(time.UnixMicro(s.placeAt))
	}
	if s.status == shipment.StatusDelayed {
		c.Reason, c.Until = s.delay, s.until
	}
	return c
}

// own adds to the card what the event itself says, and returns the police unit that it names, "" for none.
func (c *PoliceShipment) own(r *Record, e shipment.Event) (named string) {
	c.Event = r.event()
	switch e := e.(type) {
	case *shipment.Loaded:
		for _, b := range e.Boxes {
			if b.IsKit() {
				c.LoadedKits++
			} else {
				c.LoadedBoxes++
			}
		}
	case *shipment.EscortAssigned:
		c.ToUnit, c.ToOrderNo = e.PoliceUnit, e.OrderNo
		return e.PoliceUnit
	case *shipment.EscortHandedOver:
		c.ToUnit, c.ToOrderNo = e.PoliceUnit, e.OrderNo
		return e.PoliceUnit
	case *shipment.CheckpointPassed:
		c.Place, c.PlaceAt = e.Place, stamp(r.Meta.OccurredAt)
	case *shipment.Arrived:
		c.Place, c.PlaceAt = string(e.Place), stamp(r.Meta.OccurredAt)
	case *shipment.Delayed:
		c.Reason, c.Until = e.Reason, e.Until
	case *shipment.Planned, *shipment.VehicleInspected, *shipment.EscortAccepted, *shipment.Dispatched, *shipment.Diverted, *shipment.LoadTransferred, *shipment.Cancelled:
	}
	return ""
}
