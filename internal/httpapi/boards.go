package httpapi

import (
	"context"
	"slices"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/trail"
	"jejak/internal/views"
	"jejak/projections"
)

func (s *Server) custody() model[api.CustodyRow] {
	mark := func(row api.CustodyRow) api.CustodyRow {
		row.Simulated = s.cfg.Clock.Simulated()
		return row
	}
	return model[api.CustodyRow]{
		view: views.Custody, row: func(st *ledger.State, at eventstore.Position) api.CustodyRow {
			return mark(projections.Custody(st, at))
		},
		board: func(b *history.Board) api.CustodyRow { return mark(b.Custody) },
	}
}

func (s *Server) deadlines() model[api.DeadlineRow] {
	mark := func(row api.DeadlineRow) api.DeadlineRow {
		row.Simulated = s.cfg.Clock.Simulated()
		return row
	}
	return model[api.DeadlineRow]{
		view: views.Deadlines, row: func(st *ledger.State, at eventstore.Position) api.DeadlineRow {
			return mark(projections.Deadlines(st, at))
		},
		board: func(b *history.Board) api.DeadlineRow { return mark(b.Deadlines) },
	}
}

func (s *Server) claims() model[api.ClaimsRow] {
	mark := func(row api.ClaimsRow) api.ClaimsRow {
		row.Simulated = s.cfg.Clock.Simulated()
		return row
	}
	return model[api.ClaimsRow]{
		view: views.Claims, row: func(st *ledger.State, at eventstore.Position) api.ClaimsRow { return mark(projections.Claims(st, at)) },
		board: func(b *history.Board) api.ClaimsRow { return mark(b.Claims) },
	}
}

// listCustody shows who holds what in each regency that the asker may see.
func (s *Server) listCustody(ctx context.Context, in *InElection) (*reply[[]api.CustodyRow], error) {
	return listRows(ctx, s, in, access.Custody, s.custody())
}

func (s *Server) getCustody(ctx context.Context, in *ofUnit) (*reply[api.CustodyRow], error) {
	return getRow(ctx, s, in, access.Custody, s.custody())
}

// listDeadlines shows how each regency that the asker may see stands to the deadlines.
func (s *Server) listDeadlines(ctx context.Context, in *InElection) (*reply[[]api.DeadlineRow], error) {
	return listRows(ctx, s, in, access.Deadlines, s.deadlines())
}

func (s *Server) getDeadlines(ctx context.Context, in *ofUnit) (*reply[api.DeadlineRow], error) {
	return getRow(ctx, s, in, access.Deadlines, s.deadlines())
}

// listClaims shows the claims of each regency that the asker may see.
func (s *Server) listClaims(ctx context.Context, in *InElection) (*reply[[]api.ClaimsRow], error) {
	return listRows(ctx, s, in, access.Claims, s.claims())
}

func (s *Server) getClaims(ctx context.Context, in *ofUnit) (*reply[api.ClaimsRow], error) {
	return getRow(ctx, s, in, access.Claims, s.claims())
}

type ofSeal struct {
	InElection
	Seal string `path:"seal" maxLength:"64" doc:"The number on the seal."`
}

// getSeal looks a seal number up in every ledger that the asker may see something of.
func (s *Server) getSeal(ctx context.Context, in *ofSeal) (*reply[api.SealCard], error) {
	units, err := s.begin(ctx, &in.InElection, access.Seals)
	if err != nil {
		return nil, err
	}
	units = slices.DeleteFunc(slices.Clone(units), func(u domain.Code) bool { return !s.hasPlaceIn(ctx, access.Seals, u) })
	uses, positions, errs := make([][]api.SealUse, len(units)), make([]eventstore.Position, len(units)), make([]error, len(units))
	var all sync.WaitGroup
	for i, u := range units {
		all.Go(func() {
			errs[i] = s.view(ctx, in.Election, u, in.Asked, func(st *ledger.State, at eventstore.Position) {
				uses[i], positions[i] = projections.SealUses(st, in.Seal), at
			}, trail.Thing{ID: in.Seal})
		})
	}
	all.Wait()
	var left leftOut
	for i, err := range errs {
		if err := left.out(units[i], err); err != nil {
			return nil, err
		}
	}
	card := api.SealCard{Seal: in.Seal, Uses: []api.SealUse{}, Simulated: s.cfg.Clock.Simulated()}
	user := userOf(ctx)
	view := access.Sees(user.Actor(), access.Seals)
	for _, of := range uses {
		for _, use := range of {
			if access.Allows(view, user.Scope, placeOf(use.Box)) {
				card.Uses = append(card.Uses, use)
			}
		}
	}
	r, err := answer(s, in.Asked, card, positions...)
	if err == nil {
		r.Unreadable = left.header()
	}
	return r, err
}
