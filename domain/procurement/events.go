package procurement

import (
	"jejak/domain"
	"jejak/domain/goods"
)

// Event is an event of the room.
//
//sumtype:decl
type Event interface {
	domain.Event
	procurementEvent()
}

// BudgetSet: the unit may commit this much (procurement.budget_set).
type BudgetSet struct {
	Ceiling  int64  `json:"ceiling"` // rupiah
	Document string `json:"document"`
}

// OrderPlaced: the unit has ordered (procurement.order_placed).
type OrderPlaced struct {
	Order     string       `json:"order"`
	Supplier  string       `json:"supplier"`
	Lines     []PricedLine `json:"lines"`
	Exception *Excepted    `json:"exception,omitempty"`
}

// Excepted is the exception of an order as it was recorded. In schema 1 it names who approved it, and that is all that was asked; from schema 2 on an
// approval that is recorded too lets the order pass.
type Excepted struct {
	Approver string `json:"approver,omitempty"` // of schema 1 alone: who approved it, a user id
	Asked    string `json:"asked,omitempty"`    // who was asked
	Approval string `json:"approval,omitempty"` // what it stands on; "" where the ceiling was enough
	Document string `json:"document"`
}

// ExternalOrderRecorded: another unit has ordered for this one (procurement.external_order_recorded).
type ExternalOrderRecorded struct {
	Order    string       `json:"order"`
	PlacedBy string       `json:"placed_by"`
	Supplier string       `json:"supplier"`
	Lines    []PricedLine `json:"lines"`
}

// OrderAmended: the order is now for these lines (procurement.order_amended).
type OrderAmended struct {
	Order  string       `json:"order"`
	Lines  []PricedLine `json:"lines"`
	Reason string       `json:"reason"`
}

// ProductionReported: a batch was printed (procurement.production_reported).
type ProductionReported struct {
	Order string `json:"order"`
	goods.Item
	Printed int64 `json:"printed"`
	Sent    int64 `json:"sent"`
	Stored  int64 `json:"stored"`
	Spoiled int64 `json:"spoiled"`
}

// DeliveryAnnounced: goods are on their way (procurement.delivery_announced).
type DeliveryAnnounced struct {
	Delivery string       `json:"delivery"`
	Order    string       `json:"order,omitempty"`
	Lines    []goods.Line `json:"lines"`
}

// DeliveryAccepted: the goods are the unit's (procurement.delivery_accepted).
type DeliveryAccepted struct {
	Delivery string `json:"delivery"`
	Document string `json:"document"`
}

// PaymentRecorded: this was paid for the order (procurement.payment_recorded).
type PaymentRecorded struct {
	Order    string `json:"order"`
	Amount   int64  `json:"amount"` // rupiah
	Document string `json:"document"`
}

// OrderClosed: the order is done with (procurement.order_closed).
type OrderClosed struct {
	Order string `json:"order"`
}

func (*BudgetSet) procurementEvent()             {}
func (*OrderPlaced) procurementEvent()           {}
func (*ExternalOrderRecorded) procurementEvent() {}
func (*OrderAmended) procurementEvent()          {}
func (*ProductionReported) procurementEvent()    {}
func (*DeliveryAnnounced) procurementEvent()     {}
func (*DeliveryAccepted) procurementEvent()      {}
func (*PaymentRecorded) procurementEvent()       {}
func (*OrderClosed) procurementEvent()           {}

// EventType is the event's name.
func (*BudgetSet) EventType() string { return "procurement.budget_set" }

// EventType is the event's name.
func (*OrderPlaced) EventType() string { return "procurement.order_placed" }

// EventType is the event's name.
func (*ExternalOrderRecorded) EventType() string { return "procurement.external_order_recorded" }

// EventType is the event's name.
func (*OrderAmended) EventType() string { return "procurement.order_amended" }

// EventType is the event's name.
func (*ProductionReported) EventType() string { return "procurement.production_reported" }

// EventType is the event's name.
func (*DeliveryAnnounced) EventType() string { return "procurement.delivery_announced" }

// EventType is the event's name.
func (*DeliveryAccepted) EventType() string { return "procurement.delivery_accepted" }

// EventType is the event's name.
func (*PaymentRecorded) EventType() string { return "procurement.payment_recorded" }

// EventType is the event's name.
func (*OrderClosed) EventType() string { return "procurement.order_closed" }

// Schema is 1.
func (*BudgetSet) Schema() int { return 1 }

// Schema is 2: an exception stands on an approval. It is 1 where one is by the name of an approver alone.
func (o *OrderPlaced) Schema() int {
	if o.Exception != nil && o.Exception.Approver != "" {
		return 1
	}
	return 2
}

// Schema is 1.
func (*ExternalOrderRecorded) Schema() int { return 1 }

// Schema is 1.
func (*OrderAmended) Schema() int { return 1 }

// Schema is 1.
func (*ProductionReported) Schema() int { return 1 }

// Schema is 1.
func (*DeliveryAnnounced) Schema() int { return 1 }

// Schema is 1.
func (*DeliveryAccepted) Schema() int { return 1 }

// Schema is 1.
func (*PaymentRecorded) Schema() int { return 1 }

// Schema is 1.
func (*OrderClosed) Schema() int { return 1 }
