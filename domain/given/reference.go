package given

import (
	"time"

	"jejak/domain"
	"jejak/domain/election"
)

// The small election of the tests: one regency with two districts, each with its own council design.
const (
	Election = "pemilu2024"
	Version  = "1"
	Unit     = domain.Code("3578") // the unit whose ledger is tested
	Province = domain.Code("35")

	District1 = domain.Code("357801") // council design Council1
	District2 = domain.Code("357802") // council design Council2
	Village1  = domain.Code("3578011001")
	Village2  = domain.Code("3578011002")
	Village3  = domain.Code("3578021001")

	Council1 = "DPRDK-357801"
	Council2 = "DPRDK-357802"

	// Station1 has 193 voters: 197 ballots of each type. Station2 has 250 (255), Station3 201 (206), Station4 300 (306), Station5 100 (102).
	Station1 = domain.Code("3578011001001") // Village1
	Station2 = domain.Code("3578011001002") // Village1
	Station3 = domain.Code("3578011002001") // Village2
	Station4 = domain.Code("3578021001001") // Village3, in District2
	Station5 = domain.Code("3578021001901") // Village3, special location

	PoliceCity = "P3578A"
	PolicePort = "P3578B"
)

// WIB is the zone of western Indonesia.
var WIB = time.FixedZone("WIB", 7*60*60)

// VotingDay of the small election.
var VotingDay = time.Date(2024, time.February, 14, 0, 0, 0, 0, WIB)

// Start is when the first act of a Scene occurs unless it says otherwise.
var Start = time.Date(2024, time.January, 10, 8, 0, 0, 0, WIB)

// Reference builds the reference data of the small election. Every call returns a fresh copy that the caller may change before using it.
func Reference() *election.Reference {
	r := &election.Reference{
		Election: Election, Name: "Pemilu 2024", Version: Version, Province: Province, VotingDay: VotingDay,
		BallotTypes: []election.BallotType{
			{ID: "PPWP", Name: domain.Text{ID: "Presiden dan Wakil Presiden", EN: "President and Vice President"}},
			{ID: "DPR", Name: domain.Text{ID: "DPR RI", EN: "House of Representatives"}},
			{ID: "DPD", Name: domain.Text{ID: "DPD RI", EN: "Regional Representative Council"}},
			{ID: "DPRDP", Name: domain.Text{ID: "DPRD Provinsi", EN: "Provincial council"}},
			{ID: "DPRDK", Name: domain.Text{ID: "DPRD Kabupaten/Kota", EN: "Regency council"}},
		},
		Norms: election.Norms{
			Version: "norms-1", ReservePerMille: 20, RevotePerDesign: 1000,
			Items: []election.ItemNorm{
				{Item: election.ItemBox, Unit: "piece", Group: "A", PerStation: 5, PerDistrict: 2},
				{Item: "booth", Unit: "piece", Group: "A", PerStation: 4},
				{Item: "ink", Unit: "bottle", Group: "A", PerStation: 2},
				{Item: "paper_seal", Unit: "piece", Group: "A", PerStation: 96, PerVillage: 1, PerDistrict: 11, PerRegency: 5},
			},
		},
		Deadlines: []election.Deadline{{
			ID: election.DeadlineStationReceipt, At: VotingDay.Add(-time.Minute), Name: "Logistik di TPS",
		}},
		PoliceUnits: []election.PoliceUnit{
			{ID: PoliceCity, Name: "Polrestabes", Regions: []domain.Code{Unit}},
			{ID: PolicePort, Name: "Polres Pelabuhan", Regions: []domain.Code{Unit}},
		},
		Regions:  map[domain.Code]election.Region{},
		Stations: map[domain.Code]election.Station{},
		Children: map[domain.Code][]domain.Code{},
	}
	for _, s := range []election.Station{
		{Code: Station1, Voters: 193, Known: true},
		{Code: Station2, Voters: 250, Known: true},
		{Code: Station3, Voters: 201, Known: true},
		{Code: Station4, Voters: 300, Known: true},
		{Code: Station5, Voters: 100, Known: true, Special: true},
	} {
		r.Stations[s.Code] = s
		v := s.Code.Up(domain.Village)
		r.Children[v] = append(r.Children[v], s.Code)
	}
	for _, v := range []domain.Code{Village1, Village2, Village3} {
		d := v.Up(domain.District)
		r.Children[d] = append(r.Children[d], v)
		r.Regions[v] = election.Region{Code: v, Name: "Desa " + string(v),
			Designs: []string{"PPWP", "DPR-3501", "DPD-35", "DPRDP-350001", "DPRDK-" + string(d)}}
	}
	r.Children[Unit] = []domain.Code{District1, District2}
	r.Children[Province] = []domain.Code{Unit}
	r.Regions[District1] = election.Region{Code: District1, Name: "Kecamatan Satu"}
	r.Regions[District2] = election.Region{Code: District2, Name: "Kecamatan Dua"}
	r.Regions[Unit] = election.Region{Code: Unit, Name: "Kota Contoh"}
	r.Regions[Province] = election.Region{Code: Province, Name: "Provinsi Contoh"}
	for code, region := range r.Regions {
		region.VotersKnown = true
		for c, s := range r.Stations {
			if code.Covers(c) {
				region.StationCount++
				region.Voters += s.Voters
			}
		}
		for c := range r.Regions {
			if code.Covers(c) && c.Level() == domain.Village {
				region.Villages++
			}
			if code.Covers(c) && c.Level() == domain.District {
				region.Districts++
			}
		}
		r.Regions[code] = region
	}
	return r
}
