package projections

import (
	"slices"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/domain/station"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Deadlines says how a unit stands to the deadlines of the reference data that it goes by. What has passed is what the ledger has been told of: it
// knows no clock.
func Deadlines(s *ledger.State, at eventstore.Position) form.DeadlineRow {
	row := form.DeadlineRow{
		Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), LastRecordedAt: stamp(s.LastRecorded), Deadlines: []form.Deadline{},
	}
	ref := s.Reference()
	if ref == nil {
		return row
	}
	all := slices.Clone(ref.Deadlines)
	slices.SortStableFunc(all, func(a, b election.Deadline) int { return a.At.Compare(b.At) })
	for _, d := range all {
		card := form.Deadline{Deadline: d.ID, Name: d.Name, At: stamp(d.At)}
		if s.Unit.Level() == domain.Regency {
			card.Districts = len(ref.Children[s.Unit])
			for _, district := range ref.Children[s.Unit] {
				if _, _, passed := s.Deadlines.Of(d.ID, district); passed {
					card.Passed++
				}
			}
			if d.ID == election.DeadlineStationReceipt {
				card.Receipts = receipts(s, d)
			}
		}
		row.Deadlines = append(row.Deadlines, card)
	}
	return row
}

// receipts counts the stations of a unit.
func receipts(s *ledger.State, d election.Deadline) *form.Receipts {
	by, late := s.Stations().Receipts(d)
	return &form.Receipts{
		Stations: s.Stations().Listed(), InTime: by[station.InTime], Afterwards: by[station.Afterwards], Without: by[station.Without], Late: late,
	}
}
