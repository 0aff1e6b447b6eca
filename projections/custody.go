package projections

import (
	"cmp"
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/projections/form"
)

// The levels of holders.
const (
	holderUnit     = "unit"
	holderDistrict = "district"
	holderVillage  = "village"
	holderStations = "stations" // one by one they would make a row of a megabyte: a station's card has them
	holderOther    = "other"
)

type holder struct{ place, level string }

// Custody says who holds what of a unit. at is the position of the last event folded into the state.
func Custody(s *ledger.State, at eventstore.Position) form.CustodyRow {
	row := form.CustodyRow{
		Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), LastRecordedAt: stamp(s.LastRecorded), Holders: []form.CustodyHolder{},
	}
	held := map[holder]*form.CustodyHolder{}
	of := func(h holder) *form.CustodyHolder {
		if held[h] == nil {
			held[h] = &form.CustodyHolder{Place: h.place, Name: name(s, domain.Code(h.place)), Level: h.level, Boxes: map[string]int64{}, Kits: map[string]int64{}}
		}
		return held[h]
	}
	known := int64(0)
	for _, h := range s.Holders() {
		to := of(holderOf(s.Unit, h.Holder))
		for state := range box.States {
			add(to.Boxes, box.State(state), h.Boxes[state])
			add(to.Kits, box.State(state), h.Kits[state])
			known += h.Boxes[state]
		}
	}
	if rest := s.BoxesByNorms() + replacements(s) - known; rest > 0 {
		add(of(holderOf(s.Unit, box.Holder{Place: s.Unit})).Boxes, box.Labelled, rest)
	}
	for _, h := range held {
		row.Holders = append(row.Holders, *h)
	}
	slices.SortFunc(row.Holders, func(a, b form.CustodyHolder) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Level, b.Level))
	})
	return row
}

func add(counts map[string]int64, state box.State, n int64) {
	if n != 0 {
		counts[state.String()] += n
	}
}

// holderOf is what somebody who holds boxes of a unit is called.
func holderOf(unit domain.Code, h box.Holder) holder {
	switch place := h.Place; {
	case h.Stations:
		return holder{string(place), holderStations}
	case place == unit:
		return holder{string(unit), holderUnit}
	case place.Level() == domain.District:
		return holder{string(place), holderDistrict}
	case place.Level() == domain.Village:
		return holder{string(place), holderVillage}
	default:
		return holder{string(place), holderOther}
	}
}
