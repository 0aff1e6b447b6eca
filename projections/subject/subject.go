// Package subject tells what an event is about: boxes, seals, shipments, handoffs, discrepancies, orders, deliveries, claims, places and people. It is
// what an index of the log is made by, so that the events of one thing are found without reading those of all others.
package subject

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/deadline"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/domain/supporting"
)

// Version is raised when Of gives other subjects for the same event: an index of an older version is made anew.
const Version = 3

// Frame is the subject of what everything of a ledger is seen in: reference data adopted, deadlines passed.
const Frame = ""

// Of are the ids that an event names, sorted, each once: of things and places in its data as they stand there, of the people who acted, approved, were asked to or
// witnessed, and of the device. Ids of different kinds have different forms, so none says its kind. Free text, such as a note, names nothing.
func Of(rec domain.Recorded) []string {
	n := names{}
	n.event(rec)
	n.add(rec.Meta.Actor.ID, rec.Meta.Device.ID)
	slices.Sort(n.list)
	return slices.Compact(n.list)
}

// names collects ids.
type names struct{ list []string }

// add ids; an empty one is none.
func (n *names) add(ids ...string) {
	for _, id := range ids {
		if id != "" {
			n.list = append(n.list, id)
		}
	}
}

func (n *names) boxes(ids []domain.BoxID) {
	for _, id := range ids {
		n.add(string(id))
	}
}

func (n *names) places(codes ...domain.Code) {
	for _, c := range codes {
		n.add(string(c))
	}
}

func (n *names) frame() { n.list = append(n.list, Frame) }

func (n *names) event(rec domain.Recorded) {
	switch e := rec.Event.(type) {
	case *ledger.ReferenceAdopted:
		n.frame()
	case approval.Event:
		n.approval(rec, e)
	case deadline.Event:
		n.deadline(e)
	case supporting.Event, need.Event: // about groups of items and the plan, of which a unit has one
	case procurement.Event:
		n.procurement(e)
	case receipt.Event:
		n.receipt(e)
	case packing.Event:
		n.packing(e)
	case shipment.Event:
		n.shipment(e)
	case handoff.Event:
		n.handoff(e)
	case polling.Event:
		n.polling(e)
	case incident.RoomEvent:
		n.incident(e)
	case incident.Event:
		n.discrepancy(e)
	}
}

func (n *names) deadline(event deadline.Event) {
	switch e := event.(type) {
	case *deadline.Passed:
		n.frame()
		n.places(e.Area)
	}
}

// approval: an approval is named by the id of the command that gave it.
func (n *names) approval(rec domain.Recorded, event approval.Event) {
	switch e := event.(type) {
	case *approval.Given:
		n.add(rec.Meta.CommandID.String())
		n.add(e.Subject...)
	case *approval.Refused:
		n.add(e.Subject...)
	case *approval.Revoked:
		n.add(e.Approval)
	}
}

func (n *names) procurement(event procurement.Event) {
	switch e := event.(type) {
	case *procurement.BudgetSet:
	case *procurement.OrderPlaced:
		n.add(e.Order, e.Supplier)
		if e.Exception != nil {
			n.add(e.Exception.Approver, e.Exception.Asked, e.Exception.Approval)
		}
	case *procurement.ExternalOrderRecorded:
		n.add(e.Order, e.Supplier)
	case *procurement.OrderAmended:
		n.add(e.Order)
	case *procurement.ProductionReported:
		n.add(e.Order)
	case *procurement.DeliveryAnnounced:
		n.add(e.Delivery, e.Order)
	case *procurement.DeliveryAccepted:
		n.add(e.Delivery)
	case *procurement.PaymentRecorded:
		n.add(e.Order)
	case *procurement.OrderClosed:
		n.add(e.Order)
	}
}

func (n *names) receipt(event receipt.Event) {
	switch e := event.(type) {
	case *receipt.GoodsCounted:
		n.add(e.Delivery)
	case *receipt.SortingReported:
		n.add(e.Delivery)
	case *receipt.ClaimFiled:
		n.add(e.Claim, e.Delivery)
	case *receipt.ClaimSettled:
		n.add(e.Claim)
		for _, w := range e.Witnesses {
			n.add(w.ID)
		}
	}
}

func (n *names) packing(event packing.Event) {
	switch e := event.(type) {
	case *packing.BoxesPacked:
		for _, b := range e.Boxes {
			n.add(string(b.Box))
		}
		if e.Exception != nil {
			n.add(e.Exception.Approver, e.Exception.Asked, e.Exception.Approval)
		}
	case *packing.KitsPacked:
		n.boxes(e.Kits)
	case *packing.BoxesChecked:
		n.boxes(e.Boxes)
	case *packing.BoxesSealed:
		for _, b := range e.Boxes {
			n.add(string(b.Box))
			n.add(b.Seals...)
		}
	case *packing.BoxesUnsealed:
		n.boxes(e.Boxes)
		n.witnesses(e.Witnesses)
	case *packing.BoxReplaced:
		n.add(string(e.Box), string(e.Replacement))
	}
}

func (n *names) witnesses(list []packing.Witness) {
	for _, w := range list {
		n.add(w.ID)
	}
}

func (n *names) shipment(event shipment.Event) {
	switch e := event.(type) {
	case *shipment.Planned:
		n.add(e.Shipment)
		n.places(e.From, e.To)
		n.boxes(e.Boxes)
		n.boxes(e.Kits)
	case *shipment.Loaded:
		n.add(e.Shipment)
		n.boxes(e.Boxes)
	case *shipment.VehicleInspected:
		n.add(e.Shipment)
	case *shipment.EscortAssigned:
		n.add(e.Shipment, e.PoliceUnit)
	case *shipment.EscortAccepted:
		n.add(e.Shipment)
	case *shipment.EscortHandedOver:
		n.add(e.Shipment, e.PoliceUnit)
	case *shipment.Dispatched:
		n.add(e.Shipment)
		if e.Override != nil {
			n.add(e.Override.Approver, e.Override.Asked, e.Override.Approval)
		}
	case *shipment.CheckpointPassed:
		n.add(e.Shipment, e.Place)
	case *shipment.Delayed:
		n.add(e.Shipment)
	case *shipment.Diverted:
		n.add(e.Shipment)
		n.places(e.To)
	case *shipment.LoadTransferred:
		n.add(e.Shipment)
	case *shipment.Arrived:
		n.add(e.Shipment)
		n.places(e.Place)
	case *shipment.Cancelled:
		n.add(e.Shipment)
	}
}

func (n *names) handoff(event handoff.Event) {
	switch e := event.(type) {
	case *handoff.Offered:
		n.add(e.Handoff, e.Shipment)
		n.places(e.To)
		n.boxes(e.Boxes)
	case *handoff.Accepted:
		n.add(e.Handoff)
		for _, b := range e.Boxes {
			n.add(string(b.Box))
			n.add(b.Seals...)
		}
		n.boxes(e.Missing)
		n.boxes(e.Extra)
		n.witnesses(e.Witnesses)
	case *handoff.Witnessed:
		n.add(e.Handoff)
		n.witnesses(e.Witnesses)
	case *handoff.DocumentIssued:
		n.add(e.Handoff)
	}
}

func (n *names) polling(event polling.Event) {
	switch e := event.(type) {
	case *polling.BallotsCounted:
		n.add(string(e.Box))
	}
}

func (n *names) incident(event incident.RoomEvent) {
	switch e := event.(type) {
	case *incident.IncidentRaised:
		n.add(e.Incident)
		n.add(e.Units...)
	case *incident.IncidentAssessed:
		n.add(e.Incident)
		n.add(e.Units...)
	case *incident.ActionOrdered:
		n.add(e.Incident)
	case *incident.IncidentResolved:
		n.add(e.Incident)
	case *incident.IncidentReopened:
		n.add(e.Incident)
	case *incident.SealConflictReported:
		n.add(e.Seal, string(e.OtherUnit))
		n.add(e.Boxes...)
	}
}

func (n *names) discrepancy(event incident.Event) {
	switch e := event.(type) {
	case *incident.Raised:
		n.add(e.Discrepancy)
		n.add(e.Units...)
	case *incident.Revised:
		n.add(e.Discrepancy)
		n.add(e.Units...)
	case *incident.Explained:
		n.add(e.Discrepancy)
	case *incident.Reopened:
		n.add(e.Discrepancy)
	}
}
