package wire

import (
	"context"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// Delete hides what is in the stream: its metadata says so ($tb), numbering goes on.
func (s service) Delete(ctx context.Context, request *api.DeleteReq) (*api.DeleteResp, error) {
	expected := expectAny
	switch x := request.GetOptions().GetExpectedStreamRevision().(type) {
	case *api.DeleteReq_Options_Revision:
		expected = exactly(x.Revision)
	case *api.DeleteReq_Options_NoStream:
		expected = expectNone
	case *api.DeleteReq_Options_StreamExists:
		expected = expectExists
	case *api.DeleteReq_Options_Any:
	}
	position, err := s.delete(ctx, request.GetOptions().GetStreamIdentifier(), expected, false)
	if err != nil {
		return nil, err
	}
	return &api.DeleteResp{PositionOption: &api.DeleteResp_Position_{Position: &api.DeleteResp_Position{CommitPosition: position, PreparePosition: position}}}, nil
}

// Tombstone ends the stream for ever.
func (s service) Tombstone(ctx context.Context, request *api.TombstoneReq) (*api.TombstoneResp, error) {
	expected := expectAny
	switch x := request.GetOptions().GetExpectedStreamRevision().(type) {
	case *api.TombstoneReq_Options_Revision:
		expected = exactly(x.Revision)
	case *api.TombstoneReq_Options_NoStream:
		expected = expectNone
	case *api.TombstoneReq_Options_StreamExists:
		expected = expectExists
	case *api.TombstoneReq_Options_Any:
	}
	position, err := s.delete(ctx, request.GetOptions().GetStreamIdentifier(), expected, true)
	if err != nil {
		return nil, err
	}
	return &api.TombstoneResp{PositionOption: &api.TombstoneResp_Position_{Position: &api.TombstoneResp_Position{CommitPosition: position, PreparePosition: position}}}, nil
}

func (s service) delete(ctx context.Context, id *shared.StreamIdentifier, expected expectation, hard bool) (uint64, error) {
	trailer := func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }
	if err := s.before(ctx, OpAppend); err != nil {
		return 0, withTrailer(err, trailer)
	}
	position, err := s.deleteStream(string(id.GetStreamName()), expected, hard)
	if err == nil {
		err = s.after(ctx, true)
	}
	return position, withTrailer(err, trailer)
}

func (s service) deleteStream(name string, expected expectation, hard bool) (uint64, error) {
	l := s.log
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := s.running(); err != nil {
		return 0, err
	}
	state, _ := l.stream(name)
	exists := state.last() >= 0 && !state.softDeleted()
	switch {
	case state.tombstone != nil:
		return 0, deletedError(name)
	case expected == expectExists && !exists, expected >= expectNone && int64(expected) != state.last():
		return 0, refuse(codes.FailedPrecondition,
			fmt.Sprintf("Delete failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d", name, expected, state.last()),
			"exception", "wrong-expected-version", "stream-name", name, "expected-version", fmt.Sprint(int64(expected)), "actual-version", fmt.Sprint(state.last()))
	}
	if !hard {
		records, _ := l.placeMetadata(l.next, name, l.metadataEvent(name, deletedRevision))
		return records[0].Position, s.commit(records)
	}
	tombstone := proposed{id: uuid.New(), typ: "$streamDeleted", content: "application/octet-stream"}
	records, _ := l.place(l.next, name, deletedRevision, now(), []proposed{tombstone})
	return records[0].Position, s.commit(records)
}
