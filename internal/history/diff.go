package history

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
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
	k, err := h.reach(ctx, election, unit, from, begin)
	changes := []form.FigureChange{}
	if err == nil && k.state.Version < end.Version {
		a := newAccount(figuresOf(k.state, begin.Position), figure)
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
	var believed figures
	b := form.Believed{At: stamp(at), Position: uint64(place.Position), Ahead: []form.FigureEvent{}, Simulated: h.cfg.Simulated}
	err = h.State(ctx, election, unit, known, func(s *ledger.State, at eventstore.Position) error {
		row := projections.Regency(s, at)
		b.Code, b.Name = row.Code, row.Name
		believed = figuresOf(s, at)
		return nil
	})
	if err != nil {
		return b, err
	}
	t := turn{election, unit}
	if err := h.begin(ctx, t); err != nil {
		return b, err
	}
	defer h.end(t)
	truth, a, err := h.truth(ctx, election, unit, at, place, figure, &b)
	if err != nil {
		return b, fmt.Errorf("what was true of %s in %s at %s: %w", unit, election, stamp(at), err)
	}
	b.Figures = differences(believed, truth, a, figure)
	return b, nil
}

// truth folds what had occurred, first what was recorded by then and after it what was told later, whose effects it accounts for.
func (h *History) truth(ctx context.Context, election string, unit domain.Code, at time.Time, place Place, figure string, b *form.Believed) (figures, *account, error) {
	stream := journal.LedgerStream(election, unit)
	head, position, err := h.cfg.Store.StreamHead(ctx, stream)
	if err != nil {
		return nil, nil, err
	}
	b.Head = uint64(position)
	state, c := h.source.New(election, unit), h.choose(stream, at, uint64(head))
	var a *account
	err = h.source.FoldChosen(ctx, state, h.cfg.Store.Read(ctx, stream, 0), func(step refold.Step) (refold.Choice, error) {
		if step.Event.Version > place.Version && a == nil {
			a = newAccount(figuresOf(state, place.Position), figure)
		}
		choice, err := c.choose(ctx, step)
		if choice == refold.Leave && step.Event.Version <= place.Version {
			b.Ahead = append(b.Ahead, eventOf(step))
		}
		return choice, err
	}, func(step refold.Step) error {
		if a != nil {
			b.Late++
			a.step(step)
		}
		return ctx.Err()
	})
	if a == nil {
		a = newAccount(nil, figure)
	}
	if err == nil {
		err = noFigure(state, figure)
	}
	return figuresOf(state, position), a, err
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
