package simulation

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jejak/internal/api"
)

const elections = "/v1/elections/" + electionID

// judge compares the truth with what the server answers, when all that follows from the acts is there.
func (p *play) judge(ctx context.Context) (*Verdict, error) {
	if err := p.settle(ctx); err != nil {
		return nil, err
	}
	return p.compare(ctx)
}

// settleLimit is when a server that has not recorded what follows is taken for one that never will: the whole province's deadlines take it
// seconds, and minutes under the race detector.
const settleLimit = 15 * time.Minute

// settle waits until the server has recorded all that follows from its clock's time and from what was sent.
func (p *play) settle(ctx context.Context) error {
	for began := time.Now(); ; {
		settled, err := p.client.Settled(ctx, p.simulator.token())
		if err != nil || settled {
			return err
		}
		if time.Since(began) > settleLimit {
			return fmt.Errorf("the server has not recorded what follows from its time in %s: a policy stands still, and its log says why", settleLimit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *play) compare(ctx context.Context) (*Verdict, error) {
	v := &Verdict{
		Seed: p.config.Seed, Acts: p.acts.Load(), Rejected: p.rejected.Load(), Injected: map[string]int{}, Found: map[string]int{},
		Missing: []Finding{}, FalseAlarms: []Finding{}, Mismatches: []Mismatch{}, Surprises: []string{},
	}
	p.mu.Lock()
	v.Surprises, v.SurprisesCount = append(v.Surprises, p.surprises...), p.surprised
	p.mu.Unlock()
	full := map[*regency]bool{}
	for _, r := range p.scope {
		full[r] = true
		v.Regencies = append(v.Regencies, r.code)
	}
	for _, r := range p.world.regencies {
		if err := p.compareRow(ctx, v, r); err != nil {
			return nil, err
		}
		if err := p.compareFindings(ctx, v, r); err != nil {
			return nil, err
		}
		if full[r] {
			if err := p.sample(ctx, v, r); err != nil {
				return nil, err
			}
		}
	}
	v.settle()
	return v, nil
}

// compareRow compares every figure of a regency's row.
func (p *play) compareRow(ctx context.Context, v *Verdict, r *regency) error {
	var row api.RegencyRow
	if _, err := p.client.Get(ctx, p.simulator.token(), elections+"/regencies/"+r.code, nil, p.position.Load(), &row); err != nil {
		return err
	}
	v.Position = max(v.Position, row.Position)
	num := func(what string, want, got int64) {
		v.differ(r.code, what, strconv.FormatInt(want, 10), strconv.FormatInt(got, 10))
	}
	for _, group := range groups {
		v.differ(r.code, "supporting "+group, r.groups[group], row.Supporting[group])
	}
	v.differ(r.code, "plan", r.plan, row.Plan)
	for _, item := range slices.Sorted(maps.Keys(r.items)) {
		want, got := r.items[item], row.Items[item]
		if got.Need == nil {
			v.differ(r.code, item+" need", strconv.FormatInt(want.need, 10), "unknown")
		} else {
			num(item+" need", want.need, *got.Need)
		}
		num(item+" ordered", want.ordered, got.Ordered)
		num(item+" announced", want.announced, got.Announced)
		num(item+" received", want.received, got.Received)
		num(item+" damaged", want.damaged, got.Damaged)
		num(item+" claimed", want.claimed, got.Claimed)
		num(item+" packed", want.packed, got.Packed)
	}
	num("budget ceiling", r.budget.ceiling, row.Budget.Ceiling)
	num("budget committed", r.budget.committed, row.Budget.Committed)
	num("budget accepted", r.budget.accepted, row.Budget.Accepted)
	num("budget paid", r.budget.paid, row.Budget.Paid)
	p.counts(v, r, "boxes", r.boxesByState(), row.Boxes)
	p.counts(v, r, "stations", r.stationsByState(), row.Stations)
	trips := map[string]int64{}
	for _, state := range r.shipments {
		trips[state]++
	}
	p.counts(v, r, "shipments", trips, row.Shipments)
	byKind := map[string]int64{}
	for f, n := range r.findings {
		kind, _, _ := strings.Cut(f, "|")
		byKind[kind] += int64(n)
	}
	p.counts(v, r, "discrepancies", byKind, row.Discrepancies)
	return p.compareBoards(ctx, v, r, byKind["late"])
}

// counts compares two tables of counts; what is in neither is zero.
func (p *play) counts(v *Verdict, r *regency, what string, want, got map[string]int64) {
	names := slices.Sorted(maps.Keys(want))
	for name, n := range got {
		if _, ok := want[name]; !ok && n != 0 {
			names = append(names, name)
		}
	}
	for _, name := range names {
		v.differ(r.code, what+" "+name, strconv.FormatInt(want[name], 10), strconv.FormatInt(got[name], 10))
	}
}

func (r *regency) boxesByState() map[string]int64 {
	counts := map[string]int64{}
	for _, st := range r.stations {
		for t := range types {
			counts[boxStateNames[r.stateOf(st, t)]]++
		}
	}
	for _, b := range r.others {
		counts[boxStateNames[b.state]]++
	}
	return counts
}

// status of a station, by the truth: all boxes and the kit are there, or it is late.
func (r *regency) status(st *station) string {
	issue := r.issues[st.code]
	for b := range perStation {
		if r.stateOf(st, b) != atStation {
			return "late"
		}
		issue = issue || r.issues[st.unit(b)]
	}
	if issue {
		return "ready_with_issue"
	}
	return "ready"
}

func (r *regency) stationsByState() map[string]int64 {
	counts := map[string]int64{}
	for _, st := range r.stations {
		counts[r.status(st)]++
	}
	return counts
}

// pageSize is how many discrepancies are asked for at once.
const pageSize = 1000

// open reads the open discrepancies of a regency.
func (p *play) openDiscrepancies(ctx context.Context, r *regency) ([]api.DiscrepancyCard, error) {
	var all []api.DiscrepancyCard
	after := ""
	for {
		query := url.Values{"regency": {r.code}, "status": {"open"}, "limit": {strconv.Itoa(pageSize)}}
		if after != "" {
			query.Set("after", after)
		}
		var page []api.DiscrepancyCard
		if _, err := p.client.Get(ctx, p.simulator.token(), elections+"/discrepancies", query, 0, &page); err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageSize {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}

// compareFindings looks for every injected failure among the open discrepancies, and for a cause of each of them.
func (p *play) compareFindings(ctx context.Context, v *Verdict, r *regency) error {
	open, err := p.openDiscrepancies(ctx, r)
	if err != nil {
		return err
	}
	left := maps.Clone(r.findings)
	for f, n := range left {
		kind, _, _ := parts(f)
		v.Injected[kind] += n
	}
	for _, d := range open {
		f := finding(d.Kind, d.Quantity, d.Units...)
		if left[f] == 0 {
			v.alarm(Finding{Unit: r.code, Kind: d.Kind, Quantity: d.Quantity, Units: d.Units, Message: d.Rule + ": " + d.MessageEN})
			continue
		}
		left[f]--
		v.Found[d.Kind]++
	}
	for _, f := range slices.Sorted(maps.Keys(left)) {
		if left[f] == 0 {
			continue
		}
		kind, quantity, units := parts(f)
		v.miss(Finding{Unit: r.code, Kind: kind, Quantity: quantity, Units: units, Count: left[f]})
	}
	return nil
}

// sampled is how many stations of a regency are looked at one by one; small regencies are looked at whole.
const sampled = 60

// sample compares stations one by one: status, and state and holder of every box.
func (p *play) sample(ctx context.Context, v *Verdict, r *regency) error {
	list := slices.Clone(r.stations)
	if len(list) > 8*sampled {
		d := dice(p.config.Seed, "sample", r.code)
		d.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		slices.SortStableFunc(list, func(a, b *station) int { return min(int(b.fate), 1) - min(int(a.fate), 1) })
		// Half of them are stations where something went wrong.
		wrong := min(sampled/2, len(list))
		list = append(list[:wrong:wrong], list[len(list)-sampled/2:]...)
	}
	for _, st := range list {
		var card api.StationCard
		if _, err := p.client.Get(ctx, p.simulator.token(), elections+"/stations/"+st.code, nil, 0, &card); err != nil {
			return err
		}
		v.differ(r.code, "station "+st.code, r.status(st), card.State)
		got := map[string]string{}
		for _, b := range card.Boxes {
			got[b.Box] = b.State + " at " + b.Custody
		}
		if card.Kit != nil {
			got[card.Kit.Box] = card.Kit.State + " at " + card.Kit.Custody
		}
		for b := range perStation {
			state := r.stateOf(st, b)
			v.differ(r.code, "box "+st.unit(b), fmt.Sprintf("%s at %s", boxStateNames[state], r.holder(st, state)), got[st.unit(b)])
		}
	}
	return nil
}

// holder of a station's box in a state.
func (r *regency) holder(st *station, state boxState) string {
	switch state {
	case atStation, isSeized:
		return st.code
	case atVillage, isLost:
		return st.village.code
	case atDistrict:
		return st.village.district.code
	}
	return r.code
}
