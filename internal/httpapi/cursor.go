package httpapi

import (
	"errors"

	"net/http"
	"net/url"
	"strconv"

	"jejak/eventstore"
	"jejak/internal/notary"
)

// Where a log was restored, or accepted as it is, its positions from there on name other records than before. A cursor that a reader keeps therefore says of which
// history it is, from the second on; and one of a place that is not in the log any more is refused, instead of skipping what stands there now.

// epochHeader names the history in whose form cursors are, where it is not the first.
const epochHeader = "Jejak-Epoch"

// cursor writes a place for readers to keep.
func (s *Server) cursor(at eventstore.Position) string {
	if s.cfg.Notary == nil {
		return strconv.FormatUint(uint64(at), 10)
	}
	return s.cfg.Notary.Cursor(at)
}

func (s *Server) tellEpoch(w http.ResponseWriter) {
	if s.cfg.Notary == nil {
		return
	}
	if label := s.cfg.Notary.EpochLabel(); label != "" {
		w.Header().Set(epochHeader, label)
	}
}

// epoch is what tells answers of one history from those of another: "" in the first.
func (s *Server) epoch() string {
	if s.cfg.Notary == nil {
		return ""
	}
	return s.cfg.Notary.EpochLabel()
}

// placed gives the parameter after and Last-Event-ID as bare positions of this history. What cannot be read stays as it is, for who reads parameters.
func (s *Server) placed(r *http.Request) (q url.Values, lastEventID string, p *problem) {
	q, lastEventID = r.URL.Query(), r.Header.Get("Last-Event-ID")
	if s.cfg.Notary == nil {
		return q, lastEventID, nil
	}
	place := func(text, where string) string {
		if text == "" || p != nil {
			return text
		}
		at, err := s.cfg.Notary.ReadCursor(text)
		var other *notary.OtherHistoryError
		if errors.As(err, &other) {
			p = newProblem(http.StatusGone, otherHistory(other, where))
			return text
		}
		if err != nil {
			return text
		}
		return strconv.FormatUint(uint64(at), 10)
	}
	if q.Has("after") && lastEventID == "" { // which comes before it
		q.Set("after", place(q.Get("after"), "/query/after"))
	}
	lastEventID = place(lastEventID, "/header/Last-Event-ID")
	return q, lastEventID, p
}
