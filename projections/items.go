package projections

import (
	"jejak/domain/election"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/projections/form"
)

// items accounts for every item of the norms, every ballot and everything else that occurs, summed over variants.
func items(s *ledger.State) map[string]form.ItemRow {
	rows := map[string]*form.ItemRow{}
	row := func(item string) *form.ItemRow {
		if rows[item] == nil {
			rows[item] = &form.ItemRow{}
		}
		return rows[item]
	}
	if ref := s.Reference(); ref != nil {
		for _, norm := range ref.Norms.Items {
			row(norm.Item)
		}
		row(goods.Ballot)
	}
	needs(s, row)
	for _, o := range s.Procurement.Orders {
		for _, l := range o.Lines() {
			row(l.Item.Item).Ordered += l.Quantity
		}
	}
	for _, d := range s.Procurement.Deliveries {
		if a := d.Announcement(); a != nil {
			for _, l := range a.Lines {
				row(l.Item.Item).Announced += l.Quantity
			}
		}
		if c := d.Count(); c != nil {
			for _, l := range c.Lines {
				r := row(l.Item.Item)
				r.Received += l.Good + l.Damaged
				r.Damaged += l.Damaged
			}
		}
		for _, t := range d.Sorted {
			row(goods.Ballot).Damaged += t.Damaged
		}
	}
	for _, c := range s.Receipt.Claims {
		if len(c.Filed) > 0 {
			for _, l := range c.Filed[0].Lines {
				row(l.Item.Item).Claimed += l.Quantity
			}
		}
	}
	packed(s, row)
	all := make(map[string]form.ItemRow, len(rows))
	for item, r := range rows {
		all[item] = *r
	}
	return all
}

// needs are those of the approved plan, or of the one being worked on while none is approved.
func needs(s *ledger.State, row func(item string) *form.ItemRow) {
	plan := currentPlan(s)
	if plan == nil {
		return
	}
	unknown := map[string]bool{}
	for _, l := range plan.Lines {
		r := row(l.Item)
		if l.Quantity == nil {
			unknown[l.Item] = true
		}
		if unknown[l.Item] {
			r.Need = nil // a sum with an unknown part is unknown
			continue
		}
		if r.Need == nil {
			r.Need = new(int64)
		}
		*r.Need += *l.Quantity
	}
}

func currentPlan(s *ledger.State) *need.Plan {
	switch {
	case s.Need.Approved != nil:
		return s.Need.Approved
	case s.Need.Status != need.StatusNone:
		return &s.Need.Plan
	}
	return nil
}

// packed is what was issued from stock into boxes and kits; of boxes, those that are packed or further.
func packed(s *ledger.State, row func(item string) *form.ItemRow) {
	for id, stock := range s.Receipt.Stock {
		row(goods.Of(id).Item).Packed += stock.Issued
	}
	row(election.ItemBox).Packed = packedBoxes(s)
}
