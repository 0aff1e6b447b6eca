package simulation

import (
	"context"
	"strconv"
	"strings"

	"jejak/internal/api"
)

// compareBoards compares what the other boards say of a regency: who holds its boxes, who is late, what is claimed.
func (p *play) compareBoards(ctx context.Context, v *Verdict, r *regency, late int64) error {
	var custody api.CustodyRow
	var deadlines api.DeadlineRow
	var claims api.ClaimsRow
	for path, into := range map[string]any{"custody": &custody, "deadlines": &deadlines, "claims": &claims} {
		if _, err := p.client.Get(ctx, p.simulator.token(), elections+"/"+path+"/"+r.code, nil, p.position.Load(), into); err != nil {
			return err
		}
	}
	held, here := map[string]int64{}, map[string]int64{}
	for _, h := range custody.Holders {
		for state, n := range h.Boxes {
			held[state] += n
			if h.Level == "stations" && state == "at_station" { // what was seized there is in no state that says where
				here[h.Place] += n
			}
		}
	}
	p.counts(v, r, "boxes held", r.boxesByState(), held)
	p.counts(v, r, "boxes held by stations of", r.boxesAtStations(), here)
	for _, d := range deadlines.Deadlines {
		if d.Receipts != nil {
			v.differ(r.code, "late by the deadline board", strconv.FormatInt(late, 10), strconv.FormatInt(d.Receipts.Late, 10))
		}
	}
	claimed := map[string]int64{}
	for _, s := range claims.Suppliers {
		for item, n := range s.Items {
			claimed[item] += n.Claimed
		}
	}
	want := map[string]int64{}
	for item, tally := range r.items {
		want[item] = tally.claimed
	}
	p.counts(v, r, "claimed by the board of claims", want, claimed)
	return nil
}

// boxesAtStations counts the boxes that crews hold, by the district of their stations.
func (r *regency) boxesAtStations() map[string]int64 {
	counts := map[string]int64{}
	for _, st := range r.stations {
		for t := range types {
			if r.stateOf(st, t) == atStation {
				counts[strings.Clone(st.code[:6])]++
			}
		}
	}
	return counts
}
