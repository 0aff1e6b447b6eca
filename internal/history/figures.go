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
	now    figures
	by     map[string]*form.FigureChange
}

func newAccount(begin figures, figure string) *account {
	return &account{figure: figure, now: begin, by: map[string]*form.FigureChange{}}
}

// step notes what an event changed.
func (a *account) step(step refold.Step) {
	next := figuresOf(step.State, step.Record.Position)
	for name, n := range next {
		if was := a.now[name]; was != n {
			a.note(name, was, n, step)
		}
	}
	for name, was := range a.now {
		if _, there := next[name]; !there && was != 0 {
			a.note(name, was, 0, step)
		}
	}
	a.now = next
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
