package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/internal/api"
)

type healthReply struct {
	Status int
	Body   api.Health
}

// registerHealth registers what a supervisor of processes asks. Neither needs a token.
func (s *Server) registerHealth() {
	nobody := []map[string][]string{{}}
	huma.Register(s.api, huma.Operation{
		OperationID: "livez", Method: http.MethodGet, Path: "/livez", Summary: "The process answers", Tags: []string{"server"}, Security: nobody,
	}, func(context.Context, *struct{}) (*healthReply, error) {
		return &healthReply{Status: http.StatusOK, Body: api.Health{Status: "ok", Version: s.cfg.Version}}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Summary: "Commands can be taken; 503 with the reasons when not",
		Tags: []string{"server"}, Security: nobody,
		Responses: map[string]*huma.Response{"503": {Description: "It cannot at present; problems says why.", Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.schema(reflect.TypeFor[api.Health](), "Health")},
		}}},
	}, s.readyz)
}

func (s *Server) readyz(ctx context.Context, _ *struct{}) (*healthReply, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var problems []string
	if s.isClosing() {
		problems = append(problems, "the server is closing")
	}
	if _, err := s.cfg.Store.Head(ctx); err != nil {
		problems = append(problems, "the event store does not answer: "+err.Error())
	}
	if s.cfg.Ready != nil {
		problems = append(problems, s.cfg.Ready(ctx)...)
	}
	h := &healthReply{Status: http.StatusOK, Body: api.Health{Status: "ok", Version: s.cfg.Version, Problems: problems}}
	if s.cfg.Warnings != nil {
		h.Body.Warnings = s.cfg.Warnings()
	}
	if s.cfg.Views != nil {
		for _, lag := range s.cfg.Views.Lag() {
			h.Body.Views = append(h.Body.Views, api.ViewHealth{
				View: lag.View, Position: uint64(lag.Position), Head: uint64(lag.Head), Oldest: lag.Oldest.Seconds(), Stopped: lag.Stopped, Building: lag.Building,
			})
		}
	}
	h.Body.Unreadable = s.unreadables() // no reason for 503: that would take every unit out of a proxy
	if len(problems) > 0 {
		h.Status, h.Body.Status = http.StatusServiceUnavailable, "not ready"
	}
	return h, nil
}
