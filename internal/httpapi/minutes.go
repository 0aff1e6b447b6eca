package httpapi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/handover"
)

type ofHandoff struct {
	InElection
	Handoff string `path:"handoff" doc:"Id of the handoff, such as HND-3578-000123."`
	Number  string `query:"number" maxLength:"60" doc:"Number of the minutes, as the office numbers them; without one the handoff's id."`
	Proof   string `query:"proof" enum:"none,first" doc:"first, as when it is not given: with the proof that the acceptance is in the log, once a checkpoint has it. none: without."`
}

// minutes are a PDF.
type minutes struct {
	Type     string `header:"Content-Type"`
	Name     string `header:"Content-Disposition"`
	ETag     string `header:"ETag"`
	Position string `header:"Jejak-Position" doc:"Up to which the log is in the minutes."`
	Cache    string `header:"Cache-Control"`
	Body     []byte
}

func (s *Server) registerMinutes(path string) {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-minutes", Method: http.MethodGet, Path: path, Summary: "Minutes of a handoff (berita acara serah terima) as PDF", Tags: []string{"queries"},
		Description: "The same handoff gives the same bytes until something about it is recorded or a person in it is forgotten: with an ETag of before in If-None-Match the " +
			"answer is then 304 without a file, which stands here in words since programs made of this document would take no answer for the file otherwise.",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"application/pdf": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusNotImplemented, http.StatusServiceUnavailable},
	}, s.getMinutes)
}

// getMinutes draws the minutes of a handoff.
func (s *Server) getMinutes(ctx context.Context, in *ofHandoff) (*minutes, error) {
	if _, err := s.begin(ctx, &in.InElection, access.Minutes); err != nil {
		return nil, err
	}
	unit := unitOfID(in.Handoff)
	if why := domain.CheckID(in.Handoff, "", unit); why != "" {
		return nil, malformed(domain.RuleBadID, "/path/handoff", in.Handoff, why)
	}
	none := notFound("serah terima yang sudah diterima", "accepted handoff", in.Handoff, "periksa id serah terima; berita acara ada setelah diterima",
		"look up its id; there are minutes once it is accepted")
	user := userOf(ctx)
	if !s.seesUnknown(ctx, access.Minutes, unit) { // who may not see it is not told whether it is there
		none = nil
	}
	absent := func() error {
		if none != nil {
			return none
		}
		return s.refused(user, access.NotYourHandoff(in.Handoff, user.Scope), string(access.Minutes), in.Handoff)
	}
	if s.unit(in.Election, unit) != nil {
		return nil, absent()
	}
	var sheet handover.Sheet
	found, position := false, eventstore.Position(0)
	err := s.view(ctx, in.Election, unit, in.Asked, func(st *ledger.State, at eventstore.Position) {
		sheet, found = handover.Read(st, in.Handoff)
		position = at
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, absent()
	}
	if !access.Allows(access.Sees(user.Actor(), access.Minutes), user.Scope, sheet.Giver.Place.Code, sheet.Place.Code) {
		return nil, s.refused(user, access.NotYourHandoff(in.Handoff, user.Scope), string(access.Minutes), in.Handoff)
	}
	sheet.Number = in.Number
	archive := handover.Archive{Store: s.cfg.Store, Names: s.cfg.People.Name, Simulated: s.cfg.Clock.Simulated()}
	if s.cfg.Notary != nil { // a nil *Notary would not be a nil Prover
		archive.Prover = s.cfg.Notary
	}
	if err := archive.Complete(ctx, &sheet, in.Proof != "none"); err != nil {
		return nil, s.viewError(err)
	}
	file, err := sheet.PDF()
	if err != nil {
		return nil, s.viewError(err)
	}
	// The names in it have no position: the tag is of the bytes.
	sum := sha256.Sum256(file)
	m := &minutes{Type: "application/pdf", Name: `inline; filename="` + in.Handoff + `.pdf"`, ETag: fmt.Sprintf(`"%x"`, sum[:8]),
		Position: strconv.FormatUint(max(uint64(position), in.MinPosition), 10), Cache: "private, no-cache", Body: file}
	if in.has(m.ETag) {
		return nil, huma.ErrorWithHeaders(newProblem(http.StatusNotModified), http.Header{"Etag": {m.ETag}, "Jejak-Position": {m.Position}, "Cache-Control": {m.Cache}})
	}
	return m, nil
}
