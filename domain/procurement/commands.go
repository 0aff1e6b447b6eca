package procurement

import (
	"strings"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/goods"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	procurementCommand()
}

// SetBudget sets what the unit may commit (procurement.set_budget). A decision; a later one replaces it.
type SetBudget struct {
	Ceiling  int64  `json:"ceiling"` // rupiah
	Document string `json:"document"`
}

// Exception says that an order is meant to pass the ceiling. What lets it pass is an approval in force (package approval), not what stands here.
type Exception struct {
	Approver string `json:"approver,omitempty"` // who is asked to approve: a user id. It exempts from nothing.
	Approval string `json:"approval,omitempty"` // id of the approval, where the sender knows it: then that one must allow it
	Document string `json:"document"`
}

// PlaceOrder orders goods from a supplier at the unit's cost (procurement.place_order). A decision.
type PlaceOrder struct {
	Order     string       `json:"order"` // ORD-<unit>-...
	Supplier  string       `json:"supplier"`
	Lines     []PricedLine `json:"lines"`
	Exception *Exception   `json:"exception,omitempty"`
}

// RecordExternalOrder tells that another unit has ordered goods for this one (procurement.record_external_order).
type RecordExternalOrder struct {
	Order    string       `json:"order"`     // ORD-..., with the code of either unit
	PlacedBy string       `json:"placed_by"` // "KPU RI", "35", ...
	Supplier string       `json:"supplier"`
	Lines    []PricedLine `json:"lines"`
}

// AmendOrder replaces the lines of an order (procurement.amend_order). A decision.
type AmendOrder struct {
	Order  string       `json:"order"`
	Lines  []PricedLine `json:"lines"`
	Reason string       `json:"reason"`
}

// ReportProduction tells of one batch from the printer's minutes (procurement.report_production). Batches of an order add up.
type ReportProduction struct {
	Order string `json:"order"`
	goods.Item
	Printed int64 `json:"printed"` // sheets
	Sent    int64 `json:"sent"`
	Stored  int64 `json:"stored"`
	Spoiled int64 `json:"spoiled"`
}

// AnnounceDelivery tells that goods are on their way to this unit (procurement.announce_delivery).
type AnnounceDelivery struct {
	Delivery string `json:"delivery"` // DLV-<unit>-...
	// Order is "" for goods that another unit sends out of its own stock.
	Order string       `json:"order,omitempty"`
	Lines []goods.Line `json:"lines"`
}

// AcceptDelivery makes the goods of a counted delivery the unit's own (procurement.accept_delivery, BAST). A decision.
type AcceptDelivery struct {
	Delivery string `json:"delivery"`
	Document string `json:"document"`
}

// RecordPayment tells what was paid for an order (procurement.record_payment). A decision.
type RecordPayment struct {
	Order    string `json:"order"`
	Amount   int64  `json:"amount"` // rupiah, above zero
	Document string `json:"document"`
}

// CloseOrder ends an order: nothing more is amended, announced or paid (procurement.close_order). A decision.
type CloseOrder struct {
	Order string `json:"order"`
}

func (*SetBudget) procurementCommand()           {}
func (*PlaceOrder) procurementCommand()          {}
func (*RecordExternalOrder) procurementCommand() {}
func (*AmendOrder) procurementCommand()          {}
func (*ReportProduction) procurementCommand()    {}
func (*AnnounceDelivery) procurementCommand()    {}
func (*AcceptDelivery) procurementCommand()      {}
func (*RecordPayment) procurementCommand()       {}
func (*CloseOrder) procurementCommand()          {}

// CommandType is the command's name.
func (*SetBudget) CommandType() string { return "procurement.set_budget" }

// CommandType is the command's name.
func (*PlaceOrder) CommandType() string { return "procurement.place_order" }

// CommandType is the command's name.
func (*RecordExternalOrder) CommandType() string { return "procurement.record_external_order" }

// CommandType is the command's name.
func (*AmendOrder) CommandType() string { return "procurement.amend_order" }

// CommandType is the command's name.
func (*ReportProduction) CommandType() string { return "procurement.report_production" }

// CommandType is the command's name.
func (*AnnounceDelivery) CommandType() string { return "procurement.announce_delivery" }

// CommandType is the command's name.
func (*AcceptDelivery) CommandType() string { return "procurement.accept_delivery" }

// CommandType is the command's name.
func (*RecordPayment) CommandType() string { return "procurement.record_payment" }

// CommandType is the command's name.
func (*CloseOrder) CommandType() string { return "procurement.close_order" }

// Validate reports what is malformed.
func (b *SetBudget) Validate(c *domain.Check) {
	checkAmount(c, "/data/ceiling", b.Ceiling)
	c.Need("/data/document", b.Document, domain.Document)
}

// Validate reports what is malformed.
func (o *PlaceOrder) Validate(c *domain.Check) {
	c.ID("/data/order", o.Order, orderPrefix)
	c.Need("/data/supplier", o.Supplier, domain.Name)
	checkPriced(c, "/data/lines", o.Lines)
	if e := o.Exception; e != nil {
		c.Text("/data/exception/approver", e.Approver, domain.Name)
		approval.CheckID(c, "/data/exception/approval", e.Approval, false)
		c.Need("/data/exception/document", e.Document, domain.Document)
	}
}

// Validate reports what is malformed.
func (o *RecordExternalOrder) Validate(c *domain.Check) {
	checkAnyOrder(c, "/data/order", o.Order)
	c.Need("/data/placed_by", o.PlacedBy, domain.Name)
	c.Need("/data/supplier", o.Supplier, domain.Name)
	checkPriced(c, "/data/lines", o.Lines)
}

// Validate reports what is malformed.
func (o *AmendOrder) Validate(c *domain.Check) {
	c.ID("/data/order", o.Order, orderPrefix)
	c.Need("/data/reason", o.Reason, domain.Reason)
	checkPriced(c, "/data/lines", o.Lines)
}

// Validate reports what is malformed.
func (p *ReportProduction) Validate(c *domain.Check) {
	checkAnyOrder(c, "/data/order", p.Order)
	p.Item.Check(c, "/data")
	goods.CheckCount(c, "/data/printed", p.Printed)
	goods.CheckCount(c, "/data/sent", p.Sent)
	goods.CheckCount(c, "/data/stored", p.Stored)
	goods.CheckCount(c, "/data/spoiled", p.Spoiled)
}

// Validate reports what is malformed.
func (d *AnnounceDelivery) Validate(c *domain.Check) {
	c.ID("/data/delivery", d.Delivery, "")
	if d.Order != "" {
		checkAnyOrder(c, "/data/order", d.Order)
	}
	goods.CheckLines(c, "/data/lines", d.Lines)
}

// Validate reports what is malformed.
func (d *AcceptDelivery) Validate(c *domain.Check) {
	c.ID("/data/delivery", d.Delivery, "")
	c.Need("/data/document", d.Document, domain.Document)
}

// Validate reports what is malformed.
func (p *RecordPayment) Validate(c *domain.Check) {
	c.ID("/data/order", p.Order, orderPrefix)
	c.Positive("/data/amount", p.Amount)
	checkAmount(c, "/data/amount", max(p.Amount, 0))
	c.Need("/data/document", p.Document, domain.Document)
}

// Validate reports what is malformed.
func (o *CloseOrder) Validate(c *domain.Check) { checkAnyOrder(c, "/data/order", o.Order) }

const orderPrefix = "ORD"

// checkAnyOrder fails for what is no order id of any unit: orders of other units are named by the ids that those units gave them.
func checkAnyOrder(c *domain.Check, path, id string) {
	if !c.Required(path, id) {
		return
	}
	unit := c.Unit
	if parts := strings.SplitN(id, "-", 3); len(parts) == 3 {
		unit = domain.Code(parts[1])
	}
	if why := domain.CheckID(id, orderPrefix, unit); why != "" {
		c.Fail(domain.RuleBadID, path, id, why)
	}
}
