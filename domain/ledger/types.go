package ledger

import (
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/goods"
	"jejak/domain/incident"
	"jejak/domain/station"
)

var commandTypes = []string{
	"unit.adopt_reference",
	"supporting.return_data", "supporting.submit_data", "supporting.verify_data",
	"need.amend", "need.approve", "need.calculate", "need.return", "need.submit",
	"procurement.accept_delivery", "procurement.amend_order", "procurement.announce_delivery", "procurement.close_order",
	"procurement.place_order", "procurement.record_external_order", "procurement.record_payment", "procurement.report_production",
	"procurement.set_budget",
	"receipt.count_goods", "receipt.file_claim", "receipt.report_sorting", "receipt.settle_claim",
	"packing.check_boxes", "packing.pack_boxes", "packing.pack_kits", "packing.replace_box", "packing.seal_boxes",
	"packing.unseal_boxes",
	"shipment.accept_escort", "shipment.assign_escort", "shipment.cancel", "shipment.dispatch", "shipment.divert",
	"shipment.hand_over_escort", "shipment.inspect_vehicle", "shipment.load", "shipment.plan", "shipment.report_arrival",
	"shipment.report_checkpoint", "shipment.report_delay", "shipment.transfer_load",
	"handoff.accept", "handoff.issue_document", "handoff.offer", "handoff.witness",
	"polling.count_ballots",
	"incident.assess", "incident.order_action", "incident.raise", "incident.reopen", "incident.report_seal_conflict",
	"incident.resolve",
	"approval.give", "approval.refuse", "approval.revoke",
	"deadline.pass",
}

var eventTypes = []string{
	"unit.reference_adopted",
	"supporting.data_returned", "supporting.data_submitted", "supporting.data_verified",
	"need.amended", "need.approved", "need.calculated", "need.returned", "need.submitted",
	"procurement.budget_set", "procurement.delivery_accepted", "procurement.delivery_announced",
	"procurement.external_order_recorded", "procurement.order_amended", "procurement.order_closed", "procurement.order_placed",
	"procurement.payment_recorded", "procurement.production_reported",
	"receipt.claim_filed", "receipt.claim_settled", "receipt.goods_counted", "receipt.sorting_reported",
	"packing.box_replaced", "packing.boxes_checked", "packing.boxes_packed", "packing.boxes_sealed", "packing.boxes_unsealed",
	"packing.kits_packed",
	"shipment.arrived", "shipment.cancelled", "shipment.checkpoint_passed", "shipment.delayed", "shipment.dispatched",
	"shipment.diverted", "shipment.escort_accepted", "shipment.escort_assigned", "shipment.escort_handed_over",
	"shipment.load_transferred", "shipment.loaded", "shipment.planned", "shipment.vehicle_inspected",
	"handoff.accepted", "handoff.document_issued", "handoff.offered", "handoff.witnessed",
	"polling.ballots_counted",
	"incident.action_ordered", "incident.assessed", "incident.raised", "incident.reopened", "incident.resolved",
	"incident.seal_conflict_reported",
	"discrepancy.explained", "discrepancy.raised", "discrepancy.reopened", "discrepancy.revised",
	"approval.given", "approval.refused", "approval.revoked",
	"deadline.passed",
}

// CommandTypes lists the type of every command that a ledger takes, room by room in the order of the work.
func CommandTypes() []string { return slices.Clone(commandTypes) }

// EventTypes lists the type of every event that a ledger's stream may hold, in the same order.
func EventTypes() []string { return slices.Clone(eventTypes) }

// blank has every room and no state: it makes commands and events.
var blank = New("", "", nil)

// NewCommandOf returns a pointer to the zero command of a type, nil if there is none such.
func NewCommandOf(commandType string) domain.Command { return blank.NewCommand(commandType) }

// NewEventOf returns a pointer to the zero event of a type and schema (0: the newest), nil if there is none such.
func NewEventOf(eventType string, schema int) domain.Event { return blank.NewEvent(eventType, schema) }

// Rules lists the rules of all rooms by the room's name, and beside them "form", those that commands of all rooms share, "box", what the facts
// of boxes and kits say whichever room tells them, and "station".
func Rules() map[string][]*domain.Rule {
	rules := map[string][]*domain.Rule{
		"form": append(append(domain.FormRules(), domain.RuleRequestOnly), goods.Rules()...), "box": box.Rules(), "station": station.Rules(),
	}
	for name, room := range blank.rooms {
		rules[name] = room.Rules()
	}
	return rules
}

// NewCommand returns a pointer to the zero command of a type, nil if there is none such.
func (s *State) NewCommand(commandType string) domain.Command {
	if room, ok := s.rooms[roomOf(commandType)]; ok {
		return room.NewCommand(commandType)
	}
	return nil
}

// NewEvent returns a pointer to the zero event of a type and schema, nil if there is none such.
func (s *State) NewEvent(eventType string, schema int) domain.Event {
	if roomOf(eventType) == "discrepancy" {
		return incident.NewEvent(eventType, schema)
	}
	if room, ok := s.rooms[roomOf(eventType)]; ok {
		return room.NewEvent(eventType, schema)
	}
	return nil
}
