package ledger

import (
	"jejak/domain/goods"
	"jejak/domain/need"
)

// Account is what plan, orders, deliveries and claims say of an item, in pieces, summed over its variants.
type Account struct {
	Item      string
	Need      int64 // of the plan that counts, or of the one being worked on while none is approved
	Known     bool  // the need; a sum with an unknown part is unknown
	Ordered   int64
	Announced int64
	Received  int64 // counted, good and damaged
	Damaged   int64 // at the count or in sorting
	Claimed   int64
}

// goodsAccount is the account of all goods.
type goodsAccount struct {
	items    []Account
	accepted int64 // rupiah
}

// Goods accounts for every item of the norms, for ballots and for everything else that occurs, in no order. It is kept until something of the rooms
// that it is about happens, and is not to be changed.
func (s *State) Goods() []Account { return s.accounted().items }

// AcceptedValue is what the accepted deliveries against the unit's own orders are worth, in rupiah.
func (s *State) AcceptedValue() int64 { return s.accounted().accepted }

func (s *State) accounted() *goodsAccount {
	if s.goods == nil {
		s.goods = s.account()
	}
	return s.goods
}

// accountable tells whether a room's events change the account.
func accountable(room string) bool {
	return room == "unit" || room == "need" || room == "procurement" || room == "receipt"
}

func (s *State) account() *goodsAccount {
	var account goodsAccount
	numbers := map[string]int{}
	of := func(item string) *Account {
		n, known := numbers[item]
		if !known {
			n = len(account.items)
			numbers[item] = n
			account.items = append(account.items, Account{Item: item})
		}
		return &account.items[n]
	}
	if s.ref != nil {
		for _, norm := range s.ref.Norms.Items {
			of(norm.Item)
		}
		of(goods.Ballot)
	}
	s.needed(of)
	for id, o := range s.Procurement.Orders {
		for _, l := range o.Lines() {
			of(l.Item.Item).Ordered += l.Quantity
		}
		if o.Own != nil { // an order that another unit pays for is no use of this one's budget
			account.accepted += s.Procurement.AcceptedValue(id)
		}
	}
	for _, d := range s.Procurement.Deliveries {
		if a := d.Announcement(); a != nil {
			for _, l := range a.Lines {
				of(l.Item.Item).Announced += l.Quantity
			}
		}
		if c := d.Count(); c != nil {
			for _, l := range c.Lines {
				item := of(l.Item.Item)
				item.Received += l.Good + l.Damaged
				item.Damaged += l.Damaged
			}
		}
		for _, t := range d.Sorted {
			of(goods.Ballot).Damaged += t.Damaged
		}
	}
	for _, c := range s.Receipt.Claims {
		if len(c.Filed) > 0 {
			for _, l := range c.Filed[0].Lines {
				of(l.Item.Item).Claimed += l.Quantity
			}
		}
	}
	return &account
}

func (s *State) needed(of func(item string) *Account) {
	plan := s.Plan()
	if plan == nil {
		return
	}
	unknown := map[string]bool{}
	for _, l := range plan.Lines {
		item := of(l.Item)
		switch {
		case l.Quantity == nil || unknown[l.Item]:
			unknown[l.Item] = true
			item.Need, item.Known = 0, false
		default:
			item.Need, item.Known = item.Need+*l.Quantity, true
		}
	}
}

// Plan is the plan of needs that was approved, or the one being worked on while none is; nil for none.
func (s *State) Plan() *need.Plan {
	switch {
	case s.Need.Approved != nil:
		return s.Need.Approved
	case s.Need.Status != need.StatusNone:
		return &s.Need.Plan
	}
	return nil
}
