package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

// observe measures every request, bounds its time (streams set their own, line by line), and turns a panic into an answer.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ended := s.cfg.Telemetry.Began(r.Method)
		rec := &recorder{ResponseWriter: w}
		ctl := http.NewResponseController(w)
		now := time.Now()
		// A writer without deadlines (in a test) has none.
		_ = ctl.SetWriteDeadline(now.Add(s.patience.write))
		var arrive time.Time // none where no body is to come: it would end the request's context while a long answer is still being written
		if r.ContentLength != 0 {
			arrive = now.Add(s.patience.read)
		}
		_ = ctl.SetReadDeadline(arrive)
		h := w.Header()
		h["X-Content-Type-Options"], h["Referrer-Policy"] = nosniff, noReferrer
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler {
					panic(cause)
				}
				s.cfg.Telemetry.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "cause", cause, "stack", string(debug.Stack()))
				if rec.status == 0 {
					writeProblem(rec, internalError())
				}
			}
			ended(s.pattern(r), rec.code())
		}()
		if r.Method == http.MethodGet && r.URL.RawQuery != "" {
			r = r.WithContext(context.WithValue(r.Context(), controllerKey{}, ctl))
		}
		next.ServeHTTP(rec, r)
	})
}

// controllerKey is where the context of a query has what sets its deadlines.
type controllerKey struct{}

// goesOn gives an answer that is being worked out its time anew.
func (s *Server) goesOn(ctx context.Context) {
	if ctl, ok := ctx.Value(controllerKey{}).(*http.ResponseController); ok {
		_ = ctl.SetWriteDeadline(time.Now().Add(s.patience.write)) // a recorder in a test has none
	}
}

// pattern is the route of a request: never its path, which has ids in it.
func (s *Server) pattern(r *http.Request) string {
	if isCommand(r) {
		return commandsPattern
	}
	if _, pattern := s.mux.Handler(r); pattern != "" {
		return pattern
	}
	return "none"
}

// recorder remembers the status, and how much was written.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader remembers the status and passes it on.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write is a success unless something else was said before.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// How long and how much of a refused body is still taken off the wire after the answer is sent: a client that writes everything before it
// reads would see a broken connection instead of the answer.
const (
	drainTime  = 2 * time.Second
	drainBytes = 64 << 20
)

// endBody answers with a problem at once, without waiting for the rest of the request's body, and ends the connection.
func endBody(w http.ResponseWriter, r *http.Request, p *problem) {
	if r.Body == nil || r.ContentLength == 0 {
		writeProblem(w, p)
		return
	}
	ctl := http.NewResponseController(w)
	if ctl.EnableFullDuplex() == nil && r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
	writeProblem(w, p)
	_ = errors.Join(ctl.Flush(), ctl.SetReadDeadline(time.Now().Add(drainTime)))
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, drainBytes)) // the client may stop whenever it likes
}
