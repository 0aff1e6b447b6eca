package projections

import (
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/domain/station"
)

// boxesByState counts the unit's boxes, kits left out: those that nothing is known about are labelled. Replacements count as boxes of their own.
func boxesByState(s *ledger.State) map[string]int64 {
	counts := map[string]int64{}
	known := int64(0)
	for state, n := range s.BoxRegister.Counts {
		if n != 0 {
			counts[box.State(state).String()] += int64(n)
		}
		known += int64(n)
	}
	if rest := s.BoxesByNorms() + replacements(s) - known; rest > 0 {
		counts[box.Labelled.String()] += rest
	}
	return counts
}

// replacements is how many boxes exist beside those of the election: each takes the place of one that no longer moves.
func replacements(s *ledger.State) int64 { return int64(s.BoxRegister.Counts[box.IsReplaced]) }

// packedBoxes counts the boxes that are packed or further.
func packedBoxes(s *ledger.State) int64 {
	n := int64(0)
	for state, count := range s.BoxRegister.Counts {
		switch box.State(state) {
		case box.Labelled, box.IsReplaced:
		case box.InPacking, box.InChecking, box.UnderSeal, box.OnVehicle, box.InTransit, box.AtDistrict, box.AtVillage, box.AtStation, box.IsDamaged,
			box.IsLost, box.IsSeized:
			n += int64(count)
		}
	}
	return n
}

// unknownStations are those of which nothing can be said: where the stations of the election are not listed one by one.
const unknownStations = "unknown"

// stationsByState counts the unit's polling stations.
func stationsByState(s *ledger.State) map[string]int64 {
	counts := map[string]int64{}
	for _, status := range station.Statuses() {
		counts[string(status)] = 0
	}
	counts[unknownStations] = 0
	if stations := s.Stations(); stations != nil {
		stations.Each(func(status station.Status, n int64) { counts[string(status)] = n })
		counts[unknownStations] = int64(s.Reference().Regions[s.Unit].StationCount) - stations.Listed()
	}
	return counts
}

// shipmentsByState counts the shipments of the ledger.
func shipmentsByState(s *ledger.State) map[string]int64 {
	counts := map[string]int64{}
	for status, n := range s.Shipments.Counts {
		counts[shipment.Status(status).String()] = int64(n)
	}
	return counts
}
