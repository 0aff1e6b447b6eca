package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"jejak/internal/api"
	"jejak/internal/notary"
)

// problem is an answer that is no success. It is an error for huma's sake.
type problem struct{ api.Details }

func (p *problem) Error() string                       { return p.Detail }
func (p *problem) GetStatus() int                      { return p.Status }
func (p *problem) ContentType(string) string           { return "application/problem+json" }
func (p *problem) MarshalJSON() ([]byte, error)        { return json.Marshal(p.Details) }
func (p *problem) Schema(r huma.Registry) *huma.Schema { return r.Schema(detailsType, true, "") }

// newProblem makes a problem of a status with its errors. The first error's English message is the detail.
func newProblem(status int, errors ...api.Problem) *problem {
	p := &problem{api.Details{Type: "about:blank", Title: http.StatusText(status), Status: status, Errors: errors}}
	if len(errors) > 0 {
		p.Detail = errors[0].MessageEN
	}
	if len(errors) > 1 {
		p.Detail += fmt.Sprintf(" (and %d more errors)", len(errors)-1)
	}
	if p.Errors == nil {
		p.Errors = []api.Problem{}
	}
	return p
}

func one(rule, path, message, messageEN, remedy, remedyEN string) api.Problem {
	return api.Problem{Rule: rule, Path: path, Message: message, MessageEN: messageEN, Remedy: remedy, RemedyEN: remedyEN}
}

// writeProblem answers a request with a problem.
func writeProblem(w http.ResponseWriter, p *problem) {
	body, err := json.Marshal(p.Details)
	if err != nil {
		panic(err) // strings and numbers only
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="jejak"`)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n')) // a client that has gone hears nothing
}

// The problems that more than one route has.

func unauthorised() *problem {
	return newProblem(http.StatusUnauthorized, one("token", "",
		"token tidak ada, salah, kedaluwarsa atau sudah dicabut", "the token is missing, wrong, expired or revoked",
		"kirim header Authorization: Bearer <token>; minta token baru kepada admin", "send the header Authorization: Bearer <token>; ask an admin for a new token"))
}

func forbidden(p api.Problem) *problem { return newProblem(http.StatusForbidden, p) }

func tooManyFailures(seconds int) *problem {
	p := newProblem(http.StatusTooManyRequests, one("too_many_failures", "",
		"terlalu banyak token salah dari alamat ini", "too many wrong tokens from this address",
		"periksa token, lalu tunggu sebentar", "check the token, then wait a moment"))
	p.RetryAfter = seconds
	return p
}

func tooLarge(what, whatEN string, limit int) *problem {
	return newProblem(http.StatusRequestEntityTooLarge, one("too_large", "",
		fmt.Sprintf("%s lebih besar dari %d byte", what, limit), fmt.Sprintf("%s is larger than %d bytes", whatEN, limit),
		"bagi menjadi beberapa perintah, atau kirim banyak perintah sebagai NDJSON", "split it into several commands, or send many commands as NDJSON"))
}

func mediaType(got string) *problem {
	return newProblem(http.StatusUnsupportedMediaType, one("media_type", "",
		fmt.Sprintf("jenis isi %q tidak dikenal di sini", got), fmt.Sprintf("content type %q is not known here", got),
		"kirim application/json, atau application/x-ndjson untuk banyak baris", "send application/json, or application/x-ndjson for many lines"))
}

func notJSON(reason string) *problem {
	return newProblem(http.StatusBadRequest, one("not_json", "",
		"isi permintaan bukan JSON yang benar", "the body is not valid JSON: "+reason,
		"kirim satu objek JSON dalam UTF-8", "send one JSON object in UTF-8"))
}

// unread is the answer to a body that did not come whole.
func unread(err error) *problem {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return newProblem(http.StatusRequestTimeout, one("too_slow", "",
			"isi permintaan tidak tiba pada waktunya", "the body did not arrive in time", "kirim lagi saat sinyal lebih baik", "send it again when the signal is better"))
	}
	return notJSON("it cannot be read: " + err.Error())
}

func invalidField(rule, path, message, messageEN string) api.Problem {
	return one(rule, path, message, messageEN, "perbaiki isian ini", "mend this field")
}

// otherHistory says that a cursor is of a place that the log does not have any more.
func otherHistory(e *notary.OtherHistoryError, where string) api.Problem {
	begin := strconv.FormatUint(uint64(e.Fork), 10)
	return one("other_history", where,
		fmt.Sprintf("posisi %s berasal dari sejarah catatan yang lain: catatan ini dipulihkan dan sama hanya sampai posisi %d", e.Cursor, e.Fork),
		fmt.Sprintf("%s is of another history of the log: it was restored, and is the same up to position %d only", e.Cursor, e.Fork),
		"buang yang sudah dibaca sesudah posisi "+begin+", lalu mulai lagi dengan after="+begin+"; posisi dari sejarah ini ditulis "+e.Now+":POSISI",
		"throw away what was read after position "+begin+", and begin again with after="+begin+"; a position of this history is written "+e.Now+":POSITION")
}

func notFound(kind, kindEN, id, remedy, remedyEN string) *problem {
	return newProblem(http.StatusNotFound, one("not_found", "",
		fmt.Sprintf("%s %s tidak ada", kind, id), fmt.Sprintf("there is no %s %s", kindEN, id), remedy, remedyEN))
}

func noSuchPath(path string) *problem {
	return newProblem(http.StatusNotFound, one("no_such_path", "",
		"alamat "+path+" tidak ada", "there is no path "+path, "lihat /docs atau /openapi.json", "see /docs or /openapi.json"))
}

func methodNotAllowed(method, allow string) *problem {
	return newProblem(http.StatusMethodNotAllowed, one("method", "",
		"metode "+method+" tidak berlaku di sini", "method "+method+" does not work here", "pakai "+allow, "use "+allow))
}

// unavailable is for what will pass: the same request may be sent again.
func unavailable(rule, messageID, messageEN string) *problem {
	p := newProblem(http.StatusServiceUnavailable, one(rule, "", messageID, messageEN, "kirim lagi sebentar lagi", "send again in a moment"))
	p.RetryAfter = 1
	return p
}

// notKept is the answer when something could not be written: cause says why, and a full disk is told as one.
func (s *Server) notKept(cause error, messageID, messageEN string) *problem {
	if s.cfg.DiskFull == nil || !s.cfg.DiskFull(cause) {
		return unavailable("unavailable", messageID, messageEN)
	}
	p := newProblem(http.StatusServiceUnavailable, one("disk_full", "", messageID+": disk server penuh", messageEN+": the server's disk is full",
		"kosongkan ruang di disk server, lalu kirim lagi", "free some space on the server's disk and send again"))
	p.RetryAfter = 1
	return p
}

func internalError() *problem {
	return newProblem(http.StatusInternalServerError, one("internal", "",
		"ada kesalahan di server", "something is wrong in the server", "laporkan kepada admin; kirim lagi perintah yang sama tidak berbahaya",
		"tell an admin; sending the same command again does no harm"))
}
