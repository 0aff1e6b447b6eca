package projections

import (
	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Station is the card of a polling station; ok is false when the reference data has none of this code in the unit.
func Station(s *ledger.State, at eventstore.Position, code domain.Code) (card form.StationCard, ok bool) {
	ref := s.Reference()
	if ref == nil {
		return card, false
	}
	st, ok := ref.Stations[code]
	if !ok || !s.Unit.Covers(code) {
		return card, false
	}
	card = form.StationCard{
		Station: string(code), Regency: string(code.Up(domain.Regency)), Village: string(code.Up(domain.Village)),
		VillageName: name(s, code.Up(domain.Village)), DistrictName: name(s, code.Up(domain.District)), Position: uint64(at),
		Special: st.Special, VotersDerived: ref.VotersDerived, State: string(s.Station(code)), Boxes: []form.BoxCard{},
	}
	if st.Known {
		voters := st.Voters
		card.Voters = &voters
	}
	if ballots, known := ref.Ballots(code); known {
		card.Ballots = &ballots
	}
	about := []string{string(code)}
	for _, id := range ref.StationBoxes(code) {
		for id != "" {
			b := boxCard(s, ref, id)
			card.Boxes, about = append(card.Boxes, b), append(about, string(id))
			id = domain.BoxID(b.ReplacedBy)
		}
	}
	kit := domain.BoxID(string(code) + "-" + domain.TypeKit)
	if _, known := s.BoxRegister.Number(kit); known {
		k := boxCard(s, ref, kit)
		card.Kit, about = &k, append(about, string(kit))
	}
	card.Discrepancies = openAbout(s, about...)
	return card, true
}

// boxCard is where a box or kit is now.
func boxCard(s *ledger.State, ref *election.Reference, id domain.BoxID) form.BoxCard {
	v := s.Boxes().Box(id)
	card := form.BoxCard{
		Box: string(id), Type: id.Type(), State: v.State.String(), Custody: string(v.Custody), Seals: []string{}, ReplacedBy: string(v.ReplacedBy),
	}
	if !id.IsKit() && !id.IsRecap() {
		card.Design = ref.Design(id.Destination(), id.Type())
		if v.Design != "" {
			ballots := v.Ballots
			card.Ballots, card.PackedDesign = &ballots, v.Design
		}
	}
	for _, f := range s.Boxes().Facts(id) {
		switch f.Kind {
		case box.Sealed:
			card.Seals = list(f.Seals)
		case box.Unsealed:
			card.Seals = []string{}
		case box.Loaded:
			card.Shipment = f.Document
		case box.Accepted:
			card.Shipment = ""
		case box.Replaces, box.Packed, box.Checked, box.Replaced, box.Missing, box.Lost, box.Seized, box.Damaged, box.Counted, box.Foreign:
		}
	}
	if v.State != box.OnVehicle && v.State != box.InTransit {
		card.Shipment = ""
	}
	return card
}
