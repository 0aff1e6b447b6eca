package box

import (
	"slices"
	"strings"

	"jejak/domain"
)

// Seal folds that a box was sealed. The caller refreshes the box afterwards.
func (b *Book) Seal(number, act uint32, seals []string) {
	set := b.Register.setOf(seals)
	b.Register.add(number, Fact{Act: act, Kind: Sealed, A: set})
	for _, seal := range b.Register.sealsOf(set) {
		b.Register.use(seal, number)
	}
}

// Accept folds that a box was accepted with these seals. The caller refreshes the box afterwards.
func (b *Book) Accept(number, act uint32, flag uint8, seals []string) {
	b.Register.add(number, Fact{Act: act, Kind: Accepted, Flag: flag, A: b.Register.setOf(seals)})
}

// Conflict folds that another unit uses a seal's number too.
func (b *Book) Conflict(act uint32, seal, unit string, boxes []string) {
	n := b.Register.seal(seal)
	if b.Register.Elsewhere == nil {
		b.Register.Elsewhere = map[uint32][]Conflict{}
	}
	old := b.Register.Elsewhere[n]
	b.Register.Elsewhere[n] = append(old[:len(old):len(old)], Conflict{Act: act, Unit: unit, Boxes: boxes})
}

// Seals is the register of seals as a domain.Book.
type Seals struct{ *Register }

// Findings implements domain.Book for a seal number.
func (s Seals) Findings(seal string) []domain.Finding {
	n, ok := s.Seals.Find(seal)
	if !ok {
		return nil
	}
	var findings []domain.Finding
	if use := s.Uses[n]; use.Times > 1 {
		boxes := s.SealedWith(seal)
		findings = append(findings, domain.Finding{
			Key: RuleSealUsedTwice.ID + "|" + seal, Rule: RuleSealUsedTwice, Units: boxes, Quantity: int64(use.Times),
			Args: []any{seal, use.Times, strings.Join(boxes, ", ")}, Proof: s.proof(n, boxes),
		})
	}
	seen := map[string]bool{}
	for _, c := range s.Elsewhere[n] {
		if seen[c.Unit] {
			continue
		}
		seen[c.Unit] = true
		units := s.SealedWith(seal)
		for _, other := range s.Elsewhere[n] {
			if other.Unit == c.Unit {
				units = append(units, other.Boxes...)
			}
		}
		slices.Sort(units)
		findings = append(findings, domain.Finding{
			Key: RuleSealElsewhere.ID + "|" + seal + "|" + c.Unit, Rule: RuleSealElsewhere, Units: slices.Compact(units),
			Args: []any{seal, c.Unit}, Proof: []domain.Ref{s.Acts[c.Act].Ref()},
		})
	}
	return findings
}

// proof are the sealings with a seal.
func (s Seals) proof(seal uint32, boxes []string) []domain.Ref {
	var refs []domain.Ref
	for _, id := range boxes {
		number, _ := s.IDs.Find(id)
		for _, f := range s.Boxes[number].Facts {
			if f.Kind == Sealed && slices.Contains(s.sealsOf(f.A), seal) {
				refs = append(refs, s.Acts[f.Act].Ref())
			}
		}
	}
	slices.SortFunc(refs, func(a, b domain.Ref) int { return int(a.Version) - int(b.Version) })
	return slices.Compact(refs)
}

// Save implements domain.Book.
func (s Seals) Save(seal string) (restore func()) {
	forget := s.Mark()
	n, ok := s.Seals.Find(seal)
	if !ok {
		return forget
	}
	use, again, elsewhere := s.Uses[n], s.UsedAgain[n], s.Elsewhere[n]
	return func() {
		s.Uses[n] = use
		putBack(s.UsedAgain, n, again)
		putBack(s.Elsewhere, n, elsewhere)
		forget()
	}
}

func putBack[T any](m map[uint32][]T, key uint32, value []T) {
	if value == nil {
		delete(m, key)
	} else {
		m[key] = value
	}
}

// SealedWith are the boxes to which a seal number was applied, sorted; usually one, none for an unknown number.
func (r *Register) SealedWith(seal string) []string {
	n, ok := r.Seals.Find(seal)
	if !ok || r.Uses[n].First == 0 {
		return nil
	}
	boxes := []string{r.IDs.Name(r.Uses[n].First - 1)}
	for _, b := range r.UsedAgain[n] {
		boxes = append(boxes, r.IDs.Name(b))
	}
	slices.Sort(boxes)
	return boxes
}
