package httpapi

import (
	"context"
	"time"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
)

// registerQueries registers the read models.
func (s *Server) registerQueries() {
	get(s, "/v1/elections", "list-elections", "The elections", "queries", s.listElections)
	get(s, "/v1/elections/{election}", "get-election", "An election", "queries", s.getElection)
}

func (s *Server) listElections(ctx context.Context, in *asked) (*reply[[]api.Election], error) {
	if err := s.may(ctx, access.Elections); err != nil {
		return nil, err
	}
	if err := in.refuse(); err != nil {
		return nil, err
	}
	list := []api.Election{}
	var head eventstore.Position
	for _, id := range s.cfg.Ledgers.Elections() {
		e, at, err := s.election(ctx, id, *in)
		if err != nil {
			return nil, err
		}
		list, head = append(list, e), max(head, at)
	}
	return answer(s, *in, head, list)
}

func (s *Server) getElection(ctx context.Context, in *inElection) (*reply[api.Election], error) {
	if err := s.may(ctx, access.Elections); err != nil {
		return nil, err
	}
	if err := in.refuse(); err != nil {
		return nil, err
	}
	e, at, err := s.election(ctx, in.Election, in.asked)
	if err != nil {
		return nil, err
	}
	return answer(s, in.asked, at, e)
}

// election shows an election as its province sees it.
func (s *Server) election(ctx context.Context, id string, a asked) (api.Election, eventstore.Position, error) {
	units, err := s.units(id)
	if err != nil {
		return api.Election{}, 0, err
	}
	e := api.Election{ID: id, Province: string(units[0]), Units: len(units), BallotTypes: []string{}, Simulated: s.cfg.Clock.Simulated()}
	var position eventstore.Position
	err = s.view(ctx, id, units[0], a, func(st *ledger.State, at eventstore.Position) {
		position = at
		if ref := st.Reference(); ref != nil {
			describe(&e, ref, units[0])
		}
	})
	return e, position, err
}

func describe(e *api.Election, ref *election.Reference, province domain.Code) {
	e.Name, e.Reference, e.VotersDerived = ref.Name, ref.Version, ref.VotersDerived
	e.VotingDay = ref.VotingDay.Format(time.DateOnly)
	e.Stations = ref.Regions[province].StationCount
	for _, t := range ref.BallotTypes {
		e.BallotTypes = append(e.BallotTypes, t.ID)
	}
}
