package httpapi

import (
	"context"
	"errors"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/views"
	"jejak/projections"
)

// ofUnit is a query about one unit.
type ofUnit struct {
	InElection
	Code string `path:"code" doc:"Region code of a regency, or of the province."`
}

// listRegencies shows the board: one row a regency, those that the asker may see.
func (s *Server) listRegencies(ctx context.Context, in *InElection) (*reply[[]api.RegencyRow], error) {
	return listRows(ctx, s, in, access.Regency, s.regencies())
}

// getRegency shows one row, of the province too.
func (s *Server) getRegency(ctx context.Context, in *ofUnit) (*reply[api.RegencyRow], error) {
	return getRow(ctx, s, in, access.Regency, s.regencies())
}

// listSupporting shows how far the supporting data of each regency is.
func (s *Server) listSupporting(ctx context.Context, in *InElection) (*reply[[]api.SupportingRow], error) {
	mark := func(row api.SupportingRow) api.SupportingRow {
		row.Simulated = s.cfg.Clock.Simulated()
		return row
	}
	return listRows(ctx, s, in, access.Supporting, model[api.SupportingRow]{
		row: func(st *ledger.State, at eventstore.Position) api.SupportingRow {
			return mark(projections.Supporting(st, at))
		},
		board: func(b *history.Board) api.SupportingRow { return mark(b.Supporting) },
	})
}

// getPlan shows the need plan of a unit.
func (s *Server) getPlan(ctx context.Context, in *ofUnit) (*reply[api.PlanCard], error) {
	return getRow(ctx, s, in, access.Plan, model[api.PlanCard]{row: func(st *ledger.State, at eventstore.Position) api.PlanCard {
		card := projections.Plan(st, at)
		card.Simulated = s.cfg.Clock.Simulated()
		return card
	}})
}

// regencies are the rows of the board.
func (s *Server) regencies() model[api.RegencyRow] {
	mark := func(row api.RegencyRow) api.RegencyRow {
		row.Simulated = s.cfg.Clock.Simulated()
		return row
	}
	return model[api.RegencyRow]{
		view: views.Regency,
		row: func(st *ledger.State, at eventstore.Position) api.RegencyRow {
			return mark(projections.Regency(st, at))
		},
		board: func(b *history.Board) api.RegencyRow { return mark(b.Regency) },
		open:  api.RegencyRow.WithoutMoney,
	}
}

// listRows makes a row of every regency that the asker may see, in the order of their codes.
func listRows[T any](ctx context.Context, s *Server, in *InElection, what access.Model, of model[T]) (*reply[[]T], error) {
	units, err := s.begin(ctx, in, what)
	if err != nil {
		return nil, err
	}
	user := userOf(ctx)
	view := access.Sees(user.Actor(), what)
	show, variant := of.shown(user)
	var seen []domain.Code
	for _, u := range units {
		if u.Level() == domain.Regency && access.Allows(view, user.Scope, u) {
			seen = append(seen, u)
		}
	}
	if !in.cut().End() && of.board != nil {
		rows, positions, err := boardRows(ctx, s, in.Election, seen, in.Asked, of)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			rows[i] = show(rows[i])
		}
		return answerAs(s, in.Asked, variant, rows, positions...)
	}
	rows, positions := make([]T, len(seen)), make([]eventstore.Position, len(seen))
	errs := make([]error, len(seen))
	var all sync.WaitGroup
	for i, u := range seen {
		all.Go(func() {
			var row T
			row, positions[i], errs[i] = rowOf(ctx, s, in.Election, u, in.Asked, of)
			rows[i] = show(row)
		})
	}
	all.Wait()
	for i, err := range errs {
		if why := new(unreadableUnit); errors.As(err, &why) {
			rows[i] = unreadableRow[T](seen[i], why.why)
		} else if err != nil {
			return nil, err
		}
	}
	return answerAs(s, in.Asked, variant, rows, positions...)
}

// getRow makes the row of one unit.
func getRow[T any](ctx context.Context, s *Server, in *ofUnit, what access.Model, of model[T]) (*reply[T], error) {
	if _, err := s.begin(ctx, &in.InElection, what); err != nil {
		return nil, err
	}
	code := domain.Code(in.Code)
	if err := s.unit(in.Election, code); err != nil {
		return nil, err
	}
	if err := s.may(ctx, what, code); err != nil {
		return nil, err
	}
	body, position, err := rowOf(ctx, s, in.Election, code, in.Asked, of)
	if err != nil {
		return nil, err
	}
	show, variant := of.shown(userOf(ctx))
	return answerAs(s, in.Asked, variant, show(body), position)
}

// begin is how every query of an election begins: may the role ask at all, is it asked for what is built, is there such an election.
func (s *Server) begin(ctx context.Context, in *InElection, model access.Model) ([]domain.Code, error) {
	if err := s.may(ctx, model); err != nil {
		return nil, err
	}
	if err := in.refuse(); err != nil {
		return nil, err
	}
	return s.units(in.Election)
}
