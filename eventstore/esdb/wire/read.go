package wire

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// reading is one call of Read: of a stream, of $all, or a subscription to either.
type reading struct {
	service
	call    api.Streams_ReadServer
	options *api.ReadReq_Options
	op      Op
	filter  func(*Record) bool // nil: all
}

func (s service) Read(request *api.ReadReq, call api.Streams_ReadServer) error {
	options := request.GetOptions()
	r := &reading{service: s, call: call, options: options, op: OpRead}
	if options.GetSubscription() != nil {
		r.op = OpSubscribe
	}
	var err error
	if r.filter, err = parseFilter(options.GetFilter()); err != nil {
		return err
	}
	if err := s.before(call.Context(), r.op); err != nil {
		return withTrailer(err, call.SetTrailer)
	}
	switch {
	case options.GetStream() != nil && r.op == OpSubscribe:
		err = r.subscribeToStream(options.GetStream())
	case options.GetStream() != nil:
		err = r.readStream(options.GetStream())
	case options.GetAll() != nil && r.op == OpSubscribe:
		err = r.subscribeToAll(options.GetAll())
	case options.GetAll() != nil:
		err = r.readAll(options.GetAll())
	default:
		err = status.Error(codes.InvalidArgument, "a read is of a stream or of $all")
	}
	return withTrailer(err, call.SetTrailer)
}

func (r *reading) backwards() bool {
	return r.options.GetReadDirection() == api.ReadReq_Options_Backwards
}

func (r *reading) readStream(o *api.ReadReq_Options_StreamOptions) error {
	name := string(o.GetStreamIdentifier().GetStreamName())
	s, _ := r.log.stream(name)
	first := s.first(now())
	switch {
	case name == "":
		return status.Error(codes.InvalidArgument, "stream name is empty")
	case s.tombstone != nil:
		return deletedError(name)
	case s.last() < 0 || s.softDeleted():
		return r.call.Send(&api.ReadResp{Content: &api.ReadResp_StreamNotFound_{StreamNotFound: &api.ReadResp_StreamNotFound{StreamIdentifier: o.GetStreamIdentifier()}}})
	}
	from, step := int64(0), int64(1)
	if r.backwards() {
		step = -1
	}
	switch x := o.GetRevisionOption().(type) {
	case *api.ReadReq_Options_StreamOptions_Revision:
		from = int64(exactly(x.Revision))
	case *api.ReadReq_Options_StreamOptions_End:
		from = s.last()
		if !r.backwards() {
			from++
		}
	case *api.ReadReq_Options_StreamOptions_Start:
	}
	if r.backwards() {
		from = min(from, s.last())
	} else {
		from = max(from, first)
	}
	for left := r.options.GetCount(); left > 0 && from >= max(first, 0) && from <= s.last(); left-- {
		if err := r.send(s.events[from]); err != nil {
			return err
		}
		from += step
	}
	if r.options.GetControlOption().GetCompatibility() >= 1 && !r.backwards() {
		return r.call.Send(&api.ReadResp{Content: &api.ReadResp_LastStreamPosition{LastStreamPosition: uint64(s.last())}})
	}
	return nil
}

func (r *reading) readAll(o *api.ReadReq_Options_AllOptions) error {
	all, _ := r.log.view()
	from, err := r.place(all, o)
	if err != nil {
		return err
	}
	step := 1
	if r.backwards() {
		step = -1
		from-- // what begins before the position
	}
	for left := r.options.GetCount(); left > 0 && from >= 0 && from < len(all); from += step {
		if from&1023 == 0 && r.call.Context().Err() != nil {
			return r.ended(r.call.Context())
		}
		if r.filter != nil && !r.filter(all[from]) {
			continue
		}
		left--
		if err := r.send(all[from]); err != nil {
			return err
		}
	}
	return nil
}

// place finds the first record at or after what a read of $all starts from.
func (r *reading) place(all []*Record, o *api.ReadReq_Options_AllOptions) (int, error) {
	switch x := o.GetAllOption().(type) {
	case *api.ReadReq_Options_AllOptions_End:
		return len(all), nil
	case *api.ReadReq_Options_AllOptions_Position:
		commit, prepare := x.Position.GetCommitPosition(), x.Position.GetPreparePosition()
		if commit < prepare {
			return 0, status.Error(codes.InvalidArgument, "The commit position cannot be less than the prepare position")
		}
		return sort.Search(len(all), func(i int) bool { return all[i].Position >= commit }), nil
	case *api.ReadReq_Options_AllOptions_Start:
	}
	return 0, nil
}

// send sends a record, with what it links to when that is wanted, unless a fault breaks the reading here.
func (r *reading) send(record *Record) error {
	if r.faults.take(r.op, Dropped) {
		return status.Error(codes.Unavailable, "the reading was broken off by a fault")
	}
	if r.running() != nil {
		return r.running()
	}
	event := &api.ReadResp_ReadEvent{Event: recorded(record), Position: &api.ReadResp_ReadEvent_CommitPosition{CommitPosition: record.Position}}
	if r.options.GetResolveLinks() && record.Type == "$>" {
		event.Link, event.Event = event.Event, nil
		if target := r.target(record); target != nil {
			event.Event = recorded(target)
		}
	}
	return r.call.Send(&api.ReadResp{Content: &api.ReadResp_Event{Event: event}})
}

// target is what a link shows to, nil when it is not there any more.
func (r *reading) target(link *Record) *Record {
	revision, name, _ := strings.Cut(string(link.Data), "@")
	n, err := strconv.ParseInt(revision, 10, 64)
	s, _ := r.log.stream(name)
	if err != nil || n < s.first(now()) || n > s.last() || s.tombstone != nil {
		return nil
	}
	return s.events[n]
}

func recorded(r *Record) *api.ReadResp_ReadEvent_RecordedEvent {
	most, least := client.UUIDAsInt64(r.ID)
	return &api.ReadResp_ReadEvent_RecordedEvent{
		Id:               &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: most, LeastSignificantBits: least}}},
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.Stream)},
		StreamRevision:   r.Revision, PreparePosition: r.Position, CommitPosition: r.Position,
		Metadata: map[string]string{
			"type": r.Type, "content-type": r.ContentType,
			"created": strconv.FormatInt(ticks(r.Created), 10), // the client ends the process when this is missing
		},
		CustomMetadata: r.Metadata, Data: r.Data,
	}
}

// ticks are 100 ns since 1970, as .NET counts them.
func ticks(t time.Time) int64 { return t.Unix()*10_000_000 + int64(t.Nanosecond())/100 }

func fromTicks(n int64) time.Time {
	return time.Unix(n/10_000_000, n%10_000_000*100).UTC()
}

// Records returns the events of users (not the server's own), in log order. Their bytes are not to be changed.
func (s *Server) Records() []Record {
	all, _ := s.shared().view()
	records := make([]Record, 0, len(all))
	for _, r := range all {
		if !r.System() {
			records = append(records, *r)
		}
	}
	return slices.Clip(records)
}
