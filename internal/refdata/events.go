package refdata

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/election"
)

// events are the events of a version without their end. The order is fixed: by code.
func (l *loader) events() []election.Event {
	d := l.def
	byCode := func(a, b *region) int { return strings.Compare(string(a.code), string(b.code)) }
	slices.SortFunc(l.regencies, byCode)
	slices.SortFunc(l.districts, byCode)
	slices.SortFunc(l.police, func(a, b election.PoliceUnit) int { return strings.Compare(a.ID, b.ID) })
	regencies := &election.RegenciesRegistered{}
	for _, g := range l.regencies {
		regencies.Regencies = append(regencies.Regencies, election.RegencyEntry{Code: g.code, Name: g.name, Kind: g.kind})
	}
	events := []election.Event{
		&election.Defined{
			Election: d.Election, Name: d.Name, Province: d.Province, ProvinceName: d.ProvinceName, VotingDay: d.VotingDay,
			BallotTypes: d.ballotTypes(), StationsListed: d.Stations == listedStations, VotersDerived: d.Voters == derivedVoters,
		},
		&election.NormsPublished{Norms: l.norms},
		&election.DeadlinesSet{Deadlines: d.Deadlines},
		regencies,
		&election.DesignsRegistered{Designs: l.designs()},
		&election.PoliceUnitsRegistered{Units: l.police},
	}
	for _, g := range l.districts {
		slices.SortFunc(g.children, byCode)
		events = append(events, l.district(g))
	}
	return events
}

func (l *loader) district(g *region) *election.RegionRegistered {
	e := &election.RegionRegistered{District: g.code, Name: g.name, StationCount: l.stationsOf(g), Villages: []election.VillageEntry{}}
	for _, v := range g.children {
		entry := election.VillageEntry{Code: v.code, Name: v.name, Kind: v.kind, Stations: runs(v.stations)}
		designs := l.designsOf(v)
		if e.Designs == nil {
			e.Designs = designs
		} else if !slices.Equal(designs, e.Designs) {
			entry.Designs = designs
		}
		if l.def.Voters != unknownVoters {
			for _, s := range v.stations {
				entry.Voters = append(entry.Voters, s.voters)
			}
		}
		e.Villages = append(e.Villages, entry)
	}
	return e
}

// runs folds consecutive numbers of the same kind together.
func runs(stations []station) []election.StationRun {
	var list []election.StationRun
	for _, s := range stations {
		if n := len(list); n > 0 && list[n-1].To+1 == s.number && list[n-1].Special == s.special {
			list[n-1].To = s.number
			continue
		}
		list = append(list, election.StationRun{From: s.number, To: s.number, Special: s.special})
	}
	return list
}

// designsOf are the ballot designs of a village, by ballot type.
func (l *loader) designsOf(v *region) []string {
	designs := make([]string, len(l.def.BallotTypes))
	for i, t := range l.def.BallotTypes {
		switch t.Designs {
		case designsOne:
			designs[i] = t.ID
		case designsProvince:
			designs[i] = t.ID + "-" + string(l.def.Province)
		case designsRegency:
			designs[i] = t.ID + "-" + string(v.code.Up(domain.Regency))
		default:
			designs[i] = t.ID + "-" + v.inDapil[t.Designs].code
		}
	}
	return designs
}

// designs are all ballot designs, by ballot type and code.
func (l *loader) designs() []election.Design {
	var list []election.Design
	for _, t := range l.def.BallotTypes {
		switch t.Designs {
		case designsOne:
			list = append(list, election.Design{ID: t.ID, BallotType: t.ID, Name: "Indonesia"})
		case designsProvince:
			list = append(list, election.Design{ID: t.ID + "-" + string(l.def.Province), BallotType: t.ID, Name: l.def.ProvinceName})
		case designsRegency:
			for _, g := range l.regencies {
				list = append(list, election.Design{ID: t.ID + "-" + string(g.code), BallotType: t.ID, Name: g.name, Regency: g.code})
			}
		default:
			for _, d := range l.dapilList {
				if d.level == t.Designs {
					list = append(list, election.Design{ID: t.ID + "-" + d.code, BallotType: t.ID, Name: d.name, Regency: d.regency})
				}
			}
		}
	}
	return list
}
