// Package approval is the room of second persons. Whoever makes a statement weaker (orders above the ceiling, lets ballots leave without an escort,
// packs another number of ballots) is never alone: the act is covered when an approval of its purpose and subject by an entitled other person is in
// force, whichever of the two came first. A name that the sender types is no approval.
package approval

import (
	"strings"

	"jejak/domain"
)

// Purpose is what an approval is for.
type Purpose string

// The purposes, and what their subject is.
const (
	// BudgetException: an order may pass what is left of the ceiling by an amount. Subject: the order's id.
	BudgetException Purpose = "budget_exception"
	// NoEscort: ballots may leave without an escort. Subject: the shipment's id.
	NoEscort Purpose = "no_escort"
	// BallotNumber: a box may hold another number of ballots than voters and reserve. Subject: box ids.
	BallotNumber Purpose = "ballot_number"
	// correction is kept for corrections of records, which do not exist yet.
	correction Purpose = "correction"
)

// Purposes lists the purposes that an approval can be given for.
func Purposes() []Purpose { return []Purpose{BudgetException, NoEscort, BallotNumber} }

// Roles lists the roles that are entitled to approve for a purpose, apart from where they serve.
func (p Purpose) Roles() []domain.Role {
	switch p {
	case BudgetException:
		return []domain.Role{domain.RoleProvince}
	case NoEscort:
		return []domain.Role{domain.RoleOperator, domain.RoleProvince}
	case BallotNumber:
		return []domain.Role{domain.RoleOperator, domain.RoleChecker, domain.RoleProvince}
	case correction:
	}
	return nil
}

// Who names the roles of Roles in a text.
func (p Purpose) Who() string {
	roles := make([]string, len(p.Roles()))
	for i, role := range p.Roles() {
		roles[i] = string(role)
	}
	return strings.Join(roles, ", ")
}

// Entitled tells whether a person may approve for a purpose in the ledger of a unit: a province for every unit inside it, the others for the unit
// that they serve. It is decided by role and scope alone, as they stand in the record, so that every replay decides alike; that the person is another
// than the one who acts is asked for each act.
func Entitled(purpose Purpose, giver domain.Actor, unit domain.Code) bool {
	scope := domain.Code(giver.Scope)
	for _, role := range purpose.Roles() {
		if role != giver.Role {
			continue
		}
		if role == domain.RoleProvince {
			return scope.Level() == domain.Province && scope.Covers(unit)
		}
		return scope == unit
	}
	return false
}
