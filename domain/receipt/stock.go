package receipt

import (
	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// Issuer takes goods out of stock when they are used: packed into boxes or kits. [State] is one.
type Issuer interface {
	// Issue takes quantity pieces of an item (for ballots of the design variant) out of stock, or puts them back when quantity is
	// negative. It is for the Apply of the room that uses the goods, whose Plan lists StockSubject(item, variant) in Touched. It cannot
	// fail: what was used was used; that there was too little is a finding of the stock.
	Issue(item, variant string, quantity int64)
}

var _ Issuer = (*State)(nil)

// Issue implements Issuer.
func (s *State) Issue(item, variant string, quantity int64) {
	id := goods.Item{Item: item, Variant: variant}.String()
	s.Stock.Change(id, func(st *Stock) { st.Issued += quantity })
}

// StockSubject is the subject of an item's stock, "<item>[/<variant>]".
func StockSubject(item, variant string) domain.Subject {
	return subject(goods.Item{Item: item, Variant: variant})
}

func subject(item goods.Item) domain.Subject {
	return domain.Subject{Kind: domain.SubjectStock, ID: item.String()}
}

// Available pieces of an item that the unit may use, those already issued not taken off.
func (s *State) Available(proc *procurement.State, item goods.Item) int64 {
	st := s.Stock[item.String()]
	if st == nil {
		return 0
	}
	available := st.Replaced
	for _, id := range st.Deliveries {
		d := proc.Delivery(id)
		switch {
		case !d.IsAccepted():
		case item.IsBallot():
			available += d.Sorted[item.Variant].Good
		default:
			available += d.CountedGood(item)
		}
	}
	return available
}

// stockBook finds stock from which more was issued than there is.
type stockBook struct {
	s    *State
	proc *procurement.State
}

func (b stockBook) Save(id string) (restore func()) { return b.s.Stock.Save(id) }

func (b stockBook) Findings(id string) []domain.Finding {
	st := b.s.Stock[id]
	if st == nil {
		return nil
	}
	available := b.s.Available(b.proc, goods.Of(id))
	if st.Issued <= available {
		return nil
	}
	return []domain.Finding{{Key: RuleStockNotEnough.ID + "|" + id, Rule: RuleStockNotEnough, Units: []string{id}, Quantity: st.Issued - available,
		Provisional: true, Args: []any{id, st.Issued, available}}}
}
