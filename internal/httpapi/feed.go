package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
)

// postFeedRebuild has the event feed published anew, and tells line by line how far it is. The feed is the whole province's, so a regency's admin
// may not. When the client goes, the rebuild goes on.
func (s *Server) postFeedRebuild(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	if denied := access.Read(user.Actor(), access.FeedRebuild, domain.Code(user.Scope).Up(domain.Province)); denied != nil {
		s.denied(r, user, denied, "rebuild the feed", "")
		writeProblem(w, forbidden(*denied))
		return
	}
	if s.cfg.RebuildFeed == nil {
		writeProblem(w, newProblem(http.StatusConflict, one("feed_off", "", "server ini tidak menerbitkan kabar lewat NATS", "this server publishes no feed",
			"jalankan server tanpa --nats off", "start the server without --nats off")))
		return
	}
	ctl := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	tell := func(at api.FeedRebuild) {
		line, err := json.Marshal(at)
		if err != nil {
			panic(err) // numbers and a text
		}
		_ = ctl.SetWriteDeadline(time.Now().Add(s.patience.write)) // a recorder in a test has none
		_, _ = w.Write(append(line, '\n'))                         // the client may have gone
		_ = ctl.Flush()
	}
	if err := s.cfg.RebuildFeed(r.Context(), tell); err != nil {
		s.cfg.Telemetry.Log.Error("rebuild of the feed", "user", user.ID, "cause", err)
		tell(api.FeedRebuild{Error: err.Error()})
	}
}

func (s *Server) describeFeedRebuild() *huma.Operation {
	return &huma.Operation{
		OperationID: "rebuild-feed", Method: http.MethodPost, Path: "/v1/feed/rebuild", Summary: "Publish the event feed anew from the log", Tags: []string{"server"},
		Description: "Everything in the stream JEJAK is replaced by what the log has, marked as replay. One line tells how far it is, the last one has done or error. " +
			"The rebuild goes on when the client goes.",
		Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "One FeedRebuild a line.", Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: s.linesOf(reflect.TypeFor[api.FeedRebuild](), "FeedRebuild")},
		}}}, "401", "403", "409", "503"),
	}
}
