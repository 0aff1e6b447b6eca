package esdb

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"jejak/eventstore"
)

// A reading that does not get further is tried again this often, and for this long: a server that is started anew is back by then.
const (
	readAttempts = 4
	readPatience = 2 * time.Second
)

// patiently asks and hands on the answers until a handler has enough, or the reading ends. A reading that breaks goes on where it was, as long
// as it gets further, or its patience lasts.
func (s *Store) patiently(ctx context.Context, request func() *api.ReadReq, handle func(*api.ReadResp) (more bool, err error)) error {
	ctx, cancel := s.open(ctx)
	defer cancel()
	const shortest, longest = 20 * time.Millisecond, 320 * time.Millisecond
	wait, began := shortest, time.Now()
	for failed := 1; ; failed++ {
		further := false
		err := s.once(ctx, request(), func(answer *api.ReadResp) (bool, error) {
			further = true
			return handle(answer)
		})
		var f *failure
		if err == nil || ctx.Err() != nil || !errors.As(err, &f) || !f.passing() {
			return err
		}
		if further {
			failed, wait, began = 1, shortest, time.Now()
		}
		if failed >= readAttempts && time.Since(began) > readPatience {
			return err
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, longest)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// once is one reading. The server has to begin to answer within the time of an attempt, and to go on likewise.
func (s *Store) once(ctx context.Context, request *api.ReadReq, handle func(*api.ReadResp) (bool, error)) (err error) {
	n, err := s.server.get(ctx)
	if err != nil {
		return err
	}
	var fromServer error
	defer func() { s.server.put(n, fromServer) }()
	attempt, cancel := context.WithCancel(s.server.outgoing(ctx))
	defer cancel()
	impatience := time.AfterFunc(s.opt.Attempt, cancel)
	defer impatience.Stop()
	var trailer metadata.MD
	fail := func(err error) error {
		if fromServer = explain(ctx, n.address, err, trailer); ctx.Err() != nil {
			fromServer = nil
			return context.Cause(ctx)
		}
		return fromServer
	}
	call, err := n.streams.Read(attempt, request, grpc.Trailer(&trailer))
	if err != nil {
		return fail(err)
	}
	for {
		answer, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fail(err)
		}
		impatience.Stop() // the handler may take its time
		more, err := handle(answer)
		if err != nil || !more {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		impatience.Reset(s.opt.Attempt)
	}
}

func readOptions() *api.ReadReq_Options {
	return &api.ReadReq_Options{
		FilterOption: &api.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   &api.ReadReq_Options_UUIDOption{Content: &api.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}
}

// readStream asks for events from a revision on, math.MaxUint64 for the end.
func readStream(stream string, revision uint64, direction api.ReadReq_Options_ReadDirection, count uint64) *api.ReadReq {
	options := &api.ReadReq_Options_StreamOptions{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
		RevisionOption:   &api.ReadReq_Options_StreamOptions_Revision{Revision: revision},
	}
	if revision == math.MaxUint64 {
		options.RevisionOption = &api.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}
	}
	o := readOptions()
	o.StreamOption, o.ReadDirection = &api.ReadReq_Options_Stream{Stream: options}, direction
	o.CountOption = &api.ReadReq_Options_Count{Count: count}
	return &api.ReadReq{Options: o}
}

// readAll asks for the events of all streams from a position on, that position included; math.MaxUint64 for the end.
func readAll(from eventstore.Position, direction api.ReadReq_Options_ReadDirection) *api.ReadReq {
	o := readOptions()
	o.StreamOption, o.ReadDirection = allFrom(from), direction
	o.CountOption = &api.ReadReq_Options_Count{Count: math.MaxInt64}
	return &api.ReadReq{Options: o}
}

func allFrom(position eventstore.Position) *api.ReadReq_Options_All {
	options := &api.ReadReq_Options_AllOptions{}
	switch position {
	case 0:
		options.AllOption = &api.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}
	case math.MaxUint64:
		options.AllOption = &api.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
	default:
		at := serverPosition(position)
		options.AllOption = &api.ReadReq_Options_AllOptions_Position{Position: &api.ReadReq_Options_Position{CommitPosition: at, PreparePosition: at}}
	}
	return &api.ReadReq_Options_All{All: options}
}
