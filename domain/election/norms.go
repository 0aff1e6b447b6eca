package election

import "jejak/domain"

// Norms say how many of each item are needed. They are data with a version; an approved plan cites the version it used and is never
// rewritten by a newer one.
type Norms struct {
	Version string     `json:"version"`
	Items   []ItemNorm `json:"items"`
	// ReservePerMille of a station's voters, rounded up per station: 20 for Pemilu (UU 7/2017 art. 344(2)), 25 for Pilkada.
	ReservePerMille int64 `json:"reserve_per_mille"`
	// RevotePerDesign: re-vote ballots kept per ballot design (Pemilu 1,000: UU 7/2017 art. 344(4)); 0 where the norm is per regency.
	RevotePerDesign int64 `json:"revote_per_design,omitempty"`
	// RevotePerRegency: re-vote ballots per regency and ballot type (Pilkada 2,000); 0 where the norm is per design.
	RevotePerRegency int64 `json:"revote_per_regency,omitempty"`
	// Source of the reserve and the re-vote stock; items carry their own.
	Source string `json:"source"`
}

// ItemNorm is quantity = PerStation*T + PerVillage*S + PerDistrict*P + PerRegency*K.
type ItemNorm struct {
	Item        string      `json:"item"` // "ballot_box", "paper_seal", ...
	Unit        string      `json:"unit"` // "piece", "bottle", "set", ...
	Name        domain.Text `json:"name"`
	Group       string      `json:"group"` // A, B or C: see docs/reference-data.md
	PerStation  int64       `json:"per_station"`
	PerVillage  int64       `json:"per_village"`
	PerDistrict int64       `json:"per_district"`
	PerRegency  int64       `json:"per_regency"`
	Overrides   []Override  `json:"overrides,omitempty"`
	Source      string      `json:"source"`
}

// Override replaces the factors of an item inside one region.
type Override struct {
	Region      domain.Code `json:"region"`
	PerStation  *int64      `json:"per_station,omitempty"`
	PerVillage  *int64      `json:"per_village,omitempty"`
	PerDistrict *int64      `json:"per_district,omitempty"`
	PerRegency  *int64      `json:"per_regency,omitempty"`
	Source      string      `json:"source"`
}

// ItemBox is the item of ballot boxes.
const ItemBox = "ballot_box"

// Reserve is the reserve of ballots for a station of so many voters, rounded up.
func (n Norms) Reserve(voters int64) int64 { return (voters*n.ReservePerMille + 999) / 1000 }

// For returns the item's norm as it holds in a region, overrides applied; the innermost region wins.
func (n Norms) For(item string, region domain.Code) (ItemNorm, bool) {
	for _, norm := range n.Items {
		if norm.Item != item {
			continue
		}
		depth := -1
		effective := norm
		for _, o := range norm.Overrides {
			if o.Region.Covers(region) && len(o.Region) > depth {
				depth = len(o.Region)
				effective = norm
				o.applyTo(&effective)
			}
		}
		return effective, true
	}
	return ItemNorm{}, false
}

// RecapBoxes is the number of recapitulation boxes of a district.
func (n Norms) RecapBoxes(district domain.Code) int64 {
	norm, _ := n.For(ItemBox, district)
	return norm.PerDistrict
}

func (o Override) applyTo(n *ItemNorm) {
	for _, p := range []struct{ from, to *int64 }{
		{o.PerStation, &n.PerStation}, {o.PerVillage, &n.PerVillage}, {o.PerDistrict, &n.PerDistrict}, {o.PerRegency, &n.PerRegency},
	} {
		if p.from != nil {
			*p.to = *p.from
		}
	}
}
