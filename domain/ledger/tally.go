package ledger

import (
	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/station"
)

// tally counts what read models ask of all boxes and all stations after every event. It is made when it is first asked for, is in no snapshot, and
// from then on follows what has changed: each figure is still defined in one place, by what a box or a station is found to be.
type tally struct {
	holders  *box.Holders
	stations *station.Tally // nil for a unit without stations
	boxes    int64          // by the norms
}

// tallied is the tally of the state as it is now.
func (s *State) tallied() *tally {
	if s.tally == nil {
		s.tally = &tally{holders: box.NewHolders(s.views.boxes)}
		if s.ref != nil && s.Unit.Level() == domain.Regency {
			s.tally.stations = station.NewTally(s.views.stations, s.Unit)
			s.tally.boxes = s.ref.BoxesIn(s.Unit)
		}
		s.BoxRegister.Changed()
		s.Register.Changed(func(string) {})
		return s.tally
	}
	changed := s.BoxRegister.Changed()
	s.tally.holders.Recount(changed)
	if s.tally.stations == nil {
		s.Register.Changed(func(string) {})
		return s.tally
	}
	for _, number := range changed {
		if s.BoxRegister.Has(number) {
			s.tally.stations.Changed(s.BoxRegister.ID(number).Destination())
		}
	}
	s.Register.Changed(func(unit string) {
		s.tally.stations.Changed(domain.Code(unit).Up(domain.Station)) // a station, a box of one, or neither
	})
	return s.tally
}

// Holders are those that hold boxes and kits about which something is known, and how many in each state.
func (s *State) Holders() []box.Held { return s.tallied().holders.All() }

// Stations counts how the stations stand that are listed one by one; nil for a unit that has none, and before it has adopted reference data. It
// counts what is in the state now, and is not to be kept.
func (s *State) Stations() *station.Tally { return s.tallied().stations }

// BoxesByNorms is how many boxes a unit's stations and districts have by the norms of the reference data; a box about which nothing is known is one of
// them.
func (s *State) BoxesByNorms() int64 { return s.tallied().boxes }
