package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/journal"
)

// Bounds of replays.
const (
	usualSpeed    = 3600
	greatestSpeed = 10_000_000
)

// replayQuery is a part of history, and how fast it is played.
type replayQuery struct {
	from, to time.Time
	speed    float64 // seconds of history in a second; 0: as fast as it goes
	regency  domain.Code
	after    eventstore.Position
}

// replayParameters are the query parameters of a replay, for the document too.
var replayParameters = []struct{ name, doc string }{
	{"from", "What was recorded at or after this time: RFC 3339 with an offset, or with WIB, WITA or WIT behind it."},
	{"to", "And before this time."},
	{"speed", "Seconds of history in a second; 0 for as fast as it goes. Usually 3600."},
	{"regency", "Only of this unit."},
}

func readReplayQuery(q url.Values, lastEventID string) (r replayQuery, p *problem) {
	r.speed = usualSpeed
	var problems []api.Problem
	for name := range q {
		if !slices.ContainsFunc(replayParameters, func(p struct{ name, doc string }) bool { return p.name == name }) {
			problems = append(problems, invalidField("parameter", "/query/"+name, "parameter tidak dikenal", "unknown parameter"))
		}
	}
	moment := func(name string) time.Time {
		t, err := history.ParseTime(name, q.Get(name))
		if f, wrong := history.Asks(err); wrong {
			problems = append(problems, faulty(f).Errors...)
		}
		return t
	}
	r.from, r.to = moment("from"), moment("to")
	if !r.from.IsZero() && !r.to.IsZero() && r.to.Before(r.from) {
		problems = append(problems, invalidField("parameter", "/query/to", "to lebih awal daripada from", "to is before from"))
	}
	if text := q.Get("speed"); text != "" {
		speed, err := strconv.ParseFloat(text, 64)
		if err != nil || !(speed >= 0 && speed <= greatestSpeed) {
			problems = append(problems, invalidField("parameter", "/query/speed", fmt.Sprintf("%q bukan kecepatan dari 0 sampai %d", text, greatestSpeed),
				fmt.Sprintf("%q is no speed from 0 to %d", text, greatestSpeed)))
		}
		r.speed = speed
	}
	if lastEventID != "" {
		n, err := strconv.ParseUint(lastEventID, 10, 63)
		if err != nil {
			problems = append(problems, invalidField("parameter", "/header/Last-Event-ID", "bukan posisi", "it is no position"))
		}
		r.after = eventstore.Position(n)
	}
	r.regency = domain.Code(q.Get("regency"))
	if len(problems) > 0 {
		return r, newProblem(http.StatusUnprocessableEntity, problems...)
	}
	return r, nil
}

// getReplay plays a part of history as server-sent events, in the order and pace in which it was recorded. The id of an event is its position, and
// Last-Event-ID goes on after it; an event "end" is the last.
func (s *Server) getReplay(w http.ResponseWriter, r *http.Request) {
	user, election := userOf(r.Context()), r.PathValue("election")
	asked, last, gone := s.placed(r)
	q, p := readReplayQuery(asked, last)
	if gone != nil {
		p = gone
	}
	s.tellEpoch(w)
	var places []domain.Code
	if q.regency != "" {
		places = append(places, q.regency)
	}
	if denied := access.Read(user.Actor(), access.History, places...); denied != nil {
		s.denied(r, user, denied, "read history", string(q.regency))
		writeProblem(w, forbidden(*denied))
		return
	}
	if p == nil && !slices.Contains(s.cfg.Ledgers.Elections(), election) {
		p = notFound("pemilu", "election", election, "lihat /v1/elections", "see /v1/elections")
	}
	if p == nil && q.regency != "" && !slices.Contains(s.cfg.Ledgers.Units(election), q.regency) {
		p = notFound("satker", "unit", string(q.regency), "pakai kode kabupaten/kota 4 angka, atau provinsi 2 angka",
			"use the 4-digit code of a regency, or the 2-digit one of the province")
	}
	if p != nil {
		writeProblem(w, p)
		return
	}
	free, ok := s.place(w, r, s.shares.replays)
	if !ok {
		return
	}
	defer free()
	s.replay(w, r, election, q)
}

func (s *Server) replay(w http.ResponseWriter, r *http.Request, election string, q replayQuery) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	records, err := s.cfg.History.Span(ctx, election, q.regency, q.from, q.to, q.after)
	if err != nil {
		s.cfg.Telemetry.Log.Error("replay failed", "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan tidak dapat dibaca sekarang", "the log cannot be read at present"))
		return
	}
	out := &sse{s: s, ctx: ctx, w: w, ctl: http.NewResponseController(w), user: userOf(ctx), alive: time.Now()}
	if !out.begin() {
		return
	}
	view, now := access.Sees(out.user.Actor(), access.History), time.Time{}
	for rec, err := range records {
		if err != nil {
			s.cfg.Telemetry.Log.Error("replay failed", "cause", err)
			return // the client goes on with Last-Event-ID
		}
		if _, unit, _ := journal.SplitStream(rec.Stream); !access.Allows(view, out.user.Scope, unit) {
			continue
		}
		if q.speed > 0 && !now.IsZero() && !out.wait(now, rec.RecordedAt, q.speed) {
			return
		}
		now = rec.RecordedAt
		if !out.send("id: %s\nevent: %s\ndata: %s\n\n", s.cursor(rec.Position), rec.Type, eventJSON(&rec)) {
			return
		}
	}
	out.send("event: end\ndata: {}\n\n")
	_ = out.ctl.Flush() // a client that has gone hears nothing
}

// wait lets the time between two records go by, and tells now and then where it is. It returns false when nobody listens any more.
func (o *sse) wait(from, to time.Time, speed float64) bool {
	left := time.Duration(float64(to.Sub(from)) / speed)
	if left <= 0 {
		return o.living()
	}
	if o.ctl.Flush() != nil {
		return false
	}
	for begun := time.Now(); ; {
		gone := time.Since(begun)
		if gone >= left {
			return o.living()
		}
		select {
		case <-time.After(min(left-gone, o.s.patience.heartbeat)):
		case <-o.ctx.Done():
			return false
		}
		at := from.Add(min(time.Duration(float64(time.Since(begun))*speed), to.Sub(from)))
		if time.Since(o.alive) >= o.s.patience.heartbeat && (!o.living() || !o.send("event: clock\ndata: {\"now\":%q}\n\n", stamp(at)) || o.ctl.Flush() != nil) {
			return false
		}
	}
}
