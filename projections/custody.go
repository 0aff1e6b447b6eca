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
	r := &s.BoxRegister
	holders := map[uint32]*form.CustodyHolder{} // by the number of the place's name: there are far fewer than boxes
	for number := range r.Boxes {
		b := &r.Boxes[number]
		h := holders[b.Custody]
		if h == nil {
			h = of(holderOf(s.Unit, domain.Code(r.Texts.Text(b.Custody))))
			holders[b.Custody] = h
		}
		if r.ID(uint32(number)).IsKit() {
			h.Kits[b.State.String()]++
			continue
		}
		h.Boxes[b.State.String()]++
		known++
	}
	if rest := boxesOf(s.Reference(), s.Unit) + replacements(s) - known; rest > 0 {
		of(holderOf(s.Unit, "")).Boxes[box.Labelled.String()] += rest
	}
	for _, h := range held {
		row.Holders = append(row.Holders, *h)
	}
	slices.SortFunc(row.Holders, func(a, b form.CustodyHolder) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Level, b.Level))
	})
	return row
}

// holderOf is who holds what is at a place, "" for the unit.
func holderOf(unit, place domain.Code) holder {
	switch {
	case place == "" || place == unit:
		return holder{string(unit), holderUnit}
	case place.Level() == domain.District:
		return holder{string(place), holderDistrict}
	case place.Level() == domain.Village:
		return holder{string(place), holderVillage}
	case place.Level() == domain.Station:
		return holder{string(place.Up(domain.District)), holderStations}
	}
	return holder{string(place), holderOther}
}
