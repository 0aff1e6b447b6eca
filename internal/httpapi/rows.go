package httpapi

import (
	"context"
	"encoding/json"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/people"
	"jejak/internal/views"
)

// Views keep rows that are made of ledgers.
type Views interface {
	// Row is the newest row of a view and unit, made of this log; ok is false for none.
	Row(view, election string, unit domain.Code) (row views.Row, ok bool)
	// Lag says how far each view is.
	Lag() []views.Lag
}

// model is a read model with one row a unit: kept in a view, or made of the ledger.
type model[T any] struct {
	view  string
	row   func(*ledger.State, eventstore.Position) T
	board func(*history.Board) T // of what was: nil where it is not on the board
	open  func(T) T              // the row for who does not see money; nil: there is none in it
}

// shown is how a row is shown to somebody, and what tells its bytes from those that others see, "" for nothing.
func (m model[T]) shown(user people.User) (show func(T) T, variant string) {
	if m.open == nil || access.SeesMoney(user.Role) {
		return func(row T) T { return row }, ""
	}
	return m.open, "without money"
}

// rowOf is the row of a unit as its ledger is now: the kept one when it has everything that the log has of the ledger, which need then not be
// loaded; else made of the ledger.
func rowOf[T any](ctx context.Context, s *Server, election string, unit domain.Code, a Asked, m model[T]) (row T, at eventstore.Position, err error) {
	if !a.cut().End() { // no view has it: a version of the past may have other events in it
		if m.board != nil {
			rows, positions, err := boardRows(ctx, s, election, []domain.Code{unit}, a, m)
			if err != nil {
				return row, 0, err
			}
			return rows[0], positions[0], nil
		}
		err = s.view(ctx, election, unit, a, func(st *ledger.State, reached eventstore.Position) { row, at = m.row(st, reached), reached })
		return row, at, err
	}
	if row, at, ok := keptRow(ctx, s, election, unit, a, m); ok {
		return row, at, nil
	}
	err = s.view(ctx, election, unit, a, func(st *ledger.State, reached eventstore.Position) {
		row, at = madeRow(s, st, reached, m), reached
	})
	return row, at, err
}

// boardRows are the rows of units as their ledgers were.
func boardRows[T any](ctx context.Context, s *Server, election string, units []domain.Code, a Asked, m model[T]) ([]T, []eventstore.Position, error) {
	boards, unreadable, err := s.boards(ctx, election, units, a)
	if err != nil {
		return nil, nil, err
	}
	rows, positions := make([]T, len(units)), make([]eventstore.Position, len(units))
	for i, b := range boards {
		if v, ok := command.Unreadable(unreadable[i]); ok {
			rows[i] = unreadableRow[T](units[i], v)
			continue
		}
		rows[i], positions[i] = m.board(b), b.Position
	}
	return rows, positions, nil
}

// keptRow is the row of a view, if it is at the head of the unit's ledger.
func keptRow[T any](ctx context.Context, s *Server, election string, unit domain.Code, a Asked, m model[T]) (row T, at eventstore.Position, ok bool) {
	if s.cfg.Views == nil || m.view == "" {
		return row, 0, false
	}
	kept, ok := s.cfg.Views.Row(m.view, election, unit)
	if !ok {
		return row, 0, false
	}
	// A log that does not answer must not use up the time in which the ledger, which is in memory, can.
	ctx, cancel := context.WithTimeout(ctx, s.fresh)
	defer cancel()
	if a.MinPosition > 0 {
		if head, err := s.cfg.Store.Head(ctx); err != nil || uint64(head) < a.MinPosition {
			return row, 0, false // the ledger waits for it
		}
	}
	version, position, err := s.cfg.Store.StreamHead(ctx, journal.LedgerStream(election, unit))
	if err != nil || uint64(version) != kept.Ledger || position != kept.At.Position {
		return row, 0, false
	}
	key := slot{election, unit, m.view}
	if made, there := s.rows.get(key, kept.Ledger); there {
		return made.(T), position, true
	}
	if err := json.Unmarshal(kept.Body, &row); err != nil {
		s.cfg.Telemetry.Log.Error("a kept row cannot be read; it is made of the ledger", "view", m.view, "election", election, "unit", unit, "cause", err)
		return row, 0, false
	}
	s.rows.put(key, kept.Ledger, row)
	return row, position, true
}

// madeRow is the row of a ledger; it is made once for each version.
func madeRow[T any](s *Server, st *ledger.State, at eventstore.Position, m model[T]) T {
	key := slot{st.Election, st.Unit, m.view}
	if m.view != "" {
		if row, ok := s.rows.get(key, st.Version); ok {
			return row.(T)
		}
	}
	row := m.row(st, at)
	if m.view != "" {
		s.rows.put(key, st.Version, row)
	}
	return row
}
