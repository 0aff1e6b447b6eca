package procurement

import (
	"jejak/domain"
	"jejak/domain/fact"
)

// Seller says whether somebody of a supplier told a fact, and for which firm.
type Seller struct {
	BySupplier bool
	Party      string // of his account, "" for none
}

func sellerOf(actor domain.Actor) Seller {
	if actor.Role != domain.RoleSupplier {
		return Seller{}
	}
	return Seller{BySupplier: true, Party: actor.Party}
}

// strangers finds fault, once for an order, with what suppliers told of it whose firm the order does not name: the account has no party, the order names
// its supplier in words, or the order was recorded only later and is another firm's.
func strangers(id string, o *Order, deliveries []announcedDelivery) []domain.Finding {
	var first *fact.Fact
	tell := func(by Seller, f *fact.Fact) {
		stranger := by.BySupplier && (by.Party == "" || by.Party != o.Placing().Supplier)
		if stranger && (first == nil || f.Compare(*first) < 0) {
			first = f
		}
	}
	for i := range o.Production {
		tell(o.Production[i].Seller, &o.Production[i].Fact)
	}
	for _, d := range deliveries {
		tell(d.Seller, &d.Fact)
	}
	if first == nil {
		return nil
	}
	return []domain.Finding{partyUnknown(id, *first)}
}

func partyUnknown(id string, f fact.Fact) domain.Finding {
	return domain.Finding{Key: domain.RulePartyUnknown.ID + "|" + id, Rule: domain.RulePartyUnknown, Units: []string{id}, Path: "/data",
		Args: []any{id, f.Actor}, Proof: []domain.Ref{f.Ref}}
}
