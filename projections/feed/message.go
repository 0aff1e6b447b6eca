package feed

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jejak/domain"
	"jejak/eventstore"
)

// Subjects are what the stream of the feed listens to.
const Subjects = "jejak.*.*.*.*.*"

// Record is an event of a ledger: decoded, and as the log has it.
type Record struct {
	domain.Recorded
	Position  eventstore.Position
	Election  string
	Unit      domain.Code
	Schema    int    // of Data; Event may be of a newer one
	Data      []byte // JSON as it stands in the log; none counts as null
	Simulated bool   // made on a driven clock
}

// Message is one message of the feed.
type Message struct {
	Subject string
	Area    string // code of a unit or police unit: the subject's third token
	Index   int    // among the messages of its record, from 0
	ID      string // unique in the feed: the header Nats-Msg-Id
	Headers []Header
	Body    []byte // JSON
}

// Header of a message. A name occurs once.
type Header struct{ Name, Value string }

// The names of the headers. The publisher adds HeaderReplay and HeaderReplayTo.
const (
	HeaderSpecVersion = "ce-specversion"
	HeaderID          = "ce-id"
	HeaderType        = "ce-type"
	HeaderSource      = "ce-source"
	HeaderSubject     = "ce-subject"
	HeaderTime        = "ce-time"
	HeaderSequence    = "ce-sequence" // position of the record in the log: see Sequence
	HeaderContentType = "content-type"
	HeaderMessageID   = "Nats-Msg-Id"
	HeaderSimulated   = "Jejak-Simulated"
	HeaderReplay      = "Jejak-Replay"    // true on what is published again, or was in the log before the feed began
	HeaderReplayTo    = "Jejak-Replay-To" // position of the last record that is a replay, decimal
	HeaderHeld        = "Jejak-Held"      // ledgers that stand still, as "stream@position" of the record that cannot be read, separated by commas
)

// name is what tells the messages of one record apart.
type name struct {
	area, entity, id, event string
	kind                    string // of ce-type, with its schema
	suffix                  string // of the ids: "" for the event itself
}

// message puts a message together.
func (r *Record) message(n name, index int, body []byte) Message {
	event := r.ID.String()
	m := Message{
		Subject: strings.Join([]string{"jejak", Token(r.Election), Token(n.area), n.entity, Token(n.id), Token(n.event)}, "."),
		Area:    n.area, Index: index, ID: event + "." + Token(n.area) + strings.ReplaceAll(n.suffix, "/", "."), Body: body,
	}
	m.Headers = []Header{
		{HeaderSpecVersion, "1.0"},
		{HeaderID, event + n.suffix},
		{HeaderType, "jejak." + n.kind},
		{HeaderSource, "/jejak/" + Token(r.Election) + "/" + Token(string(r.Unit))},
		{HeaderSubject, n.entity + "/" + Token(n.id)},
		{HeaderTime, stamp(r.Meta.RecordedAt)},
		{HeaderSequence, Sequence(r.Position)},
		{HeaderContentType, "application/json"},
		{HeaderMessageID, m.ID},
	}
	if r.Simulated {
		m.Headers = append(m.Headers, Header{HeaderSimulated, "true"})
	}
	return m
}

// Sequence is a position as CloudEvents' extension sequence wants it, whose values are ordered as text: decimal, in the 20 digits of the largest. Messages
// that earlier programs published have it without the zeros in front.
func Sequence(p eventstore.Position) string { return fmt.Sprintf("%020d", uint64(p)) }

// kind is the ce-type of the record's own messages.
func (r *Record) kind() string { return r.Event.EventType() + ".v" + strconv.Itoa(r.Schema) }

// event is the type without its room.
func (r *Record) event() string {
	_, event, _ := strings.Cut(r.Event.EventType(), ".")
	return event
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// longestToken is far above every id of the domain; a subject must fit into a line of the protocol.
const longestToken = 200

// Token is text as one token of a subject and of a key of the status bucket. Ids, codes and types of the domain are what they are; any other byte
// is written =XX, so that different texts stay different. A text that is too long ends in its hash.
func Token(text string) string {
	plain := text != "" && len(text) <= longestToken
	for i := 0; plain && i < len(text); i++ {
		plain = isPlain(text[i])
	}
	if plain {
		return text
	}
	if text == "" {
		return "="
	}
	var b strings.Builder
	for i := range len(text) {
		if isPlain(text[i]) {
			b.WriteByte(text[i])
		} else {
			fmt.Fprintf(&b, "=%02X", text[i])
		}
	}
	if b.Len() <= longestToken {
		return b.String()
	}
	return fmt.Sprintf("%s==%x", b.String()[:longestToken/2], sha256.Sum256([]byte(text)))
}

func isPlain(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '-' || c == '_'
}
