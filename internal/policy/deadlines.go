package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/command"
)

// deadlines is the clock: when a deadline has passed it tells every district of every regency that goes by reference data with this deadline.
type deadlines struct {
	catalog command.Catalog
	moments
}

type moments struct {
	Waiting map[moment]time.Time // not yet told
	Told    map[moment]bool
}

// moment is a deadline of a district.
type moment struct {
	Election, Deadline string
	Area               domain.Code
}

func newDeadlines(catalog command.Catalog) *deadlines {
	return &deadlines{catalog: catalog, moments: moments{Waiting: map[moment]time.Time{}, Told: map[moment]bool{}}}
}

func (d *deadlines) fold() any { return &d.moments }

func (*deadlines) name() string { return "deadlines" }

func (*deadlines) types() []string { return []string{"unit.reference_adopted", "deadline.passed"} }

func (d *deadlines) observe(ctx context.Context, rec *eventstore.Record) ([]order, error) {
	election, unit, event, err := decoded(rec)
	if err != nil {
		return nil, err
	}
	switch e := event.Event.(type) {
	case *ledger.ReferenceAdopted:
		return nil, d.adopt(ctx, election, unit, e.Version, event.Meta.RecordedAt)
	case *deadline.Passed:
		d.tell(moment{election, e.Deadline, e.Area})
	}
	return nil, nil
}

// adopt notes the deadlines of a regency's districts that lie ahead when it adopts a version: that a ledger was silent before it was there says
// nothing. A later version may move a deadline that has not passed.
func (d *deadlines) adopt(ctx context.Context, election string, unit domain.Code, version string, when time.Time) error {
	if unit.Level() != domain.Regency {
		return nil
	}
	ref, known := d.catalog.Reference(election, version)
	if !known { // another server may have imported it
		if err := d.catalog.Refresh(ctx, election); err != nil {
			return err
		}
		if ref, known = d.catalog.Reference(election, version); !known {
			return fmt.Errorf("unit %s goes by reference data %s of %s, which is not in the log", unit, version, election)
		}
	}
	maps.DeleteFunc(d.Waiting, func(m moment, at time.Time) bool {
		return m.Election == election && unit.Covers(m.Area) && at.After(when)
	})
	for _, passing := range ref.Deadlines {
		for _, district := range ref.Children[unit] {
			if m := (moment{election, passing.ID, district}); passing.At.After(when) && !d.Told[m] {
				d.Waiting[m] = passing.At
			}
		}
	}
	return nil
}

func (d *deadlines) tell(m moment) {
	delete(d.Waiting, m)
	d.Told[m] = true
}

func (d *deadlines) due(now time.Time) (orders []order, next time.Time) {
	for _, m := range sortedMoments(d.Waiting) {
		at := d.Waiting[m]
		if at.After(now) {
			if next.IsZero() || at.Before(next) {
				next = at
			}
			continue
		}
		d.tell(m)
		orders = append(orders, order{
			election: m.Election, unit: m.Area.Up(domain.Regency), key: m.Deadline + "|" + string(m.Area), occurred: at,
			data: &deadline.Pass{Deadline: m.Deadline, Area: m.Area},
		})
	}
	return orders, next
}

func sortedMoments(all map[moment]time.Time) []moment {
	return slices.SortedFunc(maps.Keys(all), func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.Election, b.Election), all[a].Compare(all[b]), cmp.Compare(a.Deadline, b.Deadline), cmp.Compare(a.Area, b.Area))
	})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
