package httpapi

import (
	"context"
	"errors"
	"slices"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
)

// registerHistory registers what tells how things came to be so.
func (s *Server) registerHistory() {
	const election = "/v1/elections/{election}"
	get(s, election+"/timelines/{kind}/{id}", "get-timeline", "Everything that is recorded about one thing or person", "history", s.getTimeline)
	get(s, election+"/diff/{code}", "get-diff", "What changed in the figures of a regency, and by which events", "history", s.getDiff)
	get(s, election+"/believed/{code}", "get-believed", "What was believed of a regency at a moment, and what was true", "history", s.getBelieved)
	s.mux.HandleFunc("GET "+election+"/replay", s.getReplay)
}

type ofThing struct {
	InElection
	Kind string `path:"kind" doc:"box, seal, station, shipment, handoff, discrepancy or person."`
	ID   string `path:"id" maxLength:"128" doc:"Its id."`
}

// getTimeline shows all events of a thing: of one in a unit's ledger to who may read that ledger, of a person or seal from the ledgers that the asker may read.
func (s *Server) getTimeline(ctx context.Context, in *ofThing) (*reply[api.Timeline], error) {
	units, err := s.begin(ctx, &in.InElection, access.History)
	if err != nil {
		return nil, err
	}
	kind := history.Kind(in.Kind)
	if !slices.Contains(history.Kinds(), kind) {
		return nil, malformed(domain.RuleNotOneOf, "/path/kind", in.Kind, "box, seal, station, shipment, handoff, discrepancy, person")
	}
	free, err := s.scan(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	ctx, cancel := context.WithTimeout(ctx, s.patience.fold)
	defer cancel()
	user := userOf(ctx)
	view := access.Sees(user.Actor(), access.History)
	sees := func(u domain.Code) bool { return access.Allows(view, user.Scope, u) }
	var line api.Timeline
	switch kind {
	case history.OfPerson:
		line, err = s.cfg.History.Person(ctx, in.Election, in.ID, in.cut(), sees)
	case history.OfSeal:
		line, err = s.sealLine(ctx, in, slices.DeleteFunc(slices.Clone(units), func(u domain.Code) bool { return !sees(u) }))
	case history.OfBox, history.OfStation, history.OfShipment, history.OfHandoff, history.OfDiscrepancy:
		unit, wrong := unitOfThing(kind, in.ID)
		if wrong != nil {
			return nil, wrong
		}
		if s.unit(in.Election, unit) != nil {
			return nil, noTimeline(in.Kind, in.ID)
		}
		if err := s.may(ctx, access.History, unit); err != nil {
			return nil, err
		}
		line, err = s.cfg.History.Timeline(ctx, in.Election, unit, kind, in.ID, in.cut())
	}
	if err != nil {
		return nil, s.pastError(err)
	}
	if len(line.Entries) == 0 && in.cut().End() {
		return nil, noTimeline(in.Kind, in.ID)
	}
	return answer(s, in.Asked, line, eventstore.Position(line.Position))
}

// sealLine puts the timelines of a seal in several ledgers together.
func (s *Server) sealLine(ctx context.Context, in *ofThing, units []domain.Code) (api.Timeline, error) {
	all := api.Timeline{Kind: in.Kind, ID: in.ID, Entries: []api.TimelineEntry{}, Simulated: s.cfg.Clock.Simulated()}
	for _, u := range units {
		line, err := s.cfg.History.Timeline(ctx, in.Election, u, history.OfSeal, in.ID, in.cut())
		if err != nil {
			return all, err
		}
		all.Entries = append(all.Entries, line.Entries...)
		all.Position, all.Late, all.Gaps = max(all.Position, line.Position), all.Late+line.Late, all.Gaps+line.Gaps
	}
	history.InOrder(all.Entries)
	return all, nil
}

func noTimeline(kind, id string) *problem {
	return notFound("riwayat "+kind, "timeline of a "+kind, id, "periksa jenis dan idnya", "check its kind and id")
}

// unitOfThing is the unit in whose ledger a thing is.
func unitOfThing(kind history.Kind, id string) (domain.Code, *problem) {
	switch kind {
	case history.OfBox:
		box, err := domain.ParseBoxID(id)
		if err != nil {
			return "", malformed(domain.RuleBadBox, "/path/id", id)
		}
		return box.Destination().Up(domain.Regency), nil
	case history.OfStation:
		code, err := domain.ParseCode(id)
		if err != nil {
			return "", malformed(domain.RuleNotACode, "/path/id", id, err.Error())
		}
		if code.Level() != domain.Station {
			return "", malformed(domain.RuleWrongLevel, "/path/id", id, len(id))
		}
		return code.Up(domain.Regency), nil
	case history.OfShipment, history.OfHandoff, history.OfDiscrepancy, history.OfSeal, history.OfPerson:
	}
	return unitOfID(id), nil
}

// pastError is what becomes of a question about the past that did not come through.
func (s *Server) pastError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return retryLater(unavailable("fold_too_long", "masa lalu sedang dihitung lama", "working out the past takes too long at present"))
	}
	return s.viewError(err)
}

// OfFigures is a question about the figures of a unit.
type OfFigures struct {
	Election    string `path:"election" doc:"Such as pemilu2024."`
	Code        string `path:"code" doc:"Region code of a regency, or of the province."`
	Figure      string `query:"figure" doc:"Only this figure, such as boxes.sealed, with all its events. A name that no figure has is an error that names those near it."`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag: 304 when the answer would be the same."`
}

type ofDiff struct {
	OfFigures
	From string `query:"from" required:"true" doc:"A time of the recorded clock (RFC 3339 with an offset, or WIB, WITA, WIT behind it), or a position."`
	To   string `query:"to" required:"true" doc:"Likewise, not before from."`
}

type ofBelieved struct {
	OfFigures
	At string `query:"at" required:"true" doc:"A time: RFC 3339 with an offset, or WIB, WITA, WIT behind it."`
}

func (s *Server) getDiff(ctx context.Context, in *ofDiff) (*reply[api.Diff], error) {
	code := domain.Code(in.Code)
	if err := s.mayFigures(ctx, in.Election, code); err != nil {
		return nil, err
	}
	from, a := history.ReadMoment("from", in.From)
	to, b := history.ReadMoment("to", in.To)
	if faults := slices.DeleteFunc([]*history.Fault{a, b}, func(f *history.Fault) bool { return f == nil }); len(faults) > 0 {
		return nil, faulty(faults...)
	}
	free, err := s.scan(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	ctx, cancel := context.WithTimeout(ctx, s.patience.fold)
	defer cancel()
	d, err := s.cfg.History.Diff(ctx, in.Election, code, from, to, in.Figure)
	if err != nil {
		return nil, s.pastError(err)
	}
	return answer(s, Asked{IfNoneMatch: in.IfNoneMatch}, d, eventstore.Position(d.FromPosition), eventstore.Position(d.ToPosition))
}

func (s *Server) getBelieved(ctx context.Context, in *ofBelieved) (*reply[api.Believed], error) {
	code := domain.Code(in.Code)
	if err := s.mayFigures(ctx, in.Election, code); err != nil {
		return nil, err
	}
	at, err := history.ParseTime("at", in.At)
	if fault, ok := history.Asks(err); ok {
		return nil, faulty(fault)
	}
	free, err := s.scan(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	ctx, cancel := context.WithTimeout(ctx, s.patience.fold)
	defer cancel()
	b, err := s.cfg.History.Believed(ctx, in.Election, code, at, in.Figure)
	if err != nil {
		return nil, s.pastError(err)
	}
	return answer(s, Asked{IfNoneMatch: in.IfNoneMatch}, b, eventstore.Position(b.Position), eventstore.Position(b.Head))
}

// mayFigures lets through who may read the history of a unit.
func (s *Server) mayFigures(ctx context.Context, election string, code domain.Code) error {
	if err := s.may(ctx, access.History); err != nil {
		return err
	}
	if err := s.unit(election, code); err != nil {
		return err
	}
	return s.may(ctx, access.History, code)
}
