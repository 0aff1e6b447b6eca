package election

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"jejak/domain"
)

// draft is a version of the reference data under construction.
type draft struct {
	ref    *Reference
	hash   hash.Hash
	broken error // why the version cannot be published
}

func newDraft(e *Defined) *draft {
	return &draft{hash: sha256.New(), ref: &Reference{
		Election: e.Election, Name: e.Name, Province: e.Province, VotingDay: e.VotingDay, BallotTypes: e.BallotTypes,
		VotersDerived: e.VotersDerived, StationsListed: e.StationsListed,
		Regions:  map[domain.Code]Region{e.Province: {Code: e.Province, Name: e.ProvinceName}},
		Stations: map[domain.Code]Station{},
		Children: map[domain.Code][]domain.Code{},
	}}
}

func (d *draft) apply(event Event) error {
	switch e := event.(type) {
	case *Defined:
	case *NormsPublished:
		d.ref.Norms = e.Norms
	case *RegenciesRegistered:
		for _, r := range e.Regencies {
			if err := d.region(Region{Code: r.Code, Name: r.Name, Kind: r.Kind}, d.ref.Province); err != nil {
				return err
			}
		}
	case *DesignsRegistered:
		d.ref.Designs = e.Designs
	case *RegionRegistered:
		return d.district(e)
	case *DeadlinesSet:
		d.ref.Deadlines = e.Deadlines
	case *PoliceUnitsRegistered:
		d.ref.PoliceUnits = e.Units
	case *ReferencePublished:
	}
	return nil
}

// region adds a region below an existing one.
func (d *draft) region(r Region, parent domain.Code) error {
	if _, ok := d.ref.Regions[parent]; !ok || !parent.Covers(r.Code) {
		return fmt.Errorf("region %s has no parent %s", r.Code, parent)
	}
	if _, twice := d.ref.Regions[r.Code]; twice {
		return fmt.Errorf("region %s is registered twice", r.Code)
	}
	d.ref.Regions[r.Code] = r
	d.ref.Children[parent] = append(d.ref.Children[parent], r.Code)
	return nil
}

func (d *draft) district(e *RegionRegistered) error {
	district := Region{Code: e.District, Name: e.Name, Districts: 1, Villages: len(e.Villages), StationCount: e.StationCount, VotersKnown: d.ref.StationsListed}
	if err := d.region(district, e.District.Up(domain.Regency)); err != nil {
		return err
	}
	for _, v := range e.Villages {
		village := Region{Code: v.Code, Name: v.Name, Kind: v.Kind, Designs: v.Designs, Villages: 1}
		if len(v.Designs) == 0 {
			village.Designs = e.Designs
		}
		if len(village.Designs) != len(d.ref.BallotTypes) {
			return fmt.Errorf("village %s has %d ballot designs for %d ballot types", v.Code, len(village.Designs), len(d.ref.BallotTypes))
		}
		stations, err := v.list()
		if err != nil {
			return err
		}
		village.VotersKnown = len(stations) > 0
		for _, s := range stations {
			d.ref.Stations[s.Code] = s
			d.ref.Children[v.Code] = append(d.ref.Children[v.Code], s.Code)
			village.StationCount++
			village.Voters += s.Voters
			village.VotersKnown = village.VotersKnown && s.Known
			if s.Special {
				village.SpecialCount++
			}
		}
		if err := d.region(village, e.District); err != nil {
			return err
		}
		district.Voters += village.Voters
		district.SpecialCount += village.SpecialCount
		district.VotersKnown = district.VotersKnown && (village.VotersKnown || village.StationCount == 0)
	}
	d.ref.Regions[district.Code] = district
	return nil
}

// list spells the stations of a village out.
func (v VillageEntry) list() ([]Station, error) {
	var stations []Station
	for _, run := range v.Stations {
		for n := run.From; n <= run.To; n++ {
			stations = append(stations, Station{Code: domain.Code(fmt.Sprintf("%s%03d", v.Code, n)), Special: run.Special})
		}
	}
	if len(v.Voters) == 0 {
		return stations, nil
	}
	if len(v.Voters) != len(stations) {
		return nil, fmt.Errorf("village %s has %d numbers of voters for %d stations", v.Code, len(v.Voters), len(stations))
	}
	for i := range stations {
		stations[i].Voters, stations[i].Known = v.Voters[i], true
	}
	return stations, nil
}

// close sums the counts up and returns the finished version. Nothing may change it afterwards.
func (d *draft) close(version string) *Reference {
	d.ref.Version = version
	for _, children := range d.ref.Children {
		slices.Sort(children)
	}
	province := d.ref.Regions[d.ref.Province]
	province.VotersKnown = true
	for _, code := range d.ref.Children[d.ref.Province] {
		regency := d.ref.Regions[code]
		regency.VotersKnown = true
		for _, child := range d.ref.Children[code] {
			regency.add(d.ref.Regions[child])
		}
		d.ref.Regions[code] = regency
		province.add(regency)
	}
	d.ref.Regions[d.ref.Province] = province
	return d.ref
}

func (r *Region) add(child Region) {
	r.Districts += child.Districts
	r.Villages += child.Villages
	r.StationCount += child.StationCount
	r.SpecialCount += child.SpecialCount
	r.Voters += child.Voters
	r.VotersKnown = r.VotersKnown && child.VotersKnown
}

func (d *draft) counts() Counts {
	c := Counts{Designs: len(d.ref.Designs)}
	for code, r := range d.ref.Regions {
		switch code.Level() {
		case domain.Regency:
			c.Regencies++
		case domain.District:
			c.Districts++
			c.Stations += r.StationCount
			c.Special += r.SpecialCount
			c.Voters += r.Voters
		case domain.Village:
			c.Villages++
		case domain.None, domain.Province, domain.Station:
		}
	}
	return c
}

func (d *draft) publish(e *ReferencePublished) (*Reference, error) {
	if d.broken != nil {
		return nil, d.broken
	}
	if sum := hex.EncodeToString(d.hash.Sum(nil)); sum != e.SHA256 {
		return nil, fmt.Errorf("its events have the digest %s, but it was published with %s: events are missing or were changed", sum, e.SHA256)
	}
	if got := d.counts(); got != e.Counts {
		return nil, fmt.Errorf("its events hold %+v, but it was published with %+v", got, e.Counts)
	}
	return d.close(e.Version), nil
}
