package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/notary/bundle"
	"jejak/internal/trail"
)

// eventQuery chooses records of the log.
type eventQuery struct {
	election, unit, box, shipment string
	types                         []string
	after                         eventstore.Position
	from, to                      time.Time
	limit                         int
	attempts                      bool
	cut                           history.Cut

	mentions [][]byte // texts that the data must have all
}

// eventParameters are the query parameters of GET /v1/events, for the document too.
var eventParameters = []struct{ name, doc string }{
	{"election", "Only of this election."},
	{"unit", "Only of this unit's ledger."},
	{"box", "Only what names this box. What happened to the shipment it was on is in its timeline."},
	{"shipment", "Only what names this shipment."},
	{"type", "Only of these types, separated by commas."},
	{"after", "Only after this position."},
	{"from", "Only recorded at or after this time (RFC 3339)."},
	{"to", "Only recorded before this time (RFC 3339)."},
	{"as_of", "Only what was there at this time: RFC 3339 with an offset, or with WIB, WITA or WIT behind it."},
	{"clock", "What as_of means: recorded (the default) or occurred."},
	{"position", "Only up to this position."},
	{"limit", "At most so many."},
	{"attempts", "true: the rejected commands too."},
}

// readEventQuery reads the parameters; all that is wrong at once.
func readEventQuery(q url.Values, lastEventID string) (eventQuery, *problem) {
	var e eventQuery
	var problems []api.Problem
	fail := func(name, message, messageEN string) {
		problems = append(problems, invalidField("parameter", "/query/"+name, message, messageEN))
	}
	for name := range q {
		if !slices.ContainsFunc(eventParameters, func(p struct{ name, doc string }) bool { return p.name == name }) {
			fail(name, "parameter tidak dikenal", "unknown parameter")
		}
	}
	number := func(name, text string) uint64 {
		if text == "" {
			return 0
		}
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			fail(name, fmt.Sprintf("%q bukan angka", text), fmt.Sprintf("%q is no number", text))
		}
		return n
	}
	moment := func(name string) time.Time {
		if q.Get(name) == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.RFC3339Nano, q.Get(name))
		if err != nil {
			fail(name, fmt.Sprintf("%q bukan waktu RFC 3339 dengan zona", q.Get(name)), fmt.Sprintf("%q is no RFC 3339 time with an offset", q.Get(name)))
		}
		return t
	}
	e.election, e.unit, e.box, e.shipment = q.Get("election"), q.Get("unit"), q.Get("box"), q.Get("shipment")
	if types := q.Get("type"); types != "" {
		e.types = strings.Split(types, ",")
	}
	after := q.Get("after")
	if lastEventID != "" {
		after = lastEventID // goes on where a broken stream ended
	}
	e.after, e.limit = eventstore.Position(number("after", after)), int(number("limit", q.Get("limit")))
	e.from, e.to = moment("from"), moment("to")
	switch q.Get("attempts") {
	case "true":
		e.attempts = true
	case "", "false":
	default:
		fail("attempts", fmt.Sprintf("%q bukan true atau false", q.Get("attempts")), fmt.Sprintf("%q is neither true nor false", q.Get("attempts")))
	}
	cut, faults := history.ReadCut(q.Get("as_of"), q.Get("clock"), q.Get("position"))
	for _, f := range faults {
		fail(f.Field, f.ID, f.EN)
	}
	e.cut = cut
	for _, id := range []string{e.box, e.shipment} {
		if id != "" {
			quoted, _ := json.Marshal(id) // a string
			e.mentions = append(e.mentions, quoted)
		}
	}
	if len(problems) > 0 {
		return e, newProblem(http.StatusBadRequest, problems...)
	}
	return e, nil
}

// filter is what the store itself can choose.
func (e eventQuery) filter() eventstore.Filter {
	f := eventstore.Filter{Types: e.types}
	if e.election != "" && e.unit != "" && !e.attempts {
		f.StreamPrefix = journal.LedgerStream(e.election, domain.Code(e.unit))
	}
	return f
}

// chooses tells whether a record is asked for and may be seen.
func (e eventQuery) chooses(rec *eventstore.Record, view access.View, scope string) bool {
	election, unit, ofUnit := journal.SplitStream(rec.Stream)
	switch {
	case !ofUnit:
		if e.unit != "" || (e.election != "" && rec.Stream != journal.ElectionStream(e.election)) {
			return false
		}
	case strings.HasPrefix(rec.Stream, journal.AttemptsPrefix) && !e.attempts,
		e.election != "" && election != e.election, e.unit != "" && string(unit) != e.unit,
		!access.Allows(view, scope, unit):
		return false
	}
	if (!e.from.IsZero() && rec.RecordedAt.Before(e.from)) || (!e.to.IsZero() && !rec.RecordedAt.Before(e.to)) {
		return false
	}
	if len(e.types) > 0 && !slices.Contains(e.types, rec.Type) {
		return false
	}
	if !e.cut.Has(rec) {
		return false
	}
	for _, text := range e.mentions {
		if !bytes.Contains(rec.Data, text) {
			return false
		}
	}
	return true
}

// getEvents shows the log: as NDJSON what is there now, or as server-sent events what is there and what comes.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	e, p := readEventQuery(r.URL.Query(), r.Header.Get("Last-Event-ID"))
	if p != nil {
		writeProblem(w, p)
		return
	}
	var places []domain.Code
	if e.unit != "" {
		places = append(places, domain.Code(e.unit))
	}
	if denied := access.Read(user.Actor(), access.Events, places...); denied != nil {
		s.denied(r, user, denied, "read events", e.unit)
		writeProblem(w, forbidden(*denied))
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		if !e.cut.End() {
			writeProblem(w, newProblem(http.StatusBadRequest, invalidField("parameter", "/query/as_of",
				"aliran mengikuti yang akan datang: tanpa as_of, clock dan position", "a stream follows what comes: leave as_of, clock and position out")))
			return
		}
		s.streamEvents(w, r, e)
		return
	}
	s.listEvents(w, r, e)
}

func (s *Server) listEvents(w http.ResponseWriter, r *http.Request, e eventQuery) {
	ctl := http.NewResponseController(w)
	head, err := s.cfg.Store.Head(r.Context())
	if err != nil {
		s.cfg.Telemetry.Log.Error("read of events failed", "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan tidak dapat dibaca sekarang", "the log cannot be read at present"))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Jejak-Position", strconv.FormatUint(uint64(head), 10))
	user := userOf(r.Context())
	view := access.Sees(user.Actor(), access.Events)
	n := 0
	for rec, err := range s.eventRecords(r.Context(), e) {
		if err != nil {
			s.cfg.Telemetry.Log.Error("read of events failed", "cause", err)
			panic(http.ErrAbortHandler) // a short list must not look like a whole one
		}
		if rec.Position > head || e.cut.Position > 0 && rec.Position > e.cut.Position {
			return
		}
		if !e.chooses(&rec, view, user.Scope) {
			continue
		}
		if n%1000 == 0 {
			_ = ctl.SetWriteDeadline(time.Now().Add(s.patience.write)) // a recorder in a test has none
		}
		if _, err := w.Write(append(eventJSON(&rec), '\n')); err != nil {
			return // the client has gone
		}
		if n++; n == e.limit {
			return
		}
	}
}

// eventRecords reads what may be asked for: of one thing by the index, of one unit by its ledgers, else the whole log.
func (s *Server) eventRecords(ctx context.Context, e eventQuery) iter.Seq2[eventstore.Record, error] {
	if id := cmp.Or(e.box, e.shipment); id != "" && !e.attempts {
		records, err := s.cfg.History.Events(ctx, id, e.election, domain.Code(e.unit), e.after)
		if err == nil {
			return records
		}
		if !errors.Is(err, trail.ErrBehind) {
			s.cfg.Telemetry.Log.Warn("the index of things cannot be used; the whole log is read", "cause", err)
		}
	} else if e.unit != "" && !e.attempts {
		elections := s.cfg.Ledgers.Elections()
		if e.election != "" {
			elections = []string{e.election}
		}
		records, err := s.cfg.History.LedgerEvents(ctx, elections, domain.Code(e.unit), e.after)
		if err != nil {
			return func(yield func(eventstore.Record, error) bool) { yield(eventstore.Record{}, err) }
		}
		return records
	}
	after := e.after
	if !e.from.IsZero() {
		begin, err := s.cfg.History.Before(ctx, e.from)
		if err != nil {
			return func(yield func(eventstore.Record, error) bool) { yield(eventstore.Record{}, err) }
		}
		after = max(after, begin)
	}
	return s.cfg.Store.ReadAll(ctx, after, e.filter())
}

// eventJSON is a record as the API shows it: api.Event, with data and metadata byte for byte, which encoding/json would not leave alone.
func eventJSON(rec *eventstore.Record) []byte {
	shown := bundle.Record{Record: *rec, Leaf: -1}
	shown.Command = uuid.Nil // the metadata has it
	return bundle.AppendRecord(nil, &shown)
}

// streamEvents follows the log until the client goes or the server closes.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, e eventQuery) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	sub, err := s.cfg.Store.Subscribe(ctx, e.after, e.filter())
	if err != nil {
		s.cfg.Telemetry.Log.Error("subscription failed", "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan tidak dapat dibaca sekarang", "the log cannot be read at present"))
		return
	}
	defer sub.Close()
	ctl := http.NewResponseController(w)
	_ = ctl.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	user := userOf(r.Context())
	send := func(format string, args ...any) bool {
		_ = ctl.SetWriteDeadline(time.Now().Add(s.patience.write))
		_, err := fmt.Fprintf(w, format, args...)
		return err == nil
	}
	if !send(": jejak\n\n") || ctl.Flush() != nil {
		return
	}
	alive, unsent := time.Now(), false
	for n := 0; e.limit == 0 || n < e.limit; {
		wait, stop := context.WithTimeout(ctx, s.patience.heartbeat)
		rec, err := sub.Next(wait)
		stop()
		idle := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
		if err != nil && !idle {
			return // the client reconnects with Last-Event-ID
		}
		if idle || time.Since(alive) >= s.patience.heartbeat {
			// Here, and not only when nothing comes: a token that was revoked or has expired ends the stream.
			if !s.stillGood(user) || !send(": still here\n\n") || ctl.Flush() != nil {
				return
			}
			alive, unsent = time.Now(), false
		}
		if idle {
			continue
		}
		if e.chooses(&rec, access.Sees(user.Actor(), access.Events), user.Scope) {
			n++
			if !send("id: %d\nevent: %s\ndata: %s\n\n", rec.Position, rec.Type, eventJSON(&rec)) {
				return
			}
			unsent = true
		}
		if unsent && sub.Live() {
			if ctl.Flush() != nil {
				return
			}
			unsent = false
		}
	}
}
