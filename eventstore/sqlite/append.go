package sqlite

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// request is one Append on its way to the writer.
type request struct {
	stream   string
	expected eventstore.Version
	events   []eventstore.Event
	text     []byte   // ids and times of the events as they are stored, textSize bytes an event
	sums     []uint32 // of the rows, without their positions
	size     int      // bytes of data and metadata

	state    atomic.Int32 // queued, then taken by the writer or withdrawn by the caller
	position eventstore.Position
	err      error
	added    bool          // by this request: not a retry
	done     chan struct{} // gets one value when position and err are set
}

const (
	queued int32 = iota
	taken
	withdrawn
)

const (
	idSize   = 36
	timeSize = len(timeLayout)
	textSize = 2*idSize + timeSize

	timeLayout = "2006-01-02T15:04:05.000000Z"
)

var requests = sync.Pool{New: func() any { return &request{done: make(chan struct{}, 1)} }}

// newRequest does in the caller's goroutine what needs no database.
func newRequest(stream string, expected eventstore.Version, events []eventstore.Event) *request {
	r := requests.Get().(*request)
	r.stream, r.expected, r.events = stream, expected, events
	r.text, r.sums, r.size = r.text[:0], r.sums[:0], 0
	r.position, r.err, r.added = 0, nil, false
	r.state.Store(queued)
	for i := range events {
		e := &events[i]
		r.size += len(e.Data) + len(e.Metadata)
		r.text = appendID(r.text, e.ID)
		r.text = appendID(r.text, e.Command)
		r.text = appendTime(r.text, e.RecordedAt)
		r.sums = append(r.sums, sumWithout(int64(expected)+int64(i)+1, int64(e.Schema), stream, e.Type, r.id(i), r.commandOrNil(i), r.time(i),
			orNil(e.Data), orNil(e.Metadata)))
	}
	return r
}

// release gives the request back, when no one else has it.
func (r *request) release() {
	r.events, r.stream = nil, ""
	requests.Put(r)
}

func (r *request) id(i int) []byte      { return r.text[i*textSize:][:idSize] }
func (r *request) command(i int) []byte { return r.text[i*textSize+idSize:][:idSize] }
func (r *request) time(i int) []byte    { return r.text[i*textSize+2*idSize:][:timeSize] }

// commandOrNil is what is stored as command: nil is NULL.
func (r *request) commandOrNil(i int) []byte {
	if r.events[i].Command == uuid.Nil {
		return nil
	}
	return r.command(i)
}

// orNil is what is stored of data or metadata: nil is NULL.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// appendTime writes a time in timeLayout, whose fraction the time package would write the slow way.
func appendTime(b []byte, t time.Time) []byte {
	b = t.UTC().AppendFormat(b, time.RFC3339)
	b[len(b)-1] = '.' // for the Z
	micros := t.Nanosecond() / 1000
	for unit := 100_000; unit > 0; unit /= 10 {
		b = append(b, byte('0'+micros/unit%10))
	}
	return append(b, 'Z')
}

func appendID(b []byte, id uuid.UUID) []byte {
	b = hex.AppendEncode(b, id[0:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[4:6])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[6:8])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[8:10])
	b = append(b, '-')
	return hex.AppendEncode(b, id[10:16])
}

// Append is described at eventstore.Store. Streams beside the log (Side) are not its own.
func (s *Store) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	if beside(stream) {
		return 0, fmt.Errorf("append to %s: %w: streams that begin with %s stand beside the log", stream, eventstore.ErrInvalid, eventstore.SidePrefix)
	}
	return s.append(ctx, stream, expected, events)
}

// append adds events to a stream of the log or beside it.
func (s *Store) append(ctx context.Context, stream string, expected eventstore.Version, events []eventstore.Event) (eventstore.Position, error) {
	if err := eventstore.Validate(stream, events); err != nil {
		return 0, err
	}
	r := newRequest(stream, expected, events)
	if err := s.enter(ctx, r); err != nil {
		r.release()
		return 0, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(queued, withdrawn) {
			return 0, fmt.Errorf("append to %s: nothing was stored: %w", stream, ctx.Err())
		}
		select {
		case <-r.done:
		default: // The writer still has the request, so it is not given back.
			return 0, fmt.Errorf("append to %s: %w: %w", stream, eventstore.ErrUnknownOutcome, ctx.Err())
		}
	}
	position, err := r.position, r.err
	r.release()
	return position, err
}

// enter puts the request into the queue, waiting while it is full.
func (s *Store) enter(ctx context.Context, r *request) error {
	s.entry.RLock()
	defer s.entry.RUnlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	if f := s.failed.Load(); f != nil {
		return f.err
	}
	select {
	case s.queue <- r:
		return nil
	default:
	}
	select {
	case s.queue <- r:
		return nil
	case <-s.closing:
		return eventstore.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("append to %s: nothing was stored, %d others wait: %w", r.stream, len(s.queue), ctx.Err())
	}
}
