package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/people"
	"jejak/internal/trail"
)

// Asked is what every query may be asked with.
type Asked struct {
	AsOf        string `query:"as_of" doc:"As it was at this time: RFC 3339 with an offset, or with WIB, WITA or WIT behind it."`
	Clock       string `query:"clock" doc:"What as_of means. recorded (the default): what was known by then. occurred: what had happened by then, whenever it was told."`
	Position    string `query:"position" doc:"As it was when the log ended at this position."`
	MinPosition uint64 `header:"Jejak-Min-Position" doc:"Wait up to 5 s until the answer counts everything up to this position."`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag: 304 when the answer would be the same."`
}

// cut is where history is cut off, the zero cut for now.
func (a Asked) cut() history.Cut {
	cut, _ := history.ReadCut(a.AsOf, a.Clock, a.Position) // refuse has seen to what is wrong
	return cut
}

// refuse says all that is wrong with the cut.
func (a Asked) refuse() error {
	if _, faults := history.ReadCut(a.AsOf, a.Clock, a.Position); len(faults) > 0 {
		return faulty(faults...)
	}
	return nil
}

// faulty is the answer to a question about history that cannot be answered as it was put.
func faulty(faults ...*history.Fault) *problem {
	problems := make([]api.Problem, len(faults))
	for i, f := range faults {
		problems[i] = one("parameter", "/query/"+f.Field, f.ID, f.EN, cmp.Or(f.FixID, "perbaiki isian ini"), cmp.Or(f.Fix, "mend this field"))
	}
	return newProblem(http.StatusUnprocessableEntity, problems...)
}

// InElection is a query about one election.
type InElection struct {
	Asked
	Election string `path:"election" doc:"Such as pemilu2024."`
}

// reply is an answer up to a position.
type reply[T any] struct {
	ETag     string `header:"ETag"`
	Position string `header:"Jejak-Position" doc:"Up to which the log is in the answer."`
	Link     string `header:"Link" doc:"rel=next: where the next page is."`
	Cache    string `header:"Cache-Control"`
	// Unreadable: see withoutUnreadable.
	Unreadable string `header:"Jejak-Unreadable" doc:"Units that are not in the list because a record of their ledger cannot be read, separated by commas."`
	Body       T
}

// answer makes the reply, or 304 when the caller has it already. positions are those of the ledgers that are in it: together they say what is
// in it. What a query shows depends on who asks, so nothing between may keep it.
func answer[T any](s *Server, a Asked, body T, positions ...eventstore.Position) (*reply[T], error) {
	return answerAs(s, a, "", body, positions...)
}

// answerAs is answer for a body that not everybody sees alike: variant tells one form of it from another.
func answerAs[T any](s *Server, a Asked, variant string, body T, positions ...eventstore.Position) (*reply[T], error) {
	sum := fnv.New64a()
	fmt.Fprint(sum, s.cfg.Version, positions, variant, "/", s.epoch())
	if cut := a.cut(); cut.Clock == history.Occurred && !cut.End() { // up to the same positions other events count
		fmt.Fprint(sum, cut.At.UTC())
	}
	etag := fmt.Sprintf(`"%x"`, sum.Sum64())
	at := eventstore.Position(a.MinPosition) // the read has waited for it
	for _, p := range positions {
		at = max(at, p)
	}
	position := strconv.FormatUint(uint64(at), 10)
	if a.has(etag) {
		headers := http.Header{"Etag": {etag}, "Jejak-Position": {position}, "Cache-Control": {"private, no-cache"}}
		return nil, huma.ErrorWithHeaders(newProblem(http.StatusNotModified), headers)
	}
	return &reply[T]{ETag: etag, Position: position, Cache: "private, no-cache", Body: body}, nil
}

// has tells whether the caller has what an ETag names.
func (a Asked) has(etag string) bool {
	for tag := range strings.SplitSeq(a.IfNoneMatch, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}

// may refuses what the table of access does not grant, and logs it.
func (s *Server) may(ctx context.Context, model access.Model, places ...domain.Code) error {
	user := userOf(ctx)
	denied := access.Read(user.Actor(), model, places...)
	if denied == nil {
		return nil
	}
	return s.refused(user, denied, string(model), fmt.Sprint(places))
}

func (s *Server) refused(user people.User, why *api.Problem, what, where string) error {
	s.cfg.Telemetry.Refused(why.Rule)
	s.cfg.Telemetry.Security.Warn("refused", "rule", why.Rule, "user", user.ID, "role", string(user.Role), "scope", user.Scope, "what", "read "+what,
		"where", where)
	return forbidden(*why)
}

// units lists the units of an election, or says that there is no such election.
func (s *Server) units(election string) ([]domain.Code, error) {
	units := s.cfg.Ledgers.Units(election)
	if len(units) == 0 {
		known := strings.Join(s.cfg.Ledgers.Elections(), ", ")
		if known == "" {
			known = "-"
		}
		return nil, notFound("pemilu", "election", election, "pemilu yang ada: "+known, "the elections are: "+known)
	}
	return units, nil
}

// unit says whether an election has a unit.
func (s *Server) unit(election string, code domain.Code) error {
	units, err := s.units(election)
	if err != nil {
		return err
	}
	for _, u := range units {
		if u == code {
			return nil
		}
	}
	return notFound("satker", "unit", string(code), "pakai kode kabupaten/kota 4 angka, atau provinsi 2 angka",
		"use the 4-digit code of a regency, or the 2-digit one of the province")
}

// view reads the ledger of a unit, as it is now or was. read may run on the ledger's own goroutine: it must be quick and keep no reference to the
// state. Of a ledger as it was only what concerns things need be right, where there are any.
func (s *Server) view(ctx context.Context, election string, unit domain.Code, a Asked, read func(st *ledger.State, at eventstore.Position), things ...trail.Thing) error {
	if !a.cut().End() {
		return s.past(ctx, election, unit, a, read, things)
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience.position)
	defer cancel()
	if a.MinPosition > 0 {
		head, err := s.cfg.Store.Head(ctx)
		if err != nil {
			return s.viewError(err)
		}
		if uint64(head) < a.MinPosition { // nothing to wait for in this unit yet: wait for the log
			if err := s.waitForHead(ctx, eventstore.Position(a.MinPosition)); err != nil {
				return s.viewError(err)
			}
		}
	}
	return s.viewError(s.cfg.Ledgers.View(ctx, election, unit, eventstore.Position(a.MinPosition), read))
}

// past reads the ledger of a unit as it was.
func (s *Server) past(ctx context.Context, election string, unit domain.Code, a Asked, read func(st *ledger.State, at eventstore.Position), things []trail.Thing) error {
	if err := s.waitForMin(ctx, a); err != nil {
		return err
	}
	free, err := s.scan(ctx)
	if err != nil {
		return err
	}
	defer free()
	defer s.goesOn(ctx)
	ctx, cancel := context.WithTimeout(ctx, s.patience.fold)
	defer cancel()
	look := func(st *ledger.State, at eventstore.Position) error {
		read(st, at)
		return nil
	}
	if len(things) > 0 {
		err = s.cfg.History.Part(ctx, election, unit, a.cut(), things, look)
	} else {
		err = s.cfg.History.State(ctx, election, unit, a.cut(), look)
	}
	return s.pastError(err)
}

// waitForMin waits for the position that a question about the past wants to be in the log.
func (s *Server) waitForMin(ctx context.Context, a Asked) error {
	if a.MinPosition == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience.position)
	defer cancel()
	return s.viewError(s.waitForHead(ctx, eventstore.Position(a.MinPosition)))
}

// boards are what the lists show of units as their ledgers were. It takes as long as there is progress: it is given up when no ledger was folded for the
// time that one may take, or the asker is gone.
func (s *Server) boards(ctx context.Context, election string, units []domain.Code, a Asked) ([]*history.Board, []error, error) {
	if err := s.waitForMin(ctx, a); err != nil {
		return nil, nil, err
	}
	free, err := s.scan(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer free()
	s.goesOn(ctx)
	working, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	late := time.AfterFunc(s.patience.fold, func() { giveUp(context.DeadlineExceeded) })
	defer late.Stop()
	if len(units) == 1 {
		b, err := s.cfg.History.Board(working, election, units[0], a.cut())
		return []*history.Board{b}, []error{nil}, s.pastError(causeOf(working, err))
	}
	boards, unreadable, err := s.cfg.History.Boards(working, election, units, a.cut(), func() {
		late.Reset(s.patience.fold)
		s.goesOn(ctx)
	})
	return boards, unreadable, s.pastError(causeOf(working, err))
}

// causeOf is why something was cancelled, where it was.
func causeOf(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// waitForHead waits until the log is as long as a position.
func (s *Server) waitForHead(ctx context.Context, at eventstore.Position) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		head, err := s.cfg.Store.Head(ctx)
		if err != nil || head >= at {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// viewError is what becomes of a read that did not come through.
func (s *Server) viewError(err error) error {
	if fault, ok := history.Asks(err); ok {
		return faulty(fault)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return retryLater(unavailable("position_not_reached", "posisi yang diminta belum terbaca dalam 5 detik",
			"the position asked for was not reached within 5 s"))
	case errors.Is(err, context.Canceled):
		return retryLater(unavailable("request_ended", "permintaan sudah berakhir", "the request has ended"))
	}
	if v, ok := command.Unreadable(err); ok {
		p := newProblem(http.StatusServiceUnavailable, command.Problems([]domain.Violation{v})...)
		p.RetryAfter = 60
		return &unreadableUnit{error: retryLater(p), why: v}
	}
	s.cfg.Telemetry.Log.Error("read failed", "cause", err)
	return retryLater(unavailable("unavailable", "catatan tidak dapat dibaca sekarang", "the ledger cannot be read at present"))
}

// retryLater gives a problem its Retry-After where huma writes it.
func retryLater(p *problem) error {
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(p.RetryAfter)}})
}

// get registers a query.
func get[I, O any](s *Server, path, id, summary, tag string, handler func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{tag},
		Responses: map[string]*huma.Response{"304": {Description: "What If-None-Match names is still so."}},
		Errors:    []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, handler)
}
