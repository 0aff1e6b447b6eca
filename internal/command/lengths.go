package command

import (
	"cmp"
	"context"
	"slices"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Length is a ledger and how many events it has.
type Length struct {
	Election string
	Unit     domain.Code
	Events   uint64 // the version of its last
}

// Lengths are the ledgers of a log that have events, the longest first: the order in which several workers are done soonest.
func Lengths(ctx context.Context, store eventstore.Store, catalog Catalog) ([]Length, error) {
	if err := catalog.Discover(ctx); err != nil {
		return nil, err
	}
	var list []Length
	for _, election := range catalog.Elections() {
		for _, unit := range catalog.Units(election) {
			version, _, err := store.StreamHead(ctx, journal.LedgerStream(election, unit))
			if err != nil {
				return nil, err
			}
			if version > 0 {
				list = append(list, Length{election, unit, uint64(version)})
			}
		}
	}
	slices.SortFunc(list, func(a, b Length) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Election, b.Election), cmp.Compare(a.Unit, b.Unit))
	})
	return list, nil
}
