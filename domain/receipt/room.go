package receipt

import (
	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/fact"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// Room is the room of receipt over a ledger's state.
type Room struct {
	state *State
	proc  *procurement.State
	unit  domain.Code
}

// NewRoom returns the room over state; what was counted and sorted of deliveries goes to proc.
func NewRoom(state *State, proc *procurement.State, _ *election.Reference, unit domain.Code) *Room {
	return &Room{state: state, proc: proc, unit: unit}
}

// Books of the subjects that this room owns.
func (r *Room) Books() map[domain.SubjectKind]domain.Book {
	return map[domain.SubjectKind]domain.Book{
		domain.SubjectDelivery: deliveryBook{r.proc},
		domain.SubjectSorting:  cartonBook{r.state},
		domain.SubjectStock:    stockBook{r.state, r.proc},
		domain.SubjectClaim:    claimBook{r.state},
	}
}

// NewCommand returns a pointer to the zero command of this type, nil if there is none such.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "receipt.count_goods":
		return &CountGoods{}
	case "receipt.report_sorting":
		return &ReportSorting{}
	case "receipt.file_claim":
		return &FileClaim{}
	case "receipt.settle_claim":
		return &SettleClaim{}
	}
	return nil
}

// NewEvent returns a pointer to the zero event of this type and schema, nil if unknown.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "receipt.goods_counted":
		return &GoodsCounted{}
	case "receipt.sorting_reported":
		return &SortingReported{}
	case "receipt.claim_filed":
		return &ClaimFiled{}
	case "receipt.claim_settled":
		return &ClaimSettled{}
	}
	return nil
}

// Plan decides what to record: always what was told.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *CountGoods:
		return domain.Plan{Event: (*GoodsCounted)(c), Touched: r.countSubjects(c)}
	case *ReportSorting:
		return domain.Plan{Event: (*SortingReported)(c), Touched: []domain.Subject{
			{Kind: domain.SubjectSorting, ID: act.ID.String()}, delivery(c.Delivery), StockSubject(goods.Ballot, c.Design)}}
	case *FileClaim:
		return domain.Plan{Event: (*ClaimFiled)(c), Touched: r.claimSubjects(c.Claim, c.Delivery)}
	case *SettleClaim:
		touched := r.claimSubjects(c.Claim, "")
		for _, l := range c.Lines {
			touched = append(touched, subject(l.Item))
		}
		return domain.Plan{Event: (*ClaimSettled)(c), Touched: touched}
	}
	panic("unreachable: Command is sealed")
}

// countSubjects: the delivery and the stock of what this or an earlier told count says of it, for either may be the one that counts.
func (r *Room) countSubjects(c *CountGoods) []domain.Subject {
	touched := []domain.Subject{delivery(c.Delivery)}
	add := func(lines []procurement.CountLine) {
		for _, l := range lines {
			touched = append(touched, subject(l.Item))
		}
	}
	add(c.Lines)
	if first := r.proc.Delivery(c.Delivery).Count(); first != nil {
		add(first.Lines)
	}
	return touched
}

// claimSubjects: the claim, and every delivery that it is or was about.
func (r *Room) claimSubjects(claim, about string) []domain.Subject {
	touched := []domain.Subject{{Kind: domain.SubjectClaim, ID: claim}}
	if about != "" {
		touched = append(touched, delivery(about))
	}
	if c := r.state.Claims[claim]; c != nil {
		for _, f := range c.Filed {
			if f.Delivery != "" {
				touched = append(touched, delivery(f.Delivery))
			}
		}
	}
	return touched
}

func delivery(id string) domain.Subject {
	return domain.Subject{Kind: domain.SubjectDelivery, ID: id}
}

// Apply folds one of the room's events into the state.
func (r *Room) Apply(rec domain.Recorded) {
	s, f := r.state, fact.Of(rec)
	switch e := rec.Event.(Event).(type) {
	case *GoodsCounted:
		r.proc.AddCount(e.Delivery, procurement.Count{Fact: f, Lines: e.Lines})
		for _, l := range e.Lines {
			if !l.IsBallot() {
				s.bringsFrom(e.Delivery, l.Item)
			}
		}
	case *SortingReported:
		tally := e.Tally()
		r.proc.AddSorting(e.Delivery, e.Design, tally)
		s.bringsFrom(e.Delivery, goods.Item{Item: goods.Ballot, Variant: e.Design})
		if tally.Total() != tally.Good {
			s.Cartons.Change(f.Key(), func(c *Carton) {
				*c = Carton{Fact: f, Delivery: e.Delivery, Design: e.Design, Tally: tally, ForeignSheets: e.Foreign}
			})
		}
	case *ClaimFiled:
		s.Claims.Change(e.Claim, func(c *Claim) {
			c.Filed = fact.Insert(c.Filed, Filing{Fact: f, Delivery: e.Delivery, Reason: e.Reason, Lines: e.Lines})
		})
		s.replacedByClaim(r.proc, e.Claim)
	case *ClaimSettled:
		s.Claims.Change(e.Claim, func(c *Claim) {
			c.Settled = fact.Insert(c.Settled, Settlement{Fact: f, Lines: e.Lines, Witnesses: e.Witnesses, Document: e.Document})
		})
		for _, l := range e.Lines {
			s.Stock.Change(l.Item.String(), func(st *Stock) { st.Replaced += l.Quantity })
		}
		s.replacedByClaim(r.proc, e.Claim)
	}
}
