package feed

import (
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

// The entities: what a message is about.
const (
	EntityUnit     = "unit"
	EntityPlan     = "plan"
	EntityOrder    = "order"
	EntityDelivery = "delivery"
	EntityShipment = "shipment"
	EntityHandoff  = "handoff"
	EntityStation  = "station"
	EntityIncident = "incident"
)

// Entities lists the entities in the order of the work.
func Entities() []string {
	return []string{EntityUnit, EntityPlan, EntityOrder, EntityDelivery, EntityShipment, EntityHandoff, EntityStation, EntityIncident}
}

// entity is the one thing that an event of a type is about. id is nil where it is the unit itself.
type entity struct {
	name string
	id   func(e domain.Event) string
}

// about makes an entity whose id the event names.
func about[E domain.Event](name string, id func(e E) string) entity {
	return entity{name, func(e domain.Event) string { return id(e.(E)) }}
}

// entities is the table of the feed: every type of event that a ledger's stream may hold. A claim may be about several deliveries, and its
// settlement names none, so what happens to a claim is under the claim's own id. A seal conflict is no case but what leads to some, so it is under
// the unit. A count of ballots is under the station of the box.
var entities = map[string]entity{
	"unit.reference_adopted": {name: EntityUnit},

	"supporting.data_submitted": {name: EntityPlan},
	"supporting.data_returned":  {name: EntityPlan},
	"supporting.data_verified":  {name: EntityPlan},

	"need.calculated": {name: EntityPlan},
	"need.submitted":  {name: EntityPlan},
	"need.returned":   {name: EntityPlan},
	"need.approved":   {name: EntityPlan},
	"need.amended":    {name: EntityPlan},

	"procurement.budget_set":              {name: EntityUnit},
	"procurement.order_placed":            about(EntityOrder, func(e *procurement.OrderPlaced) string { return e.Order }),
	"procurement.external_order_recorded": about(EntityOrder, func(e *procurement.ExternalOrderRecorded) string { return e.Order }),
	"procurement.order_amended":           about(EntityOrder, func(e *procurement.OrderAmended) string { return e.Order }),
	"procurement.production_reported":     about(EntityOrder, func(e *procurement.ProductionReported) string { return e.Order }),
	"procurement.payment_recorded":        about(EntityOrder, func(e *procurement.PaymentRecorded) string { return e.Order }),
	"procurement.order_closed":            about(EntityOrder, func(e *procurement.OrderClosed) string { return e.Order }),
	"procurement.delivery_announced":      about(EntityDelivery, func(e *procurement.DeliveryAnnounced) string { return e.Delivery }),
	"procurement.delivery_accepted":       about(EntityDelivery, func(e *procurement.DeliveryAccepted) string { return e.Delivery }),

	"receipt.goods_counted":    about(EntityDelivery, func(e *receipt.GoodsCounted) string { return e.Delivery }),
	"receipt.sorting_reported": about(EntityDelivery, func(e *receipt.SortingReported) string { return e.Delivery }),
	"receipt.claim_filed":      about(EntityDelivery, func(e *receipt.ClaimFiled) string { return e.Claim }),
	"receipt.claim_settled":    about(EntityDelivery, func(e *receipt.ClaimSettled) string { return e.Claim }),

	"packing.boxes_packed":   {name: EntityUnit},
	"packing.boxes_checked":  {name: EntityUnit},
	"packing.boxes_sealed":   {name: EntityUnit},
	"packing.boxes_unsealed": {name: EntityUnit},
	"packing.box_replaced":   {name: EntityUnit},
	"packing.kits_packed":    {name: EntityUnit},

	"shipment.planned":            about(EntityShipment, func(e *shipment.Planned) string { return e.Shipment }),
	"shipment.loaded":             about(EntityShipment, func(e *shipment.Loaded) string { return e.Shipment }),
	"shipment.vehicle_inspected":  about(EntityShipment, func(e *shipment.VehicleInspected) string { return e.Shipment }),
	"shipment.escort_assigned":    about(EntityShipment, func(e *shipment.EscortAssigned) string { return e.Shipment }),
	"shipment.escort_accepted":    about(EntityShipment, func(e *shipment.EscortAccepted) string { return e.Shipment }),
	"shipment.escort_handed_over": about(EntityShipment, func(e *shipment.EscortHandedOver) string { return e.Shipment }),
	"shipment.dispatched":         about(EntityShipment, func(e *shipment.Dispatched) string { return e.Shipment }),
	"shipment.checkpoint_passed":  about(EntityShipment, func(e *shipment.CheckpointPassed) string { return e.Shipment }),
	"shipment.delayed":            about(EntityShipment, func(e *shipment.Delayed) string { return e.Shipment }),
	"shipment.diverted":           about(EntityShipment, func(e *shipment.Diverted) string { return e.Shipment }),
	"shipment.load_transferred":   about(EntityShipment, func(e *shipment.LoadTransferred) string { return e.Shipment }),
	"shipment.arrived":            about(EntityShipment, func(e *shipment.Arrived) string { return e.Shipment }),
	"shipment.cancelled":          about(EntityShipment, func(e *shipment.Cancelled) string { return e.Shipment }),

	"handoff.offered":         about(EntityHandoff, func(e *handoff.Offered) string { return e.Handoff }),
	"handoff.accepted":        about(EntityHandoff, func(e *handoff.Accepted) string { return e.Handoff }),
	"handoff.document_issued": about(EntityHandoff, func(e *handoff.DocumentIssued) string { return e.Handoff }),
	"handoff.witnessed":       about(EntityHandoff, func(e *handoff.Witnessed) string { return e.Handoff }),

	"polling.ballots_counted": about(EntityStation, func(e *polling.BallotsCounted) string { return string(e.Box.Destination()) }),

	"incident.raised":                 about(EntityIncident, func(e *incident.IncidentRaised) string { return e.Incident }),
	"incident.assessed":               about(EntityIncident, func(e *incident.IncidentAssessed) string { return e.Incident }),
	"incident.action_ordered":         about(EntityIncident, func(e *incident.ActionOrdered) string { return e.Incident }),
	"incident.resolved":               about(EntityIncident, func(e *incident.IncidentResolved) string { return e.Incident }),
	"incident.reopened":               about(EntityIncident, func(e *incident.IncidentReopened) string { return e.Incident }),
	"incident.seal_conflict_reported": {name: EntityIncident},
	"discrepancy.raised":              about(EntityIncident, func(e *incident.Raised) string { return e.Discrepancy }),
	"discrepancy.revised":             about(EntityIncident, func(e *incident.Revised) string { return e.Discrepancy }),
	"discrepancy.explained":           about(EntityIncident, func(e *incident.Explained) string { return e.Discrepancy }),
	"discrepancy.reopened":            about(EntityIncident, func(e *incident.Reopened) string { return e.Discrepancy }),

	"approval.given":   {name: EntityUnit},
	"approval.refused": {name: EntityUnit},
	"approval.revoked": {name: EntityUnit},

	"deadline.passed": {name: EntityUnit},
}

// Types lists the types of event that the feed knows, sorted.
func Types() []string { return slices.Sorted(maps.Keys(entities)) }

// EntityOf is the entity that events of a type are about; ok is false for a type that the feed does not know.
func EntityOf(eventType string) (entity string, ok bool) {
	e, ok := entities[eventType]
	return e.name, ok
}
