package projections

import (
	"cmp"
	"slices"
	"time"

	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/projections/form"
)

// DiscrepancyQuery chooses discrepancies of a ledger. Empty fields choose all.
type DiscrepancyQuery struct {
	Kind, Status string
	After        string                    // only ids after this one
	Limit        int                       // 0: no limit
	Concerns     func(units []string) bool // nil: whatever they concern
}

// Discrepancies lists the discrepancies and incidents of a ledger in the order of their ids.
func Discrepancies(s *ledger.State, q DiscrepancyQuery) []form.DiscrepancyCard {
	var cases []*incident.Case
	for id, c := range s.Register.Cases {
		if c.Held || id <= q.After || (q.Kind != "" && string(c.Kind) != q.Kind) || (q.Status != "" && string(c.Status) != q.Status) ||
			(q.Concerns != nil && !q.Concerns(c.Units)) {
			continue
		}
		cases = append(cases, c)
	}
	slices.SortFunc(cases, func(a, b *incident.Case) int { return cmp.Compare(a.ID, b.ID) })
	if q.Limit > 0 && len(cases) > q.Limit {
		cases = cases[:q.Limit]
	}
	cards := make([]form.DiscrepancyCard, len(cases))
	for i, c := range cases {
		cards[i] = discrepancy(s, c)
	}
	return cards
}

func discrepancy(s *ledger.State, c *incident.Case) form.DiscrepancyCard {
	text, handled := s.Register.Text(c), c.Handled()
	card := form.DiscrepancyCard{
		ID: c.ID, Unit: string(s.Unit), Kind: string(c.Kind), Severity: string(c.Severity), Status: string(c.Status), Rule: c.Rule,
		Units: list(slices.Clone(c.Units)), Quantity: c.Quantity, Provisional: c.Provisional, Message: text.ID, MessageEN: text.EN,
		Note: handled.Note, RaisedBy: cmp.Or(handled.RaisedBy, "system"), OccurredAt: stamp(time.UnixMicro(c.Occurred)), RecordedAt: stamp(time.UnixMicro(c.Recorded)),
		Revision: int(c.Revision), Action: handled.Action, Resolution: handled.Resolution, Document: handled.Document, Proof: make([]form.Proof, len(c.Proof)),
	}
	if c.Closed != 0 {
		card.ClosedAt = stamp(time.UnixMicro(c.Closed))
	}
	for i, p := range c.Proof {
		card.Proof[i] = form.Proof{Version: p.Version, Event: p.Event.String()}
	}
	return card
}

// openByKind counts the open discrepancies.
func openByKind(s *ledger.State) map[string]int64 {
	counts := map[string]int64{}
	for kind, n := range s.Register.OpenByKind() {
		counts[string(kind)] = n
	}
	return counts
}

// openAbout lists the open discrepancies that concern one of some units, in the order of their ids.
func openAbout(s *ledger.State, units ...string) []form.OpenDiscrepancy {
	var cases []*incident.Case
	for _, c := range s.Register.Cases {
		if c.Status == incident.StatusOpen && !c.Held && slices.ContainsFunc(c.Units, func(u string) bool { return slices.Contains(units, u) }) {
			cases = append(cases, c)
		}
	}
	slices.SortFunc(cases, func(a, b *incident.Case) int { return cmp.Compare(a.ID, b.ID) })
	open := make([]form.OpenDiscrepancy, len(cases))
	for i, c := range cases {
		open[i] = form.OpenDiscrepancy{ID: c.ID, Kind: string(c.Kind), Severity: string(c.Severity), Units: slices.Clone(c.Units), Message: s.Register.Text(c).ID}
	}
	return open
}
