package receipt

import (
	"maps"
	"slices"

	"jejak/domain/fact"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// State is what the room knows beside the deliveries. The zero value is empty. Only the rooms change it.
type State struct {
	Stock   fact.Table[Stock]  // by goods.Item.String
	Cartons fact.Table[Carton] // by command id: the cartons in which something was wrong, which are few
	Claims  fact.Table[Claim]
}

// Stock of one item and variant.
type Stock struct {
	Deliveries []string // that brought the item, sorted: of ballots those of which cartons were sorted
	Replaced   int64    // pieces brought in settlement of claims
	Issued     int64    // pieces that were used
}

// Carton of ballots in which something was wrong.
type Carton struct {
	fact.Fact
	Delivery, Design string
	procurement.Tally
	ForeignSheets []ForeignSheets
}

// Claim to the supplier.
type Claim struct {
	Filed   []Filing     // the first counts
	Settled []Settlement // they add up
}

// Filing of a claim.
type Filing struct {
	fact.Fact
	Delivery string // "" when it is about several
	Reason   string
	Lines    []goods.Line
}

// Settlement of a claim, or of a part of it.
type Settlement struct {
	fact.Fact
	Lines     []goods.Line
	Witnesses []Witness
	Document  string
}

// bringsFrom notes that the item came with a delivery.
func (s *State) bringsFrom(delivery string, item goods.Item) {
	s.Stock.Change(item.String(), func(st *Stock) {
		if at, found := slices.BinarySearch(st.Deliveries, delivery); !found {
			st.Deliveries = slices.Insert(slices.Clone(st.Deliveries), at, delivery)
		}
	})
}

// replacedByClaim writes to the deliveries that a claim names how much of it was replaced: to the one that its first filing names.
func (s *State) replacedByClaim(proc *procurement.State, claim string) {
	c := s.Claims[claim]
	if c == nil || len(c.Filed) == 0 {
		return
	}
	counts := c.Filed[0].Delivery
	for _, f := range c.Filed {
		if f.Delivery != "" && f.Delivery != counts {
			proc.SetReplaced(f.Delivery, claim, nil)
		}
	}
	if counts != "" {
		proc.SetReplaced(counts, claim, c.settledLines())
	}
}

// settledLines sums all settlements, by item.
func (c *Claim) settledLines() []goods.Line {
	sum := map[goods.Item]int64{}
	for _, s := range c.Settled {
		for _, l := range s.Lines {
			sum[l.Item] += l.Quantity
		}
	}
	var lines []goods.Line
	for _, item := range slices.SortedFunc(maps.Keys(sum), goods.Item.Compare) {
		lines = append(lines, goods.Line{Item: item, Quantity: sum[item]})
	}
	return lines
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	return State{Stock: maps.Clone(s.Stock), Cartons: maps.Clone(s.Cartons), Claims: maps.Clone(s.Claims)}
}
