package projections

import (
	"math"
	"slices"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
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
				card.Receipts = receipts(s, ref, d)
			}
		}
		row.Deadlines = append(row.Deadlines, card)
	}
	return row
}

// receipts counts the stations of a unit.
func receipts(s *ledger.State, ref *election.Reference, d election.Deadline) *form.Receipts {
	r := &form.Receipts{}
	for _, code := range ref.StationsIn(s.Unit) {
		r.Stations++
		by := d.At.UnixMicro()
		moment, _, passed := s.Deadlines.Of(d.ID, code)
		if passed {
			by = moment
		}
		inTime, ever := received(s, ref, code, by)
		switch {
		case inTime:
			r.InTime++
		case ever:
			r.Afterwards++
		default:
			r.Without++
		}
		if passed && !inTime {
			r.Late++
		}
	}
	return r
}

// received tells whether every box of a station, or one that took its place, was taken over there by a moment (microseconds since 1970), and
// whether ever.
func received(s *ledger.State, ref *election.Reference, station domain.Code, by int64) (inTime, ever bool) {
	if len(s.BoxRegister.Boxes) == 0 { // for weeks nothing is packed yet
		return false, false
	}
	ids := ref.StationBoxes(station)
	inTime, ever = len(ids) > 0, len(ids) > 0
	for _, id := range ids {
		boxEver, boxInTime := false, false
		for next := id; next != "" && !boxInTime; next = s.Boxes().Box(next).ReplacedBy {
			boxInTime = s.Boxes().Reached(next, station, by)
			boxEver = boxEver || boxInTime || s.Boxes().Reached(next, station, math.MaxInt64)
		}
		inTime, ever = inTime && boxInTime, ever && boxEver
		if !ever {
			return false, false
		}
	}
	return inTime, ever
}
