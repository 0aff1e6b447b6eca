package history

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/projections"
	"jejak/projections/form"
)

// stamp is how read models write a moment.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Diff says what changed in a unit's figures between two cuts on the recorded clock or at positions, and at which events. figure is the name of one
// of which all is wanted, "" for all of which a little is; a name that no figure has is a *Fault.
func (h *History) Diff(ctx context.Context, election string, unit domain.Code, from, to Cut, figure string) (form.Diff, error) {
	begin, err := h.Locate(ctx, election, unit, from)
	if err != nil {
		return form.Diff{}, inField(err, "from")
	}
	end, err := h.Locate(ctx, election, unit, to)
	if err != nil {
		return form.Diff{}, inField(err, "to")
	}
	if end.Version < begin.Version {
		return form.Diff{}, &Fault{Field: "to", ID: "to lebih awal daripada from", EN: "to is before from", FixID: "tukar keduanya", Fix: "exchange them"}
	}
	t := turn{election, unit}
	if err := h.begin(ctx, t); err != nil {
		return form.Diff{}, err
	}
	defer h.end(t)
	k, err := h.reach(ctx, t, from, begin, true)
	changes := []form.FigureChange{}
	if err == nil && k.state.Version < end.Version {
		a := newAccount(projections.Regency(k.state, begin.Position), figure)
		err = h.source.Fold(ctx, k.state, func(step refold.Step) (bool, error) {
			a.step(step)
			return step.State.Version < end.Version, ctx.Err()
		})
		changes = a.changes()
	}
	if err == nil {
		err = noFigure(k.state, figure)
	}
	if err != nil {
		return form.Diff{}, fmt.Errorf("what changed in %s of %s between %s and %s: %w", unit, election, from, to, err)
	}
	d := diffOf(k.state, begin, end, changes)
	d.Simulated = h.cfg.Simulated
	h.keep(k)
	return d, nil
}

func diffOf(s *ledger.State, begin, end Place, changes []form.FigureChange) form.Diff {
	row := projections.Regency(s, end.Position)
	return form.Diff{
		Code: row.Code, Name: row.Name, FromPosition: uint64(begin.Position), ToPosition: uint64(end.Position), Events: int(end.Version - begin.Version), Figures: changes,
	}
}

// inField names the parameter that a fault is about.
func inField(err error, field string) error {
	if f, ok := Asks(err); ok {
		named := *f
		named.Field = field
		return &named
	}
	return err
}

// Believed says what the figures of a unit said at a moment, on the recorded clock, against what had occurred by then, and which events, told later,
// make the difference. figure is as in Diff.
func (h *History) Believed(ctx context.Context, election string, unit domain.Code, at time.Time, figure string) (form.Believed, error) {
	known := Cut{Clock: Recorded, At: at}
	place, err := h.Locate(ctx, election, unit, known)
	if err != nil {
		return form.Believed{}, inField(err, "at")
	}
	t := turn{election, unit}
	if err := h.begin(ctx, t); err != nil {
		return form.Believed{}, err
	}
	defer h.end(t)
	b, err := h.believed(ctx, t, at, place, figure)
	if err != nil {
		return b, fmt.Errorf("what was believed of %s in %s at %s, and what was true: %w", unit, election, stamp(at), err)
	}
	return b, nil
}

// believed folds what was known at a place, and goes on from there with what had occurred by then and was told later, whose effects it accounts for.
func (h *History) believed(ctx context.Context, of turn, at time.Time, place Place, figure string) (form.Believed, error) {
	b := form.Believed{At: stamp(at), Position: uint64(place.Position), Ahead: []form.FigureEvent{}, Simulated: h.cfg.Simulated}
	stream := journal.LedgerStream(of.election, of.unit)
	head, position, err := h.cfg.Store.StreamHead(ctx, stream)
	if err != nil {
		return b, err
	}
	b.Head = uint64(position)
	k, err := h.reach(ctx, of, Cut{Clock: Recorded, At: at}, place, true)
	if err != nil {
		return b, err
	}
	defer func() { h.keep(k) }()
	row := projections.Regency(k.state, place.Position)
	b.Code, b.Name = row.Code, row.Name
	believed := figuresOf(k.state, place.Position)
	times := h.timesOf(of)
	defer h.trimTimes(of)
	if err := h.learn(ctx, of, times, uint64(head)); err != nil {
		return b, err
	}
	moment := instantOf(at)
	state, first := k.state.Clone(), times.firstLeft(moment)
	if first <= place.Version { // something that was known had not occurred
		if b.Ahead, err = h.left(ctx, times, stream, place.Version, moment); err != nil {
			return b, err
		}
		from, err := h.recorded(ctx, of, first-1, false)
		if err != nil {
			return b, err
		}
		state = from.Clone()
		h.keep(&kept{turn: of, state: from})
		if err := h.foldPicked(ctx, state, times.taken(state.Version, place.Version, moment), nil); err != nil {
			return b, err
		}
	}
	a := newAccount(projections.Regency(state, place.Position), figure)
	late := times.taken(place.Version, uint64(head), moment)
	b.Late = len(late)
	err = h.foldPicked(ctx, state, late, func(step refold.Step) error {
		a.step(step)
		return ctx.Err()
	})
	if err != nil {
		return b, err
	}
	if err := noFigure(state, figure); err != nil {
		return b, err
	}
	b.Figures = differences(believed, figuresOf(state, position), a, figure)
	return b, nil
}

// foldPicked folds some versions of a ledger's events into a state.
func (h *History) foldPicked(ctx context.Context, state *ledger.State, versions []uint64, each func(refold.Step) error) error {
	all := func(refold.Step) (refold.Choice, error) { return refold.Take, nil }
	return h.source.FoldChosen(ctx, state, h.pick(ctx, journal.LedgerStream(state.Election, state.Unit), versions, passOver), all, each)
}

// left are the events up to a version that had not occurred by a moment.
func (h *History) left(ctx context.Context, t *times, stream string, upTo uint64, at instant) ([]form.FigureEvent, error) {
	var versions []uint64
	for v := uint64(1); v <= upTo; v++ {
		if !t.had(v, at) {
			versions = append(versions, v)
		}
	}
	events := []form.FigureEvent{}
	for rec, err := range h.pick(ctx, stream, versions, near) {
		if err != nil {
			return nil, err
		}
		event, err := journal.Decode(&rec, ledger.NewEventOf)
		if err != nil {
			return nil, err
		}
		events = append(events, eventOf(refold.Step{Record: &rec, Event: event}))
	}
	return events, nil
}

func differences(believed, truth figures, a *account, figure string) []form.FigureDifference {
	names := map[string]bool{}
	for _, f := range []figures{believed, truth} {
		for name := range f {
			names[name] = true
		}
	}
	list := []form.FigureDifference{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if believed[name] == truth[name] || figure != "" && name != figure {
			continue
		}
		d := form.FigureDifference{Figure: name, Believed: believed[name], True: truth[name], Types: map[string]int{}, Events: []form.FigureEvent{}}
		if c := a.by[name]; c != nil {
			d.Changes, d.Types, d.Events = c.Changes, c.Types, c.Events
		}
		list = append(list, d)
	}
	return list
}
