package access_test

import (
	"encoding/json"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/access"
)

// What must never be possible, and what must always be: written by hand, whatever the table says.
func TestRefusalsThatMatter(t *testing.T) {
	const unit = "3578"
	s := given.Ledger(t, given.Reference(), unit)
	s.Has(
		&shipment.Planned{Shipment: "SHP-3578-1", Leg: "L2", From: "3578", To: "357801"},
		&shipment.EscortAssigned{Shipment: "SHP-3578-1", PoliceUnit: "P3578A", OrderNo: "1"},
		&shipment.Planned{Shipment: "SHP-3578-2", Leg: "L3", From: "357801", To: "3578011001"},
		&handoff.Offered{Handoff: "HND-3578-2", Shipment: "SHP-3578-2", To: "3578011001"},
		&shipment.Planned{Shipment: "SHP-3578-3", Leg: "L2", From: "3578", To: "357802"},
		&shipment.EscortAssigned{Shipment: "SHP-3578-3", PoliceUnit: "P3578A", OrderNo: "1"},
		&shipment.EscortHandedOver{Shipment: "SHP-3578-3", PoliceUnit: "P3578B", OrderNo: "2"},
		&shipment.Loaded{Shipment: "SHP-3578-3", Vehicle: "L 1 A", Boxes: []domain.BoxID{"3578021001001-PPWP"}},
	)
	const yes = ""
	for _, c := range []struct {
		name  string
		role  domain.Role
		scope string
		unit  domain.Code
		mode  domain.Mode
		cmd   string
		data  string
		rule  string // of the refusal, "" for none
	}{
		{"an auditor writes nothing", domain.RoleAuditor, "35", unit, "report", "incident.raise", `{}`, "role_not_allowed"},
		{"an observer sends nothing", domain.RoleObserver, "35", unit, "report", "incident.raise", `{}`, "role_not_allowed"},
		{"a simulator plays nobody's part", domain.RoleSimulator, "35", unit, "request", "packing.pack_boxes", `{}`, "role_not_allowed"},

		{"a regency does not approve its need", domain.RoleOperator, unit, unit, "request", "need.approve", `{}`, "role_not_allowed"},
		{"nor does its admin", domain.RoleAdmin, unit, unit, "request", "need.approve", `{}`, "unit_not_allowed"},
		{"the province does", domain.RoleProvince, "35", unit, "request", "need.approve", `{}`, yes},
		{"a regency does not verify for the province", domain.RoleOperator, unit, unit, "request", "supporting.verify_data", `{"level":"province"}`, "role_not_allowed"},
		{"nor does its admin", domain.RoleAdmin, unit, unit, "request", "supporting.verify_data", `{"level":"province"}`, "role_not_allowed"},
		{"it verifies for itself", domain.RoleOperator, unit, unit, "request", "supporting.verify_data", `{"level":"regency"}`, yes},
		{"the province verifies", domain.RoleProvince, "35", unit, "request", "supporting.verify_data", `{"level":"province"}`, yes},
		{"the province does not spend for a regency", domain.RoleProvince, "35", unit, "request", "procurement.place_order", `{}`, "unit_not_allowed"},
		{"a warehouse does not spend", domain.RoleWarehouse, unit, unit, "request", "procurement.place_order", `{}`, "role_not_allowed"},
		{"a supplier does not count what it delivered", domain.RoleSupplier, "35", unit, "report", "receipt.count_goods", `{}`, "role_not_allowed"},
		{"nor accept it", domain.RoleSupplier, "35", unit, "request", "procurement.accept_delivery", `{}`, "role_not_allowed"},
		{"nor settle a claim against it", domain.RoleSupplier, "35", unit, "report", "receipt.settle_claim", `{}`, "role_not_allowed"},
		{"nor pack", domain.RoleSupplier, "35", unit, "report", "packing.pack_boxes", `{}`, "role_not_allowed"},
		{"a supplier of one regency announces to no other", domain.RoleSupplier, "3501", unit, "request", "procurement.announce_delivery", `{}`, "unit_not_allowed"},
		{"a checker does not pack", domain.RoleChecker, unit, unit, "report", "packing.pack_boxes", `{}`, "role_not_allowed"},
		{"a warehouse packs for no other unit", domain.RoleWarehouse, "3501", unit, "report", "packing.pack_boxes", `{}`, "unit_not_allowed"},
		{"nor for the province", domain.RoleWarehouse, unit, "35", "report", "packing.pack_boxes", `{}`, "unit_not_allowed"},

		{"a district acts on what leaves it", domain.RoleDistrict, "357801", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-2"}`, yes},
		{"not on what leaves the warehouse", domain.RoleDistrict, "357801", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-1"}`, "shipment_not_allowed"},
		{"nor on what leaves another district", domain.RoleDistrict, "357802", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-2"}`, "shipment_not_allowed"},
		{"a district of another regency", domain.RoleDistrict, "350101", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-2"}`, "unit_not_allowed"},
		{"a district plans from its own place only", domain.RoleDistrict, "357801", unit, "request", "shipment.plan", `{"from":"357802","to":"357802"}`, "place_not_allowed"},
		{"a village accepts what was offered to it", domain.RoleVillage, "3578011001", unit, "report", "handoff.accept", `{"handoff":"HND-3578-2"}`, yes},
		{"another village does not", domain.RoleVillage, "3578011002", unit, "report", "handoff.accept", `{"handoff":"HND-3578-2"}`, "place_not_allowed"},
		{"nor does its crew", domain.RoleStation, "3578011002001", unit, "report", "handoff.accept", `{"handoff":"HND-3578-2"}`, "place_not_allowed"},
		{"nor witness it", domain.RoleVillage, "3578011002", unit, "report", "handoff.witness", `{"handoff":"HND-3578-2"}`, "place_not_allowed"},
		{"the giver may", domain.RoleDistrict, "357801", unit, "report", "handoff.witness", `{"handoff":"HND-3578-2"}`, yes},
		{"the crew of the village may", domain.RoleStation, "3578011001001", unit, "report", "handoff.witness", `{"handoff":"HND-3578-2"}`, yes},
		{"a handoff that is not known yet", domain.RoleVillage, "3578011002", unit, "report", "handoff.accept", `{"handoff":"HND-3578-77"}`, yes},
		{"a village offers to no other", domain.RoleVillage, "3578011001", unit, "report", "handoff.offer", `{"to":"3578011002"}`, "place_not_allowed"},
		{"it offers to its stations", domain.RoleVillage, "3578011001", unit, "report", "handoff.offer", `{"to":"3578011001001"}`, yes},
		{"and back up", domain.RoleVillage, "3578011001", unit, "report", "handoff.offer", `{"to":"357801"}`, yes},
		{"where the truck strayed, they report it", domain.RoleVillage, "3578021001", unit, "report", "shipment.report_arrival", `{"shipment":"SHP-3578-2","place":"3578021001"}`, yes},
		{"but not for elsewhere", domain.RoleVillage, "3578021001", unit, "report", "shipment.report_arrival", `{"shipment":"SHP-3578-2","place":"3578011001"}`, "shipment_not_allowed"},
		{"a crew counts its own box", domain.RoleStation, "3578011001001", unit, "report", "polling.count_ballots", `{"box":"3578011001001-PPWP"}`, yes},
		{"not its neighbour's", domain.RoleStation, "3578011001001", unit, "report", "polling.count_ballots", `{"box":"3578011001002-PPWP"}`, "place_not_allowed"},
		{"all that is wrong with an incident's places is found", domain.RoleVillage, "3578011001", unit, "report", "incident.raise", `{"units":["3578011001001","3578021001001-PPWP"]}`, "place_not_allowed"},
		{"a crew does not dispatch", domain.RoleStation, "3578011001001", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-2"}`, "role_not_allowed"},

		{"the escort accepts", domain.RoleEscort, "P3578A", unit, "request", "shipment.accept_escort", `{"shipment":"SHP-3578-1"}`, yes},
		{"another police unit does not", domain.RoleEscort, "P3578B", unit, "request", "shipment.accept_escort", `{"shipment":"SHP-3578-1"}`, "shipment_not_allowed"},
		{"but it may say that it did: it counts for nothing", domain.RoleEscort, "P3578B", unit, "report", "shipment.accept_escort", `{"shipment":"SHP-3578-1"}`, yes},
		{"nor report about it", domain.RoleEscort, "P3578B", unit, "report", "shipment.report_delay", `{"shipment":"SHP-3578-1"}`, "shipment_not_allowed"},
		{"nor hand it over", domain.RoleEscort, "P3578B", unit, "report", "shipment.hand_over_escort", `{"shipment":"SHP-3578-1"}`, "shipment_not_allowed"},
		{"who handed over may still report what was before", domain.RoleEscort, "P3578A", unit, "report", "shipment.report_checkpoint", `{"shipment":"SHP-3578-3"}`, yes},
		{"and who took over", domain.RoleEscort, "P3578B", unit, "report", "shipment.report_checkpoint", `{"shipment":"SHP-3578-3"}`, yes},
		{"who handed over asks for nothing", domain.RoleEscort, "P3578A", unit, "request", "shipment.report_checkpoint", `{"shipment":"SHP-3578-3"}`, "shipment_not_allowed"},
		{"he may tell that he hands over again: it moves nothing", domain.RoleEscort, "P3578A", unit, "report", "shipment.hand_over_escort", `{"shipment":"SHP-3578-3"}`, yes},
		{"not ask for it", domain.RoleEscort, "P3578A", unit, "request", "shipment.hand_over_escort", `{"shipment":"SHP-3578-3"}`, "shipment_not_allowed"},
		{"nobody else accepts for the police", domain.RoleAdmin, "35", unit, "request", "shipment.accept_escort", `{"shipment":"SHP-3578-1"}`, "role_not_allowed"},
		{"the police do not dispatch", domain.RoleEscort, "P3578A", unit, "report", "shipment.dispatch", `{"shipment":"SHP-3578-1"}`, "role_not_allowed"},
		{"a box in their area", domain.RoleEscort, "P3578A", unit, "report", "incident.raise", `{"units":["3578011001001-PPWP"]}`, yes},
		{"a box on what they escort", domain.RoleEscort, "P3578B", unit, "report", "incident.raise", `{"units":["3578021001001-PPWP"]}`, yes},
		{"a box of another area", domain.RoleEscort, "P3501A", unit, "report", "incident.raise", `{"units":["3578011001001-PPWP"]}`, "place_not_allowed"},

		{"Bawaslu of a village witnesses in its regency", domain.RoleSupervisor, "3578011001", unit, "report", "handoff.witness", `{"handoff":"HND-3578-2"}`, yes},
		{"not in another", domain.RoleSupervisor, "3501012001", unit, "report", "handoff.witness", `{"handoff":"HND-3578-2"}`, "unit_not_allowed"},
		{"and resolves nothing", domain.RoleSupervisor, "35", unit, "request", "incident.resolve", `{}`, "role_not_allowed"},
		{"only an admin changes the reference data", domain.RoleProvince, "35", unit, "request", "unit.adopt_reference", `{}`, "role_not_allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := ledger.NewCommandOf(c.cmd)
			if err := json.Unmarshal([]byte(c.data), cmd); err != nil {
				t.Fatal(err)
			}
			p := ask(domain.Actor{ID: "usr-1", Role: c.role, Scope: c.scope}, c.mode, c.unit, s.State, cmd)
			got := yes
			if p != nil {
				got = p.Rule
			}
			if got != c.rule {
				t.Errorf("%s %s by %s %s: %q, want %q", c.mode, c.cmd, c.role, c.scope, got, c.rule)
			}
		})
	}
}

func TestReadingThatMatters(t *testing.T) {
	for _, c := range []struct {
		role  domain.Role
		scope string
		model access.Model
		place domain.Code
		may   bool
	}{
		{domain.RoleOperator, "3578", access.Plan, "3578", true},
		{domain.RoleOperator, "3578", access.Plan, "3501", false},
		{domain.RoleOperator, "3578", access.Plan, "35", false},
		{domain.RoleProvince, "35", access.Plan, "3578", true},
		{domain.RoleAuditor, "35", access.Events, "3578", true},
		{domain.RoleAuditor, "35", access.Accounts, "3578", false},
		{domain.RoleAuditor, "3501", access.Events, "3578", false},
		{domain.RoleSupplier, "3578", access.Plan, "3578", true},
		{domain.RoleSupplier, "3578", access.Box, "3578011001001", false},
		{domain.RoleSupplier, "3578", access.Events, "3578", false},
		{domain.RoleDistrict, "357801", access.Box, "3578011001001", true},
		{domain.RoleDistrict, "357801", access.Box, "3578021001001", false},
		{domain.RoleDistrict, "357801", access.Plan, "3578", false},
		{domain.RoleDistrict, "357801", access.Events, "3578", false},
		{domain.RoleEscort, "P3578A", access.Box, "3578011001001", false},
		{domain.RoleEscort, "P3578A", access.Discrepancies, "3578", false},
		{domain.RoleCarrier, "3578", access.Discrepancies, "3578", false},
		{domain.RoleOperator, "3578", access.Accounts, "3578", false},
		{domain.RoleAdmin, "3578", access.Accounts, "3501", false},
		{domain.RoleAdmin, "35", access.SetClock, "", false},
		{domain.RoleSystem, "35", access.Regency, "3578", false},
	} {
		var places []domain.Code
		if c.place != "" {
			places = append(places, c.place)
		}
		if p := access.Read(domain.Actor{ID: "usr-1", Role: c.role, Scope: c.scope}, c.model, places...); (p == nil) != c.may {
			t.Errorf("%s %s reads %s of %q: %+v, want %v", c.role, c.scope, c.model, c.place, p, c.may)
		}
	}
}
