package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/people"
	"jejak/internal/readlog"
)

// recorded tells whether a request is to be kept: what those who only look on do, but their commands, which are in the log.
func (s *Server) recorded(r *http.Request, user people.User) bool {
	return s.cfg.Reads != nil && readlog.Recorded(user.Role) && !isCommand(r)
}

// serveRecorded serves a request of which is kept that it was made and what became of it. What could not be kept is not served.
func (s *Server) serveRecorded(next http.Handler, w http.ResponseWriter, r *http.Request, user people.User) {
	kept, err := s.cfg.Reads.Admit(s.readOf(r, user))
	if err != nil {
		s.cfg.Telemetry.Refused("reads_not_recorded")
		endBody(w, r, unavailable("reads_not_recorded", "pembacaan tidak dapat dicatat sekarang, jadi tidak dilayani", "reads cannot be recorded at present, so they are not served"))
		return
	}
	rec, ok := w.(*recorder)
	if !ok {
		rec = &recorder{ResponseWriter: w}
	}
	ended := false
	defer func() {
		status := rec.code()
		if !ended && rec.status == 0 { // a panic, which is answered with this
			status = http.StatusInternalServerError
		}
		position, _ := strconv.ParseUint(rec.Header().Get("Jejak-Position"), 10, 63) // none: 0
		kept.Done(status, rec.bytes, position)
	}()
	next.ServeHTTP(rec, r)
	ended = true
}

// recordRefusal keeps that somebody came with a token that was good once.
func (s *Server) recordRefusal(r *http.Request, user people.User) {
	if !s.recorded(r, user) {
		return
	}
	if kept, err := s.cfg.Reads.Admit(s.readOf(r, user)); err == nil { // what is refused anyway is refused also when it cannot be kept
		kept.Done(http.StatusUnauthorized, 0, 0)
	}
}

// readOf is what is kept of a request. Nothing that the sender can choose freely is in it: of an unknown path nothing, and of the query what the route knows.
func (s *Server) readOf(r *http.Request, user people.User) readlog.Read {
	read := readlog.Read{At: time.Now(), User: user.ID, Role: string(user.Role), Scope: user.Scope, Method: r.Method, Route: s.pattern(r)}
	if read.Route == "none" {
		return read
	}
	read.Path = plainText(r.URL.Path)
	values := pathValues(read.Route, r.URL.Path)
	asked := url.Values{}
	for name, list := range r.URL.Query() {
		if !slices.Contains(s.parameters[read.Route], name) {
			continue
		}
		for _, v := range list {
			asked.Add(name, plainText(v))
		}
		values[name] = list[0]
	}
	read.Query = asked.Encode()
	read.Unit = string(unitAsked(values))
	return read
}

// keptText is how much of one value is kept.
const keptText = 200

// plainText cuts a value, and hides what could be a token that stands in a wrong place.
func plainText(v string) string {
	if strings.Contains(v, people.TokenPrefix) {
		return "(hidden)"
	}
	v = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return '?'
		}
		return r
	}, v)
	if len(v) > keptText {
		v = strings.ToValidUTF8(v[:keptText], "") + "..."
	}
	return v
}

// pathValues are the values in a path, by their names in its pattern.
func pathValues(pattern, path string) map[string]string {
	_, route, _ := strings.Cut(pattern, " ")
	names, parts := strings.Split(route, "/"), strings.Split(path, "/")
	values := map[string]string{}
	for i := range min(len(names), len(parts)) {
		if name, ok := strings.CutPrefix(names[i], "{"); ok {
			values[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return values
}

// unitAsked is the unit that a request is about, "" when it names none.
func unitAsked(values map[string]string) domain.Code {
	for _, name := range []string{"code", "regency", "unit", "station", "box"} {
		if place := placeOf(values[name]); place != "" {
			if place.Level() > domain.Regency {
				return place.Up(domain.Regency)
			}
			return place
		}
	}
	id := values["shipment"]
	if values["kind"] != "" { // of a timeline
		if place := placeOf(values["id"]); place != "" {
			return place.Up(domain.Regency)
		}
		id = values["id"]
	}
	if id != "" {
		if code, err := domain.ParseCode(string(unitOfID(id))); err == nil {
			return code
		}
	}
	return ""
}

// queryParameters are the names of the query parameters of every route in the document.
func queryParameters(doc *huma.OpenAPI) map[string][]string {
	names := map[string][]string{}
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				if p.In == "query" {
					names[method+" "+path] = append(names[method+" "+path], p.Name)
				}
			}
		}
	}
	return names
}

type listReads struct {
	User  string `query:"user" doc:"Only of this person (id)."`
	From  string `query:"from" doc:"Only what came at or after this time (RFC 3339), by the machine's clock."`
	To    string `query:"to" doc:"Only what came before this time (RFC 3339)."`
	After int64  `query:"after" minimum:"0" doc:"Only what comes after this sequence number."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"500" doc:"At most so many."`
}

type readsReply struct {
	Link  string `header:"Link" doc:"rel=next: where the next page is."`
	Cache string `header:"Cache-Control"`
	Body  []api.KeptRead
}

// registerReads registers the list of what auditors have read.
func (s *Server) registerReads() {
	huma.Register(s.api, huma.Operation{
		OperationID: "list-reads", Method: http.MethodGet, Path: "/v1/access", Summary: "What auditors, supervisors and observers have read",
		Description: "In the order in which it was recorded; of people whose scope lies in the asker's. A request that lasted has a row when it had begun and one at its end.",
		Tags:        []string{"accounts"}, Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.getReads)
}

func (s *Server) getReads(ctx context.Context, in *listReads) (*readsReply, error) {
	if err := s.may(ctx, access.Reads); err != nil {
		return nil, err
	}
	q := readlog.Query{User: in.User, Scope: userOf(ctx).Scope, After: in.After, Limit: in.Limit + 1}
	for _, b := range []struct {
		name, text string
		into       *time.Time
	}{{"from", in.From, &q.From}, {"to", in.To, &q.To}} {
		if b.text == "" {
			continue
		}
		at, err := history.ParseTime(b.name, b.text)
		if f, wrong := history.Asks(err); wrong {
			return nil, faulty(f)
		}
		*b.into = at
	}
	if s.cfg.Reads == nil {
		return nil, retryLater(unavailable("unavailable", "catatan pembacaan tidak ada", "there is no log of reads"))
	}
	list, err := s.cfg.Reads.List(ctx, q)
	if err != nil {
		s.cfg.Telemetry.Log.Error("reads cannot be listed", "cause", err)
		return nil, retryLater(unavailable("unavailable", "catatan pembacaan tidak dapat dibaca sekarang", "the log of reads cannot be read at present"))
	}
	reply := &readsReply{Cache: "no-store", Body: []api.KeptRead{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		next := url.Values{"after": {strconv.FormatInt(list[in.Limit-1].Seq, 10)}, "limit": {strconv.Itoa(in.Limit)}}
		for name, v := range map[string]string{"user": in.User, "from": in.From, "to": in.To} {
			if v != "" {
				next.Set(name, v)
			}
		}
		reply.Link = "</v1/access?" + next.Encode() + `>; rel="next"`
	}
	for _, k := range list {
		reply.Body = append(reply.Body, ShowRead(k))
	}
	return reply, nil
}

// ShowRead is a read as the API shows it.
func ShowRead(k readlog.Kept) api.KeptRead {
	return api.KeptRead{
		Seq: k.Seq, Request: k.Request, Part: string(k.Part), At: stamp(k.At), User: k.User, Role: k.Role, Scope: k.Scope, Method: k.Method, Route: k.Route,
		Path: k.Path, Query: k.Query, Unit: k.Unit, Status: k.Status, Bytes: k.Bytes, Position: k.Position,
	}
}
