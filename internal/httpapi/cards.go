package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/trail"
	"jejak/projections"
)

type ofStation struct {
	InElection
	Station string `path:"station" doc:"13-digit code of the polling station."`
}

type ofBox struct {
	InElection
	Box string `path:"box" doc:"Id of the box, such as 3578010001001-PPWP."`
}

type ofShipment struct {
	InElection
	Shipment string `path:"shipment" doc:"Id of the shipment, such as SHP-3578-000123."`
}

// malformed is the answer to an id that cannot be one.
func malformed(rule *domain.Rule, path string, args ...any) *problem {
	v := domain.Violation{Rule: rule, Path: path, Args: args}
	return newProblem(http.StatusUnprocessableEntity, one(rule.ID, path, v.Message(), v.MessageEN(), v.Remedy(), v.RemedyEN()))
}

// getStation shows the card of a polling station.
func (s *Server) getStation(ctx context.Context, in *ofStation) (*reply[api.StationCard], error) {
	if _, err := s.begin(ctx, &in.InElection, access.Station); err != nil {
		return nil, err
	}
	code, err := domain.ParseCode(in.Station)
	if err != nil {
		return nil, malformed(domain.RuleNotACode, "/path/station", in.Station, err.Error())
	}
	if code.Level() != domain.Station {
		return nil, malformed(domain.RuleWrongLevel, "/path/station", in.Station, len(in.Station))
	}
	if err := s.may(ctx, access.Station, code); err != nil {
		return nil, err
	}
	none := notFound("TPS", "station", in.Station, "periksa kode TPS 13 angka pada data acuan", "look up the 13-digit code in the reference data")
	return card(ctx, s, in.InElection, code.Up(domain.Regency), none, func(st *ledger.State, at eventstore.Position) (api.StationCard, bool) {
		c, ok := projections.Station(st, at, code)
		c.Simulated = s.cfg.Clock.Simulated()
		return c, ok
	}, history.StationThings(code)...)
}

// card makes a card of something in the ledger of a unit. none is the answer when there is no such thing, or no such unit.
func card[T any](ctx context.Context, s *Server, in InElection, unit domain.Code, none *problem, of func(*ledger.State, eventstore.Position) (T, bool), things ...trail.Thing) (*reply[T], error) {
	if s.unit(in.Election, unit) != nil {
		return nil, none
	}
	var body T
	var found bool
	var position eventstore.Position
	err := s.view(ctx, in.Election, unit, in.Asked, func(st *ledger.State, at eventstore.Position) {
		body, found = of(st, at)
		position = at
	}, things...)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, none
	}
	return answer(s, in.Asked, body, position)
}

// getBox shows the timeline of a box.
func (s *Server) getBox(ctx context.Context, in *ofBox) (*reply[api.BoxTimeline], error) {
	if _, err := s.begin(ctx, &in.InElection, access.Box); err != nil {
		return nil, err
	}
	id, err := domain.ParseBoxID(in.Box)
	if err != nil {
		return nil, malformed(domain.RuleBadBox, "/path/box", in.Box)
	}
	if err := s.may(ctx, access.Box, id.Destination()); err != nil {
		return nil, err
	}
	unit := id.Destination().Up(domain.Regency)
	none := notFound("kotak", "box", in.Box, "periksa TPS dan jenisnya", "look up its station and type")
	r, err := card(ctx, s, in.InElection, unit, none, func(st *ledger.State, at eventstore.Position) (api.BoxTimeline, bool) {
		t, ok := projections.Box(st, at, id)
		t.Simulated = s.cfg.Clock.Simulated()
		return t, ok
	}, trail.Thing{ID: string(id)})
	if err != nil {
		return nil, err
	}
	if err := s.fromLog(ctx, journal.LedgerStream(in.Election, unit), &r.Body); err != nil {
		return nil, s.viewError(err)
	}
	return r, nil
}

// fromLog fills in what only the log knows of a timeline's facts.
func (s *Server) fromLog(ctx context.Context, stream string, t *api.BoxTimeline) error {
	for i := range t.Timeline {
		f := &t.Timeline[i]
		for rec, err := range s.cfg.Store.Read(ctx, stream, eventstore.Version(f.Version-1)) {
			if err != nil {
				return err
			}
			meta, err := journal.ReadMetadata(&rec)
			if err != nil {
				return err
			}
			f.Type, f.Position, f.RecordedAt, f.Mode, f.Device = rec.Type, uint64(rec.Position), stamp(rec.RecordedAt), string(meta.Mode), meta.Device.ID
			f.Actor.Role = string(meta.Actor.Role)
			break
		}
	}
	return nil
}

// getShipment shows a shipment with its boxes. Whether the asker may see it is asked of the shipment as it is now, and of what it was then where he
// asks for that: who has no part in it any more reads nothing of it, and who may not see it is not told whether it is there.
func (s *Server) getShipment(ctx context.Context, in *ofShipment) (*reply[api.ShipmentCard], error) {
	if _, err := s.begin(ctx, &in.InElection, access.Shipment); err != nil {
		return nil, err
	}
	unit, sees := unitOfID(in.Shipment), s.seesShipment(ctx)
	now, known, err := s.shipmentNow(ctx, in, unit)
	if err != nil {
		return nil, err
	}
	if known && !sees(now) || !known && !s.seesUnknown(ctx, access.Shipment, unit) {
		user := userOf(ctx)
		return nil, s.refused(user, access.NotYours(in.Shipment, user.Scope), string(access.Shipment), in.Shipment)
	}
	none := notFound("pengiriman", "shipment", in.Shipment, "periksa id pengiriman; satker ada di dalam id", "look up its id; the unit is part of it")
	hidden := false
	r, err := card(ctx, s, in.InElection, unit, none, func(st *ledger.State, at eventstore.Position) (api.ShipmentCard, bool) {
		c, ok := projections.Shipment(st, at, in.Shipment)
		c.Simulated = s.cfg.Clock.Simulated()
		then, _ := projections.SightOf(st, in.Shipment)
		hidden = ok && !sees(then)
		return c, ok && !hidden
	}, trail.Thing{ID: in.Shipment})
	if hidden {
		user := userOf(ctx)
		return nil, s.refused(user, access.NotYours(in.Shipment, user.Scope), string(access.Shipment), in.Shipment)
	}
	return r, err
}

// shipmentNow is what decides who may see a shipment, as it is now.
func (s *Server) shipmentNow(ctx context.Context, in *ofShipment, unit domain.Code) (now projections.ShipmentSight, known bool, err error) {
	if s.unit(in.Election, unit) != nil {
		return now, false, nil
	}
	// A position that the log has not reached is waited for by who may see the shipment, not before that is known.
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return now, false, s.viewError(err)
	}
	err = s.view(ctx, in.Election, unit, Asked{MinPosition: min(in.MinPosition, uint64(head))}, func(st *ledger.State, _ eventstore.Position) {
		now, known = projections.SightOf(st, in.Shipment)
	})
	return now, known, err
}

// seesShipment tells which shipments the asker may see.
func (s *Server) seesShipment(ctx context.Context) func(projections.ShipmentSight) bool {
	user := userOf(ctx)
	view := access.Sees(user.Actor(), access.Shipment)
	return func(of projections.ShipmentSight) bool {
		if !access.CarriedBy(user.Actor(), of.Carrier) {
			return false
		}
		if view == access.Escorts {
			return slices.Contains(of.Escorts, user.Scope)
		}
		if of.From == "" && view == access.Unit { // its plan is not here: it is of the unit in whose ledger it stands
			return access.Allows(view, user.Scope, unitOfID(of.ID))
		}
		return access.Allows(view, user.Scope, of.From, of.Bound)
	}
}

// seesUnknown tells whether the asker would see everything of a model in a unit, and so may be told that there is none.
func (s *Server) seesUnknown(ctx context.Context, model access.Model, unit domain.Code) bool {
	user := userOf(ctx)
	if user.Party != "" && user.Role == domain.RoleCarrier { // some shipments of the unit are other firms': those and none look alike to him
		return false
	}
	view := access.Sees(user.Actor(), model)
	return view == access.All || view == access.Unit && access.Allows(view, user.Scope, unit)
}

// unitOfID is the unit that is part of an id such as SHP-3578-000123, "" for none.
func unitOfID(id string) domain.Code {
	parts := strings.SplitN(id, "-", 3)
	if len(parts) < 3 {
		return ""
	}
	return domain.Code(parts[1])
}
