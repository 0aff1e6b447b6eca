package procurement

import (
	"fmt"

	"jejak/domain"
	"jejak/domain/approval"
)

// beyond is what lines of an order would cost above the ceiling, and what allows it.
type beyond struct {
	amount   int64  // rupiah: all that the order would stand above it; 0 when no more does than is allowed already
	approval string // id of the approval that allows so much; "" for none
	own      bool   // there is one, but by who places or amends the order
}

// cost of the order to this unit as it is now, in rupiah.
func (o *Order) cost() int64 {
	if o == nil || o.Own == nil {
		return 0
	}
	total, _ := Total(o.Lines())
	return total
}

// above is how much of what is committed in addition lies above the ceiling, in rupiah.
func (b Budget) above(more int64) int64 { return max(0, min(more, b.Committed+more-b.Ceiling)) }

// beyond asks what lets somebody place an order with these lines, or amend it to them. An approval allows the order an amount in all, so what earlier
// lines of it stand above the ceiling counts towards it; it is of one order, so two never share it. named is the approval that he names: then no
// other serves; "" for none.
func (r *Room) beyond(order string, lines []PricedLine, actor, named string) beyond {
	o := r.state.Orders[order]
	after, _ := Total(lines)
	above := r.state.Budget.above(after - o.cost())
	if above == 0 {
		return beyond{}
	}
	b, acted := beyond{amount: above}, []string{actor}
	if o != nil && o.Own != nil {
		b.amount += o.Excepted
		acted = append(acted, o.Own.Actor)
	}
	b.approval, b.own = r.approvals.Cover(approval.BudgetException, order, b.amount, named, acted...)
	return b
}

// violations are why nothing lets the order pass, if so.
func (b beyond) violations(path, order string) []domain.Violation {
	switch {
	case b.amount == 0 || b.approval != "":
		return nil
	case b.own:
		return broken(approval.RuleOwn, path, order)
	}
	return broken(approval.RuleMissing, path, approval.MissingArgs(approval.BudgetException, fmt.Sprintf("%s, Rp%d", order, b.amount))...)
}
