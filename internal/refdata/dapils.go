package refdata

import (
	"cmp"
	"slices"
	"strings"

	"jejak/domain"
)

func (l *loader) readDapils() {
	t := l.open(fileDapils, "dapil_code", "level", "name", "regency_code", "tps_count")
	for r := range t.rows {
		d := &dapil{
			level: r.one("level", levelDPR, levelProvince, levelRegency), code: r.digits("dapil_code", 4, 6), name: r.text("name"),
			stated: r.count("tps_count"), line: r.line,
		}
		if d.level == "" || d.code == "" {
			continue
		}
		if first, twice := l.dapils[d.level+d.code]; twice {
			r.fail("dapil_code", "%s of %s is already on line %d", d.code, d.level, first.line)
			continue
		}
		if d.level == levelRegency {
			d.regency = r.code("regency_code", domain.Regency)
			if d.regency != "" && l.regions[d.regency] == nil {
				l.orphan(r, "regency_code", d.regency)
			}
		}
		l.dapils[d.level+d.code] = d
		l.dapilList = append(l.dapilList, d)
	}
	order := []string{levelDPR, levelProvince, levelRegency}
	slices.SortFunc(l.dapilList, func(a, b *dapil) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.level), slices.Index(order, b.level)), cmp.Compare(a.code, b.code))
	})
}

// readAreas gives every village its electoral districts. A district that is split has a line with split_part for each part, which only
// announces it; its villages are then named one by one.
func (l *loader) readAreas() {
	t := l.open(fileAreas, "dapil_code", "level", "area_code", "area_level", "area_name", "split_part")
	areaLevels := map[string]domain.Level{"regency": domain.Regency, "district": domain.District, "village": domain.Village}
	for r := range t.rows {
		level := r.one("level", levelDPR, levelProvince, levelRegency)
		code := r.digits("dapil_code", 4, 6)
		areaLevel := r.one("area_level", "regency", "district", "village")
		split, _ := r.raw("split_part")
		if split != "" && split != "yes" {
			r.fail("split_part", "%q is neither empty nor yes", split)
		}
		if level == "" || code == "" || areaLevel == "" {
			continue
		}
		areaCode := r.code("area_code", areaLevels[areaLevel])
		if areaCode == "" {
			continue
		}
		d := l.dapils[level+code]
		if d == nil {
			if l.reliable(fileDapils) {
				r.fail("dapil_code", "%s of %s is not in %s", code, level, l.files[fileDapils])
			}
			continue
		}
		area := l.regions[areaCode]
		if area == nil {
			l.orphan(r, "area_code", areaCode)
			continue
		}
		if split == "" {
			l.assign(r, d, area)
		}
	}
}

// assign puts every village of an area into an electoral district. It reports a clash once for an area.
func (l *loader) assign(r row, d *dapil, area *region) {
	clash := ""
	for v := range area.allVillages {
		if other := v.inDapil[d.level]; other != nil && other != d {
			clash = other.code
			continue
		}
		if v.inDapil == nil {
			v.inDapil = map[string]*dapil{}
		}
		v.inDapil[d.level] = d
	}
	if clash != "" {
		r.fail("area_code", "%s is in electoral district %s, but also (in whole or in part) in %s", area.code, d.code, clash)
	}
}

// allVillages yields the villages of a region, itself if it is one.
func (g *region) allVillages(yield func(*region) bool) {
	if g.code.Level() == domain.Village {
		yield(g)
		return
	}
	for _, child := range g.children {
		for v := range child.allVillages {
			if !yield(v) {
				return
			}
		}
	}
}

// checkDapils: every village lies in one electoral district of each level in use, the columns of the region files say the same, and the
// stations of each electoral district are as many as stated.
func (l *loader) checkDapils() {
	if !l.usesDapils() || !l.reliable(fileDapils, fileAreas, fileVillages) {
		return
	}
	levels := []string{levelDPR, levelProvince, levelRegency}
	for _, v := range l.villages {
		for _, level := range levels {
			if d := v.inDapil[level]; d != nil {
				d.actual += len(v.stations)
				l.checkStatedDapil(v, v, level, "dapil_dprd_kab", d)
			}
		}
	}
	for _, level := range levels {
		l.checkInDapil(level, l.regencies)
	}
	for _, g := range l.districts {
		l.checkStatedDapils(g, levelRegency, "dapil_dprd_kab")
	}
	for _, g := range l.regencies {
		l.checkStatedDapils(g, levelDPR, "dapil_dpr")
		l.checkStatedDapils(g, levelProvince, "dapil_dprd_prov")
	}
	if l.def.Stations != listedStations || !l.reliable(fileStations) {
		return
	}
	for _, d := range l.dapilList {
		if d.actual != d.stated {
			l.problems.add(l.files[fileDapils], d.line, "tps_count", "electoral district %s of %s states %d stations, its villages have %d", d.code, d.level, d.stated, d.actual)
		}
	}
}

// checkInDapil reports regions that lie in no electoral district of a level: a region as a whole where none of its villages does.
func (l *loader) checkInDapil(level string, regions []*region) {
	for _, g := range regions {
		in, out := 0, 0
		for v := range g.allVillages {
			if v.inDapil[level] != nil {
				in++
			} else {
				out++
			}
		}
		switch {
		case out == 0:
		case in == 0:
			l.problems.add(g.file, g.line, "", "%s %s lies in no electoral district of level %s in %s", g.code, g.name, level, l.files[fileAreas])
		default:
			l.checkInDapil(level, g.children)
		}
	}
}

func (l *loader) checkStatedDapil(g, v *region, level, column string, d *dapil) {
	if stated := g.dapil[level]; stated != "" && stated != d.code {
		l.problems.add(g.file, g.line, column, "states electoral district %s, but %s puts village %s into %s", stated, l.files[fileAreas], v.code, d.code)
	}
}

// checkStatedDapils compares a column that may name several electoral districts, joined by "|", with those of the villages.
func (l *loader) checkStatedDapils(g *region, level, column string) {
	var found []string
	for v := range g.allVillages {
		if d := v.inDapil[level]; d != nil && !slices.Contains(found, d.code) {
			found = append(found, d.code)
		}
	}
	slices.Sort(found)
	if stated := g.dapil[level]; stated != "" && len(found) > 0 && stated != strings.Join(found, "|") {
		l.problems.add(g.file, g.line, column, "states %s, but the villages of %s lie in %s by %s", stated, g.code, strings.Join(found, "|"), l.files[fileAreas])
	}
}
