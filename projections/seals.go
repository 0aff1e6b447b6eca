package projections

import (
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/projections/form"
)

// SealUses are the sealings of a unit's boxes with a seal number, by box and then as they occurred.
func SealUses(s *ledger.State, seal string) []form.SealUse {
	uses := []form.SealUse{}
	for _, id := range s.BoxRegister.SealedWith(seal) {
		on := -1 // the use that has not ended yet
		for _, f := range s.Boxes().Facts(domain.BoxID(id)) {
			switch f.Kind {
			case box.Sealed, box.Unsealed, box.Replaced:
			case box.Packed, box.Checked, box.Replaces, box.Loaded, box.Accepted, box.Missing, box.Lost, box.Seized, box.Damaged, box.Counted, box.Foreign:
				continue
			}
			if on >= 0 {
				uses[on].Until, uses[on].On, on = stamp(f.OccurredAt), false, -1
			}
			if f.Kind == box.Sealed && slices.Contains(f.Seals, seal) {
				on = len(uses)
				uses = append(uses, form.SealUse{
					Unit: string(s.Unit), Box: id, From: stamp(f.OccurredAt), On: true, Event: f.Ref.Event.String(), Version: f.Ref.Version,
				})
			}
		}
	}
	return uses
}
