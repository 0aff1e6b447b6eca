package epcis

import "slices"

// Shape is what an EPCIS event of a record looks like.
type Shape struct {
	Type        string
	Action      Action
	Step        string
	Disposition string
}

// Mapping says what the records of a type become.
type Mapping struct {
	Type   string  // of the record
	Shapes []Shape // that its EPCIS events may have; none: it becomes nothing
	Note   string  // what they are about; where there are none, why
}

const (
	object      = "ObjectEvent"
	aggregation = "AggregationEvent"
	association = "AssociationEvent"
	transaction = "TransactionEvent"
)

var handedOver = []Shape{
	{aggregation, Delete, "unloading", ""}, {object, Observe, "accepting", "in_progress"}, {object, Observe, "accepting", "container_open"},
	{object, Observe, "accepting", "damaged"}, {object, Observe, "accepting", "mismatch_instance"},
}

// The order is that of the work.
var mappings = []Mapping{
	{"unit.reference_adopted", nil, "a decision by which data the unit goes"},
	{"supporting.data_submitted", nil, "figures on paper"},
	{"supporting.data_returned", nil, "figures on paper"},
	{"supporting.data_verified", nil, "figures on paper"},
	{"need.calculated", nil, "a plan"},
	{"need.submitted", nil, "a plan"},
	{"need.returned", nil, "a plan"},
	{"need.approved", nil, "a plan"},
	{"need.amended", nil, "a plan"},
	{"procurement.budget_set", nil, "money"},
	{"procurement.order_placed", nil, "an order: the goods do not exist yet"},
	{"procurement.external_order_recorded", nil, "an order: the goods do not exist yet"},
	{"procurement.order_amended", nil, "an order: the goods do not exist yet"},
	{"procurement.production_reported", []Shape{{object, Add, "commissioning", "active"}}, "a printed batch, without what was spoiled"},
	{"procurement.delivery_announced", []Shape{{transaction, Add, "", "in_transit"}}, "goods that are on their way belong to a delivery (and an order)"},
	{"procurement.delivery_accepted", []Shape{{transaction, Observe, "accepting", ""}}, "the delivery becomes the unit's, by its minutes"},
	{"procurement.payment_recorded", nil, "money"},
	{"procurement.order_closed", nil, "an order: nothing moves"},
	{"receipt.goods_counted", []Shape{{object, Observe, "receiving", "in_progress"}, {object, Observe, "receiving", "damaged"}, {object, Observe, "receiving", "mismatch_quantity"}},
		"goods at the unit's warehouse: the good, the damaged; what was missing stands beside (jejak:short), alone only where nothing came"},
	{"receipt.sorting_reported", []Shape{{object, Observe, "inspecting", "conformant"}, {object, Observe, "inspecting", "damaged"}, {object, Observe, "inspecting", "mismatch_class"}, {object, Observe, "inspecting", "mismatch_quantity"}},
		"ballots of a carton: the good, the damaged, those of another design, the missing (jejak:short)"},
	{"receipt.claim_filed", []Shape{{transaction, Add, "", "needs_replacement"}}, "goods that are to be replaced belong to a claim"},
	{"receipt.claim_settled", []Shape{{object, Observe, "receiving", "in_progress"}}, "replacements are collected"},
	{"packing.boxes_packed", []Shape{{aggregation, Add, "packing", "container_open"}, {object, Observe, "packing", "container_open"}},
		"ballots into a box, one event a box; the boxes that get no ballots together"},
	{"packing.kits_packed", []Shape{{object, Add, "assembling", "active"}}, "equipment outside the boxes is made up"},
	{"packing.boxes_checked", []Shape{{object, Observe, "inspecting", "in_progress"}}, "a second person looks into the boxes"},
	{"packing.boxes_sealed", []Shape{{association, Add, "packing", "container_closed"}}, "seals onto a box, one event a box"},
	{"packing.boxes_unsealed", []Shape{{association, Delete, "unpacking", "container_open"}}, "all seals off a box, one event a box"},
	{"packing.box_replaced", []Shape{{object, Delete, "decommissioning", "inactive"}, {object, Add, "commissioning", "active"}},
		"the old box never moves again; the new one says which it replaces (jejak:replaces)"},
	{"shipment.planned", nil, "a plan"},
	{"shipment.loaded", []Shape{{aggregation, Add, "loading", ""}}, "boxes onto a load; vehicle and carrier stand beside (jejak:vehicle, jejak:carrier)"},
	{"shipment.vehicle_inspected", nil, "about vehicle, driver and papers, not about goods"},
	{"shipment.escort_assigned", nil, "about who escorts, not about goods"},
	{"shipment.escort_accepted", nil, "about who escorts, not about goods"},
	{"shipment.escort_handed_over", nil, "about who escorts, not about goods"},
	{"shipment.dispatched", []Shape{{object, Observe, "departing", "in_transit"}}, "the load leaves"},
	{"shipment.checkpoint_passed", []Shape{{object, Observe, "transporting", "in_transit"}}, "the load is seen on its way"},
	{"shipment.delayed", []Shape{{object, Observe, "transporting", "in_transit"}}, "the load waits (jejak:reason)"},
	{"shipment.diverted", []Shape{{object, Observe, "transporting", "in_transit"}}, "the load goes elsewhere: the destination is the new one"},
	{"shipment.load_transferred", []Shape{{object, Observe, "loading", "in_transit"}}, "the load is on another vehicle (jejak:vehicle)"},
	{"shipment.arrived", []Shape{{object, Observe, "arriving", "in_progress"}}, "the load is there"},
	{"shipment.cancelled", []Shape{{aggregation, Delete, "unloading", ""}}, "everything off the load; nothing where nothing was loaded"},
	{"handoff.offered", nil, "an offer moves nothing"},
	{"handoff.accepted", handedOver, "boxes off their load, if they came with one; possession from giver to receiver, by the condition in which the boxes came: " +
		"good; unsealed or with broken seals; damaged or wet; the missing (jejak:missing) stand beside, alone only where nothing came"},
	{"handoff.witnessed", nil, "about who saw it"},
	{"handoff.document_issued", nil, "paper about what another record tells"},
	{"polling.ballots_counted", []Shape{{object, Observe, "cycle_counting", "in_progress"}}, "the ballots found in a box, by design"},
	{"incident.raised", []Shape{{object, Observe, "", "damaged"}, {object, Observe, "", "unknown"}, {object, Observe, "", "unavailable"}},
		"boxes that are damaged, lost (unknown) or seized (unavailable); other incidents are no change of a thing"},
	{"incident.assessed", nil, "a judgement"},
	{"incident.action_ordered", nil, "an order to people"},
	{"incident.resolved", nil, "a judgement"},
	{"incident.reopened", nil, "a judgement"},
	{"incident.seal_conflict_reported", nil, "a finding: two records that do not agree"},
	{"discrepancy.raised", nil, "a finding: it follows from the other events"},
	{"discrepancy.explained", nil, "a finding: it follows from the other events"},
	{"discrepancy.reopened", nil, "a finding: it follows from the other events"},
	{"discrepancy.revised", nil, "a finding: it follows from the other events"},
	{"approval.given", nil, "permission; nothing moves"},
	{"approval.refused", nil, "permission; nothing moves"},
	{"approval.revoked", nil, "permission; nothing moves"},
	{"deadline.passed", nil, "time passes; nothing moves"},
}

// Mappings is the table of docs/epcis.md.
func Mappings() []Mapping { return slices.Clone(mappings) }
