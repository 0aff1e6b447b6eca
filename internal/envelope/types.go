package envelope

import (
	"slices"
	"strings"
)

// commandTypes are the types that a person may have meant. A type that is missing here is read all the same; it is only not proposed.
// A test holds it against docs/commands.md.
var commandTypes = []string{
	"unit.adopt_reference",
	"supporting.submit_data", "supporting.return_data", "supporting.verify_data",
	"need.calculate", "need.submit", "need.return", "need.approve", "need.amend",
	"procurement.set_budget", "procurement.place_order", "procurement.record_external_order", "procurement.amend_order",
	"procurement.report_production", "procurement.announce_delivery", "procurement.accept_delivery", "procurement.record_payment", "procurement.close_order",
	"receipt.count_goods", "receipt.report_sorting", "receipt.file_claim", "receipt.settle_claim",
	"packing.pack_boxes", "packing.pack_kits", "packing.check_boxes", "packing.seal_boxes", "packing.unseal_boxes", "packing.replace_box",
	"shipment.plan", "shipment.load", "shipment.inspect_vehicle", "shipment.assign_escort", "shipment.accept_escort", "shipment.hand_over_escort",
	"shipment.dispatch", "shipment.report_checkpoint", "shipment.report_delay", "shipment.divert", "shipment.transfer_load", "shipment.report_arrival",
	"shipment.cancel",
	"handoff.offer", "handoff.accept", "handoff.witness",
	"polling.count_ballots",
	"incident.raise", "incident.assess", "incident.order_action", "incident.resolve", "incident.reopen", "incident.report_seal_conflict",
	"deadline.pass",
}

// CommandTypes are the types that this build knows, in the order of the work.
func CommandTypes() []string {
	return slices.DeleteFunc(slices.Clone(commandTypes), func(t string) bool { return newCommand(t) == nil })
}

// nearTypes are the known types that look most like a wrong one.
func nearTypes(wrong string) []string {
	const most = 5
	known := CommandTypes()
	if room, _, _ := strings.Cut(wrong, "."); room != "" {
		if same := slices.DeleteFunc(slices.Clone(known), func(t string) bool { return !strings.HasPrefix(t, room+".") }); len(same) > 0 {
			known = same
		}
	}
	wrong = shorten(wrong)
	distances := make(map[string]int, len(known))
	for _, t := range known {
		distances[t] = distance(wrong, t)
	}
	slices.SortStableFunc(known, func(a, b string) int { return distances[a] - distances[b] })
	return known[:min(most, len(known))]
}

// distance is the number of letters to change, add or leave out (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
