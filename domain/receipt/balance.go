package receipt

import (
	"slices"

	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// Balance is the account of one item of one delivery, in pieces. Announced + Extra = Received + Missing + InTransit + Unaccounted, always.
type Balance struct {
	Item      goods.Item
	Announced int64
	Received  int64 // good and damaged
	Missing   int64
	Extra     int64 // pieces of Received that nobody announced
	InTransit int64 // announced, and nobody has counted yet
	// Unaccounted is what the count does not add up to. It is zero but where the discrepancy count_unbalanced says so, or while nobody
	// has announced the delivery (delivery_not_announced).
	Unaccounted int64
}

// Balances of a delivery: one for every item that was announced or counted, ordered by item. An unknown delivery has none.
func (r *Room) Balances(delivery string) []Balance {
	d := r.proc.Delivery(delivery)
	if d == nil {
		return nil
	}
	var balances []Balance
	if a := d.Announcement(); a != nil {
		for _, l := range a.Lines {
			b := Balance{Item: l.Item, Announced: l.Quantity}
			if d.Count() == nil {
				b.InTransit = l.Quantity
			}
			balances = append(balances, b)
		}
	}
	if c := d.Count(); c != nil {
		for _, l := range c.Lines {
			balances = withCount(balances, d, l)
		}
	}
	for i := range balances {
		b := &balances[i]
		b.Unaccounted = b.Announced + b.Extra - b.Received - b.Missing - b.InTransit
	}
	slices.SortFunc(balances, func(a, b Balance) int { return a.Item.Compare(b.Item) })
	return balances
}

func withCount(balances []Balance, d *procurement.Delivery, l procurement.CountLine) []Balance {
	i := slices.IndexFunc(balances, func(b Balance) bool { return b.Item == l.Item })
	if i < 0 {
		i = len(balances)
		balances = append(balances, Balance{Item: l.Item})
	}
	b := &balances[i]
	b.Received, b.Missing, b.Extra = l.Good+l.Damaged, l.Missing, l.Extra
	if _, named := d.AnnouncedOf(l.Item); d.Announcement() != nil && !named && l.HasDesign() {
		b.Extra = b.Received + b.Missing // a design that was not announced: every sheet is one too many
	}
	return balances
}
