package history

import (
	"maps"
	"slices"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/refold"
	"jejak/projections"
	"jejak/projections/form"
)

// figures are the numbers of a regency's row by name, such as boxes.sealed; one that is not there is 0. What is a word in the row is a number of things
// here: plan.approved is 1 while the plan is approved.
type figures map[string]int64

func figuresOf(s *ledger.State, at eventstore.Position) figures {
	row := projections.Regency(s, at)
	f := make(figures, 8*len(row.Items)+64)
	for item, r := range row.Items {
		name := "items." + item
		if r.Need != nil {
			f[name+".need"] = *r.Need
		}
		f[name+".ordered"], f[name+".announced"], f[name+".received"] = r.Ordered, r.Announced, r.Received
		f[name+".damaged"], f[name+".claimed"], f[name+".packed"] = r.Damaged, r.Claimed, r.Packed
	}
	for group, counts := range map[string]map[string]int64{"boxes": row.Boxes, "stations": row.Stations, "shipments": row.Shipments, "discrepancies": row.Discrepancies} {
		for name, n := range counts {
			f[group+"."+name] = n
		}
	}
	f["budget.ceiling"], f["budget.committed"] = row.Budget.Ceiling, row.Budget.Committed
	f["budget.accepted"], f["budget.paid"] = row.Budget.Accepted, row.Budget.Paid
	for group, state := range row.Supporting {
		f["supporting."+group+"."+state] = 1
	}
	f["plan."+row.Plan] = 1
	return f
}

// few events of a figure are shown where the figure is not asked for by name.
const few = 5

// account is which events changed which figures.
type account struct {
	figure string // all of whose events are wanted; "" for none
	now    form.RegencyRow
	by     map[string]*form.FigureChange
}

func newAccount(begin form.RegencyRow, figure string) *account {
	return &account{figure: figure, now: begin, by: map[string]*form.FigureChange{}}
}

// step notes what an event changed.
func (a *account) step(step refold.Step) {
	next := projections.Regency(step.State, step.Record.Position)
	changed(&a.now, &next, func(name string, from, to int64) { a.note(name, from, to, step) })
	a.now = next
}

// changed calls note for every figure that two rows differ in: for what figuresOf has of them, without naming what is alike, which nearly everything is.
func changed(from, to *form.RegencyRow, note func(name string, from, to int64)) {
	differ := func(group, name string, from, to int64) {
		if from != to {
			note(group+"."+name, from, to)
		}
	}
	need := func(i form.ItemRow) int64 {
		if i.Need == nil {
			return 0
		}
		return *i.Need
	}
	bothKeys(from.Items, to.Items, func(item string) {
		p, q := from.Items[item], to.Items[item]
		n, m := need(p), need(q)
		if p.Need, q.Need = nil, nil; n == m && p == q {
			return
		}
		group := "items." + item
		differ(group, "need", n, m)
		differ(group, "ordered", p.Ordered, q.Ordered)
		differ(group, "announced", p.Announced, q.Announced)
		differ(group, "received", p.Received, q.Received)
		differ(group, "damaged", p.Damaged, q.Damaged)
		differ(group, "claimed", p.Claimed, q.Claimed)
		differ(group, "packed", p.Packed, q.Packed)
	})
	counts := func(group string, p, q map[string]int64) {
		bothKeys(p, q, func(name string) { differ(group, name, p[name], q[name]) })
	}
	counts("boxes", from.Boxes, to.Boxes)
	counts("stations", from.Stations, to.Stations)
	counts("shipments", from.Shipments, to.Shipments)
	counts("discrepancies", from.Discrepancies, to.Discrepancies)
	differ("budget", "ceiling", from.Budget.Ceiling, to.Budget.Ceiling)
	differ("budget", "committed", from.Budget.Committed, to.Budget.Committed)
	differ("budget", "accepted", from.Budget.Accepted, to.Budget.Accepted)
	differ("budget", "paid", from.Budget.Paid, to.Budget.Paid)
	word := func(group, p, q string, had, has bool) {
		if p == q && had == has {
			return
		}
		if had {
			note(group+"."+p, 1, 0)
		}
		if has {
			note(group+"."+q, 0, 1)
		}
	}
	bothKeys(from.Supporting, to.Supporting, func(group string) {
		p, had := from.Supporting[group]
		q, has := to.Supporting[group]
		word("supporting."+group, p, q, had, has)
	})
	word("plan", from.Plan, to.Plan, true, true)
}

// bothKeys calls do for the keys of two maps, each once.
func bothKeys[V any](a, b map[string]V, do func(key string)) {
	for key := range a {
		do(key)
	}
	for key := range b {
		if _, done := a[key]; !done {
			do(key)
		}
	}
}

func (a *account) note(name string, from, to int64, step refold.Step) {
	c := a.by[name]
	if c == nil {
		c = &form.FigureChange{Figure: name, From: from, Types: map[string]int{}}
		a.by[name] = c
	}
	c.To = to
	c.Changes++
	c.Types[step.Record.Type]++
	if len(c.Events) < few || name == a.figure {
		e := eventOf(step)
		e.From, e.To = from, to
		c.Events = append(c.Events, e)
	}
}

func eventOf(step refold.Step) form.FigureEvent {
	return form.FigureEvent{
		Event: step.Record.ID.String(), Type: step.Record.Type, Position: uint64(step.Record.Position), Version: uint64(step.Record.Version),
		OccurredAt: stamp(step.Event.Meta.OccurredAt), RecordedAt: stamp(step.Record.RecordedAt),
	}
}

// changes are what was noted, by name; of the one figure alone where one is asked for.
func (a *account) changes() []form.FigureChange {
	list := []form.FigureChange{}
	for _, name := range slices.Sorted(maps.Keys(a.by)) {
		if a.figure == "" || name == a.figure {
			list = append(list, *a.by[name])
		}
	}
	return list
}
