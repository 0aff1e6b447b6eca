package ledger

import (
	"maps"
	"slices"

	"jejak/domain"
)

// EverySubject lists what the ledger's books may find something wrong with.
func (s *State) EverySubject() []domain.Subject {
	var all []domain.Subject
	add := func(kind domain.SubjectKind, ids ...string) {
		for _, id := range ids {
			all = append(all, domain.Subject{Kind: kind, ID: id})
		}
	}
	for n := range s.BoxRegister.Boxes {
		add(domain.SubjectBox, s.BoxRegister.IDs.Name(uint32(n)))
	}
	for n := range s.BoxRegister.Seals.Len() {
		add(domain.SubjectSeal, s.BoxRegister.Seals.Name(uint32(n)))
	}
	add(domain.SubjectShipment, slices.Sorted(maps.Keys(s.Shipments.Shipments))...)
	add(domain.SubjectHandoff, slices.Sorted(maps.Keys(s.Handoffs.Handoffs))...)
	add(domain.SubjectStock, slices.Sorted(maps.Keys(s.Receipt.Stock))...)
	add(domain.SubjectSorting, slices.Sorted(maps.Keys(s.Receipt.Cartons))...)
	add(domain.SubjectClaim, slices.Sorted(maps.Keys(s.Receipt.Claims))...)
	add(domain.SubjectDelivery, slices.Sorted(maps.Keys(s.Procurement.Deliveries))...)
	add(domain.SubjectOrder, slices.Sorted(maps.Keys(s.Procurement.Orders))...)
	add(domain.SubjectBudget, "")
	senders := slices.Sorted(maps.Keys(s.Shipments.Strays))
	for _, p := range s.Register.Pledges {
		senders = append(senders, p.Sender)
	}
	add(domain.SubjectSender, senders...)
	add(domain.SubjectSupporting, "A", "B", "C")
	for code := range s.ref.Stations {
		add(domain.SubjectStation, string(code))
	}
	return all
}

// AllFindings are what is wrong with every subject, by key.
func (s *State) AllFindings() map[string]domain.Finding {
	all := map[string]domain.Finding{}
	for _, f := range s.findings(s.EverySubject()).list {
		all[f.Key] = f
	}
	return all
}
