package shipment

import (
	"jejak/domain"
	"jejak/domain/box"
)

// Carriers folds which firm drives a shipment, from what was told in the order in which it occurred: the last load that names one says it, else the
// plan. Who loads sees whose vehicle stands at the door; who plans knows what was agreed. F names a firm; its zero value is none.
type Carriers[F comparable] struct {
	Carrier F
	loaded  bool
}

// Named takes what a plan or a load names; what other facts say of a firm is left out.
func (c *Carriers[F]) Named(kind Kind, firm F) {
	var none F
	switch {
	case firm == none:
	case kind == KindLoaded:
		c.Carrier, c.loaded = firm, true
	case kind == KindPlanned && !c.loaded:
		c.Carrier = firm
	}
}

func carrierOf(facts []Fact) uint32 {
	var c Carriers[uint32]
	for i := range facts {
		c.Named(facts[i].Kind, facts[i].Firm)
	}
	return c.Carrier
}

// carried finds fault, once for the shipment, with what carriers told of it whose firm no plan and no load names: the account has no party, nobody
// has named a carrier, or another firm told before the carrier was named. A firm that a later load took the place of had its part in the shipment.
func (w *walker) carried() {
	if w.findings == nil || w.planned == nil { // without a plan that alone is found, and the plan may name the carrier
		return
	}
	named := map[uint32]bool{}
	for i := range w.s.Facts {
		if f := &w.s.Facts[i]; f.Firm != 0 && (f.Kind == KindPlanned || f.Kind == KindLoaded) {
			named[f.Firm] = true
		}
	}
	var first *Fact
	nobody := false // somebody whose account has no party: no load that comes later names him
	for i := range w.s.Facts {
		f := &w.s.Facts[i]
		if f.Flag&byCarrier == 0 || named[f.Firm] {
			continue
		}
		if first == nil {
			first = f
		}
		nobody = nobody || f.Firm == 0
	}
	if first != nil {
		w.find(domain.RulePartyUnknown, first, finding{once: true, provisional: !nobody}, w.actor(first))
	}
}

// firm is the number of a firm's id, 0 for none.
func firm(reg *box.Register, id string) uint32 {
	if id == "" {
		return 0
	}
	return reg.Texts.Add(id)
}
