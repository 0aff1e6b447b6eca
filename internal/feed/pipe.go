package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/projections/feed"
)

const (
	// window is the most messages that are pending: read, and not known to be in the stream.
	window = 512
	// windowBytes bounds their bodies; one record is always let in.
	windowBytes = 4 << 20
)

// Codes of the broker that mean: another message came first.
const (
	codeWrongLastMsgID     = 10070
	codeWrongLastSequence  = 10071
	codeWrongLastSequence2 = 10164 // the same of a replicated stream
	codeDuplicateConflict  = 10158 // the same id is on its way already
)

var (
	errFenced    = errors.New("another message came first")
	errDuplicate = errors.New("the broker still remembers the id of a message that the stream does not have here")
	errNoStream  = errors.New("no stream takes the messages of the feed")
)

// fenced is errFenced with the sequence after which the broker says that it takes the next message.
type fenced struct {
	last uint64
	err  error
}

func (f *fenced) Error() string { return f.err.Error() }
func (f *fenced) Unwrap() error { return f.err }

// pipe publishes without waiting for each acknowledgement. It has an inbox of its own: the subject of an answer ends in the sequence that its
// message is to get.
type pipe struct {
	conn     *nats.Conn
	inbox    string
	sub      *nats.Subscription
	answers  chan *nats.Msg
	sequence uint64 // of the last message sent
	ids      bool   // messages say the id of the one before
	previous string // its id, "" when not known
	rollup   bool   // the next message takes the place of all
}

// newPipe: with ids every message says the id of the one that it follows, beside the sequence. A stream that servers keep together must not be told:
// one of them that has caught up does not know the id of its last message, takes the next message for one out of order, and is lost to the stream
// until it is started again. There the sequences of streams differ; see firstSequence.
func newPipe(conn *nats.Conn, e *end, ids, rollup bool) (*pipe, error) {
	p := &pipe{conn: conn, inbox: conn.NewInbox() + ".", answers: make(chan *nats.Msg, 2*window), sequence: e.sequence, ids: ids, previous: e.previous, rollup: rollup}
	var err error
	if p.sub, err = conn.ChanSubscribe(p.inbox+"*", p.answers); err != nil {
		return nil, fmt.Errorf("listen for acknowledgements: %w", err)
	}
	return p, nil
}

// close forgets what is under way: it may still come into the stream, as the next message or not at all.
func (p *pipe) close() { _ = p.sub.Unsubscribe() } // fails only with the connection, which ends it too

// send publishes a message as the next one. Records up to position replayTo are a replay; held is the header of the ledgers that stand still.
func (p *pipe) send(x *entry, replayTo uint64, held string) error {
	header := make(nats.Header, len(x.Headers)+6)
	for _, h := range x.Headers {
		header[h.Name] = []string{h.Value}
	}
	header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(p.sequence, 10)}
	if p.ids && p.previous != "" {
		// A stream that was made anew has the same sequences again: the id tells whether it is the same message.
		header[jetstream.ExpectedLastMsgIDHeader] = []string{p.previous}
	}
	if p.rollup {
		header[jetstream.MsgRollup] = []string{jetstream.MsgRollupAll}
		p.rollup = false
	}
	if uint64(x.position) <= replayTo {
		header[feed.HeaderReplay] = []string{"true"}
		header[feed.HeaderReplayTo] = []string{strconv.FormatUint(replayTo, 10)}
	}
	if held != "" {
		header[feed.HeaderHeld] = []string{held}
	}
	x.sequence, x.acked = p.sequence+1, false
	err := p.conn.PublishMsg(&nats.Msg{Subject: x.Subject, Reply: p.inbox + strconv.FormatUint(x.sequence, 10), Header: header, Data: x.Body})
	if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
		return &stop{ReasonRecord, true, fmt.Errorf("message %s of position %d: %w: the broker must take messages of 1 MiB and more (max_payload)", x.ID, x.position, err)}
	}
	if err != nil {
		return fmt.Errorf("publish to the broker: %w", err)
	}
	p.sequence, p.previous = x.sequence, x.ID
	return nil
}

// answer reads an acknowledgement: the sequence that the message was to get, and why it did not.
func (p *pipe) answer(m *nats.Msg) (sequence uint64, err error) {
	sequence, err = strconv.ParseUint(strings.TrimPrefix(m.Subject, p.inbox), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("acknowledgement on subject %s: %w", m.Subject, err)
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return sequence, errNoStream
	}
	var ack struct {
		Error *struct {
			Code        int    `json:"code"`
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
		Stream    string `json:"stream"`
		Sequence  uint64 `json:"seq"`
		Duplicate bool   `json:"duplicate"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return sequence, fmt.Errorf("acknowledgement %q: %w", m.Data, err)
	}
	switch {
	case ack.Error != nil:
		switch ack.Error.ErrCode {
		case codeWrongLastSequence, codeWrongLastSequence2, codeWrongLastMsgID:
			f := &fenced{err: fmt.Errorf("%s (%d): %w", ack.Error.Description, ack.Error.ErrCode, errFenced)}
			_, _ = fmt.Sscanf(ack.Error.Description, "wrong last sequence: %d", &f.last) // else it stays unknown
			return sequence, &stop{ReasonFenced, false, f}
		case codeDuplicateConflict:
			return sequence, &stop{ReasonFenced, false, errDuplicate}
		}
		return sequence, fmt.Errorf("the broker does not take a message: %s (%d, %d)", ack.Error.Description, ack.Error.Code, ack.Error.ErrCode)
	case ack.Stream != Stream:
		return sequence, &stop{ReasonStream, true, fmt.Errorf("stream %q of the broker takes the messages of the feed, which belong to %s: take the subjects %s away from it",
			ack.Stream, Stream, feed.Subjects)}
	case ack.Duplicate:
		return sequence, &stop{ReasonFenced, false, errDuplicate}
	case ack.Sequence != sequence:
		return sequence, &stop{ReasonFenced, false, fmt.Errorf("a message became number %d instead of %d: %w", ack.Sequence, sequence, errFenced)}
	}
	return sequence, nil
}
