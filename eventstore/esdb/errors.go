package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"jejak/eventstore"
)

// fault is what came of a call, in the words that decide what to do next.
type fault int

const (
	unreachable fault = iota + 1 // no connection, or it broke, or the server is not ready
	unanswered                   // no answer in time
	aborted                      // the server gave up waiting; it may still happen
	notLeader                    // another node must be asked
	deleted                      // the stream was deleted for good
	refused                      // not without better credentials
	tooLarge                     // the server's limit is smaller than ours
	other
)

// failure is an error of the server or of the way to it.
type failure struct {
	fault  fault
	leader string // of notLeader
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// certain tells that what was asked for has not been done and will not be.
func (f *failure) certain() bool {
	switch f.fault {
	case notLeader, deleted, refused, tooLarge:
		return true
	case unreachable, unanswered, aborted, other:
	}
	return false
}

// passing tells that the same call may succeed later.
func (f *failure) passing() bool {
	switch f.fault {
	case unreachable, unanswered, aborted, notLeader:
		return true
	case deleted, refused, tooLarge, other:
	}
	return false
}

func faultOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{fault: other, err: err}
}

// explain puts an error of gRPC into words. When ctx has ended it is ctx's error, whatever the connection says.
func explain(ctx context.Context, name string, err error, trailer metadata.MD) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		err = status.Error(codes.Unavailable, "it has ended the answer")
	}
	s := status.Convert(err)
	exception := first(trailer, "exception")
	switch {
	case exception == "not-leader":
		f := &failure{fault: notLeader, err: fmt.Errorf("EventStoreDB at %s is not the leader of its cluster: %w", name, eventstore.ErrUnavailable)}
		if host, port := first(trailer, "leader-endpoint-host"), first(trailer, "leader-endpoint-port"); host != "" && port != "" {
			f.leader = net.JoinHostPort(host, port)
		}
		return f
	case exception == "stream-deleted":
		return &failure{fault: deleted, err: deletedStream(first(trailer, "stream-name"))}
	case exception == "maximum-append-size-exceeded":
		return &failure{fault: tooLarge, err: fmt.Errorf("EventStoreDB at %s takes at most %s bytes at once, set its MaxAppendSize to %d at least: %w",
			name, first(trailer, "maximum-append-size"), eventstore.MaxAppend, eventstore.ErrTooLarge)}
	}
	switch s.Code() {
	case codes.Unavailable, codes.Canceled, codes.ResourceExhausted:
		return &failure{fault: unreachable, err: fmt.Errorf("EventStoreDB at %s does not answer (%s), see that it runs and can be reached: %w", name, s.Message(), eventstore.ErrUnavailable)}
	case codes.DeadlineExceeded:
		return &failure{fault: unanswered, err: fmt.Errorf("EventStoreDB at %s has not answered in time: %w", name, eventstore.ErrUnavailable)}
	case codes.Aborted:
		return &failure{fault: aborted, err: fmt.Errorf("EventStoreDB at %s gave up (%s): %w", name, s.Message(), eventstore.ErrUnavailable)}
	case codes.Unauthenticated, codes.PermissionDenied:
		return &failure{fault: refused, err: fmt.Errorf("EventStoreDB at %s refuses: %s: see to user and password of the connection string (they are sent with tls=true only) and to the rights of that user, $all included",
			name, s.Message())}
	case codes.Unknown, codes.Internal: // also what a broken connection looks like
		return &failure{fault: unreachable, err: fmt.Errorf("EventStoreDB at %s: %s: %w", name, s.Message(), eventstore.ErrUnavailable)}
	case codes.OK, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.DataLoss:
	}
	return &failure{fault: other, err: fmt.Errorf("EventStoreDB at %s: %s: %s", name, s.Code(), s.Message())}
}

func first(md metadata.MD, key string) string {
	if v := md.Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

func deletedStream(stream string) error {
	return fmt.Errorf("stream %s has been deleted or truncated on the server: the log is no longer whole: restore a backup", stream)
}
