package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/broker"
	"jejak/internal/people"
)

// Consumers makes consumers of the feed: the broker.
type Consumers interface {
	Consumer(ctx context.Context, user people.User, q broker.Query) (broker.Made, error)
}

type feedQuery struct {
	Body api.FeedQuery
}

type feedConsumer struct {
	Body api.FeedConsumer
}

// registerConsumers registers what concerns the feed over NATS.
func (s *Server) registerConsumers() {
	huma.Register(s.api, huma.Operation{
		OperationID: "make-feed-consumer", Method: http.MethodPost, Path: "/v1/feed/consumers", Summary: "Make a consumer of the feed over NATS",
		Description: "Narrows what you may hear and never widens it. Four such consumers are there for everyone; a fifth takes the place of the one idle longest.",
		Tags:        []string{"feed"}, DefaultStatus: http.StatusCreated,
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusNotImplemented, http.StatusServiceUnavailable},
	}, s.makeConsumer)
}

func (s *Server) makeConsumer(ctx context.Context, in *feedQuery) (*feedConsumer, error) {
	if err := s.may(ctx, access.Feed); err != nil {
		return nil, err
	}
	if s.cfg.Consumers == nil {
		return nil, newProblem(http.StatusNotImplemented, one("no_nats", "", "server ini berjalan tanpa NATS", "this server runs without NATS",
			"baca peristiwa lewat GET /v1/events", "read events from GET /v1/events"))
	}
	user := userOf(ctx)
	made, err := s.cfg.Consumers.Consumer(ctx, user, broker.Query{Areas: in.Body.Areas, Shipment: in.Body.Shipment, Since: in.Body.Since, InMemory: in.Body.InMemory})
	var refused *broker.RefusedError
	var invalid *broker.InvalidError
	switch {
	case err == nil:
		return &feedConsumer{Body: api.FeedConsumer{Stream: made.Stream, Consumer: made.Consumer, Subjects: made.Subjects, Position: made.Position, Oldest: made.Oldest}}, nil
	case errors.As(err, &refused):
		return nil, s.refused(user, &refused.Problem, string(access.Feed), refused.Problem.Path)
	case errors.As(err, &invalid):
		return nil, newProblem(http.StatusUnprocessableEntity, invalid.Problems...)
	case errors.Is(err, broker.ErrBusy):
		return nil, newProblem(http.StatusConflict, one("consumers_in_use", "", "semua konsumen Anda sedang dipakai", "all of your consumers are in use",
			"hentikan salah satu", "stop one of them"))
	}
	s.cfg.Telemetry.Log.Error("a consumer of the feed cannot be made", "user", user.ID, "cause", err)
	return nil, retryLater(unavailable("feed_unavailable", "umpan peristiwa belum dapat dipakai sekarang", "the feed cannot be used at present"))
}
