package projections

import (
	"jejak/domain"
	"jejak/domain/ledger"
)

// Seals are those on a box now.
func Seals(s *ledger.State, id domain.BoxID) []string { return boxCard(s, s.Reference(), id).Seals }
