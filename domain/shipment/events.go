package shipment

import "jejak/domain"

// Event is an event of the room. Every event has the fields of its command, but for an override.
//
//sumtype:decl
type Event interface {
	domain.Event
	shipmentEvent()
	document() string
}

// Planned: what is to travel (shipment.planned).
type Planned Plan

// Loaded: boxes and kits are on the vehicle (shipment.loaded).
type Loaded Load

// VehicleInspected: vehicle, driver and papers were looked at (shipment.vehicle_inspected).
type VehicleInspected InspectVehicle

// EscortAssigned: a police unit is asked to escort (shipment.escort_assigned).
type EscortAssigned AssignEscort

// EscortAccepted: an escort said yes (shipment.escort_accepted).
type EscortAccepted AcceptEscort

// EscortHandedOver: another police unit escorts from here (shipment.escort_handed_over).
type EscortHandedOver HandOverEscort

// Dispatched: the vehicle left (shipment.dispatched).
type Dispatched struct {
	Shipment string      `json:"shipment"`
	Override *Overridden `json:"override,omitempty"`
}

// Overridden is the override of a dispatch as it was recorded. In schema 1 it names who approved it, and that is all that was asked; from schema 2 on
// an approval that is recorded too covers it.
type Overridden struct {
	Approver string `json:"approver,omitempty"` // of schema 1 alone: who approved it, a user id
	Asked    string `json:"asked,omitempty"`    // who was asked
	Approval string `json:"approval,omitempty"` // the approval that the sender named
	Reason   string `json:"reason"`
}

// CheckpointPassed: the shipment was seen here (shipment.checkpoint_passed).
type CheckpointPassed ReportCheckpoint

// Delayed: the shipment waits (shipment.delayed).
type Delayed ReportDelay

// Diverted: the shipment goes elsewhere (shipment.diverted).
type Diverted Divert

// LoadTransferred: the load is on another vehicle (shipment.load_transferred).
type LoadTransferred TransferLoad

// Arrived: the shipment is there (shipment.arrived).
type Arrived ReportArrival

// Cancelled: the shipment does not take place (shipment.cancelled).
type Cancelled Cancel

func (*Planned) shipmentEvent()          {}
func (*Loaded) shipmentEvent()           {}
func (*VehicleInspected) shipmentEvent() {}
func (*EscortAssigned) shipmentEvent()   {}
func (*EscortAccepted) shipmentEvent()   {}
func (*EscortHandedOver) shipmentEvent() {}
func (*Dispatched) shipmentEvent()       {}
func (*CheckpointPassed) shipmentEvent() {}
func (*Delayed) shipmentEvent()          {}
func (*Diverted) shipmentEvent()         {}
func (*LoadTransferred) shipmentEvent()  {}
func (*Arrived) shipmentEvent()          {}
func (*Cancelled) shipmentEvent()        {}

func (e *Planned) document() string          { return e.Shipment }
func (e *Loaded) document() string           { return e.Shipment }
func (e *VehicleInspected) document() string { return e.Shipment }
func (e *EscortAssigned) document() string   { return e.Shipment }
func (e *EscortAccepted) document() string   { return e.Shipment }
func (e *EscortHandedOver) document() string { return e.Shipment }
func (e *Dispatched) document() string       { return e.Shipment }
func (e *CheckpointPassed) document() string { return e.Shipment }
func (e *Delayed) document() string          { return e.Shipment }
func (e *Diverted) document() string         { return e.Shipment }
func (e *LoadTransferred) document() string  { return e.Shipment }
func (e *Arrived) document() string          { return e.Shipment }
func (e *Cancelled) document() string        { return e.Shipment }

// EventType implements domain.Event.
func (*Planned) EventType() string { return "shipment.planned" }

// EventType implements domain.Event.
func (*Loaded) EventType() string { return "shipment.loaded" }

// EventType implements domain.Event.
func (*VehicleInspected) EventType() string { return "shipment.vehicle_inspected" }

// EventType implements domain.Event.
func (*EscortAssigned) EventType() string { return "shipment.escort_assigned" }

// EventType implements domain.Event.
func (*EscortAccepted) EventType() string { return "shipment.escort_accepted" }

// EventType implements domain.Event.
func (*EscortHandedOver) EventType() string { return "shipment.escort_handed_over" }

// EventType implements domain.Event.
func (*Dispatched) EventType() string { return "shipment.dispatched" }

// EventType implements domain.Event.
func (*CheckpointPassed) EventType() string { return "shipment.checkpoint_passed" }

// EventType implements domain.Event.
func (*Delayed) EventType() string { return "shipment.delayed" }

// EventType implements domain.Event.
func (*Diverted) EventType() string { return "shipment.diverted" }

// EventType implements domain.Event.
func (*LoadTransferred) EventType() string { return "shipment.load_transferred" }

// EventType implements domain.Event.
func (*Arrived) EventType() string { return "shipment.arrived" }

// EventType implements domain.Event.
func (*Cancelled) EventType() string { return "shipment.cancelled" }

// Schema is 2 where it names the carrier, else 1.
func (p *Planned) Schema() int { return naming(p.Carrier) }

// Schema is 2 where it names the carrier, else 1.
func (l *Loaded) Schema() int { return naming(l.Carrier) }

// naming is the schema of an event that may name a carrier: what names none is written, and read by older programs, as ever.
func naming(carrier string) int {
	if carrier != "" {
		return 2
	}
	return 1
}

// Schema implements domain.Event.
func (*VehicleInspected) Schema() int { return 1 }

// Schema implements domain.Event.
func (*EscortAssigned) Schema() int { return 1 }

// Schema implements domain.Event.
func (*EscortAccepted) Schema() int { return 1 }

// Schema implements domain.Event.
func (*EscortHandedOver) Schema() int { return 1 }

// Schema is 2: an override stands on an approval. It is 1 where one is by the name of an approver alone.
func (d *Dispatched) Schema() int {
	if d.Override != nil && d.Override.Approver != "" {
		return 1
	}
	return 2
}

// Schema implements domain.Event.
func (*CheckpointPassed) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Delayed) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Diverted) Schema() int { return 1 }

// Schema implements domain.Event.
func (*LoadTransferred) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Arrived) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Cancelled) Schema() int { return 1 }
