// Package electiontest gives tests a reference that fits on a page.
package electiontest

import (
	"fmt"
	"time"

	"jejak/domain"
	"jejak/domain/election"
)

// SmallEvents are the events of Small: province 35 with two regencies. 3501 has the districts 350101 (villages 3501012001 with stations 1, 2
// and 901, 3501012002 with station 1) and 350102 (3501021001 with station 1, of another council district than the rest); 3509 has 350901
// (3509012001 with stations 1 and 2) and no boxes for districts. Voters: 250, 251, 100 | 201 | 300 | 199, 50.
func SmallEvents() []election.Event {
	zero := int64(0)
	wib := time.FixedZone("", 7*3600)
	text := func(s string) domain.Text { return domain.Text{ID: s, EN: s} }
	types := []election.BallotType{
		{ID: "PPWP", Name: text("PPWP"), RevoteHolder: election.HolderProvince},
		{ID: "DPRDK", Name: text("DPRDK"), RevoteHolder: election.HolderRegency},
	}
	return []election.Event{
		&election.Defined{Election: "pemilu2024", Name: "Pemilu 2024", Province: "35", ProvinceName: "Jawa Timur",
			VotingDay: time.Date(2024, 2, 14, 0, 0, 0, 0, wib), BallotTypes: types, StationsListed: true, VotersDerived: true},
		&election.NormsPublished{Norms: election.Norms{Version: "small-1", ReservePerMille: 20, RevotePerDesign: 1000, Source: "test", Items: []election.ItemNorm{
			{Item: election.ItemBox, Unit: "piece", Name: text("box"), Group: "A", PerStation: 2, PerDistrict: 2, Source: "test",
				Overrides: []election.Override{{Region: "3509", PerDistrict: &zero, Source: "test"}}},
			{Item: "paper_seal", Unit: "piece", Name: text("seal"), Group: "A", PerStation: 96, PerVillage: 1, PerDistrict: 11, PerRegency: 5, Source: "test"},
			{Item: "glue", Unit: "piece", Name: text("glue"), Group: "B", PerStation: 2, PerRegency: 1, Source: "test"},
			{Item: "box_label", Unit: "piece", Name: text("label"), Group: "C", PerStation: 4, Source: "test"},
		}}},
		&election.DeadlinesSet{Deadlines: []election.Deadline{{ID: election.DeadlineStationReceipt, At: time.Date(2024, 2, 13, 23, 59, 0, 0, wib), Name: "H-1"}}},
		&election.RegenciesRegistered{Regencies: []election.RegencyEntry{
			{Code: "3501", Name: "Kabupaten Satu", Kind: "kabupaten"}, {Code: "3509", Name: "Kabupaten Sembilan", Kind: "kabupaten"}}},
		&election.DesignsRegistered{Designs: []election.Design{
			{ID: "PPWP", BallotType: "PPWP", Name: "Indonesia"},
			{ID: "DPRDK-350101", BallotType: "DPRDK", Name: "SATU 1", Regency: "3501"},
			{ID: "DPRDK-350102", BallotType: "DPRDK", Name: "SATU 2", Regency: "3501"},
			{ID: "DPRDK-350901", BallotType: "DPRDK", Name: "SEMBILAN 1", Regency: "3509"},
		}},
		&election.PoliceUnitsRegistered{Units: []election.PoliceUnit{
			{ID: "P3501A", Name: "Polres Satu", Regions: []domain.Code{"3501"}}, {ID: "P3509A", Name: "Polres Sembilan", Regions: []domain.Code{"3509"}}}},
		&election.RegionRegistered{District: "350101", Name: "Kecamatan A", StationCount: 4, Designs: []string{"PPWP", "DPRDK-350101"}, Villages: []election.VillageEntry{
			{Code: "3501012001", Name: "Desa A", Kind: "desa", Stations: []election.StationRun{{From: 1, To: 2}, {From: 901, To: 901, Special: true}}, Voters: []int64{250, 251, 100}},
			{Code: "3501012002", Name: "Desa B", Kind: "desa", Stations: []election.StationRun{{From: 1, To: 1}}, Voters: []int64{201}},
		}},
		&election.RegionRegistered{District: "350102", Name: "Kecamatan B", StationCount: 1, Designs: []string{"PPWP", "DPRDK-350102"}, Villages: []election.VillageEntry{
			{Code: "3501021001", Name: "Kelurahan C", Kind: "kelurahan", Stations: []election.StationRun{{From: 1, To: 1}}, Voters: []int64{300}},
		}},
		&election.RegionRegistered{District: "350901", Name: "Kecamatan C", StationCount: 2, Designs: []string{"PPWP", "DPRDK-350901"}, Villages: []election.VillageEntry{
			{Code: "3509012001", Name: "Desa D", Kind: "desa", Stations: []election.StationRun{{From: 1, To: 2}}, Voters: []int64{199, 50}},
		}},
	}
}

// Small is the reference of SmallEvents.
func Small() *election.Reference {
	_, ref, err := election.Publish("2024-02-01", SmallEvents())
	if err != nil {
		panic(fmt.Sprintf("small reference: %v", err))
	}
	return ref
}
