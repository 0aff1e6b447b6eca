package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/people"
)

// bundleQuery chooses what goes into a bundle.
type bundleQuery struct {
	election string // "" all
	units    []domain.Code
	split    bool
}

// bundleParameters are the query parameters of GET /v1/bundle, for the document too.
var bundleParameters = []struct{ name, doc string }{
	{"unit", "Only of these units, separated by commas, with the reference data: the bundle is a part. Without it everything that the asker may read."},
	{"election", "Only of this election: the bundle is a part."},
	{"split", "true: one file a stream, so that a unit's records can be handed on alone."},
}

func readBundleQuery(values url.Values) (q bundleQuery, p *problem) {
	var problems []api.Problem
	for name := range values {
		if !slices.ContainsFunc(bundleParameters, func(p struct{ name, doc string }) bool { return p.name == name }) {
			problems = append(problems, invalidField("parameter", "/query/"+name, "parameter tidak dikenal", "unknown parameter"))
		}
	}
	q.election = values.Get("election")
	if text := values.Get("unit"); text != "" {
		for code := range strings.SplitSeq(text, ",") {
			q.units = append(q.units, domain.Code(code))
		}
		slices.Sort(q.units)
		q.units = slices.Compact(q.units)
	}
	switch values.Get("split") {
	case "true":
		q.split = true
	case "", "false":
	default:
		problems = append(problems, invalidField("parameter", "/query/split", "bukan true atau false", "it is neither true nor false"))
	}
	if len(problems) > 0 {
		return q, newProblem(http.StatusBadRequest, problems...)
	}
	return q, nil
}

// getBundle streams what is signed as a bundle: the records that the asker may read, and the tiles, checkpoints and keys by which anybody can check them.
func (s *Server) getBundle(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	q, p := readBundleQuery(r.URL.Query())
	if p != nil {
		writeProblem(w, p)
		return
	}
	denied := access.Read(user.Actor(), access.Events)
	for _, unit := range q.units {
		if denied == nil {
			denied = access.Read(user.Actor(), access.Events, unit)
		}
	}
	if denied != nil {
		s.denied(r, user, denied, "take a bundle", r.URL.Query().Get("unit"))
		writeProblem(w, forbidden(*denied))
		return
	}
	packing, manifest, p := s.packingOf(user, q)
	if p == nil && s.cfg.Notary == nil {
		p = notaryOff()
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	reader := s.cfg.Notary.Reader()
	signed, err := reader.Book().Newest()
	switch {
	case err != nil:
		s.cfg.Telemetry.Log.Error("read of a checkpoint failed", "cause", err)
		p = unavailable("unavailable", "catatan notaris tidak dapat dibaca sekarang", "the notary's book cannot be read at present")
	case signed == nil:
		p = notSigned()
	case s.cfg.Notary.Progress().Records < signed.N:
		p = unavailable("unavailable", "notaris sedang membuat kembali pohonnya", "the notary is making its tree again")
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	free, ok := s.place(w, r, s.shares.bundles)
	if !ok {
		return
	}
	defer free()
	s.sendBundle(w, r, signed, reader, packing, manifest)
}

// packingOf is what of the log is asked for and may be read.
func (s *Server) packingOf(user people.User, q bundleQuery) (p notary.Packing, m bundle.Manifest, wrong *problem) {
	m = bundle.Manifest{Program: "jejak " + s.cfg.Version, Simulated: s.cfg.Clock.Simulated(), Made: time.Now().UTC().Format(time.RFC3339)}
	view := access.Sees(user.Actor(), access.Events)
	p.May = func(rec *eventstore.Record) bool { return eventQuery{attempts: true}.chooses(rec, view, user.Scope) }
	elections := s.cfg.Ledgers.Elections()
	if q.election != "" {
		if !slices.Contains(elections, q.election) {
			return p, m, notFound("pemilu", "election", q.election, "lihat /v1/elections", "see /v1/elections")
		}
		elections = []string{q.election}
	}
	all, chosen, streams := q.election == "" && len(q.units) == 0, map[domain.Code]bool{}, []string{}
	for _, election := range elections {
		units := slices.DeleteFunc(slices.Clone(s.cfg.Ledgers.Units(election)), func(unit domain.Code) bool {
			return len(q.units) > 0 && !slices.Contains(q.units, unit)
		})
		for _, unit := range units {
			may := access.Allows(view, user.Scope, unit)
			all, chosen[unit] = all && may, may
		}
		streams = append(streams, journal.UnitStreams(election, slices.DeleteFunc(units, func(unit domain.Code) bool { return !chosen[unit] }))...)
	}
	for _, unit := range q.units {
		if !chosen[unit] {
			return p, m, notFound("satker", "unit", string(unit), "pakai kode kabupaten/kota 4 angka, atau provinsi 2 angka",
				"use the 4-digit code of a regency, or the 2-digit one of the province")
		}
	}
	if all {
		streams = append(streams, journal.AccountsStream)
	} else {
		for unit, may := range chosen {
			if may {
				m.Units = append(m.Units, string(unit))
			}
		}
		slices.Sort(m.Units)
	}
	if !all || q.split {
		p.Streams = streams
	}
	p.Whole = all && q.split // in one file it may be what it turns out to be
	return p, m, nil
}

func (s *Server) sendBundle(w http.ResponseWriter, r *http.Request, signed *notary.Signed, reader *notary.Reader, p notary.Packing, m bundle.Manifest) {
	h := w.Header()
	own := map[string]string{
		"Content-Type": "application/zip", "Content-Disposition": `attachment; filename="jejak-` + strconv.FormatInt(signed.N, 10) + `.zip"`, "Cache-Control": "no-store",
		"Jejak-Position": strconv.FormatUint(uint64(signed.Position), 10),
	}
	for name, value := range own {
		h.Set(name, value)
	}
	if r.Method == http.MethodHead {
		return
	}
	out := &patientWriter{w: w, ctl: http.NewResponseController(w), wait: s.patience.write}
	err := reader.Pack(r.Context(), bundle.Stream(out), signed, p, &m)
	if err == nil {
		return
	}
	if r.Context().Err() == nil { // else the client has gone
		s.cfg.Telemetry.Log.Error("a bundle could not be made", "user", userOf(r.Context()).ID, "cause", err)
	}
	if out.began {
		panic(http.ErrAbortHandler) // half a bundle must not look like a whole one
	}
	for name := range own {
		h.Del(name)
	}
	writeProblem(w, unavailable("unavailable", "bundel tidak dapat dibuat sekarang: lihat log server", "no bundle can be made at present: the server's log says why"))
}

func (s *Server) describeBundle() *huma.Operation {
	op := &huma.Operation{
		OperationID: "get-bundle", Method: http.MethodGet, Path: "/v1/bundle", Summary: "The signed records as a bundle, for jejak audit verify --bundle", Tags: []string{"notary"},
		Description: "A zip file of the records under the newest checkpoint that the asker may read, byte for byte, with the notary's tiles, checkpoints and keys (docs/notary.md, \"Bundle\"). " +
			"Commands go on meanwhile; what they record is under a later checkpoint. It is made while it is sent: keep it only when the body came to its end. One that was cut off has no " +
			"end, and no program opens it. One at a time for each user.",
		Responses: s.problemResponses(map[string]*huma.Response{"200": {
			Description: "The bundle.", Content: map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
			Headers: map[string]*huma.Param{"Jejak-Position": {Description: "Of the last record under the checkpoint.", Schema: &huma.Schema{Type: huma.TypeString}}},
		}}, "400", "401", "403", "404", "429", "503"),
	}
	for _, p := range bundleParameters {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return op
}
