// Package access says who may send which command and read what, for which unit: one table, documented in docs/access.md and tested cell by
// cell. What it does not grant is refused.
//
// It is about permission, not about separation of duties: that the checker of a box is not its packer, or that nobody takes over what he
// handed out, is for the domain and holds for every role.
package access

import (
	"maps"
	"slices"

	"jejak/domain"
)

// Relation says how the sender's scope must stand to the unit whose ledger is concerned, and to the things acted upon.
type Relation int

const (
	// No grants nothing.
	No Relation = iota
	// Own: the unit is the scope.
	Own
	// Inside: the unit is the scope or lies inside it.
	Inside
	// Above: the unit is the scope or lies inside it, and the scope is a province: what a province decides, no regency decides for itself.
	Above
	// Place: the unit is the regency of the scope, and what is acted upon lies inside the scope (a committee acts for its own area).
	Place
	// Escorted: any unit, but only shipments that the police unit escorts.
	Escorted
	// Nobody: only the system itself, never a token.
	Nobody
)

// String names the relation as docs/access.md does.
func (r Relation) String() string {
	return [...]string{"", "own", "inside", "province", "place", "escorted", ""}[r]
}

// Grants says for one command type or read model what each role may.
type Grants map[domain.Role]Relation

func (g Grants) with(more Grants) Grants {
	all := maps.Clone(g)
	maps.Copy(all, more)
	return all
}

// The groups of people that most rows are made of.
var (
	// board decides for others.
	board = Grants{domain.RoleAdmin: Inside, domain.RoleProvince: Inside}
	// above decides on what a unit has submitted.
	above = Grants{domain.RoleAdmin: Above, domain.RoleProvince: Above}
	// office plans and records for its unit; the board may do so for every unit inside its scope.
	office = board.with(Grants{domain.RoleOperator: Own})
	// floor is the office and the warehouse.
	floor = office.with(Grants{domain.RoleWarehouse: Own})
	// purse spends: the commitment officer of the unit. The province spends for itself only.
	purse = Grants{domain.RoleAdmin: Inside, domain.RoleProvince: Own, domain.RoleCommitmentOfficer: Own}
	// committees hold boxes on their way to the stations.
	committees = Grants{domain.RoleDistrict: Place, domain.RoleVillage: Place}
	crews      = committees.with(Grants{domain.RoleStation: Place})
	officer    = Grants{domain.RoleCommitmentOfficer: Own}
	police     = Grants{domain.RoleEscort: Escorted}
	supplier   = Grants{domain.RoleSupplier: Inside}
	carrier    = Grants{domain.RoleCarrier: Inside}
	checker    = Grants{domain.RoleChecker: Own}
	bawaslu    = Grants{domain.RoleSupervisor: Inside}
	system     = Grants{}
	// seconds are the second persons, by whose approval others may do what the rules forbid. Who runs the server is none of them.
	seconds = Grants{domain.RoleProvince: Above, domain.RoleOperator: Own, domain.RoleChecker: Own}
)

// commandTable is the table of commands. A command type that is not in it is refused to everyone.
var commandTable = map[string]Grants{
	"unit.adopt_reference": {domain.RoleAdmin: Inside},

	"supporting.submit_data": office.with(officer),
	"supporting.return_data": above,
	"supporting.verify_data": office.with(officer), // level "province" is for those above alone: see targets.go

	"need.calculate": office.with(officer),
	"need.submit":    office.with(officer),
	"need.return":    above,
	"need.approve":   above,
	"need.amend":     office.with(officer),

	"procurement.set_budget":            purse.with(Grants{domain.RoleProvince: Inside}),
	"procurement.place_order":           purse,
	"procurement.record_external_order": office.with(officer),
	"procurement.amend_order":           purse,
	"procurement.report_production":     office.with(officer).with(supplier),
	"procurement.announce_delivery":     floor.with(officer).with(supplier),
	"procurement.accept_delivery":       purse,
	"procurement.record_payment":        purse,
	"procurement.close_order":           purse,

	"receipt.count_goods":    floor,
	"receipt.report_sorting": floor.with(checker),
	"receipt.file_claim":     floor.with(officer),
	"receipt.settle_claim":   floor.with(officer),

	"packing.pack_boxes":   floor,
	"packing.pack_kits":    floor,
	"packing.check_boxes":  floor.with(checker),
	"packing.seal_boxes":   floor,
	"packing.unseal_boxes": floor,
	"packing.replace_box":  floor,

	"shipment.plan":              office.with(committees),
	"shipment.load":              floor.with(committees),
	"shipment.inspect_vehicle":   floor.with(committees),
	"shipment.assign_escort":     floor.with(committees),
	"shipment.accept_escort":     police,
	"shipment.hand_over_escort":  floor.with(committees).with(police),
	"shipment.dispatch":          floor.with(committees),
	"shipment.report_checkpoint": floor.with(committees).with(police).with(carrier),
	"shipment.report_delay":      floor.with(committees).with(police).with(carrier),
	"shipment.divert":            office.with(committees),
	"shipment.transfer_load":     floor.with(committees).with(carrier),
	"shipment.report_arrival":    floor.with(crews).with(carrier),
	"shipment.cancel":            office.with(committees),

	"handoff.offer":          floor.with(crews),
	"handoff.accept":         floor.with(crews),
	"handoff.witness":        floor.with(crews).with(police).with(bawaslu),
	"handoff.issue_document": floor.with(crews),

	"polling.count_ballots": office.with(crews),

	"incident.raise":                floor.with(officer).with(checker).with(supplier).with(carrier).with(crews).with(police).with(bawaslu),
	"incident.assess":               floor.with(officer).with(bawaslu),
	"incident.order_action":         office,
	"incident.resolve":              office.with(officer),
	"incident.reopen":               office.with(bawaslu),
	"incident.report_seal_conflict": system,

	// Who approves what is narrower: see targets.go.
	"approval.give":   seconds,
	"approval.refuse": seconds,
	"approval.revoke": seconds,

	"deadline.pass": system,
}

// CommandTypes lists every command type of the table, sorted.
func CommandTypes() []string { return slices.Sorted(maps.Keys(commandTable)) }

// Roles lists the roles that a token may carry, in the order of docs/access.md.
func Roles() []domain.Role {
	return []domain.Role{domain.RoleAdmin, domain.RoleProvince, domain.RoleOperator, domain.RoleWarehouse, domain.RoleChecker,
		domain.RoleCommitmentOfficer, domain.RoleSupplier, domain.RoleCarrier, domain.RoleDistrict, domain.RoleVillage, domain.RoleStation,
		domain.RoleEscort, domain.RoleSupervisor, domain.RoleObserver, domain.RoleAuditor, domain.RoleSimulator}
}

// Granted is the cell of the table for a command type and a role.
func Granted(commandType string, role domain.Role) Relation { return commandTable[commandType][role] }

// Sendable tells whether any role may send a command type: what is for the system alone is not.
func Sendable(commandType string) bool { return len(commandTable[commandType]) > 0 }

// Sends tells whether a role may send any command at all.
func Sends(role domain.Role) bool {
	for _, grants := range commandTable {
		if grants[role] != No {
			return true
		}
	}
	return false
}
