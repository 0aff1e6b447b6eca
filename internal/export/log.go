// Package export writes what a log holds for others: EPCIS documents for machines, tables for people. It folds one ledger after the other, so that
// what is in memory is the ledger of one unit and never the log. People appear as ids only: their names are in people.db, which is not opened here.
package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/refold"
)

// Log is what is exported. Store and Catalog belong together.
type Log struct {
	Store   eventstore.Store
	Catalog command.Catalog
	// Progress is told of every unit and now and then of the records read; nil for nobody.
	Progress func(unit domain.Code, done uint64)
}

// Choice is what of the log. Times are the server's (recorded_at).
type Choice struct {
	Election string
	Units    []domain.Code // none: all that the election has
	From     time.Time     // records from then on; the zero time: from the first
	To       time.Time     // nothing that was recorded then or later, as if the log ended there; the zero time: to the end
}

// has tells whether a record is one of those to be shown.
func (c Choice) has(recorded time.Time) bool { return c.From.IsZero() || !recorded.Before(c.From) }

// ended tells whether the log is to end before a record.
func (c Choice) ended(recorded time.Time) bool { return !c.To.IsZero() && !recorded.Before(c.To) }

// Summary is what an export has written.
type Summary struct {
	Units   int                 `json:"units"`   // that have a ledger
	Records uint64              `json:"records"` // of the log that were chosen
	Written uint64              `json:"written"` // EPCIS events, or rows of tables
	Last    eventstore.Position `json:"last"`    // position of the newest record that counts, 0 for none
	LastAt  time.Time           `json:"-"`       // when it was recorded
	// Unreadable are why units are not whole: a record of theirs that this program cannot read. What comes after it is not there, nor how the unit stands.
	Unreadable []string `json:"unreadable,omitempty"`
}

// units are the chosen units, by code.
func (l Log) units(ctx context.Context, c Choice) ([]domain.Code, error) {
	if err := l.Catalog.Refresh(ctx, c.Election); err != nil {
		return nil, fmt.Errorf("read the reference data of %s: %w", c.Election, err)
	}
	all := l.Catalog.Units(c.Election)
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no election %s in this log", c.Election)
	}
	for _, unit := range c.Units {
		if !slices.Contains(all, unit) {
			return nil, fmt.Errorf("%s is no unit of %s: give a province or regency such as %s", unit, c.Election, all[len(all)-1])
		}
	}
	if len(c.Units) > 0 {
		all = slices.Clone(c.Units)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// told is how often progress is told within a ledger.
const told = 2000

// fold folds the chosen ledgers one by one. each is told of every record, with chosen saying whether it is to be shown; end of every ledger that has
// records, with its state as it is at the end. Both may be nil. Nothing of a ledger is kept after it.
func (l Log) fold(ctx context.Context, c Choice, each func(step refold.Step, chosen bool) error, end func(*ledger.State, eventstore.Position) error) (s Summary, err error) {
	units, err := l.units(ctx, c)
	if err != nil {
		return s, err
	}
	source := refold.Source{Store: until{l.Store, c}, Catalog: l.Catalog}
	done := uint64(0)
	for _, unit := range units {
		l.tell(unit, done)
		state, last := source.New(c.Election, unit), eventstore.Position(0)
		err := source.Fold(ctx, state, func(step refold.Step) (bool, error) {
			if done++; done%told == 0 {
				l.tell(unit, done)
			}
			last = step.Record.Position
			chosen := c.has(step.Record.RecordedAt)
			s.count(step.Record, chosen)
			if each == nil {
				return true, nil
			}
			return true, each(step, chosen)
		})
		if record := new(journal.UnreadableError); errors.As(err, &record) {
			s.Units++
			s.Unreadable = append(s.Unreadable, record.Error())
			continue
		}
		if err != nil {
			return s, err
		}
		if state.Version == 0 {
			continue
		}
		s.Units++
		if end != nil {
			if err := end(state, last); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func (s *Summary) count(rec *eventstore.Record, chosen bool) {
	s.Last = max(s.Last, rec.Position)
	if rec.RecordedAt.After(s.LastAt) {
		s.LastAt = rec.RecordedAt
	}
	if chosen {
		s.Records++
	}
}

func (l Log) tell(unit domain.Code, done uint64) {
	if l.Progress != nil {
		l.Progress(unit, done)
	}
}

func position(p eventstore.Position) string { return strconv.FormatUint(uint64(p), 10) }
