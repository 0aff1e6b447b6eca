package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/clock"
)

type clockReply struct {
	Body api.Clock
}

type setClock struct {
	Body api.SetClock
}

type clockAcceptedReply struct {
	Body api.ClockAccepted
}

// registerClock registers the server's time.
func (s *Server) registerClock() {
	huma.Register(s.api, huma.Operation{
		OperationID: "get-clock", Method: http.MethodGet, Path: "/v1/clock", Summary: "The server's time", Tags: []string{"server"},
		Errors: []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ *struct{}) (*clockReply, error) {
		if err := s.may(ctx, access.ReadClock); err != nil {
			return nil, err
		}
		return s.clock(ctx)
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "set-clock", Method: http.MethodPost, Path: "/v1/clock", Summary: "Drive the clock of a simulated data directory forward",
		Tags: []string{"server"}, Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, s.driveClock)
	huma.Register(s.api, huma.Operation{
		OperationID: "accept-clock", Method: http.MethodPost, Path: "/v1/clock/accept", Summary: "Believe the machine's clock after it was set", Tags: []string{"server"},
		Description: "A clock that is set by more than a day at once while the server runs is not believed, and commands are refused (server_clock), until it is right again or the admin of the " +
			"province says here that the new time is the right one. A clock that was not set is left as it is.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden},
	}, s.acceptClock)
}

func (s *Server) clock(ctx context.Context) (*clockReply, error) {
	reply := &clockReply{Body: api.Clock{Now: s.cfg.Clock.Now().Format(time.RFC3339Nano), Simulated: s.cfg.Clock.Simulated()}}
	if s.cfg.Stepped != nil {
		if stepped := s.cfg.Stepped(); stepped != nil {
			reply.Body.Machine = stepped.Says.UTC().Format(time.RFC3339Nano)
		}
	}
	if s.cfg.Settled != nil && s.cfg.Clock.Simulated() {
		settled, err := s.cfg.Settled(ctx)
		if err != nil {
			return nil, unavailable("store_unavailable", "catatan tidak dapat dibaca sekarang: "+err.Error(), "the log cannot be read at present: "+err.Error())
		}
		reply.Body.Settled = &settled
	}
	return reply, nil
}

func (s *Server) driveClock(ctx context.Context, in *setClock) (*clockReply, error) {
	if err := s.may(ctx, access.SetClock); err != nil {
		return nil, err
	}
	if s.cfg.SetClock == nil || !s.cfg.Clock.Simulated() {
		return nil, newProblem(http.StatusConflict, one("clock_not_driven", "/now", "data ini memakai jam mesin, bukan simulasi",
			"this data directory goes by the machine's clock; it is not simulated", "mulai server dengan --clock driven pada folder data baru",
			"start the server with --clock driven on a new data directory"))
	}
	now, err := domain.ParseTime(in.Body.Now)
	if err != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, one("bad_time", "/now", "waktu salah bentuk", "now is no RFC 3339 time with an offset",
			"tulis seperti 2024-02-13T06:45:00+07:00", "write it like 2024-02-13T06:45:00+07:00"))
	}
	if err := s.cfg.SetClock(now); err != nil {
		return nil, newProblem(http.StatusConflict, one("clock_only_forward", "/now", "jam simulasi hanya bergerak maju", err.Error(),
			"kirim waktu yang sama atau sesudahnya", "send the same time or a later one"))
	}
	return s.clock(ctx)
}

// acceptClock is for the admin of the whole province: what is recorded from now on bears the new time in every unit.
func (s *Server) acceptClock(ctx context.Context, _ *struct{}) (*clockAcceptedReply, error) {
	user := userOf(ctx)
	if err := s.may(ctx, access.AcceptClock, domain.Code(user.Scope).Up(domain.Province)); err != nil {
		return nil, err
	}
	now := s.cfg.Clock.Now()
	done := clock.Accepted{Before: now, Now: now}
	if s.cfg.AcceptClock != nil {
		done = s.cfg.AcceptClock()
	}
	before, after := done.Before.UTC().Format(time.RFC3339Nano), done.Now.UTC().Format(time.RFC3339Nano)
	if done.Stepped {
		s.cfg.Telemetry.Security.Warn("clock accepted", "by", user.ID, "before", before, "now", after)
	}
	return &clockAcceptedReply{Body: api.ClockAccepted{Accepted: done.Stepped, Before: before, Now: after}}, nil
}
