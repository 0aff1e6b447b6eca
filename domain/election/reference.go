// Package election holds what one election fixes for everyone: regions, stations, ballot types and designs, voters, norms, deadlines.
package election

import (
	"strings"
	"time"

	"jejak/domain"
)

// Reference is one version of the reference data of an election. It is built once and never changed, so that ledgers and readers share it.
type Reference struct {
	Election  string // "pemilu2024"
	Name      string // "Pemilu 2024"
	Version   string // what a unit adopts; a new version never rewrites what was decided under an older one
	Province  domain.Code
	VotingDay time.Time // start of the day of the vote, with zone
	// BallotTypes in the order in which a station opens its boxes. One box per station and type.
	BallotTypes []BallotType
	Norms       Norms
	Deadlines   []Deadline
	PoliceUnits []PoliceUnit
	// VotersDerived: the voters per station are computed from higher levels, not official. It must stay visible wherever they are used.
	VotersDerived bool
	// StationsListed: the stations are known one by one; otherwise Stations is empty and only their number per district is known.
	StationsListed bool
	// Designs are the ballot designs in the order of the ballot types, then of their codes.
	Designs []Design

	Regions  map[domain.Code]Region  // province, regencies, districts, villages
	Stations map[domain.Code]Station // polling stations; empty when this election's list is unknown
	// Children are the regions (of a village: the stations) directly below a region, in the order of their codes.
	Children map[domain.Code][]domain.Code
}

// BallotType is one of the ballots a voter gets: PPWP, DPR, DPD, DPRDP, DPRDK (Pemilu), PKWKP, PKWKK (Pilkada).
type BallotType struct {
	ID   string      `json:"id"`
	Name domain.Text `json:"name"`
	// RevoteHolder is who keeps the re-vote stock of its designs: HolderRegency or HolderProvince.
	RevoteHolder string `json:"revote_holder"`
}

// The holders of re-vote stock. A regency holds the designs of its own council; what several regencies share lies with the province, and so
// does a shared type's design that happens to cover one regency only, so that one type is never held in two ways.
const (
	HolderRegency  = "regency"
	HolderProvince = "province"
)

// Design is one ballot design: what is printed for one electoral district of one ballot type.
type Design struct {
	ID         string      `json:"id"` // "DPRDK-350101"
	BallotType string      `json:"ballot_type"`
	Name       string      `json:"name"`              // of the electoral district
	Regency    domain.Code `json:"regency,omitempty"` // the regency whose council it elects; "" where the type is not a regency's
}

// Region is a province, regency, district or village.
type Region struct {
	Code domain.Code
	Name string
	Kind string // "kabupaten" or "kota", "desa" or "kelurahan"; "" for other levels
	// Designs of a village, one for each ballot type in their order; nil for other levels.
	Designs []string
	// Counts below and including this region.
	Districts, Villages, StationCount int
	SpecialCount                      int   // stations at special locations, within StationCount
	Voters                            int64 // 0 and VotersKnown false where unknown
	VotersKnown                       bool
}

// Station is a polling station (TPS).
type Station struct {
	Code    domain.Code
	Special bool // at a special location (numbered from 901)
	Voters  int64
	Known   bool // whether Voters is known
}

// Deadline is a moment after which silence is a finding.
type Deadline struct {
	ID   string    `json:"id"` // "station_receipt": every station has its boxes (H-1 23:59 WIB)
	At   time.Time `json:"at"`
	Name string    `json:"name"`
}

// DeadlineStationReceipt is the deadline by which every station must have its boxes.
const DeadlineStationReceipt = "station_receipt"

// PoliceUnit is a police unit that escorts; its area is not a KPU region.
type PoliceUnit struct {
	ID      string        `json:"id"` // "P3578A"
	Name    string        `json:"name"`
	Regions []domain.Code `json:"regions"` // where it usually escorts
}

// Design returns the ballot design for a village or station and ballot type, "" when there is none.
func (r *Reference) Design(place domain.Code, ballotType string) string {
	v, ok := r.Regions[place.Up(domain.Village)]
	if !ok {
		return ""
	}
	for i, t := range r.BallotTypes {
		if t.ID == ballotType && i < len(v.Designs) {
			return v.Designs[i]
		}
	}
	return ""
}

// Ballots is the number of ballots of one type that a station gets: voters + the reserve rounded up (UU 7/2017 art. 344(2)).
func (r *Reference) Ballots(station domain.Code) (n int64, known bool) {
	s, ok := r.Stations[station]
	if !ok || !s.Known {
		return 0, false
	}
	return s.Voters + r.Norms.Reserve(s.Voters), true
}

// Has tells whether a region or station exists.
func (r *Reference) Has(code domain.Code) bool {
	if _, ok := r.Regions[code]; ok {
		return true
	}
	_, ok := r.Stations[code]
	return ok
}

// HasBox tells whether the election has a box of this id: its station or district exists and its type belongs to it.
// A replacement counts as its original.
func (r *Reference) HasBox(b domain.BoxID) bool {
	dest, t := b.Destination(), b.Type()
	switch {
	case b.IsRecap():
		_, ok := r.Regions[dest]
		return ok && r.Norms.RecapBoxes(dest) >= int64(t[len(t)-1]-'0')
	case b.IsKit():
		_, ok := r.Stations[dest]
		return ok
	}
	if _, ok := r.Stations[dest]; !ok {
		return false
	}
	for _, bt := range r.BallotTypes {
		if bt.ID == t {
			return true
		}
	}
	return false
}

// StationBoxes are the ids of a station's boxes, in the order of the ballot types.
func (r *Reference) StationBoxes(station domain.Code) []domain.BoxID {
	boxes := make([]domain.BoxID, len(r.BallotTypes))
	for i, t := range r.BallotTypes {
		boxes[i] = domain.BoxID(string(station) + "-" + t.ID)
	}
	return boxes
}

// BoxesIn is how many boxes the stations and districts of a regency have.
func (r *Reference) BoxesIn(regency domain.Code) int64 {
	n := int64(r.Regions[regency].StationCount * len(r.BallotTypes))
	for _, district := range r.Children[regency] {
		n += r.Norms.RecapBoxes(district)
	}
	return n
}

// DesignsIn are the designs that voters of a region use, in the order of Designs.
func (r *Reference) DesignsIn(region domain.Code) []Design {
	used := map[string]bool{}
	var walk func(code domain.Code)
	walk = func(code domain.Code) {
		if code.Level() == domain.Village {
			for _, id := range r.Regions[code].Designs {
				used[id] = true
			}
			return
		}
		for _, child := range r.Children[code] {
			walk(child)
		}
	}
	walk(region)
	var designs []Design
	for _, d := range r.Designs {
		if used[d.ID] {
			designs = append(designs, d)
		}
	}
	return designs
}

// StationsIn are the stations of a region, in the order of their codes; nil when they are not listed.
func (r *Reference) StationsIn(region domain.Code) []domain.Code {
	if region.Level() == domain.Station {
		if _, ok := r.Stations[region]; ok {
			return []domain.Code{region}
		}
		return nil
	}
	if region.Level() == domain.Village {
		return r.Children[region]
	}
	var stations []domain.Code
	for _, child := range r.Children[region] {
		stations = append(stations, r.StationsIn(child)...)
	}
	return stations
}

// BallotTypeOf returns the ballot type of a design ("DPRDK-350101" is of DPRDK).
func BallotTypeOf(design string) string {
	t, _, _ := strings.Cut(design, "-")
	return t
}

// Deadline finds a deadline by id.
func (r *Reference) Deadline(id string) (Deadline, bool) {
	for _, d := range r.Deadlines {
		if d.ID == id {
			return d, true
		}
	}
	return Deadline{}, false
}

// Catalog finds a version of an election's reference data; the versions it holds never change.
type Catalog interface {
	Reference(election, version string) (*Reference, bool)
}
