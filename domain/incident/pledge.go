package incident

import (
	"slices"

	"jejak/domain"
)

// Pledge is what a police unit has raised about shipments alone. While nobody has asked that unit to escort any of them, the case is held: it stands in the
// register and counts nowhere, since nobody can tell yet whether there is anything in it.
type Pledge struct {
	Sender     string // user id
	PoliceUnit string
	Shipments  []string
	Proof      domain.Ref
}

// Escorts says which police units were asked to escort a shipment.
type Escorts interface {
	// Asked tells whether a police unit was ever asked to escort a shipment.
	Asked(shipment, policeUnit string) bool
	// IsShipment tells whether what an incident names can only be a shipment.
	IsShipment(unit string) bool
	// NotAsked is what is wrong with a request by somebody whose unit nobody has asked.
	NotAsked(actor domain.Actor, path string) domain.Violation
}

// pledge keeps what a police unit raises about shipments alone, and tells whether it is held.
func (r *Room) pledge(rec domain.Recorded, e *IncidentRaised) (held bool) {
	if !r.aboutShipments(rec.Meta.Actor, e.Units) {
		return false
	}
	if r.register.Pledges == nil {
		r.register.Pledges = map[string]Pledge{}
	}
	p := Pledge{rec.Meta.Actor.ID, rec.Meta.Actor.Scope, e.Units, rec.Ref()}
	r.register.Pledges[e.Incident] = p
	return r.held(p)
}

// aboutShipments tells whether somebody of a police unit names nothing but shipments.
func (r *Room) aboutShipments(actor domain.Actor, units []string) bool {
	elsewhere := func(unit string) bool { return !r.escorts.IsShipment(unit) }
	return actor.Role == domain.RoleEscort && len(units) > 0 && !slices.ContainsFunc(units, elsewhere)
}

func (r *Room) held(p Pledge) bool {
	return !slices.ContainsFunc(p.Shipments, func(s string) bool { return r.escorts.Asked(s, p.PoliceUnit) })
}

// Recheck looks again at the cases that name a shipment: others may have been asked to escort it.
func (r *Room) Recheck(shipment string) {
	for id, p := range r.register.Pledges {
		c := r.register.Cases[id]
		if held := r.held(p); c != nil && c.Held != held && slices.Contains(p.Shipments, shipment) {
			r.register.countOpen(c, -1)
			c.Held = held
			r.register.countOpen(c, 1)
		}
	}
}

// Senders are those who raised a case that names a shipment, in no order and perhaps more than once.
func (r *Room) Senders(shipment string) (senders []string) {
	for _, p := range r.register.Pledges {
		if slices.Contains(p.Shipments, shipment) {
			senders = append(senders, p.Sender)
		}
	}
	return senders
}

// Held is the first event of a sender that is held, with his police unit; ok is false for none.
func (r *Room) Held(sender string) (proof domain.Ref, policeUnit string, ok bool) {
	for id, p := range r.register.Pledges {
		if c := r.register.Cases[id]; p.Sender == sender && c != nil && c.Held && (!ok || p.Proof.Version < proof.Version) {
			proof, policeUnit, ok = p.Proof, p.PoliceUnit, true
		}
	}
	return proof, policeUnit, ok
}
