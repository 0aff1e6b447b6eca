// Package projections makes read models from ledgers: pure functions from a folded state to a form. The same state gives the same form, byte
// for byte, wherever and whenever it is made; nothing here knows a clock.
package projections

import (
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
)

// stamp is how read models write a moment: RFC 3339 in UTC, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// name of a region, its code when it is unknown.
func name(s *ledger.State, code domain.Code) string {
	if ref := s.Reference(); ref != nil {
		if region, ok := ref.Regions[code]; ok {
			return region.Name
		}
	}
	return string(code)
}

// list is l, or an empty list: read models have [] where nothing is, never null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
