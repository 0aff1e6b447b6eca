package handoff

import (
	"slices"

	"jejak/domain"
)

// Findings implements domain.Book. What the receiver saw of a single box is found in the box's own facts; here stands what concerns the handoff.
func (b *Book) Findings(id string) []domain.Finding {
	h := b.State.Handoffs[id]
	if h == nil {
		return nil
	}
	f := finder{Book: b, id: id, h: h}
	for _, o := range h.Offers[min(1, len(h.Offers)):] {
		f.find(RuleOfferedTwice, o.Act, nil, domain.Finding{Units: []string{id}}, id)
	}
	for _, a := range h.Accepts[min(1, len(h.Accepts)):] {
		f.find(RuleAcceptedTwice, a.Act, nil, domain.Finding{Units: []string{id}}, id)
	}
	for i := range h.Accepts {
		f.accept(&h.Accepts[i])
	}
	f.incomplete()
	f.documents()
	return f.findings
}

type finder struct {
	*Book
	id       string
	h        *Handoff
	findings []domain.Finding
}

func (f *finder) accept(a *AcceptFact) {
	units := f.names(slices.Concat(a.Boxes, a.Extras))
	if len(f.h.Offers) == 0 {
		if len(units) > 0 {
			f.find(RuleNotOffered, a.Act, nil, domain.Finding{Units: units, Provisional: true}, f.id)
		}
		return
	}
	offer := &f.h.Offers[0]
	if f.act(a.Act).Actor == f.act(offer.Act).Actor {
		f.find(RuleSamePerson, a.Act, offer, domain.Finding{Units: []string{f.id}}, f.id)
	}
	scope := domain.Code(f.text(f.act(a.Act).Place))
	if scope.Level() != domain.None && !scope.Covers(offer.To) && !offer.To.Covers(scope) {
		f.find(RuleWrongReceiver, a.Act, offer, domain.Finding{Units: units}, f.id, string(scope), string(offer.To))
	}
	if offer.Shipment != "" && len(units) > 0 {
		journey := f.Boxes.Journeys.Journey(offer.Shipment)
		if !journey.HasLeft || journey.Left > f.act(a.Act).Occurred {
			f.find(RuleNotDispatched, a.Act, offer, domain.Finding{Units: units, Provisional: true}, f.id, offer.Shipment)
		}
	}
}

// incomplete finds what was offered and is in none of the receiver's lists.
func (f *finder) incomplete() {
	if len(f.h.Offers) == 0 || len(f.h.Accepts) == 0 {
		return
	}
	offer := &f.h.Offers[0]
	listed := map[uint32]bool{}
	for _, a := range f.h.Accepts {
		for _, n := range slices.Concat(a.Boxes, a.Missing, a.Extras) {
			listed[n] = true
		}
	}
	for _, n := range offer.Boxes {
		if !listed[n] {
			name := string(f.Boxes.Register.ID(n))
			f.findings = append(f.findings, domain.Finding{
				Key: RuleIncomplete.ID + "|" + f.id + "|" + name, Rule: RuleIncomplete, Units: []string{name}, Args: []any{name, f.id},
				Proof: []domain.Ref{f.act(offer.Act).Ref(), f.act(f.h.Accepts[0].Act).Ref()},
			})
		}
	}
}

func (f *finder) names(numbers []uint32) []string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = string(f.Boxes.Register.ID(n))
	}
	slices.Sort(names)
	return names
}

func (f *finder) find(rule *domain.Rule, act uint32, offer *OfferFact, finding domain.Finding, args ...any) {
	finding.Rule, finding.Args, finding.Path = rule, args, "/data/handoff"
	finding.Key = rule.ID + "|" + f.id + "|" + f.act(act).Command.String()
	if offer != nil {
		finding.Proof = append(finding.Proof, f.act(offer.Act).Ref())
	}
	finding.Proof = append(finding.Proof, f.act(act).Ref())
	f.findings = append(f.findings, finding)
}
