// Package procurement is the room of money and suppliers: the unit's budget, its orders, what was printed, what is announced to come, what
// was accepted and what was paid.
//
// Budgets, orders, amendments, acceptance, payment and closing are decisions and exist only as requests; their rules are decided when they
// are planned. What others did (an order that another unit placed, production at the printer, a lorry that is announced) is told late and
// out of order; its rules are findings.
//
// The record of a delivery is kept here, but it is counted in the warehouse: package receipt writes the counts and owns the findings of a
// delivery, for which it asks [State.DeliveryFindings].
package procurement
