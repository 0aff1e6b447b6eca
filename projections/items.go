package projections

import (
	"jejak/domain/election"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/projections/form"
)

// items accounts for every item of the norms, every ballot and everything else that occurs, summed over variants.
func items(s *ledger.State) map[string]form.ItemRow {
	accounts := s.Goods()
	rows := make(map[string]form.ItemRow, len(accounts)+2)
	needs := make([]int64, len(accounts)) // the form outlives the state
	for i := range accounts {
		a := &accounts[i]
		row := form.ItemRow{Ordered: a.Ordered, Announced: a.Announced, Received: a.Received, Damaged: a.Damaged, Claimed: a.Claimed}
		if a.Known {
			needs[i] = a.Need
			row.Need = &needs[i]
		}
		rows[a.Item] = row
	}
	for id, stock := range s.Receipt.Stock {
		pack(rows, goods.Of(id).Item, stock.Issued)
	}
	pack(rows, election.ItemBox, packedBoxes(s))
	return rows
}

// pack adds what was issued from stock into boxes and kits; of boxes, those that are packed or further.
func pack(rows map[string]form.ItemRow, item string, n int64) {
	row := rows[item]
	row.Packed += n
	rows[item] = row
}
