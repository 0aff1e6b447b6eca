package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/projections"
)

// Page is what a list is asked with. The next page is in the header Link.
type Page struct {
	InElection
	Regency string `query:"regency" doc:"Only of this unit."`
	After   string `query:"after" doc:"Only what comes after this id."`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"500" doc:"At most so many, and at most 4 MiB."`
}

type listDiscrepancies struct {
	Page
	Kind   string `query:"kind" doc:"Only of this kind, such as short."`
	Status string `query:"status" enum:"open,explained,resolved" doc:"Only in this status."`
}

type listShipments struct {
	Page
	State string `query:"state" enum:"planned,loading,dispatched,delayed,arrived,cancelled" doc:"Only in this state."`
}

// getDiscrepancies lists discrepancies and incidents, unit by unit in the order of their ids.
func (s *Server) getDiscrepancies(ctx context.Context, in *listDiscrepancies) (*reply[[]api.DiscrepancyCard], error) {
	if in.Kind != "" && !slices.Contains(domain.Kinds(), domain.Kind(in.Kind)) {
		return nil, malformed(domain.RuleNotOneOf, "/query/kind", in.Kind, fmt.Sprint(domain.Kinds()))
	}
	user := userOf(ctx)
	view := access.Sees(user.Actor(), access.Discrepancies)
	q := projections.DiscrepancyQuery{Kind: in.Kind, Status: in.Status}
	if view == access.Within && domain.Code(user.Scope).Level() > domain.Regency {
		q.Concerns = func(units []string) bool {
			return slices.ContainsFunc(units, func(u string) bool { return access.Allows(view, user.Scope, placeOf(u)) })
		}
	}
	query := url.Values{"kind": {in.Kind}, "status": {in.Status}}
	return pageOf(ctx, s, &in.Page, access.Discrepancies, "discrepancies", query, func(st *ledger.State, _ eventstore.Position, after string, limit int) []api.DiscrepancyCard {
		q.After, q.Limit = after, limit
		cards := projections.Discrepancies(st, q)
		for i := range cards {
			cards[i].Simulated = s.cfg.Clock.Simulated()
		}
		return cards
	}, func(c api.DiscrepancyCard) string { return c.ID })
}

type listApprovals struct {
	Page
	State string `query:"state" enum:"waiting,in_force,used,refused,revoked" doc:"Only in this state; waiting: acts that are recorded and miss an approval."`
}

// getApprovals lists approvals, refusals and what waits for one, unit by unit as they were recorded. Who may read discrepancies may read them.
func (s *Server) getApprovals(ctx context.Context, in *listApprovals) (*reply[[]api.ApprovalCard], error) {
	user := userOf(ctx)
	view := access.Sees(user.Actor(), access.Discrepancies)
	q := projections.ApprovalQuery{State: in.State}
	if view == access.Within && domain.Code(user.Scope).Level() > domain.Regency {
		q.Sees = func(places []domain.Code) bool {
			return slices.ContainsFunc(places, func(p domain.Code) bool { return access.Allows(view, user.Scope, p) })
		}
	}
	query := url.Values{"state": {in.State}}
	return pageOf(ctx, s, &in.Page, access.Discrepancies, "approvals", query, func(st *ledger.State, _ eventstore.Position, after string, limit int) []api.ApprovalCard {
		q.After, q.Limit = after, limit
		cards := projections.Approvals(st, q)
		for i := range cards {
			cards[i].Simulated = s.cfg.Clock.Simulated()
		}
		return cards
	}, func(c api.ApprovalCard) string { return c.Number })
}

// placeOf is the place that a discrepancy's unit belongs to: a box to its destination, a code to itself, "" for others.
func placeOf(unit string) domain.Code {
	if id, err := domain.ParseBoxID(unit); err == nil {
		return id.Destination()
	}
	code, err := domain.ParseCode(unit)
	if err != nil {
		return ""
	}
	return code
}

// getShipments lists shipments, unit by unit in the order of their ids.
func (s *Server) getShipments(ctx context.Context, in *listShipments) (*reply[[]api.ShipmentCard], error) {
	q := projections.ShipmentQuery{State: in.State, Sees: s.seesShipment(ctx)}
	if view := access.Sees(userOf(ctx).Actor(), access.Shipment); !in.cut().End() && (view == access.Escorts || view == access.Touching || userOf(ctx).Role == domain.RoleCarrier) {
		now, err := s.shipmentsNow(ctx, in)
		if err != nil {
			return nil, err
		}
		then := q.Sees
		q.Sees = func(of projections.ShipmentSight) bool { return now[of.ID] && then(of) }
	}
	query := url.Values{"state": {in.State}}
	return pageOf(ctx, s, &in.Page, access.Shipment, "shipments", query, func(st *ledger.State, at eventstore.Position, after string, limit int) []api.ShipmentCard {
		q.After, q.Limit = after, limit
		cards := projections.Shipments(st, at, q)
		for i := range cards {
			cards[i].Simulated = s.cfg.Clock.Simulated()
		}
		return cards
	}, func(c api.ShipmentCard) string { return c.Shipment })
}

// listBytes is the most bytes of a page of a list.
const listBytes = 4 << 20

// fitting is how many of the first items are a page of at most so many bytes as JSON: one at least.
func fitting[T any](items []T, most int) int {
	size := 0
	for i := range items {
		text, err := json.Marshal(items[i])
		if err != nil {
			panic(err) // rows of texts and numbers
		}
		if size += len(text) + 1; size > most && i > 0 {
			return i
		}
	}
	return len(items)
}

// shipmentsNow are the ids of the shipments that the asker may see as they are now: those that he has no part in any more he does not see as they
// were either.
func (s *Server) shipmentsNow(ctx context.Context, in *listShipments) (map[string]bool, error) {
	units, err := s.begin(ctx, &in.InElection, access.Shipment)
	if err != nil {
		return nil, err
	}
	now := map[string]bool{}
	q := projections.ShipmentQuery{Sees: s.seesShipment(ctx)}
	for _, u := range units {
		if !s.hasPlaceIn(ctx, access.Shipment, u) || in.Regency != "" && in.Regency != string(u) {
			continue
		}
		if err := s.view(ctx, in.Election, u, Asked{}, func(st *ledger.State, at eventstore.Position) {
			for _, c := range projections.Shipments(st, at, q) {
				now[c.Shipment] = true
			}
		}); err != nil {
			return nil, err
		}
	}
	return now, nil
}

// pageOf collects a page from the ledgers of the units that the asker may see, from the unit of the last page's last id on.
func pageOf[T any](ctx context.Context, s *Server, in *Page, model access.Model, name string, query url.Values,
	list func(st *ledger.State, at eventstore.Position, after string, limit int) []T, id func(T) string) (*reply[[]T], error) {
	units, err := s.begin(ctx, &in.InElection, model)
	if err != nil {
		return nil, err
	}
	if in.Regency != "" {
		if err := s.unit(in.Election, domain.Code(in.Regency)); err != nil {
			return nil, err
		}
		if !s.hasPlaceIn(ctx, model, domain.Code(in.Regency)) {
			return nil, s.may(ctx, model, domain.Code(in.Regency))
		}
		units = []domain.Code{domain.Code(in.Regency)}
	}
	after := in.After
	if after != "" {
		if i := slices.Index(units, unitOfID(after)); i >= 0 {
			units = units[i:]
		}
	}
	items, positions := []T{}, []eventstore.Position{}
	more, left := false, leftOut{alone: in.Regency != ""}
	for _, u := range units {
		if !s.hasPlaceIn(ctx, model, u) {
			continue
		}
		last := ""
		if u == unitOfID(after) {
			last = after
		}
		err := s.view(ctx, in.Election, u, in.Asked, func(st *ledger.State, at eventstore.Position) {
			items = append(items, list(st, at, last, in.Limit+1-len(items))...)
			positions = append(positions, at)
		})
		if err := left.out(u, err); err != nil {
			return nil, err
		}
		if more = len(items) > in.Limit; more {
			items = items[:in.Limit]
			break
		}
	}
	if n := fitting(items, listBytes); n < len(items) {
		items, more = items[:n], true
	}
	r, err := answer(s, in.Asked, items, positions...)
	if err == nil {
		r.Unreadable = left.header()
	}
	if err == nil && more {
		query.Set("after", id(items[len(items)-1]))
		query.Set("limit", strconv.Itoa(in.Limit))
		query.Set("regency", in.Regency)
		query.Set("as_of", in.AsOf)
		query.Set("clock", in.Clock)
		query.Set("position", in.Position)
		for k, v := range query {
			if v[0] == "" {
				delete(query, k)
			}
		}
		r.Link = fmt.Sprintf(`</v1/elections/%s/%s?%s>; rel="next"`, url.PathEscape(in.Election), name, query.Encode())
	}
	return r, err
}

// hasPlaceIn tells whether the asker may see anything of a model in a unit's ledger: the unit itself, or a place inside it.
func (s *Server) hasPlaceIn(ctx context.Context, model access.Model, unit domain.Code) bool {
	user := userOf(ctx)
	view := access.Sees(user.Actor(), model)
	return view == access.Escorts || access.Allows(view, user.Scope, unit) || domain.Code(user.Scope).Up(domain.Regency) == unit
}
