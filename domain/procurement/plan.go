package procurement

import (
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/goods"
)

// Plan decides what to record.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *SetBudget:
		return decided(act, c, r.setBudget(c), (*BudgetSet)(c), budgetSubject)
	case *PlaceOrder:
		event, violations := r.placeOrder(act, c)
		return decided(act, c, violations, event, r.orderSubjects(c.Order, budgetSubject)...)
	case *RecordExternalOrder:
		return domain.Plan{Event: (*ExternalOrderRecorded)(c), Touched: r.orderSubjects(c.Order)}
	case *AmendOrder:
		return decided(act, c, r.amendOrder(act, c), (*OrderAmended)(c), r.orderSubjects(c.Order, budgetSubject)...)
	case *ReportProduction:
		return domain.Plan{Event: (*ProductionReported)(c), Touched: r.orderSubjects(c.Order)}
	case *AnnounceDelivery:
		return domain.Plan{Event: (*DeliveryAnnounced)(c), Touched: r.announceSubjects(c)}
	case *AcceptDelivery:
		return decided(act, c, r.acceptDelivery(c), (*DeliveryAccepted)(c), r.acceptSubjects(c.Delivery)...)
	case *RecordPayment:
		return decided(act, c, r.recordPayment(c), (*PaymentRecorded)(c), r.orderSubjects(c.Order, budgetSubject)...)
	case *CloseOrder:
		return decided(act, c, r.closeOrder(c), (*OrderClosed)(c), r.orderSubjects(c.Order)...)
	}
	panic("unreachable: Command is sealed")
}

// decided is the plan of a decision.
func decided(act domain.Act, cmd domain.Command, violations []domain.Violation, event domain.Event, touched ...domain.Subject) domain.Plan {
	return domain.Plan{Event: event, Touched: touched, Violations: append(domain.RequestOnly(act, cmd), violations...)}
}

var budgetSubject = domain.Subject{Kind: domain.SubjectBudget}

func (r *Room) orderSubjects(order string, more ...domain.Subject) []domain.Subject {
	return append(more, domain.Subject{Kind: domain.SubjectOrder, ID: order})
}

// announceSubjects: the delivery, the order it names, and the orders that earlier announcements of it name, for another of them may count
// from now on. Whether sorting or stock is in order does not depend on what was announced.
func (r *Room) announceSubjects(c *AnnounceDelivery) []domain.Subject {
	touched := []domain.Subject{{Kind: domain.SubjectDelivery, ID: c.Delivery}}
	if c.Order != "" {
		touched = append(touched, domain.Subject{Kind: domain.SubjectOrder, ID: c.Order})
	}
	if d := r.state.Deliveries[c.Delivery]; d != nil {
		for _, a := range d.Announced {
			if a.Order != "" {
				touched = append(touched, domain.Subject{Kind: domain.SubjectOrder, ID: a.Order})
			}
		}
	}
	return touched
}

// acceptSubjects: the delivery, and the stock of everything in it, which is the unit's own from now on.
func (r *Room) acceptSubjects(delivery string) []domain.Subject {
	touched := []domain.Subject{{Kind: domain.SubjectDelivery, ID: delivery}}
	d := r.state.Deliveries[delivery]
	if c := d.Count(); c != nil {
		for _, l := range c.Lines {
			touched = append(touched, domain.Subject{Kind: domain.SubjectStock, ID: l.Item.String()})
		}
		for _, design := range slices.Sorted(maps.Keys(d.Sorted)) {
			item := goods.Item{Item: goods.Ballot, Variant: design}
			touched = append(touched, domain.Subject{Kind: domain.SubjectStock, ID: item.String()})
		}
	}
	return touched
}

func broken(rule *domain.Rule, path string, args ...any) []domain.Violation {
	return []domain.Violation{{Rule: rule, Path: path, Args: args}}
}

func (r *Room) setBudget(c *SetBudget) []domain.Violation {
	b := r.state.Budget
	if covered := b.Committed - b.Excepted; covered > c.Ceiling {
		return broken(RuleOverBudget, "/data/ceiling", covered, c.Ceiling)
	}
	return nil
}

func (r *Room) placeOrder(act domain.Act, c *PlaceOrder) (domain.Event, []domain.Violation) {
	event := &OrderPlaced{Order: c.Order, Supplier: c.Supplier, Lines: c.Lines}
	if o := r.state.Orders[c.Order]; o != nil && o.Own != nil {
		return event, broken(RuleOrderPlacedTwice, "/data/order", c.Order)
	}
	if c.Exception == nil {
		cost, _ := Total(c.Lines)
		switch b := r.state.Budget; {
		case !b.Set:
			return event, broken(RuleBudgetNotSet, "/data/lines")
		case b.Committed+cost > b.Ceiling:
			return event, broken(RuleOverBudget, "/data/lines", b.Committed+cost, b.Ceiling)
		}
		return event, nil
	}
	b := r.beyond(c.Order, c.Lines, act.Actor.ID, c.Exception.Approval)
	event.Exception = &Excepted{Asked: c.Exception.Approver, Approval: b.approval, Document: c.Exception.Document}
	return event, b.violations("/data/exception", c.Order)
}

// own returns the unit's own open order, or why it is none.
func (r *Room) own(id string) (*Order, []domain.Violation) {
	o := r.state.Orders[id]
	switch p := o.Placing(); {
	case p == nil:
		return nil, broken(RuleNoSuchOrder, "/data/order", id)
	case o.Own == nil:
		return nil, broken(RuleNotOurOrder, "/data/order", id, p.PlacedBy)
	case o.Closed != nil:
		return nil, broken(RuleOrderIsClosed, "/data/order", id)
	}
	return o, nil
}

func (r *Room) amendOrder(act domain.Act, c *AmendOrder) []domain.Violation {
	o, v := r.own(c.Order)
	if v != nil {
		return v
	}
	b := r.beyond(c.Order, c.Lines, act.Actor.ID, "")
	asked := o.Own.Exception != nil || len(r.approvals.Of(approval.BudgetException, c.Order)) > 0
	if b.amount > 0 && b.approval == "" && !asked {
		after, _ := Total(c.Lines)
		return broken(RuleOverBudget, "/data/lines", r.state.Budget.Committed+after-o.cost(), r.state.Budget.Ceiling)
	}
	return b.violations("/data/lines", c.Order)
}

func (r *Room) acceptDelivery(c *AcceptDelivery) []domain.Violation {
	d := r.state.Deliveries[c.Delivery]
	switch {
	case d.Count() == nil:
		return broken(RuleNotCounted, "/data/delivery", c.Delivery)
	case d.Announcement() == nil:
		return broken(RuleNotAnnounced, "/data/delivery", c.Delivery)
	case d.Accepted != nil:
		return broken(RuleAcceptedTwice, "/data/delivery", c.Delivery, d.Accepted.Document)
	}
	return nil
}

func (r *Room) recordPayment(c *RecordPayment) []domain.Violation {
	o, v := r.own(c.Order)
	if v != nil {
		return v
	}
	if value := r.state.AcceptedValue(c.Order); o.Paid+c.Amount > value {
		return broken(RuleOverpaid, "/data/amount", o.Paid+c.Amount, value)
	}
	return nil
}

func (r *Room) closeOrder(c *CloseOrder) []domain.Violation {
	o := r.state.Orders[c.Order]
	switch {
	case o.Placing() == nil:
		return broken(RuleNoSuchOrder, "/data/order", c.Order)
	case o.Closed != nil:
		return broken(RuleOrderIsClosed, "/data/order", c.Order)
	}
	return nil
}

// AcceptedValue is what the good pieces of the order's accepted deliveries are worth, in rupiah, replacements included. Pieces above what
// is ordered have no value: nobody ordered them.
func (s *State) AcceptedValue(order string) int64 {
	o := s.Orders[order]
	if o == nil {
		return 0
	}
	good := map[goods.Item]int64{}
	for _, a := range s.announcedFor(order, o) {
		d := s.Deliveries[a.id]
		if !d.IsAccepted() {
			continue
		}
		for _, l := range d.Count().Lines {
			good[l.Item] += l.Good
		}
		for _, lines := range d.Replaced {
			for _, l := range lines {
				good[l.Item] += l.Quantity
			}
		}
	}
	var value int64
	for _, l := range o.Lines() {
		amount, _ := Amount(min(good[l.Item], l.Quantity), l.UnitPrice)
		value += amount
	}
	return value
}
