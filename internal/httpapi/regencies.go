package httpapi

import (
	"context"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/projections"
)

// ofUnit is a query about one unit.
type ofUnit struct {
	InElection
	Code string `path:"code" doc:"Region code of a regency, or of the province."`
}

// listRegencies shows the board: one row a regency, those that the asker may see.
func (s *Server) listRegencies(ctx context.Context, in *InElection) (*reply[[]api.RegencyRow], error) {
	return listRows(ctx, s, in, access.Regency, s.regencyRow)
}

// getRegency shows one row, of the province too.
func (s *Server) getRegency(ctx context.Context, in *ofUnit) (*reply[api.RegencyRow], error) {
	return getRow(ctx, s, in, access.Regency, s.regencyRow)
}

// listSupporting shows how far the supporting data of each regency is.
func (s *Server) listSupporting(ctx context.Context, in *InElection) (*reply[[]api.SupportingRow], error) {
	return listRows(ctx, s, in, access.Supporting, s.supportingRow)
}

// getPlan shows the need plan of a unit.
func (s *Server) getPlan(ctx context.Context, in *ofUnit) (*reply[api.PlanCard], error) {
	return getRow(ctx, s, in, access.Plan, func(st *ledger.State, at eventstore.Position) api.PlanCard {
		card := projections.Plan(st, at)
		card.Simulated = s.cfg.Clock.Simulated()
		return card
	})
}

// regencyRow is the row of a ledger; it is made once for each version.
func (s *Server) regencyRow(st *ledger.State, at eventstore.Position) api.RegencyRow {
	key := slot{st.Election, st.Unit, "regency"}
	if row, ok := s.rows.get(key, st.Version); ok {
		return row.(api.RegencyRow)
	}
	row := projections.Regency(st, at)
	row.Simulated = s.cfg.Clock.Simulated()
	s.rows.put(key, st.Version, row)
	return row
}

func (s *Server) supportingRow(st *ledger.State, at eventstore.Position) api.SupportingRow {
	row := projections.Supporting(st, at)
	row.Simulated = s.cfg.Clock.Simulated()
	return row
}

// listRows makes a row of every regency that the asker may see, in the order of their codes.
func listRows[T any](ctx context.Context, s *Server, in *InElection, model access.Model, row func(*ledger.State, eventstore.Position) T) (*reply[[]T], error) {
	units, err := s.begin(ctx, in, model)
	if err != nil {
		return nil, err
	}
	user := userOf(ctx)
	view := access.Sees(user.Actor(), model)
	var seen []domain.Code
	for _, u := range units {
		if u.Level() == domain.Regency && access.Allows(view, user.Scope, u) {
			seen = append(seen, u)
		}
	}
	rows, positions := make([]T, len(seen)), make([]eventstore.Position, len(seen))
	errs := make([]error, len(seen))
	var all sync.WaitGroup
	for i, u := range seen {
		all.Go(func() {
			errs[i] = s.view(ctx, in.Election, u, in.Asked, func(st *ledger.State, at eventstore.Position) { rows[i], positions[i] = row(st, at), at })
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answer(s, in.Asked, rows, positions...)
}

// getRow makes the row of one unit.
func getRow[T any](ctx context.Context, s *Server, in *ofUnit, model access.Model, row func(*ledger.State, eventstore.Position) T) (*reply[T], error) {
	if _, err := s.begin(ctx, &in.InElection, model); err != nil {
		return nil, err
	}
	code := domain.Code(in.Code)
	if err := s.unit(in.Election, code); err != nil {
		return nil, err
	}
	if err := s.may(ctx, model, code); err != nil {
		return nil, err
	}
	var body T
	var position eventstore.Position
	err := s.view(ctx, in.Election, code, in.Asked, func(st *ledger.State, at eventstore.Position) { body, position = row(st, at), at })
	if err != nil {
		return nil, err
	}
	return answer(s, in.Asked, body, position)
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
