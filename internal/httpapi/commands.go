package httpapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"

	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/people"
)

// maxCommand is the most bytes of one command.
const maxCommand = envelope.MaxBytes

// postCommands takes one command as JSON, or many as NDJSON.
func (s *Server) postCommands(w http.ResponseWriter, r *http.Request) {
	kind, ok := bodyKind(r)
	if !ok {
		endBody(w, r, mediaType(r.Header.Get("Content-Type")))
		return
	}
	if kind == lines {
		s.postBatch(w, r)
		return
	}
	body, p := plainBody(r)
	if p != nil {
		endBody(w, r, p)
		return
	}
	s.single(w, r, body)
}

type bodyForm int

const (
	object bodyForm = iota
	lines
)

// bodyKind tells a single object from lines by the content type. No content type at all is an object.
func bodyKind(r *http.Request) (bodyForm, bool) {
	header := r.Header.Get("Content-Type")
	if header == "" || header == "application/json" {
		return object, true
	}
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return object, false
	}
	switch kind {
	case "application/json":
		return object, true
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return lines, true
	}
	return object, false
}

// plainBody is the request's body, unpacked when it is gzip.
func plainBody(r *http.Request) (io.Reader, *problem) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip":
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, notJSON("it is not gzip: " + err.Error())
		}
		return unpacked, nil
	default:
		return nil, mediaType("Content-Encoding: " + encoding)
	}
}

// bodies are where single commands are read, and their answers written. A command keeps nothing of its body.
var bodies = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2<<10)) }}

// giveBack keeps a buffer for the next one, unless it has grown large.
func giveBack(room *bytes.Buffer) {
	if room.Cap() <= 16<<10 {
		room.Reset()
		bodies.Put(room)
	}
}

// single answers one command with the status that its answer has.
func (s *Server) single(w http.ResponseWriter, r *http.Request, body io.Reader) {
	if r.ContentLength > maxCommand && r.Header.Get("Content-Encoding") == "" {
		endBody(w, r, tooLarge("perintah", "the command", maxCommand))
		return
	}
	room := bodies.Get().(*bytes.Buffer)
	defer giveBack(room)
	_, err := room.ReadFrom(io.LimitReader(body, maxCommand+1))
	switch {
	case err != nil:
		endBody(w, r, unread(err))
		return
	case room.Len() > maxCommand:
		endBody(w, r, tooLarge("perintah", "the command", maxCommand))
		return
	}
	cmd, answer := s.accept(userOf(r.Context()), room.Bytes())
	if answer == nil {
		// The answer comes even when the client goes: the command may be decided already.
		decided := <-s.cfg.Ledgers.Submit(r.Context(), cmd)
		answer = &decided
		s.countReport(r, cmd, room.Len(), answer)
	}
	s.noteDenied(r, cmd, answer)
	writeAnswer(w, *answer, room)
}

// accept makes a command of what a user sent, or the answer that says why it cannot be one.
func (s *Server) accept(user people.User, raw []byte) (command.Command, *api.Answer) {
	cmd, refused := s.decode(raw, user)
	if refused != nil {
		s.countErrors(refused)
		return cmd, refused
	}
	if denied := access.Command(user.Actor(), cmd.Unit, cmd.Data); denied != nil {
		refused := &api.Answer{ID: cmd.ID.String(), Result: api.Error, Status: http.StatusForbidden, Errors: []api.Problem{*denied}}
		s.countErrors(refused)
		return cmd, refused
	}
	if p := s.mayReport(user.Actor(), cmd.Mode); p != nil {
		refused := errorAnswer(p, cmd.ID.String())
		s.countErrors(refused)
		return cmd, refused
	}
	cmd.Guard = access.Guard(user.Actor(), cmd.Mode, cmd.Data)
	return cmd, nil
}

// countErrors counts the answers that no ledger gave.
func (s *Server) countErrors(a *api.Answer) {
	s.cfg.Telemetry.Answered(string(a.Result), 0)
	for _, e := range a.Errors {
		s.cfg.Telemetry.Broken(e.Rule)
	}
}

// noteDenied writes to the security log that a command was refused for who sent it, whether by the table or by what the ledger knows.
func (s *Server) noteDenied(r *http.Request, cmd command.Command, a *api.Answer) {
	if a.Status != http.StatusForbidden || cmd.Data == nil {
		return
	}
	for i := range a.Errors {
		s.denied(r, userOf(r.Context()), &a.Errors[i], cmd.Data.CommandType(), string(cmd.Unit))
	}
}

// denied writes a refusal to the security log.
func (s *Server) denied(r *http.Request, user people.User, why *api.Problem, what, where string) {
	s.cfg.Telemetry.Refused(why.Rule)
	s.cfg.Telemetry.Security.Warn("refused", "rule", why.Rule, "user", user.ID, "role", string(user.Role), "scope", user.Scope, "what", what,
		"where", where, "from", s.from(r))
}

// Values of headers that every answer has, so that they need not be made each time.
var isJSON, noStore, nosniff, noReferrer = []string{"application/json"}, []string{"no-store"}, []string{"nosniff"}, []string{"no-referrer"}

// writeAnswer answers a single command: a success as an answer, everything else as a problem that is an answer too. What the room holds is lost.
func writeAnswer(w http.ResponseWriter, a api.Answer, room *bytes.Buffer) {
	switch a.Result {
	case api.Accepted, api.AcceptedWithDiscrepancy, api.Duplicate:
		a.Status, a.RetryAfter = 0, 0
		h := w.Header()
		h["Content-Type"], h["Cache-Control"] = isJSON, noStore
		h.Set("Jejak-Position", strconv.FormatUint(uint64(a.Position), 10))
		w.WriteHeader(http.StatusOK)
		room.Reset()
		w.Write(appendAnswer(room.AvailableBuffer(), &a)) // a client that has gone hears nothing
	case api.Rejected, api.Error:
		p := newProblem(a.Status, a.Errors...)
		p.ID, p.Result, p.RetryAfter = a.ID, a.Result, a.RetryAfter
		writeProblem(w, p)
	}
}

// errorAnswer is an answer from a problem.
func errorAnswer(p *problem, id string) *api.Answer {
	return &api.Answer{ID: id, Result: api.Error, Status: p.Status, Errors: p.Errors, RetryAfter: p.RetryAfter}
}

var errLineTooLong = errors.New("the line is too long")
