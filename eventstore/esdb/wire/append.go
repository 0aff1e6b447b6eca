package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// maxMessage is what EventStoreDB takes in one gRPC message.
const maxMessage = 16<<20 - 10_000

// service answers the calls of one run of the server.
type service struct {
	api.UnimplementedStreamsServer
	*run
}

func (s service) Append(call api.Streams_AppendServer) error {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "the first message of an append must have its options")
	}
	name := string(options.GetStreamIdentifier().GetStreamName())
	if name == "" {
		return status.Error(codes.InvalidArgument, "stream name is empty")
	}
	events, err := s.receive(call)
	if err != nil {
		return err
	}
	if err := s.before(call.Context(), OpAppend); err != nil {
		return withTrailer(err, call.SetTrailer)
	}
	answer, err := s.append(name, options, events)
	if err != nil {
		return withTrailer(err, call.SetTrailer)
	}
	if err := s.after(call.Context(), answer.GetSuccess() != nil); err != nil {
		return withTrailer(err, call.SetTrailer)
	}
	return call.SendAndClose(answer)
}

func (s service) receive(call api.Streams_AppendServer) ([]proposed, error) {
	var events []proposed
	size := 0
	for {
		message, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		p := message.GetProposedMessage()
		if p == nil {
			return nil, status.Error(codes.InvalidArgument, "options came twice in one append")
		}
		e := proposed{id: parseID(p.GetId()), typ: p.GetMetadata()["type"], content: p.GetMetadata()["content-type"], data: p.GetData(), metadata: p.GetCustomMetadata()}
		for key, value := range map[string]string{"type": e.typ, "content-type": e.content} {
			if value == "" {
				return nil, withTrailer(refuse(codes.InvalidArgument, "Required Metadata Property '"+key+"' is missing",
					"exception", "missing-required-metadata-property", "required-metadata-properties", "type,content-type"), call.SetTrailer)
			}
		}
		if e.id == uuid.Nil {
			return nil, status.Error(codes.InvalidArgument, "event id is empty")
		}
		size += len(e.data) + len(e.metadata) + 2*len(e.typ)
		if size > s.opt.MaxAppendSize {
			return nil, withTrailer(refuse(codes.InvalidArgument, fmt.Sprintf("Maximum Append Size of %d Exceeded.", s.opt.MaxAppendSize),
				"exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(s.opt.MaxAppendSize)), call.SetTrailer)
		}
		events = append(events, e)
	}
}

func parseID(id *shared.UUID) uuid.UUID {
	if s := id.GetStructured(); s != nil {
		parsed, _ := client.ParseUUIDFromInt64(s.MostSignificantBits, s.LeastSignificantBits)
		return parsed
	}
	parsed, _ := uuid.Parse(id.GetString_())
	return parsed
}

func (s service) append(name string, options *api.AppendReq_Options, events []proposed) (*api.AppendResp, error) {
	expected := expectAny
	wrong := &api.AppendResp_WrongExpectedVersion{}
	switch x := options.GetExpectedStreamRevision().(type) {
	case *api.AppendReq_Options_Revision:
		expected = exactly(x.Revision)
		wrong.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: x.Revision}
	case *api.AppendReq_Options_NoStream:
		expected = expectNone
		wrong.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	case *api.AppendReq_Options_StreamExists:
		expected = expectExists
		wrong.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
	case *api.AppendReq_Options_Any:
		wrong.ExpectedRevisionOption = &api.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
	}
	l := s.log
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := s.running(); err != nil {
		return nil, err
	}
	c := l.check(name, expected, events)
	switch c.decision {
	case idempotent:
		return appended(int64(c.original.Revision), c.original.Position), nil
	case streamDeleted:
		return nil, deletedError(name)
	case wrongVersion:
		if c.current < 0 {
			wrong.CurrentRevisionOption = &api.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		} else {
			wrong.CurrentRevisionOption = &api.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(c.current)}
		}
		return &api.AppendResp{Result: &api.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}, nil
	case accepted:
	}
	records, next := l.place(l.next, name, c.current+1, now(), events)
	last, position := c.current+int64(len(records)), l.next
	if len(records) > 0 {
		position = records[len(records)-1].Position
	}
	if c.undelete && len(records) > 0 { // what was deleted stays out of sight
		more, _ := l.placeMetadata(next, name, l.metadataEvent(name, c.current+1))
		records = append(records, more...)
	}
	if err := s.commit(records); err != nil {
		return nil, err
	}
	return appended(last, position), nil
}

func (l *memlog) placeMetadata(position uint64, name string, e proposed) ([]*Record, uint64) {
	meta, _ := l.stream("$$" + name)
	return l.place(position, "$$"+name, meta.last()+1, now(), []proposed{e})
}

// commit writes the records, and now and then some of the server's own after them. The caller writes.
func (s service) commit(records []*Record) error {
	err := s.log.commit(records)
	if err == nil {
		err = s.log.chatter()
	}
	if err != nil { // the records may be found in the log at the next start
		return status.Error(codes.Aborted, "the log cannot be written: "+err.Error())
	}
	return nil
}

func appended(revision int64, position uint64) *api.AppendResp {
	success := &api.AppendResp_Success{
		CurrentRevisionOption: &api.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(revision)},
		PositionOption:        &api.AppendResp_Success_Position{Position: &api.AppendResp_Position{CommitPosition: position, PreparePosition: position}},
	}
	if revision < 0 { // an append of nothing to no stream
		success.CurrentRevisionOption = &api.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
		success.PositionOption = &api.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
	}
	return &api.AppendResp{Result: &api.AppendResp_Success_{Success: success}}
}

// refusal is a status with the trailers that tell the client what it is.
type refusal struct {
	*status.Status
	trailer metadata.MD
}

func (r *refusal) Error() string              { return r.Err().Error() }
func (r *refusal) GRPCStatus() *status.Status { return r.Status }

func refuse(code codes.Code, text string, trailer ...string) error {
	return &refusal{Status: status.New(code, text), trailer: metadata.Pairs(trailer...)}
}

func deletedError(name string) error {
	return refuse(codes.FailedPrecondition, "Event stream '"+name+"' is deleted.", "exception", "stream-deleted", "stream-name", name)
}

// withTrailer sends the trailers of a refusal.
func withTrailer(err error, set func(metadata.MD)) error {
	var r *refusal
	if errors.As(err, &r) {
		set(r.trailer)
	}
	return err
}

// running refuses when the run has ended.
func (r *run) running() error {
	if r.ctx.Err() != nil {
		return status.Error(codes.Unavailable, "the server is going down")
	}
	return nil
}

// ended tells which of the two contexts has.
func (r *run) ended(call context.Context) error {
	if err := r.running(); err != nil {
		return err
	}
	return status.FromContextError(call.Err()).Err()
}
