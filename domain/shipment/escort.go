package shipment

import "slices"

// Standing says how a police unit stands to a shipment.
type Standing uint8

// The standings. That a unit has said yes by itself is none: who has not been asked has no part in the escort.
const (
	// NotAsked: nobody has assigned the unit or handed the escort over to it.
	NotAsked Standing = iota
	// Escorting: it was asked and has not passed the escort on.
	Escorting
	// Former: it has passed the escort on, or another unit was put in its place.
	Former
)

// Escorts folds who escorts a shipment out of what was told of it, in the order in which it occurred. It is the one place that decides: who may
// act, read and hear all follow from it. U names a police unit; its zero value is nobody.
type Escorts[U comparable] struct {
	InCharge U // the unit asked last
	// On are the units that escort now, and Asked all that ever did, in the order in which they were asked. They are never changed in place.
	On, Asked []U
}

// Assigned: a unit was asked. Those who escort go on.
func (e *Escorts[U]) Assigned(unit U) {
	e.InCharge = unit
	if !slices.Contains(e.On, unit) {
		e.On = append(slices.Clip(e.On), unit)
	}
	if !slices.Contains(e.Asked, unit) {
		e.Asked = append(slices.Clip(e.Asked), unit)
	}
}

// HandedOver: the escort was passed on to a unit, by the unit that tells of it, or by the office (nobody) for the one in charge. A unit that does
// not escort at that moment has nothing to pass on: then nothing moves, and it is false.
func (e *Escorts[U]) HandedOver(by, to U) bool {
	var nobody U
	from := e.InCharge
	if by != nobody {
		if !slices.Contains(e.On, by) {
			return false
		}
		from = by
	}
	if from != to {
		e.On = slices.DeleteFunc(slices.Clone(e.On), func(unit U) bool { return unit == from })
	}
	e.Assigned(to)
	return true
}

// Of says how a unit stands.
func (e *Escorts[U]) Of(unit U) Standing {
	switch {
	case slices.Contains(e.On, unit):
		return Escorting
	case slices.Contains(e.Asked, unit):
		return Former
	}
	return NotAsked
}

// teller is the police unit that tells a fact, 0 for others.
func (b *Book) teller(f *Fact) uint32 {
	if f.Flag&byPolice == 0 {
		return 0
	}
	return b.Boxes.Register.Acts[f.Act].Place
}

// escorts folds who escorts a shipment, from the facts that are known.
func (b *Book) escorts(facts []Fact) (e Escorts[uint32]) {
	for i := range facts {
		switch f := &facts[i]; f.Kind {
		case KindAssigned:
			e.Assigned(f.Text)
		case KindHandedOver:
			e.HandedOver(b.teller(f), f.Text)
		case KindPlanned, KindLoaded, KindInspected, KindAccepted, KindCancelled, KindDispatched, KindCheckpoint, KindDelayed, KindDiverted,
			KindTransferred, KindArrived:
		}
	}
	return e
}

// Standing says how a police unit stands to a shipment now, and whether anybody was asked to escort it.
func (b *Book) Standing(id, policeUnit string) (standing Standing, asked bool) {
	s := b.State.Shipments[id]
	if s == nil {
		return NotAsked, false
	}
	e := b.escorts(s.Facts)
	number, known := b.Boxes.Register.Texts.Find(policeUnit)
	if !known {
		return NotAsked, len(e.Asked) > 0
	}
	return e.Of(number), len(e.Asked) > 0
}

// Escorting lists the police units that escort a shipment now.
func (b *Book) Escorting(s *Shipment) []string {
	e := b.escorts(s.Facts)
	units := make([]string, len(e.On))
	for i, number := range e.On {
		units[i] = b.Boxes.Register.Texts.Text(number)
	}
	return units
}

// stray tells whether a fact is told by a police unit that nobody has asked: what it says of the escort and the road counts for nothing until
// somebody does.
func (b *Book) stray(f *Fact, e *Escorts[uint32]) bool {
	if !ofTheEscort(f.Kind) {
		return false
	}
	by := b.teller(f)
	return by != 0 && e.Of(by) == NotAsked
}

// ofTheEscort are the kinds of fact that police units tell.
func ofTheEscort(k Kind) bool {
	return k == KindAccepted || k == KindHandedOver || k == KindCheckpoint || k == KindDelayed
}
