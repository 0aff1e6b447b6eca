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
	const election = "/v1/elections/{election}"
	get(s, election+"/regencies", "list-regencies", "The board: one row a regency", "queries", s.listRegencies)
	get(s, election+"/regencies/{code}", "get-regency", "The row of one regency, or of the province", "queries", s.getRegency)
	get(s, election+"/custody", "list-custody", "Who holds the boxes of each regency", "queries", s.listCustody)
	get(s, election+"/custody/{code}", "get-custody", "Who holds the boxes of one regency", "queries", s.getCustody)
	get(s, election+"/deadlines", "list-deadlines", "How each regency stands to the deadlines", "queries", s.listDeadlines)
	get(s, election+"/deadlines/{code}", "get-deadlines", "How one regency stands to the deadlines", "queries", s.getDeadlines)
	get(s, election+"/claims", "list-claims", "Claims to suppliers, of each regency", "queries", s.listClaims)
	get(s, election+"/claims/{code}", "get-claims", "Claims to suppliers, of one regency or the province", "queries", s.getClaims)
	get(s, election+"/seals/{seal}", "get-seal", "Which boxes carry or carried a seal number", "queries", s.getSeal)
	get(s, election+"/supporting", "list-supporting", "How far the supporting data of each regency is", "queries", s.listSupporting)
	get(s, election+"/plan/{code}", "get-plan", "Need plan of a unit", "queries", s.getPlan)
	get(s, election+"/stations/{station}", "get-station", "Card of a polling station", "queries", s.getStation)
	get(s, election+"/boxes/{box}", "get-box", "Timeline of a box or kit", "queries", s.getBox)
	get(s, election+"/shipments", "list-shipments", "Shipments", "queries", s.getShipments)
	get(s, election+"/shipments/{shipment}", "get-shipment", "A shipment with its boxes", "queries", s.getShipment)
	s.registerMinutes(election + "/handoffs/{handoff}/bast.pdf")
	get(s, election+"/discrepancies", "list-discrepancies", "Discrepancies and incidents", "queries", s.getDiscrepancies)
	get(s, election+"/approvals", "list-approvals", "What was approved and refused, and what waits for whom", "queries", s.getApprovals)
}

func (s *Server) listElections(ctx context.Context, in *Asked) (*reply[[]api.Election], error) {
	if err := s.may(ctx, access.Elections); err != nil {
		return nil, err
	}
	if err := in.refuse(); err != nil {
		return nil, err
	}
	list := []api.Election{}
	var positions []eventstore.Position
	for _, id := range s.cfg.Ledgers.Elections() {
		e, at, err := s.election(ctx, id, *in)
		if err != nil {
			return nil, err
		}
		list, positions = append(list, e), append(positions, at)
	}
	return answer(s, *in, list, positions...)
}

func (s *Server) getElection(ctx context.Context, in *InElection) (*reply[api.Election], error) {
	if err := s.may(ctx, access.Elections); err != nil {
		return nil, err
	}
	if err := in.refuse(); err != nil {
		return nil, err
	}
	e, at, err := s.election(ctx, in.Election, in.Asked)
	if err != nil {
		return nil, err
	}
	return answer(s, in.Asked, e, at)
}

// election shows an election as its province sees it.
func (s *Server) election(ctx context.Context, id string, a Asked) (api.Election, eventstore.Position, error) {
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
