package procurement

import (
	"slices"

	"jejak/domain"
	"jejak/domain/goods"
)

// Books of the subjects that this room owns. Those of deliveries are package receipt's.
func (r *Room) Books() map[domain.SubjectKind]domain.Book {
	return map[domain.SubjectKind]domain.Book{
		domain.SubjectOrder:  orderBook{r.state},
		domain.SubjectBudget: budgetBook{r.state},
	}
}

// budgetBook: everything about the budget is decided before it is recorded, so nothing can be found wrong with it afterwards.
type budgetBook struct{ s *State }

func (b budgetBook) Findings(string) []domain.Finding { return nil }

func (b budgetBook) Save(string) (restore func()) {
	old := b.s.Budget
	return func() { b.s.Budget = old }
}

type orderBook struct{ s *State }

func (b orderBook) Save(id string) (restore func()) { return b.s.Orders.Save(id) }

func (b orderBook) Findings(id string) []domain.Finding {
	o := b.s.Orders[id]
	if o == nil {
		return nil
	}
	deliveries := b.s.announcedFor(id, o)
	if o.Placing() == nil {
		return unknownOrder(id, o, deliveries)
	}
	findings := placedTwice(id, o)
	findings = append(findings, production(id, o)...)
	findings = append(findings, announced(id, o, deliveries)...)
	return append(findings, strangers(id, o, deliveries)...)
}

// announcedDelivery is a delivery's announcement that counts.
type announcedDelivery struct {
	id string
	*Announcement
}

// announcedFor are the deliveries whose announcement names the order, by their id.
func (s *State) announcedFor(id string, o *Order) []announcedDelivery {
	var list []announcedDelivery
	for _, d := range o.Deliveries {
		if a := s.Deliveries[d].Announcement(); a != nil && a.Order == id {
			list = append(list, announcedDelivery{d, a})
		}
	}
	return list
}

func unknownOrder(id string, o *Order, deliveries []announcedDelivery) []domain.Finding {
	var findings []domain.Finding
	add := func(key, who string, proof domain.Ref) {
		findings = append(findings, domain.Finding{Key: RuleOrderUnknown.ID + "|" + id + "|" + key, Rule: RuleOrderUnknown, Units: []string{id},
			Provisional: true, Path: "/data/order", Args: []any{id, who}, Proof: []domain.Ref{proof}})
	}
	for _, p := range o.Production {
		add(p.Key(), p.Item.String(), p.Ref)
	}
	for _, d := range deliveries {
		add(d.id, d.id, d.Ref)
	}
	return findings
}

func placedTwice(id string, o *Order) []domain.Finding {
	extra := o.External
	if o.Own == nil {
		extra = extra[1:]
	}
	var findings []domain.Finding
	for _, p := range extra {
		findings = append(findings, domain.Finding{Key: RuleOrderExists.ID + "|" + id + "|" + p.Key(), Rule: RuleOrderExists, Units: []string{id},
			Path: "/data/order", Args: []any{id}, Proof: []domain.Ref{o.Placing().Ref, p.Ref}})
	}
	return findings
}

func production(id string, o *Order) []domain.Finding {
	var findings []domain.Finding
	printed := map[goods.Item]int64{}
	proof := map[goods.Item][]domain.Ref{}
	for _, p := range o.Production {
		printed[p.Item] += p.Printed
		proof[p.Item] = append(proof[p.Item], p.Ref)
		if told := p.Sent + p.Stored + p.Spoiled; told != p.Printed {
			findings = append(findings, domain.Finding{Key: RuleProductionUnbalanced.ID + "|" + id + "|" + p.Key(), Rule: RuleProductionUnbalanced,
				Units: []string{unit(id, p.Item)}, Quantity: distance(p.Printed, told), Args: []any{p.Printed, told}, Proof: []domain.Ref{p.Ref}})
		}
	}
	for _, item := range sortedItems(printed) {
		if ordered := o.Ordered(item); printed[item] > ordered {
			findings = append(findings, domain.Finding{Key: RulePrintedOver.ID + "|" + unit(id, item), Rule: RulePrintedOver,
				Units: []string{unit(id, item)}, Quantity: printed[item] - ordered, Args: []any{printed[item], ordered}, Proof: proof[item]})
		}
	}
	return findings
}

func announced(id string, o *Order, deliveries []announcedDelivery) []domain.Finding {
	var findings []domain.Finding
	sum := map[goods.Item]int64{}
	proof := map[goods.Item][]domain.Ref{}
	slices.SortFunc(deliveries, func(a, b announcedDelivery) int { return a.Compare(b.Fact) })
	for _, d := range deliveries {
		for _, l := range d.Lines {
			sum[l.Item] += l.Quantity
			proof[l.Item] = append(proof[l.Item], d.Ref)
		}
		if o.Closed != nil && o.Closed.Compare(d.Fact) < 0 {
			findings = append(findings, domain.Finding{Key: RuleAnnouncedAfterClose.ID + "|" + id + "|" + d.id, Rule: RuleAnnouncedAfterClose,
				Units: []string{d.id}, Path: "/data/order", Args: []any{id, d.id}, Proof: []domain.Ref{o.Closed.Ref, d.Ref}})
		}
	}
	for _, item := range sortedItems(sum) {
		if ordered := o.Ordered(item); sum[item] > ordered {
			findings = append(findings, domain.Finding{Key: RuleDeliveryOver.ID + "|" + unit(id, item), Rule: RuleDeliveryOver,
				Units: []string{unit(id, item)}, Quantity: sum[item] - ordered, Args: []any{sum[item], ordered}, Proof: proof[item]})
		}
	}
	return findings
}

// DeliveryFindings says what is wrong with the announcements of a delivery; package receipt adds what is wrong with its count.
func (s *State) DeliveryFindings(id string) []domain.Finding {
	d := s.Deliveries[id]
	if d == nil || len(d.Announced) == 0 {
		return nil
	}
	var findings []domain.Finding
	if a := d.Announcement(); a.Order == "" && a.BySupplier && a.Party == "" { // with an order it is found of the order
		findings = append(findings, partyUnknown(id, a.Fact))
	}
	for _, a := range d.Announced[1:] {
		findings = append(findings, domain.Finding{Key: RuleAnnouncedTwice.ID + "|" + id + "|" + a.Key(), Rule: RuleAnnouncedTwice,
			Units: []string{id}, Path: "/data/delivery", Args: []any{id}, Proof: []domain.Ref{d.Announced[0].Ref, a.Ref}})
	}
	return findings
}

// unit is how findings name goods of a document: "<order>/<item>[/<variant>]".
func unit(id string, item goods.Item) string { return id + "/" + item.String() }

func sortedItems(m map[goods.Item]int64) []goods.Item {
	items := make([]goods.Item, 0, len(m))
	for item := range m {
		items = append(items, item)
	}
	slices.SortFunc(items, goods.Item.Compare)
	return items
}

func distance(a, b int64) int64 { return max(a-b, b-a) }
