package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/notary/bundle"
	"jejak/internal/trail"
)

// getEvents shows the log: as NDJSON what is there now, or as server-sent events what is there and what comes.
func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	asked, last, p := s.placed(r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	s.tellEpoch(w)
	e, p := readEventQuery(asked, last)
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
		if free, ok := s.place(w, r, s.shares.streams); ok {
			defer free()
			s.streamEvents(w, r, e)
		}
		return
	}
	if free, ok := s.place(w, r, s.shares.downloads); ok {
		defer free()
		s.listEvents(w, r, e)
	}
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
			if !send("id: %s\nevent: %s\ndata: %s\n\n", s.cursor(rec.Position), rec.Type, eventJSON(&rec)) {
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
