package epcis

import (
	"maps"
	"slices"
	"strconv"

	"jejak/domain/goods"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
)

func degrees(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }

func (b *batch) order(id string) Transaction { return Transaction{"po", b.document("order", id)} }

func (b *batch) delivery(id string) Transaction {
	return Transaction{"desadv", b.document("delivery", id)}
}

func (b *batch) procurement(event procurement.Event) {
	switch e := event.(type) {
	case *procurement.BudgetSet, *procurement.OrderPlaced, *procurement.ExternalOrderRecorded, *procurement.OrderAmended,
		*procurement.PaymentRecorded, *procurement.OrderClosed:
	case *procurement.ProductionReported:
		if made := b.some(nil, e.Item, e.Printed-e.Spoiled); made != nil {
			b.add(Event{Type: object, Action: Add, Step: "commissioning", Disposition: "active", Quantities: made, Documents: []Transaction{b.order(e.Order)}})
		}
	case *procurement.DeliveryAnnounced:
		documents := []Transaction{b.delivery(e.Delivery)}
		if e.Order != "" {
			documents = append(documents, b.order(e.Order))
		}
		if lines := b.lines(e.Lines); lines != nil {
			b.add(Event{Type: transaction, Action: Add, Disposition: "in_transit", Quantities: lines, Documents: documents, Destination: b.to(string(b.State.Unit))})
		}
	case *procurement.DeliveryAccepted:
		documents := []Transaction{b.delivery(e.Delivery)}
		if e.Document != "" {
			documents = append(documents, Transaction{"recadv", b.document("minutes", e.Document)})
		}
		b.add(Event{Type: transaction, Action: Observe, Step: "accepting", Quantities: b.counted(e.Delivery), Objects: b.nothing(e.Delivery), Documents: documents, Location: b.here(),
			Destination: []Destination{{"owning_party", b.party(string(b.State.Unit))}}})
	}
}

// counted is what was counted of a delivery, as far as it is known.
func (b *batch) counted(delivery string) (list []Quantity) {
	d := b.State.Procurement.Deliveries[delivery]
	if d == nil || len(d.Counts) == 0 {
		return nil
	}
	for _, l := range d.Counts[0].Lines {
		list = b.some(list, l.Item, l.Good+l.Damaged)
	}
	return list
}

// nothing names the delivery itself where it is not known what was in it: a transaction is about something.
func (b *batch) nothing(delivery string) []string {
	if b.counted(delivery) != nil {
		return nil
	}
	return []string{b.object("delivery", delivery)}
}

func (b *batch) receipt(event receipt.Event) {
	switch e := event.(type) {
	case *receipt.GoodsCounted:
		var good, damaged, missing []Quantity
		for _, l := range e.Lines {
			good, damaged, missing = b.some(good, l.Item, l.Good), b.some(damaged, l.Item, l.Damaged), b.some(missing, l.Item, l.Missing)
		}
		b.found(Event{Step: "receiving", Documents: []Transaction{b.delivery(e.Delivery)}}, missing, sorted{"in_progress", good}, sorted{"damaged", damaged})
	case *receipt.SortingReported:
		ballots := goods.Item{Item: goods.Ballot, Variant: e.Design}
		damaged, foreign := int64(0), []Quantity(nil)
		for _, reason := range slices.Sorted(maps.Keys(e.Damaged)) {
			damaged += e.Damaged[reason]
		}
		for _, f := range e.Foreign {
			foreign = b.some(foreign, goods.Item{Item: goods.Ballot, Variant: f.Design}, f.Count)
		}
		b.found(Event{Step: "inspecting", Documents: []Transaction{b.delivery(e.Delivery)}}, b.some(nil, ballots, e.Missing),
			sorted{"conformant", b.some(nil, ballots, e.Good)}, sorted{"damaged", b.some(nil, ballots, damaged)}, sorted{"mismatch_class", foreign})
	case *receipt.ClaimFiled:
		documents := []Transaction{{"", b.document("claim", e.Claim)}}
		if e.Delivery != "" {
			documents = append(documents, b.delivery(e.Delivery))
		}
		if lines := b.lines(e.Lines); lines != nil {
			b.add(Event{Type: transaction, Action: Add, Disposition: "needs_replacement", Quantities: lines, Documents: documents})
		}
	case *receipt.ClaimSettled:
		if lines := b.lines(e.Lines); lines != nil {
			b.add(Event{Type: object, Action: Observe, Step: "receiving", Disposition: "in_progress", Quantities: lines, Location: b.here(),
				Documents: []Transaction{{"", b.document("claim", e.Claim)}}})
		}
	}
}

type sorted struct {
	disposition string
	quantities  []Quantity
}

// found adds an event for each sort of goods that was found, the missing beside the first; where nothing was found, an event of nothing.
func (b *batch) found(e Event, missing []Quantity, sorts ...sorted) {
	e.Type, e.Action, e.Location = object, Observe, b.here()
	for _, s := range sorts {
		if s.quantities == nil {
			continue
		}
		next := e
		next.Disposition, next.Quantities = s.disposition, s.quantities
		if len(b.events) == 0 {
			next.Short = missing
		}
		b.add(next)
	}
	if len(b.events) == 0 && missing != nil {
		e.Disposition, e.Objects, e.Short = "mismatch_quantity", []string{}, missing
		b.add(e)
	}
}
