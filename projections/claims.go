package projections

import (
	"maps"
	"slices"

	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/receipt"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Claims are a unit's claims by supplier. at is the position of the last event folded into the state.
func Claims(s *ledger.State, at eventstore.Position) form.ClaimsRow {
	row := form.ClaimsRow{
		Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), LastRecordedAt: stamp(s.LastRecorded), Suppliers: []form.SupplierClaims{},
	}
	suppliers := map[string]*form.SupplierClaims{}
	for _, c := range s.Receipt.Claims {
		name := supplierOf(s, c)
		if suppliers[name] == nil {
			suppliers[name] = &form.SupplierClaims{Supplier: name, Items: map[string]form.ClaimItem{}}
		}
		addClaim(suppliers[name], c)
	}
	for _, name := range slices.Sorted(maps.Keys(suppliers)) {
		row.Suppliers = append(row.Suppliers, *suppliers[name])
	}
	return row
}

// supplierOf is the supplier of the order against which the goods were delivered that a claim is about, "" where that is not known.
func supplierOf(s *ledger.State, c *receipt.Claim) string {
	if len(c.Filed) == 0 {
		return ""
	}
	announced := s.Procurement.Delivery(c.Filed[0].Delivery).Announcement()
	if announced == nil {
		return ""
	}
	placing := s.Procurement.Orders[announced.Order].Placing()
	if placing == nil {
		return ""
	}
	return placing.Supplier
}

func addClaim(to *form.SupplierClaims, c *receipt.Claim) {
	claimed, replaced := map[goods.Item]int64{}, map[goods.Item]int64{}
	if len(c.Filed) > 0 { // a later filing of the same claim is a discrepancy, not more goods
		for _, l := range c.Filed[0].Lines {
			claimed[l.Item] += l.Quantity
		}
	}
	for _, settled := range c.Settled {
		for _, l := range settled.Lines {
			replaced[l.Item] += l.Quantity
		}
	}
	open := int64(0)
	add := func(item goods.Item, by form.ClaimItem) {
		sum := to.Items[item.Item]
		to.Items[item.Item] = form.ClaimItem{Claimed: sum.Claimed + by.Claimed, Replaced: sum.Replaced + by.Replaced, Open: sum.Open + by.Open}
	}
	for item, n := range claimed {
		left := max(n-replaced[item], 0)
		open += left
		add(item, form.ClaimItem{Claimed: n, Open: left})
	}
	for item, n := range replaced {
		add(item, form.ClaimItem{Replaced: n})
	}
	switch {
	case len(c.Filed) == 0: // its settlement was told before it
	case open == 0:
		to.Filed, to.Settled = to.Filed+1, to.Settled+1
	default:
		to.Filed, to.Open = to.Filed+1, to.Open+1
	}
}
