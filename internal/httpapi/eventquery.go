package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/history"
	"jejak/internal/journal"
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
	{"after", "Only after this position; where the log was restored, EPOCH:POSITION, with EPOCH from the header Jejak-Epoch."},
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
		if !q.Has(name) {
			return time.Time{}
		}
		t, err := history.ParseTime(name, q.Get(name))
		if f, wrong := history.Asks(err); wrong {
			fail(name, f.ID, f.EN)
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
		if e.unit != "" || (e.election != "" && rec.Stream != journal.ElectionStream(e.election)) ||
			!access.OfNoUnit(view, scope, rec.Type, rec.Data) {
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
