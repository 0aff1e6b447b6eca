package refdata

import (
	"strings"

	"jejak/domain"
	"jejak/domain/election"
)

// readRegionVoters reads the derived voters of regencies or villages.
func (l *loader) readRegionVoters(file string, level domain.Level, codeColumn, votersColumn, other string) {
	columns := []string{codeColumn, votersColumn, other}
	t := l.open(file, columns...)
	for r := range t.rows {
		code, voters := r.code(codeColumn, level), r.count(votersColumn)
		if other == "tps_count" {
			r.count(other)
		}
		if code == "" {
			continue
		}
		g := l.regions[code]
		if g == nil {
			l.orphan(r, codeColumn, code)
			continue
		}
		if g.voterAt != 0 {
			r.fail(codeColumn, "%s is already on line %d", code, g.voterAt)
			continue
		}
		g.voters, g.voterAt = int64(voters), r.line
	}
}

func (l *loader) readStationVoters() {
	t := l.open(fileStationVoters, "polling_station_code", "voters_derived")
	var village *region
	at := map[string]int{}
	for r := range t.rows {
		code, voters := r.code("polling_station_code", domain.Station), r.count("voters_derived")
		if code == "" {
			continue
		}
		if village == nil || village.code != code.Up(domain.Village) {
			village = l.regions[code.Up(domain.Village)]
			clear(at)
			if village != nil {
				for i, s := range village.stations {
					at[pad3(s.number)] = i
				}
			}
		}
		i, ok := at[string(code[domain.Village:])]
		switch {
		case village == nil || !ok:
			if l.reliable(fileStations, fileVillages) && !l.broken[code.Up(domain.Village)] {
				r.fail("polling_station_code", "%s is not in %s", code, l.files[fileStations])
			}
		case village.stations[i].known:
			r.fail("polling_station_code", "%s is there twice", code)
		default:
			village.stations[i].voters, village.stations[i].known = int64(voters), true
		}
	}
}

// checkVoters: every station, village and regency has its voters, and each level adds up to the one above.
func (l *loader) checkVoters() {
	if l.def.Voters != derivedVoters {
		return
	}
	if l.reliable(fileStationVoters, fileStations) {
		for _, v := range l.villages {
			for _, s := range v.stations {
				if !s.known {
					l.problems.add(l.files[fileStations], s.line, "", "station %s%s has no voters in %s", v.code, pad3(s.number), l.files[fileStationVoters])
				}
			}
		}
	}
	l.checkVotersOf(l.villages, fileVillageVoters)
	l.checkVotersOf(l.regencies, fileRegencyVoters)
	for _, g := range l.regencies {
		if g.stated.voters != 0 && g.voterAt != 0 && g.stated.voters != g.voters {
			l.problems.add(g.file, g.line, "voters", "states %d voters, %s has %d", g.stated.voters, l.files[fileRegencyVoters], g.voters)
		}
	}
}

func (l *loader) checkVotersOf(regions []*region, file string) {
	if !l.reliable(file) {
		return
	}
	for _, g := range regions {
		switch {
		case g.voterAt == 0:
			l.problems.add(g.file, g.line, "", "%s %s has no voters in %s", g.code, g.name, l.files[file])
		case g.voters != g.actual.voters && l.reliable(fileStationVoters, fileStations):
			l.problems.add(l.files[file], g.voterAt, "", "%s has %d voters here, its stations have %d in %s", g.code, g.voters, g.actual.voters, l.files[fileStationVoters])
		}
	}
}

// readPolice reads the police units; where the folder has no such file the built-in ones count.
func (l *loader) readPolice() {
	fsys := l.fsys
	if _, _, err := readFile(fsys, filePolice); err != nil {
		fsys = data()
	}
	t := openTable(fsys, filePolice, l.problems, "id", "name", "regency_code")
	l.files[filePolice] = filePolice
	if t == nil {
		return
	}
	l.whole[filePolice] = t.whole
	seen := map[string]int{}
	for r := range t.rows {
		id, name, regency := r.text("id"), r.text("name"), r.code("regency_code", domain.Regency)
		if first, twice := seen[id]; twice {
			r.fail("id", "%s is already on line %d", id, first)
			continue
		}
		seen[id] = r.line
		if regency == "" {
			continue
		}
		if !strings.HasPrefix(id, "P"+string(regency)) {
			r.fail("id", "%q does not begin with P%s", id, regency)
		}
		if l.regions[regency] == nil {
			l.orphan(r, "regency_code", regency)
			continue
		}
		l.police = append(l.police, election.PoliceUnit{ID: id, Name: name, Regions: []domain.Code{regency}})
	}
}

// checkPolice: every regency has a police unit that can escort.
func (l *loader) checkPolice() {
	if !l.reliable(filePolice) {
		return
	}
	covered := map[domain.Code]bool{}
	for _, p := range l.police {
		for _, regency := range p.Regions {
			covered[regency] = true
		}
	}
	for _, g := range l.regencies {
		if !covered[g.code] {
			l.problems.add(g.file, g.line, "", "regency %s %s has no police unit in %s", g.code, g.name, filePolice)
		}
	}
}
