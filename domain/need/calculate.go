// Package need calculates what a unit needs for an election from the reference data and the norms, and is the room in which the plan of it is
// submitted, returned, approved and amended.
package need

import (
	"fmt"
	"strings"

	"jejak/domain"
	"jejak/domain/election"
)

// Line is one line of a need plan.
type Line struct {
	Item    string `json:"item"`
	Variant string `json:"variant"` // the ballot design for ballots, "" for everything else
	// Quantity is nil where it is unknown; it is never 0: what is not needed has no line.
	Quantity *int64 `json:"quantity"`
	Unit     string `json:"unit"`
	Formula  string `json:"formula"` // how the quantity comes about, to be checked by hand
	Norms    string `json:"norms"`   // version of the norms
	// Derived: the quantity rests on voters per station that were computed, not published.
	Derived bool `json:"derived,omitempty"`
}

// The items that are counted per ballot design.
const (
	ItemBallot       = "ballot"
	ItemRevoteBallot = "revote_ballot"
	unitBallot       = "sheet"
)

// Calculate is the need of a regency or of the province as a whole: norms x real counts, ballots per design with the reserve rounded up per
// station, and the re-vote stock that lies in the area (a regency's own council designs; the province's plan holds all).
// For every line with known quantities the province is the sum of its regencies and of Own of the province.
func Calculate(ref *election.Reference, code domain.Code) ([]Line, error) {
	if err := checkCode(ref, code); err != nil {
		return nil, err
	}
	c := calculation{ref: ref, area: code}
	c.items()
	c.ballots()
	c.revoteBallots(func(holder string) bool { return holder == election.HolderRegency || code.Level() == domain.Province })
	return c.lines, nil
}

// Own is the need that the unit itself answers for: a regency's Calculate, and for the province only the re-vote stock that it keeps for all.
func Own(ref *election.Reference, unit domain.Code) ([]Line, error) {
	if unit.Level() != domain.Province {
		return Calculate(ref, unit)
	}
	if err := checkCode(ref, unit); err != nil {
		return nil, err
	}
	c := calculation{ref: ref, area: unit}
	c.revoteBallots(func(holder string) bool { return holder == election.HolderProvince })
	return c.lines, nil
}

func checkCode(ref *election.Reference, code domain.Code) error {
	switch code.Level() {
	case domain.Province, domain.Regency:
	case domain.District, domain.Village, domain.Station:
		return fmt.Errorf("need of %s: a need plan is made for a regency (4 digits) or the province (2 digits), not for a code of %d digits: use %s",
			code, len(code), code.Up(domain.Regency))
	case domain.None:
		return fmt.Errorf("need of %q: not a region code: use a regency's 4 digits (such as 3578) or the province's 2", code)
	}
	if _, ok := ref.Regions[code]; !ok {
		return fmt.Errorf("need of %s: %s has no such region; its province is %s, its regencies are %s", code, ref.Name, ref.Province, regencies(ref))
	}
	return nil
}

func regencies(ref *election.Reference) string {
	codes := make([]string, 0, len(ref.Children[ref.Province]))
	for _, c := range ref.Children[ref.Province] {
		codes = append(codes, string(c))
	}
	return strings.Join(codes, " ")
}

type calculation struct {
	ref   *election.Reference
	area  domain.Code
	lines []Line
}

func (c *calculation) add(item, variant string, quantity int64, unit, formula string, derived bool) {
	if quantity != 0 {
		c.lines = append(c.lines, Line{
			Item: item, Variant: variant, Quantity: &quantity, Unit: unit, Formula: formula, Norms: c.ref.Norms.Version, Derived: derived,
		})
	}
}

func (c *calculation) unknown(item, variant, unit, formula string) {
	c.lines = append(c.lines, Line{Item: item, Variant: variant, Unit: unit, Formula: formula, Norms: c.ref.Norms.Version})
}

// below are the regions of a level inside the area, itself if it is of that level.
func (c *calculation) below(level domain.Level) []domain.Code {
	regions := []domain.Code{c.area}
	for len(regions) > 0 && regions[0].Level() != level {
		var next []domain.Code
		for _, r := range regions {
			next = append(next, c.ref.Children[r]...)
		}
		regions = next
	}
	return regions
}

// items calculates what the norms count per station, village, district and regency. Overrides hold district by district.
func (c *calculation) items() {
	regencies, districts := c.below(domain.Regency), c.below(domain.District)
	for _, norm := range c.ref.Norms.Items {
		var sum terms
		for _, code := range districts {
			region := c.ref.Regions[code]
			n, _ := c.ref.Norms.For(norm.Item, code)
			sum.add(n.PerStation, int64(region.StationCount), perStation)
			sum.add(n.PerVillage, int64(region.Villages), perVillage)
			sum.add(n.PerDistrict, 1, perDistrict)
		}
		for _, code := range regencies {
			n, _ := c.ref.Norms.For(norm.Item, code)
			sum.add(n.PerRegency, 1, perRegency)
		}
		c.add(norm.Item, "", sum.total(), norm.Unit, sum.String(), false)
	}
}

// ballots calculates the ballots of each design that the area's voters use.
func (c *calculation) ballots() {
	type sum struct {
		voters, reserve, stations int64
		known                     bool
	}
	sums := map[string]*sum{}
	designs := c.ref.DesignsIn(c.area)
	for _, d := range designs {
		sums[d.ID] = &sum{known: c.ref.StationsListed}
	}
	for _, village := range c.below(domain.Village) {
		for _, design := range c.ref.Regions[village].Designs {
			s := sums[design]
			if s == nil {
				continue
			}
			for _, station := range c.ref.Children[village] {
				ballots, known := c.ref.Ballots(station)
				voters := c.ref.Stations[station].Voters
				s.voters, s.reserve, s.stations, s.known = s.voters+voters, s.reserve+ballots-voters, s.stations+1, s.known && known
			}
		}
	}
	rate := percent(c.ref.Norms.ReservePerMille)
	for _, d := range designs {
		s := sums[d.ID]
		if !s.known {
			c.unknown(ItemBallot, d.ID, unitBallot, "Σ TPS (DPT + ⌈"+rate+"×DPT⌉): DPT per TPS ?")
			continue
		}
		formula := fmt.Sprintf("%d + %d = Σ %d TPS (DPT + ⌈%s×DPT⌉)", s.voters, s.reserve, s.stations, rate)
		c.add(ItemBallot, d.ID, s.voters+s.reserve, unitBallot, formula, c.ref.VotersDerived)
	}
}

// revoteBallots adds the stock of re-vote ballots of the designs whose holder is asked for.
func (c *calculation) revoteBallots(held func(holder string) bool) {
	holders := map[string]string{}
	for _, t := range c.ref.BallotTypes {
		holders[t.ID] = t.RevoteHolder
	}
	norms := c.ref.Norms
	for _, d := range c.ref.DesignsIn(c.area) {
		if !held(holders[d.BallotType]) {
			continue
		}
		if norms.RevotePerDesign > 0 {
			c.add(ItemRevoteBallot, d.ID, norms.RevotePerDesign, unitBallot, fmt.Sprintf("%d×1", norms.RevotePerDesign), false)
		}
		if norms.RevotePerRegency > 0 {
			n := int64(1)
			if d.Regency == "" {
				n = int64(len(c.below(domain.Regency)))
			}
			c.add(ItemRevoteBallot, d.ID, norms.RevotePerRegency*n, unitBallot, fmt.Sprintf("%d×%d", norms.RevotePerRegency, n), false)
		}
	}
}

// percent writes 20 per mille as "2%" and 25 as "2.5%".
func percent(perMille int64) string {
	if perMille%10 == 0 {
		return fmt.Sprintf("%d%%", perMille/10)
	}
	return fmt.Sprintf("%d.%d%%", perMille/10, perMille%10)
}
