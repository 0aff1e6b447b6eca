package access

import (
	"slices"

	"jejak/domain"
)

// Field is a part of a row that not everybody sees who sees the row, as docs/access.md names it.
type Field string

// The fields of the rows of regencies. What is ordered and what it costs tells a firm what its competitors are paid.
const (
	FieldBudget  Field = "regency: budget"
	FieldOrdered Field = "regency: items.ordered"
)

// Fields lists them in the order of docs/access.md.
func Fields() []Field { return []Field{FieldBudget, FieldOrdered} }

// withoutMoney are the roles that see the rows of regencies without what is ordered and what it costs.
var withoutMoney = slices.Concat(traders, locals)

// SeesField tells whether a role sees a field where it sees the row.
func SeesField(role domain.Role, _ Field) bool { return !slices.Contains(withoutMoney, role) }

// SeesMoney tells whether a role sees the rows of regencies whole: with what is ordered and what it costs.
func SeesMoney(role domain.Role) bool {
	return SeesField(role, FieldBudget) && SeesField(role, FieldOrdered)
}
