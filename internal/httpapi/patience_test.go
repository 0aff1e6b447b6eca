package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/history"
	"jejak/internal/telemetry"
)

// A question about the past that takes too long is answered so before its connection is cut, also when it has waited for a position before.
func TestWhatTakesTooLongCanStillBeTold(t *testing.T) {
	if p := usual(); p.position+p.fold >= p.write {
		t.Errorf("a read waits %s and folds %s, but the answer is cut after %s", p.position, p.fold, p.write)
	}
}

// timed is an answer that notes until when it may be written.
type timed struct {
	http.ResponseWriter
	deadlines []time.Time
}

func (w *timed) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// TestWhatGoesOnIsNotCutOff: whenever a part of a long answer is there, its time begins anew.
func TestWhatGoesOnIsNotCutOff(t *testing.T) {
	s := &Server{cfg: Config{Telemetry: telemetry.New(slog.New(slog.DiscardHandler), "")}, mux: http.NewServeMux(), patience: usual()}
	w := &timed{ResponseWriter: httptest.NewRecorder()}
	s.observe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.goesOn(r.Context())
		s.goesOn(r.Context())
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/elections/pemilu2024/regencies?as_of=2024-02-13T06:45Z", nil))
	if n := len(w.deadlines); n != 3 || w.deadlines[2].Before(w.deadlines[0]) || time.Until(w.deadlines[2]) > s.patience.write {
		t.Errorf("deadlines %v", w.deadlines)
	}
}

// stuck is a log that does not answer.
type stuck struct{ *memory.Store }

func (stuck) StreamHead(ctx context.Context, _ string) (eventstore.Version, eventstore.Position, error) {
	<-ctx.Done()
	return 0, 0, ctx.Err()
}

// TestABoardIsGivenUpWhenNothingGoesOn: of one ledger and of all.
func TestABoardIsGivenUpWhenNothingGoesOn(t *testing.T) {
	s := &Server{
		cfg:      Config{Telemetry: telemetry.New(slog.New(slog.DiscardHandler), ""), History: history.New(history.Config{Store: stuck{memory.New()}, Now: time.Now})},
		patience: patience{fold: time.Millisecond, position: time.Second},
	}
	for _, units := range [][]domain.Code{{"3578"}, {"3577", "3578"}} {
		if _, _, err := s.boards(t.Context(), "pemilu2024", units, Asked{AsOf: "2024-02-13T06:45Z"}); !strings.Contains(told(err), "fold_too_long") {
			t.Errorf("%v: %v", units, told(err))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.boards(gone, "pemilu2024", units, Asked{AsOf: "2024-02-13T06:45Z"}); !strings.Contains(told(err), "request_ended") {
			t.Errorf("%v, the asker being gone: %v", units, told(err))
		}
	}
}

// told is the rule of the first error of a problem.
func told(err error) string {
	var p *problem
	if errors.As(err, &p) && len(p.Errors) > 0 {
		return p.Errors[0].Rule
	}
	return "no problem"
}
