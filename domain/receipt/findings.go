package receipt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// deliveryBook finds what is wrong with deliveries: with their announcement, their count and the sorting of their ballots.
type deliveryBook struct{ proc *procurement.State }

func (b deliveryBook) Save(id string) (restore func()) { return b.proc.Deliveries.Save(id) }

func (b deliveryBook) Findings(id string) []domain.Finding {
	d := b.proc.Delivery(id)
	if d == nil {
		return nil
	}
	findings := b.proc.DeliveryFindings(id)
	if d.Count() != nil {
		findings = append(findings, counted(id, d)...)
	}
	return append(findings, sortedMore(id, d)...)
}

// unit is how findings name goods of a delivery: "<delivery>/<item>[/<variant>]".
func unit(delivery string, item goods.Item) string { return delivery + "/" + item.String() }

// aboutLine is a finding about one item of a delivery.
func aboutLine(rule *domain.Rule, id string, item goods.Item, quantity int64, path string, proof []domain.Ref, args ...any) domain.Finding {
	u := unit(id, item)
	return domain.Finding{Key: rule.ID + "|" + u, Rule: rule, Units: []string{u}, Quantity: quantity, Path: path,
		Args: append([]any{u}, args...), Proof: proof}
}

// counted finds what is wrong with the count that counts, and that there are others.
func counted(id string, d *procurement.Delivery) []domain.Finding {
	count, announcement := d.Count(), d.Announcement()
	var findings []domain.Finding
	for _, again := range d.Counts[1:] {
		findings = append(findings, domain.Finding{Key: RuleCountedTwice.ID + "|" + id + "|" + again.Key(), Rule: RuleCountedTwice,
			Units: []string{id}, Path: "/data/delivery", Args: []any{id}, Proof: []domain.Ref{count.Ref, again.Ref}})
	}
	proof := []domain.Ref{count.Ref}
	if announcement == nil {
		findings = append(findings, domain.Finding{Key: RuleNotAnnounced.ID + "|" + id, Rule: RuleNotAnnounced, Units: []string{id},
			Provisional: true, Path: "/data/delivery", Args: []any{id}, Proof: proof})
	} else {
		proof = []domain.Ref{announcement.Ref, count.Ref}
	}
	for i, l := range count.Lines {
		findings = append(findings, countedLine(id, d, l, "/data/lines"+domain.Index(i), proof)...)
	}
	if announcement != nil {
		findings = append(findings, leftOut(id, announcement, count, proof)...)
	}
	return findings
}

func countedLine(id string, d *procurement.Delivery, l procurement.CountLine, path string, proof []domain.Ref) []domain.Finding {
	var findings []domain.Finding
	add := func(rule *domain.Rule, quantity int64, args ...any) {
		if quantity > 0 {
			findings = append(findings, aboutLine(rule, id, l.Item, quantity, path, proof, append([]any{quantity}, args...)...))
		}
	}
	announced, named := d.AnnouncedOf(l.Item)
	foreign := d.Announcement() != nil && !named && l.HasDesign()
	switch told := l.Good + l.Damaged + l.Missing - l.Extra; {
	case foreign:
		// Every sheet of such a design is one too many, so there is no sum to check.
		add(RuleWrongDesign, l.Good+l.Damaged)
	case d.Announcement() != nil && told != announced:
		findings = append(findings, aboutLine(RuleUnbalanced, id, l.Item, max(told-announced, announced-told), path, proof, announced, told))
	}
	add(RuleShort, l.Missing)
	add(RuleDamaged, l.Damaged)
	if !foreign {
		add(RuleOver, l.Extra)
	}
	return findings
}

// leftOut are announced items of which the count says nothing.
func leftOut(id string, announcement *procurement.Announcement, count *procurement.Count, proof []domain.Ref) []domain.Finding {
	var findings []domain.Finding
	for _, a := range announcement.Lines {
		if !slices.ContainsFunc(count.Lines, func(l procurement.CountLine) bool { return l.Item == a.Item }) {
			findings = append(findings, aboutLine(RuleUnbalanced, id, a.Item, a.Quantity, "/data/lines", proof, a.Quantity, int64(0)))
		}
	}
	return findings
}

// sortedMore finds designs of which more was sorted than counted. Without a count that may still be on its way.
func sortedMore(id string, d *procurement.Delivery) []domain.Finding {
	var findings []domain.Finding
	for _, design := range slices.Sorted(maps.Keys(d.Sorted)) {
		item := goods.Item{Item: goods.Ballot, Variant: design}
		sorted, good := d.Sorted[design].Total(), d.CountedGood(item)
		if sorted > good {
			f := aboutLine(RuleSortedMore, id, item, sorted-good, "/data/good", nil, sorted, good)
			f.Provisional = d.Count() == nil
			findings = append(findings, f)
		}
	}
	return findings
}

// cartonBook finds what was wrong in sorted cartons.
type cartonBook struct{ s *State }

func (b cartonBook) Save(id string) (restore func()) { return b.s.Cartons.Save(id) }

func (b cartonBook) Findings(id string) []domain.Finding {
	c := b.s.Cartons[id]
	if c == nil {
		return nil
	}
	var findings []domain.Finding
	add := func(rule *domain.Rule, quantity int64, args ...any) {
		if quantity > 0 {
			f := aboutLine(rule, c.Delivery, goods.Item{Item: goods.Ballot, Variant: c.Design}, quantity, "", []domain.Ref{c.Ref},
				append([]any{quantity}, args...)...)
			f.Key = rule.ID + "|" + id
			findings = append(findings, f)
		}
	}
	add(RuleSortedDamaged, c.Damaged)
	add(RuleSortedShort, c.Missing)
	add(RuleSortedForeign, c.Foreign, foreignText(c.ForeignSheets))
	return findings
}

func foreignText(sheets []ForeignSheets) string {
	texts := make([]string, len(sheets))
	for i, f := range sheets {
		texts[i] = fmt.Sprintf("%s (%d)", f.Design, f.Count)
	}
	return strings.Join(texts, ", ")
}
