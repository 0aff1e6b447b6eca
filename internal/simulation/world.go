package simulation

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// The ballot types of Pemilu 2024, in the order in which a station opens its boxes.
var ballotTypes = [...]string{"PPWP", "DPR", "DPD", "DPRDP", "DPRDK"}

const types = len(ballotTypes)

// world is the geography that is played.
type world struct {
	regencies []*regency // all of the province, by code
	police    map[string][]string
}

// regency is a city or regency with its districts, and the people, stock and boxes that the simulation gives it.
type regency struct {
	code      string
	name      string
	districts []*district
	villages  []*village
	stations  []*station
	designs   [types][]string // in use here, by ballot type
	*cast                     // set up by assign
	*account                  // set up by newAccount
	plot                      // what the waves must remember
}

type district struct {
	code     string
	name     string
	regency  *regency
	villages []*village
	stations int // number of them
	lat, lon float64
	people   person
	pending  bool // that the boxes have arrived here is still on the device
	unsent   bool // and so is that they have left
}

type village struct {
	code     string
	name     string
	district *district
	designs  [types]string
	stations []*station
	people   person
	pending  bool // that the boxes have arrived here is not all with the server
}

type station struct {
	code    string
	number  int // its place among the regency's stations
	voters  int64
	village *village
	fate    fate
	partner *station // whose fate is bound to this one's
	amount  int64    // ballots that a story is about
	story   bool     // known by name
	spares  uint8    // boxes that were replaced, a bit each
	unsure  bool     // that the village has handed the boxes over, or got them, is not all with the server
	crew    person
}

// ballots that the station gets of each type: voters and 2 % in reserve, rounded up (UU 7/2017 art. 344(2)).
func (s *station) ballots() int64 { return s.voters + (s.voters*20+999)/1000 }

// box is the id of the station's box of a ballot type.
func (s *station) box(t int) string { return s.code + "-" + ballotTypes[t] }

// kit is the id of the station's equipment outside the boxes.
func (s *station) kit() string { return s.code + "-KIT" }

// direct regencies have no district store: boxes go from the regency straight to the villages.
var direct = map[string]bool{"3571": true}

// noRecap regencies took delivery of no recapitulation boxes for their districts.
var noRecap = map[string]bool{"3509": true, "3571": true}

// recapBoxes of a district.
func (d *district) recapBoxes() []string {
	if noRecap[d.regency.code] {
		return nil
	}
	return []string{d.code + "-REKAP1", d.code + "-REKAP2"}
}

// readWorld reads the geography of the province from the raw reference data.
func readWorld(files fs.FS) (*world, error) {
	w := &world{police: map[string][]string{}}
	regencies := map[string]*regency{}
	districts := map[string]*district{}
	villages := map[string]*village{}
	dpr, dprdp := map[string]string{}, map[string]string{}
	council := map[string]string{} // of districts and villages

	err := eachRow(files, "regencies.csv", func(row func(string) string) error {
		r := &regency{code: row("code"), name: row("name")}
		regencies[r.code] = r
		w.regencies = append(w.regencies, r)
		return nil
	})
	if err == nil {
		err = eachRow(files, "electoral_district_areas.csv", func(row func(string) string) error {
			if row("split_part") != "" {
				return nil
			}
			switch row("level") {
			case "dpr":
				dpr[row("area_code")] = row("dapil_code")
			case "dprd_provinsi":
				dprdp[row("area_code")] = row("dapil_code")
			case "dprd_kabkota":
				council[row("area_code")] = row("dapil_code")
			}
			return nil
		})
	}
	if err == nil {
		err = eachRow(files, "districts.csv", func(row func(string) string) error {
			d := &district{code: row("code"), name: row("name"), regency: regencies[row("regency_code")]}
			if d.regency == nil {
				return fmt.Errorf("district %s has no regency", d.code)
			}
			if _, err := fmt.Sscan(row("lat")+" "+row("lon"), &d.lat, &d.lon); err != nil {
				return fmt.Errorf("district %s: latitude and longitude: %w", d.code, err)
			}
			districts[d.code] = d
			d.regency.districts = append(d.regency.districts, d)
			return nil
		})
	}
	if err == nil {
		err = eachRow(files, "villages.csv", func(row func(string) string) error {
			v := &village{code: row("code"), name: row("name"), district: districts[row("district_code")]}
			if v.district == nil {
				return fmt.Errorf("village %s has no district", v.code)
			}
			area := func(m map[string]string) string {
				return cmp.Or(m[v.code], m[v.code[:6]], m[v.code[:4]])
			}
			v.designs = [types]string{"PPWP", "DPR-" + area(dpr), "DPD-" + v.code[:2], "DPRDP-" + area(dprdp), "DPRDK-" + area(council)}
			for _, d := range v.designs {
				if strings.HasSuffix(d, "-") {
					return fmt.Errorf("village %s lies in no electoral district: %v", v.code, v.designs)
				}
			}
			villages[v.code] = v
			v.district.villages = append(v.district.villages, v)
			v.district.regency.villages = append(v.district.regency.villages, v)
			return nil
		})
	}
	if err == nil {
		err = eachRow(files, "derived_polling_station_voters.csv.gz", func(row func(string) string) error {
			code := strings.Clone(row("polling_station_code"))
			v := villages[code[:min(10, len(code))]]
			if v == nil {
				return fmt.Errorf("polling station %s has no village", code)
			}
			s := &station{code: code, village: v}
			if _, err := fmt.Sscan(row("voters_derived"), &s.voters); err != nil {
				return fmt.Errorf("polling station %s: voters: %w", code, err)
			}
			v.stations = append(v.stations, s)
			return nil
		})
	}
	if err == nil {
		err = eachRow(files, "police_units.csv", func(row func(string) string) error {
			w.police[row("regency_code")] = append(w.police[row("regency_code")], row("id"))
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	for _, r := range w.regencies {
		r.arrange()
	}
	slices.SortFunc(w.regencies, func(a, b *regency) int { return cmp.Compare(a.code, b.code) })
	return w, nil
}

// arrange puts the places of a regency into the order of their codes.
func (r *regency) arrange() {
	slices.SortFunc(r.districts, func(a, b *district) int { return cmp.Compare(a.code, b.code) })
	slices.SortFunc(r.villages, func(a, b *village) int { return cmp.Compare(a.code, b.code) })
	used := map[string]bool{}
	for _, d := range r.districts {
		slices.SortFunc(d.villages, func(a, b *village) int { return cmp.Compare(a.code, b.code) })
		for _, v := range d.villages {
			slices.SortFunc(v.stations, func(a, b *station) int { return cmp.Compare(a.code, b.code) })
			for _, s := range v.stations {
				s.number = len(r.stations)
				r.stations = append(r.stations, s)
			}
			d.stations += len(v.stations)
			for t, design := range v.designs {
				if !used[design] {
					used[design] = true
					r.designs[t] = append(r.designs[t], design)
				}
			}
		}
	}
	for t := range r.designs {
		slices.Sort(r.designs[t])
	}
}

// find returns the regency of a code, nil for none.
func (w *world) find(code string) *regency {
	for _, r := range w.regencies {
		if r.code == code {
			return r
		}
	}
	return nil
}
