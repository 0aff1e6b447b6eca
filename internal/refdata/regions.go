package refdata

import (
	"strconv"
	"strings"

	"jejak/domain"
)

func (l *loader) readRegencies() {
	t := l.open(fileRegencies, "code", "kemendagri_code", "name", "short_name", "kind", "lat", "lon", "district_count", "village_count",
		"tps_count", "tps_regular", "tps_special", "voters", "voters_quality", "voters_source", "dapil_dpr", "dapil_dprd_prov",
		"pilkada2024_tps", "population_2024s2", "area_km2")
	for r := range t.rows {
		g := &region{
			name: r.text("name"), kind: r.one("kind", kindRegency, kindCity), pilkada: r.count("pilkada2024_tps"),
			stated: r.counts(true, true),
			dapil:  map[string]string{levelDPR: r.digits("dapil_dpr", 4), levelProvince: r.digits("dapil_dprd_prov", 6)},
		}
		if s, _ := r.raw("voters"); s != "" {
			g.stated.voters = int64(r.count("voters"))
		}
		r.position()
		if l.enter(r, g, domain.Regency, "") {
			l.regencies = append(l.regencies, g)
		}
	}
}

func (l *loader) readDistricts() {
	t := l.open(fileDistricts, "code", "kemendagri_code", "regency_code", "name", "kpu_name", "lat", "lon", "village_count", "tps_count",
		"tps_regular", "tps_special", "dapil_dprd_kab", "pilkada2024_tps")
	for r := range t.rows {
		g := &region{
			name: r.text("name"), pilkada: r.count("pilkada2024_tps"), stated: r.counts(false, true),
			dapil: map[string]string{levelRegency: r.text("dapil_dprd_kab")},
		}
		r.position()
		if l.enter(r, g, domain.District, "regency_code") {
			l.districts = append(l.districts, g)
		}
	}
}

func (l *loader) readVillages() {
	t := l.open(fileVillages, "code", "kemendagri_code", "district_code", "name", "kpu_name", "kind", "lat", "lon", "tps_count",
		"tps_regular", "tps_special", "dapil_dprd_kab")
	for r := range t.rows {
		g := &region{
			name: r.text("name"), kind: r.one("kind", kindVillage, kindUrbanVillage), stated: r.counts(false, false),
			dapil: map[string]string{levelRegency: r.digits("dapil_dprd_kab", 6)},
		}
		r.position()
		if l.enter(r, g, domain.Village, "district_code") {
			l.villages = append(l.villages, g)
			l.checkVillageKind(r, g)
		}
	}
}

// checkVillageKind: the seventh digit of a code is 1 for a kelurahan, 2 for a desa.
func (l *loader) checkVillageKind(r row, g *region) {
	want := map[byte]string{'1': kindUrbanVillage, '2': kindVillage}[g.code[6]]
	if g.kind != "" && g.kind != want {
		r.fail("kind", "%q does not fit the code %s, whose seventh digit is 1 for a kelurahan and 2 for a desa", g.kind, g.code)
	}
}

// enter puts a region into the tree if its code is new and its parent exists.
func (l *loader) enter(r row, g *region, level domain.Level, parentColumn string) bool {
	problems := len(l.problems.List)
	g.code, g.file, g.line = r.code("code", level), r.t.file, r.line
	if g.code == "" {
		return false
	}
	if first, twice := l.regions[g.code]; twice {
		r.fail("code", "%s is already on line %d", g.code, first.line)
		return false
	}
	defer func() {
		if len(l.problems.List) > problems {
			l.broken[g.code] = true
		}
	}()
	if parentColumn == "" {
		if !l.def.Province.Covers(g.code) {
			r.fail("code", "%s does not lie in province %s", g.code, l.def.Province)
			return false
		}
		l.regions[g.code] = g
		return true
	}
	parentLevel := domain.Regency
	if level == domain.Village {
		parentLevel = domain.District
	}
	parent := r.code(parentColumn, parentLevel)
	switch {
	case parent == "": // reported
		return false
	case !parent.Covers(g.code):
		r.fail(parentColumn, "%s does not begin the code %s", parent, g.code)
		return false
	}
	g.parent = l.regions[parent]
	if g.parent == nil {
		l.orphan(r, parentColumn, parent)
		return false
	}
	l.regions[g.code] = g
	g.parent.children = append(g.parent.children, g)
	return true
}

// orphan reports that the parent of a line does not exist, unless the parent's own line or file is what is wrong.
func (l *loader) orphan(r row, column string, parent domain.Code) {
	file := map[domain.Level]string{domain.Regency: fileRegencies, domain.District: fileDistricts, domain.Village: fileVillages}[parent.Level()]
	if l.reliable(file) && !l.broken[parent] {
		r.fail(column, "%s is not in %s", parent, l.files[file])
	}
	if code, ok := r.raw("code"); ok {
		l.broken[domain.Code(strings.Clone(code))] = true
	}
}

// counts reads the count columns that a level has.
func (r row) counts(districts, villages bool) counts {
	c := counts{stations: r.count("tps_count"), regular: r.count("tps_regular"), special: r.count("tps_special")}
	if districts {
		c.districts = r.count("district_count")
	}
	if villages {
		c.villages = r.count("village_count")
	}
	return c
}

// position checks the coordinates, which may be empty.
func (r row) position() {
	r.decimal("lat")
	r.decimal("lon")
}

func (l *loader) readStations() {
	t := l.open(fileStations, "code", "village_code", "tps_no", "kind")
	seen := map[int]int{}
	var village *region
	for r := range t.rows {
		code := r.code("code", domain.Station)
		parent := r.code("village_code", domain.Village)
		number := r.count("tps_no")
		kind := r.one("kind", stationRegular, stationSpecial)
		if code == "" || parent == "" || kind == "" {
			continue
		}
		if string(code) != string(parent)+pad3(number) {
			r.fail("code", "%s is not the village code %s and the station's number %03d", code, parent, number)
			continue
		}
		if (kind == stationSpecial) != (number >= firstSpecialNumber) {
			r.fail("kind", "%q does not fit number %d: special stations are numbered from %d", kind, number, firstSpecialNumber)
		}
		if village == nil || village.code != parent {
			if village = l.regions[parent]; village == nil {
				l.orphan(r, "village_code", parent)
				continue
			}
			clear(seen)
			for _, s := range village.stations {
				seen[s.number] = s.line
			}
		}
		if first, twice := seen[number]; twice {
			r.fail("code", "%s is already on line %d", code, first)
			continue
		}
		seen[number] = r.line
		village.stations = append(village.stations, station{number: number, special: kind == stationSpecial, line: r.line})
	}
}

func pad3(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, 3-len(s))) + s
}
