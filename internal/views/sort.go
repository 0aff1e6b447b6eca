package views

import (
	"cmp"
	"maps"
	"slices"
)

func sortRows(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Version, b.Version), comparePlaces(a.place(), b.place()))
	})
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.election, b.election), cmp.Compare(a.unit, b.unit))
}

func sortedPlaces(m map[place]bool) []place { return slices.SortedFunc(maps.Keys(m), comparePlaces) }
