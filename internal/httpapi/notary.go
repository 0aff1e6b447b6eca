package httpapi

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
)

// notaryOff answers where nothing is signed.
func notaryOff() *problem {
	return newProblem(http.StatusNotFound, one("notary_off", "", "server ini tidak menandatangani catatannya", "this server does not sign its log", "-", "-"))
}

func notSigned() *problem {
	p := newProblem(http.StatusNotFound, one("not_signed", "", "belum ada yang ditandatangani", "nothing is signed yet", "coba sebentar lagi", "try again in a moment"))
	p.RetryAfter = 1
	return p
}

// getCheckpoint gives the newest checkpoint, or the newest one that so many witnesses have cosigned.
func (s *Server) getCheckpoint(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Notary == nil {
		writeProblem(w, notaryOff())
		return
	}
	witnesses, p := numbers(r, "cosigned")
	if p != nil {
		writeProblem(w, p)
		return
	}
	c := s.cfg.Notary.Newest()
	if witnesses["cosigned"] > 0 {
		var err error
		if c, err = s.cfg.Notary.Cosigned(int(witnesses["cosigned"])); err != nil {
			s.cfg.Telemetry.Log.Error("read of a checkpoint failed", "cause", err)
			writeProblem(w, unavailable("unavailable", "catatan notaris tidak dapat dibaca sekarang", "the notary's book cannot be read at present"))
			return
		}
	}
	if c == nil {
		writeProblem(w, notSigned())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	w.Write(c.Note()) // a client that has gone hears nothing
}

// numbers reads the query parameters, all whole numbers.
func numbers(r *http.Request, known ...string) (map[string]int64, *problem) {
	values := map[string]int64{}
	var wrong []api.Problem
	for name, texts := range r.URL.Query() {
		n, err := strconv.ParseInt(texts[0], 10, 32)
		switch {
		case !slices.Contains(known, name):
			wrong = append(wrong, invalidField("parameter", "/query/"+name, "parameter tidak dikenal", "unknown parameter"))
		case err != nil || n < 0:
			wrong = append(wrong, invalidField("parameter", "/query/"+name, "bukan angka", "it is no number"))
		}
		values[name] = n
	}
	if len(wrong) > 0 {
		return nil, newProblem(http.StatusBadRequest, wrong...)
	}
	return values, nil
}

// mostHistory is how many checkpoints are given at once.
const mostHistory = 1000

// getCheckpointHistory gives every checkpoint ever signed, page by page.
func (s *Server) getCheckpointHistory(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Notary == nil {
		writeProblem(w, notaryOff())
		return
	}
	query, p := numbers(r, "after")
	if p != nil {
		writeProblem(w, p)
		return
	}
	all, err := s.cfg.Notary.After(query["after"], mostHistory)
	if err != nil {
		s.cfg.Telemetry.Log.Error("read of checkpoints failed", "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan notaris tidak dapat dibaca sekarang", "the notary's book cannot be read at present"))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-cache")
	lines := json.NewEncoder(w)
	for i := range all {
		c := &all[i]
		if lines.Encode(bundle.Checkpoint{Size: c.N, SignedAt: c.SignedAt, Note: string(c.Note())}) != nil {
			return // the client has gone
		}
	}
}

// getCheckpointKeys gives the keys of the notary, the oldest first.
func (s *Server) getCheckpointKeys(w http.ResponseWriter, _ *http.Request) {
	if s.cfg.Notary == nil {
		writeProblem(w, notaryOff())
		return
	}
	keys, err := s.cfg.Notary.Keys()
	if err != nil {
		s.cfg.Telemetry.Log.Error("read of the notary's keys failed", "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan notaris tidak dapat dibaca sekarang", "the notary's book cannot be read at present"))
		return
	}
	writeJSON(w, keys)
}

func writeJSON(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(append(text, '\n')) // a client that has gone hears nothing
}

// getTile gives a tile of the tree. It never changes.
func (s *Server) getTile(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Notary == nil {
		writeProblem(w, notaryOff())
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	data, err := s.cfg.Notary.Tile(name)
	if errors.Is(err, fs.ErrNotExist) {
		writeProblem(w, notFound("ubin", "tile", name, "ambil /checkpoint, lalu ubin dari pohon sebesar itu", "get /checkpoint, then tiles of a tree of that size"))
		return
	}
	if err != nil {
		s.cfg.Telemetry.Log.Error("read of a tile failed", "tile", name, "cause", err)
		writeProblem(w, unavailable("unavailable", "catatan notaris tidak dapat dibaca sekarang", "the notary's tiles cannot be read at present"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(data) // a client that has gone hears nothing
}

// getProof proves that an event is in the log: to those who may read it.
func (s *Server) getProof(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	if denied := access.Read(user.Actor(), access.Events); denied != nil {
		s.denied(r, user, denied, "prove an event", "")
		writeProblem(w, forbidden(*denied))
		return
	}
	if s.cfg.Notary == nil {
		writeProblem(w, notaryOff())
		return
	}
	unknown := notFound("peristiwa yang sudah ditandatangani dengan id", "signed event with the id", r.PathValue("id"), "periksa id-nya; yang baru dicatat menyusul sebentar lagi", "check the id; what was recorded just now follows in a moment")
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		writeProblem(w, unknown)
		return
	}
	rec, err := s.cfg.Notary.Find(r.Context(), id)
	if errors.Is(err, notary.ErrUnknown) || err == nil && !(eventQuery{attempts: true}).chooses(&rec.Record, access.Sees(user.Actor(), access.Events), user.Scope) {
		writeProblem(w, unknown) // what somebody may not read is as if it were not there
		return
	}
	var proof *notary.Proof
	if err == nil {
		proof, err = s.cfg.Notary.Prove(rec)
	}
	switch {
	case errors.Is(err, notary.ErrPending):
		writeProblem(w, unavailable("proof_pending", "bukti menyusul: tanda tangan berikutnya sebentar lagi", "proof pending: the next checkpoint is signed in a moment"))
	case err != nil:
		s.cfg.Telemetry.Log.Error("an event cannot be proved", "event", id, "cause", err)
		writeProblem(w, unavailable("unavailable", "bukti tidak dapat dibuat sekarang", "the proof cannot be made at present"))
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		writeJSON(w, api.EventProof{Leaf: rec.Leaf, Size: proof.Size, Record: string(bundle.AppendRecord(nil, &rec)), Proof: string(proof.Text)})
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Write(proof.Text) // a client that has gone hears nothing
	}
}

// describeNotary describes the routes above.
func (s *Server) describeNotary() []*huma.Operation {
	nobody := []map[string][]string{{}}
	query := func(name, doc string) []*huma.Param {
		return []*huma.Param{{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	return []*huma.Operation{
		{
			OperationID: "get-checkpoint", Method: http.MethodGet, Path: "/checkpoint", Summary: "The newest signed checkpoint of the log (C2SP tlog-checkpoint)", Tags: []string{"notary"},
			Security: nobody, Parameters: query("cosigned", "The newest one that at least so many witnesses have cosigned."),
			Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "OK", Content: textContent("text/plain")}}, "400", "404", "503"),
		},
		{
			OperationID: "list-checkpoints", Method: http.MethodGet, Path: "/checkpoint/history", Summary: "Every checkpoint ever signed, at most 1,000 at once", Tags: []string{"notary"},
			Security: nobody, Parameters: query("after", "Only those of more than so many records."),
			Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "One Checkpoint a line, the smallest first.", Content: map[string]*huma.MediaType{
				"application/x-ndjson": {Schema: s.linesOf(reflect.TypeFor[bundle.Checkpoint](), "Checkpoint")},
			}}}, "400", "404", "503"),
		},
		{
			OperationID: "list-checkpoint-keys", Method: http.MethodGet, Path: "/checkpoint/keys", Summary: "The keys that have signed the log, the oldest first", Tags: []string{"notary"},
			Security: nobody,
			Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
				"application/json": {Schema: s.schema(reflect.TypeFor[[]notary.Key](), "Keys")},
			}}}, "404", "503"),
		},
		{
			OperationID: "get-tile", Method: http.MethodGet, Path: "/tile/{path}", Summary: "A tile of the tree (C2SP tlog-tiles): hashes only", Tags: []string{"notary"}, Security: nobody,
			Description: "The path has several parts, such as 0/x001/234 or 1/000.p/17.",
			Parameters:  []*huma.Param{{Name: "path", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}},
			Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
				"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
			}}}, "404", "503"),
		},
		{
			OperationID: "prove-event", Method: http.MethodGet, Path: "/v1/events/{id}/proof", Summary: "The proof that an event is in the log as it was signed (C2SP tlog-proof)", Tags: []string{"notary"},
			Description: "For those who may read the event. With Accept: application/json the record is beside it.",
			Parameters:  []*huma.Param{{Name: "id", In: "path", Required: true, Description: "Id of the event.", Schema: &huma.Schema{Type: huma.TypeString}}},
			Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
				"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString}},
				"application/json": {Schema: s.schema(reflect.TypeFor[api.EventProof](), "EventProof")},
			}}}, "401", "403", "404", "503"),
		},
	}
}
