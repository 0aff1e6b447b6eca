package wire

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// before is what goes wrong before anything is done.
func (r *run) before(ctx context.Context, op Op) error {
	if err := r.running(); err != nil {
		return err
	}
	h := r.faults
	h.mu.Lock()
	notReady, moved, leader, slowBy := h.notReady, h.moved, h.leader, h.slowBy
	h.mu.Unlock()
	if leader == "" {
		leader = r.address
	}
	switch {
	case notReady:
		return status.Error(codes.Unavailable, "Server Is Not Ready")
	case moved:
		return notLeader(leader)
	case h.take(op, Reset):
		return r.reset(ctx)
	case h.take(op, Unavailable):
		return status.Error(codes.Unavailable, "Server Is Too Busy")
	case h.take(op, NotLeader):
		return notLeader(leader)
	case h.take(op, Deadline):
		return r.silence(ctx)
	case op == OpAppend && h.take(op, AbortedBefore):
		return status.Error(codes.Aborted, "Operation timed out (nothing was stored)")
	}
	if h.take(op, Slow) {
		timer := time.NewTimer(slowBy)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return r.ended(ctx)
		case <-r.ctx.Done():
			return r.running()
		}
	}
	return nil
}

// after is what goes wrong when an append is durable.
func (r *run) after(ctx context.Context, durable bool) error {
	h := r.faults
	switch {
	case !durable:
		return nil
	case h.take(OpAppend, AnswerLost):
		return r.reset(ctx)
	case h.take(OpAppend, AbortedAfter):
		return status.Error(codes.Aborted, "Operation timed out")
	case h.take(OpAppend, Withheld):
		return r.silence(ctx)
	}
	return nil
}

// silence gives no answer until the client gives up or the server ends.
func (r *run) silence(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-r.ctx.Done():
	}
	return r.ended(ctx)
}

// reset cuts the connection that the call came on, with all that is under way on it.
func (r *run) reset(ctx context.Context) error {
	r.listener.cut(caller(ctx))
	return status.Error(codes.Unavailable, "the connection was reset by a fault")
}

func notLeader(leader string) error {
	host, port, _ := net.SplitHostPort(leader)
	return refuse(codes.NotFound, "Leader info available", "exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port)
}
