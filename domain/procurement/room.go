package procurement

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/election"
	"jejak/domain/fact"
)

// Room is the room of procurement over a ledger's state.
type Room struct {
	state     *State
	approvals *approval.State
	unit      domain.Code
}

// NewRoom returns the room over state. The reference data do not bear on it yet: what is ordered is decided by people, not by the norms.
func NewRoom(state *State, approvals *approval.State, _ *election.Reference, unit domain.Code) *Room {
	return &Room{state: state, approvals: approvals, unit: unit}
}

// NewCommand returns a pointer to the zero command of this type, nil if there is none such.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "procurement.set_budget":
		return &SetBudget{}
	case "procurement.place_order":
		return &PlaceOrder{}
	case "procurement.record_external_order":
		return &RecordExternalOrder{}
	case "procurement.amend_order":
		return &AmendOrder{}
	case "procurement.report_production":
		return &ReportProduction{}
	case "procurement.announce_delivery":
		return &AnnounceDelivery{}
	case "procurement.accept_delivery":
		return &AcceptDelivery{}
	case "procurement.record_payment":
		return &RecordPayment{}
	case "procurement.close_order":
		return &CloseOrder{}
	}
	return nil
}

// NewEvent returns a pointer to the zero event of this type and schema, nil if unknown.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 && (schema > 2 || eventType != "procurement.order_placed") {
		return nil
	}
	switch eventType {
	case "procurement.budget_set":
		return &BudgetSet{}
	case "procurement.order_placed":
		return &OrderPlaced{}
	case "procurement.external_order_recorded":
		return &ExternalOrderRecorded{}
	case "procurement.order_amended":
		return &OrderAmended{}
	case "procurement.production_reported":
		return &ProductionReported{}
	case "procurement.delivery_announced":
		return &DeliveryAnnounced{}
	case "procurement.delivery_accepted":
		return &DeliveryAccepted{}
	case "procurement.payment_recorded":
		return &PaymentRecorded{}
	case "procurement.order_closed":
		return &OrderClosed{}
	}
	return nil
}

// Apply folds one of the room's events into the state.
func (r *Room) Apply(rec domain.Recorded) {
	s, f := r.state, fact.Of(rec)
	switch e := rec.Event.(Event).(type) {
	case *BudgetSet:
		s.Budget.Set, s.Budget.Ceiling, s.Budget.Document = true, e.Ceiling, e.Document
	case *OrderPlaced:
		s.place(e, f)
	case *ExternalOrderRecorded:
		s.Orders.Change(e.Order, func(o *Order) {
			o.External = fact.Insert(o.External, Placing{Fact: f, PlacedBy: e.PlacedBy, Supplier: e.Supplier, Lines: e.Lines})
		})
	case *OrderAmended:
		s.amend(e, r.beyond(e.Order, e.Lines, f.Actor, ""))
	case *ProductionReported:
		s.Orders.Change(e.Order, func(o *Order) {
			o.Production = fact.Insert(o.Production,
				Production{Fact: f, Seller: sellerOf(rec.Meta.Actor), Item: e.Item, Printed: e.Printed, Sent: e.Sent, Stored: e.Stored, Spoiled: e.Spoiled})
		})
	case *DeliveryAnnounced:
		s.Deliveries.Change(e.Delivery, func(d *Delivery) {
			d.Announced = fact.Insert(d.Announced, Announcement{Fact: f, Seller: sellerOf(rec.Meta.Actor), Order: e.Order, Lines: e.Lines})
		})
		if e.Order != "" {
			s.Orders.Change(e.Order, func(o *Order) { o.Deliveries = withID(o.Deliveries, e.Delivery) })
		}
	case *DeliveryAccepted:
		s.Deliveries.Change(e.Delivery, func(d *Delivery) { d.Accepted = &Acceptance{Fact: f, Document: e.Document} })
	case *PaymentRecorded:
		s.Budget.Paid += e.Amount
		s.Orders.Change(e.Order, func(o *Order) { o.Paid += e.Amount })
	case *OrderClosed:
		s.Orders.Change(e.Order, func(o *Order) { o.Closed = &f })
	}
}

func (s *State) place(e *OrderPlaced, f fact.Fact) {
	cost, _ := Total(e.Lines)
	above := s.Budget.above(cost)
	s.Orders.Change(e.Order, func(o *Order) {
		o.Own = &Placing{Fact: f, Supplier: e.Supplier, Lines: e.Lines, Exception: e.Exception}
		switch x := e.Exception; {
		case x == nil:
		case x.Approver != "": // of schema 1: the whole of it
			o.Excepted = cost
		case x.Approval != "":
			o.Excepted = above
			o.StandsOn = []string{x.Approval}
		}
		s.Budget.Excepted += o.Excepted
	})
	s.Budget.Committed += cost
}

func (s *State) amend(e *OrderAmended, b beyond) {
	s.Orders.Change(e.Order, func(o *Order) {
		before := o.cost()
		after, _ := Total(e.Lines)
		old := o.Excepted
		switch {
		case o.Own != nil && o.Own.Exception != nil && o.Own.Exception.Approver != "": // of schema 1: the whole of it
			o.Excepted = after
		case after > before:
			o.Excepted += s.Budget.above(after - before)
		default:
			o.Excepted = max(0, o.Excepted-(before-after))
		}
		if b.approval != "" {
			o.StandsOn = append(slices.Clone(o.StandsOn), b.approval)
		}
		s.Budget.Committed += after - before
		s.Budget.Excepted += o.Excepted - old
		o.Amended = e.Lines
	})
}
