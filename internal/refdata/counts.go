package refdata

import (
	"slices"

	"jejak/domain"
)

// count counts stations and voters from the lowest level up.
func (l *loader) count() {
	for _, v := range l.villages {
		slices.SortFunc(v.stations, func(a, b station) int { return a.number - b.number })
		for _, s := range v.stations {
			v.actual.stations++
			v.actual.voters += s.voters
			if s.special {
				v.actual.special++
			} else {
				v.actual.regular++
			}
		}
		v.parent.actual.add(v.actual)
		v.parent.actual.villages++
	}
	for _, d := range l.districts {
		d.parent.actual.add(d.actual)
		d.parent.actual.districts++
	}
}

// checkCounts compares the count columns of each line with the lines below it.
func (l *loader) checkCounts() {
	if l.reliable(fileDistricts) {
		for _, g := range l.regencies {
			l.same(g, "district_count", g.stated.districts, g.actual.districts, fileDistricts)
		}
	}
	if l.reliable(fileVillages) {
		for _, g := range slices.Concat(l.regencies, l.districts) {
			l.same(g, "village_count", g.stated.villages, g.actual.villages, fileVillages)
		}
	}
	if l.def.Stations == listedStations && l.reliable(fileStations) {
		for _, g := range slices.Concat(l.regencies, l.districts, l.villages) {
			l.same(g, "tps_count", g.stated.stations, g.actual.stations, fileStations)
			l.same(g, "tps_regular", g.stated.regular, g.actual.regular, fileStations)
			l.same(g, "tps_special", g.stated.special, g.actual.special, fileStations)
		}
	}
	if l.def.Stations == totalsOnly && l.reliable(fileDistricts) {
		for _, g := range l.regencies {
			sum := 0
			for _, d := range g.children {
				sum += d.pilkada
			}
			l.same(g, "pilkada2024_tps", g.pilkada, sum, fileDistricts)
		}
	}
}

func (l *loader) same(g *region, column string, stated, actual int, file string) {
	if stated != actual {
		l.problems.add(g.file, g.line, column, "%s %s states %d, %s has %d", g.code, g.name, stated, l.files[file], actual)
	}
}

// Total is one line of the comparison with the official totals.
type Total struct {
	What     string `json:"what"`
	Official int64  `json:"official"`
	Here     int64  `json:"here"`
	OK       bool   `json:"ok"`
	Source   string `json:"source"`
}

// totals compares the totals of the province with the official ones, and each region with KPU's list as the program holds it.
func (l *loader) totals() []Total {
	if l.def == nil {
		return nil
	}
	here := l.provinceTotals()
	var totals []Total
	for _, o := range l.def.Official {
		n, known := here[o.What]
		file := l.fileOfTotal(o.What)
		if !known {
			l.problems.add(l.def.Election+".json", 0, "official", "total %q is unknown", o.What)
			continue
		}
		t := Total{What: o.What, Official: o.Value, Here: n, OK: n == o.Value, Source: o.Source}
		if !t.OK && l.reliable(file) {
			l.problems.add(l.files[file], 0, "", "%s: official %d (%s), here %d", o.What, o.Value, o.Source, n)
		}
		totals = append(totals, t)
	}
	return totals
}

// fileOfTotal is the file whose lines make a total.
func (l *loader) fileOfTotal(what string) string {
	switch what {
	case "regencies":
		return fileRegencies
	case "districts":
		return fileDistricts
	case "villages", "villages_desa", "villages_kelurahan":
		return fileVillages
	case "voters":
		return fileStationVoters
	case "polling_stations", "polling_stations_regular", "polling_stations_special":
		if l.def.Stations == totalsOnly {
			return fileDistricts
		}
		return fileStations
	}
	if !l.usesDapils() {
		return fileRegencies
	}
	return fileDapils
}

func (l *loader) provinceTotals() map[string]int64 {
	here := map[string]int64{
		"regencies": int64(len(l.regencies)), "districts": int64(len(l.districts)), "villages": int64(len(l.villages)),
		"villages_desa": 0, "villages_kelurahan": 0,
		"polling_stations": 0, "polling_stations_regular": 0, "polling_stations_special": 0, "voters": 0,
		"electoral_districts_" + levelDPR: 0, "electoral_districts_" + levelProvince: 0, "electoral_districts_" + levelRegency: 0,
		"ballot_designs": int64(len(l.designs())),
	}
	for _, v := range l.villages {
		here["villages_"+v.kind]++
	}
	for _, g := range l.regencies {
		here["polling_stations_regular"] += int64(g.actual.regular)
		here["polling_stations_special"] += int64(g.actual.special)
		here["voters"] += g.actual.voters
		here["polling_stations"] += int64(g.actual.stations)
	}
	if l.def.Stations == totalsOnly {
		for _, d := range l.districts {
			here["polling_stations"] += int64(d.pilkada)
		}
	}
	for _, d := range l.dapilList {
		here["electoral_districts_"+d.level]++
	}
	return here
}

// compare compares every region with the same region of KPU's list as the program holds it. A region that is missing is reported at the
// line of its parent.
func (l *loader) compare(list *loader) {
	for _, level := range []struct {
		file    string
		regions []*region
		listed  []*region
	}{
		{fileRegencies, l.regencies, list.regencies},
		{fileDistricts, l.districts, list.districts},
		{fileVillages, l.villages, list.villages},
	} {
		if !l.reliable(level.file) {
			continue
		}
		for _, g := range level.regions {
			want := list.regions[g.code]
			if want == nil {
				l.problems.add(g.file, g.line, "code", "%s %s is not on KPU's list", g.code, g.name)
				continue
			}
			if got, want := l.stationsOf(g), list.stationsOf(want); got != want && l.stationsReliable() {
				l.problems.add(g.file, g.line, "", "%s %s: official %d stations, here %d", g.code, g.name, want, got)
			}
			if want := want.stated.voters; want != 0 && l.reliable(fileRegencyVoters) && g.voters != want {
				l.problems.add(l.files[fileRegencyVoters], g.voterAt, "", "%s %s: official %d voters, here %d", g.code, g.name, want, g.voters)
			}
		}
		for _, want := range level.listed {
			if l.regions[want.code] != nil || l.broken[want.code] {
				continue
			}
			if want.parent == nil {
				l.problems.add(level.file, 0, "", "%s %s is on KPU's list, but not here", want.code, want.name)
			} else if parent := l.regions[want.parent.code]; parent != nil {
				l.problems.add(parent.file, parent.line, "", "%s %s below %s is on KPU's list, but not in %s", want.code, want.name, parent.name, l.files[level.file])
			}
		}
	}
}

func (l *loader) stationsReliable() bool {
	return l.def.Stations == totalsOnly || l.reliable(fileStations)
}

// stationsOf is the number of stations of a region as this election counts them; 0 for villages where only districts are counted.
func (l *loader) stationsOf(g *region) int {
	if l.def.Stations == totalsOnly && g.code.Level() != domain.Village {
		return g.pilkada
	}
	return g.actual.stations
}
