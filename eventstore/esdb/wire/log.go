package wire

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// deletedRevision is the event number of a tombstone (EventNumber.DeletedStream).
	deletedRevision = math.MaxInt64
	// firstPosition is after the epoch record with which a real log begins.
	firstPosition = 189
	// recordOverhead is about what a record of a real log has beside its texts and bodies.
	recordOverhead = 112
)

// Record is an event in the log.
type Record struct {
	// Position is both commit and prepare position: an offset in a log, growing, with gaps.
	Position    uint64
	Stream      string
	Revision    uint64 // of the stream, from 0
	ID          uuid.UUID
	Type        string
	ContentType string
	Created     time.Time // to 100 ns
	Data        []byte
	Metadata    []byte
}

// System tells whether the record is one of the server's own.
func (r *Record) System() bool {
	return strings.HasPrefix(r.Stream, "$") || strings.HasPrefix(r.Type, "$")
}

// proposed is an event that is not in the log yet.
type proposed struct {
	id             uuid.UUID
	typ, content   string
	data, metadata []byte
}

// stream is the index of a stream. Nothing is scavenged: revision n is at n.
type stream struct {
	events    []*Record
	tombstone *Record
	limits    limits
}

func (s *stream) last() int64 { return int64(len(s.events)) - 1 }

// limits is what the metadata of a stream says about its readable part.
type limits struct {
	TruncateBefore *int64 `json:"$tb"`
	MaxCount       *int64 `json:"$maxCount"`
	MaxAge         *int64 `json:"$maxAge"` // seconds
}

func (s *stream) softDeleted() bool {
	return s.limits.TruncateBefore != nil && *s.limits.TruncateBefore == deletedRevision
}

// first returns the first readable revision.
func (s *stream) first(now time.Time) int64 {
	first := int64(0)
	if tb := s.limits.TruncateBefore; tb != nil {
		first = max(first, *tb)
	}
	if c := s.limits.MaxCount; c != nil {
		first = max(first, s.last()+1-*c)
	}
	if age := s.limits.MaxAge; age != nil {
		oldest := now.Add(-time.Duration(*age) * time.Second)
		for first <= s.last() && s.events[first].Created.Before(oldest) {
			first++
		}
	}
	return first
}

// memlog is the log with its indexes. Writers are one at a time (writing), readers take a view and go on without a lock: the slices only grow.
type memlog struct {
	writing    sync.Mutex
	file       *file // nil: memory only
	quietSince int   // records when the server last wrote of its own

	mu      sync.RWMutex
	all     []*Record
	streams map[string]*stream
	next    uint64
	grown   chan struct{} // closed when there is more
	recent  recent
}

func newMemlog() *memlog {
	return &memlog{streams: map[string]*stream{}, next: firstPosition, grown: make(chan struct{}), recent: recent{at: map[uuid.UUID]*Record{}}}
}

// view returns the records of the log, and what is closed when there are more.
func (l *memlog) view() ([]*Record, <-chan struct{}) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.all, l.grown
}

// stream returns a copy of the index of a stream, and what is closed when the log has grown.
func (l *memlog) stream(name string) (stream, <-chan struct{}) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if s := l.streams[name]; s != nil {
		return *s, l.grown
	}
	return stream{limits: implied(name)}, l.grown
}

// implied is what holds for a stream without metadata of its own: of a metadata stream only the newest event is readable.
func implied(name string) limits {
	if strings.HasPrefix(name, "$$") {
		one := int64(1)
		return limits{MaxCount: &one}
	}
	return limits{}
}

func (l *memlog) get(name string) *stream {
	s := l.streams[name]
	if s == nil {
		s = &stream{limits: implied(name)}
		l.streams[name] = s
	}
	return s
}

// place gives events their revisions and positions. The caller writes.
func (l *memlog) place(position uint64, name string, revision int64, now time.Time, events []proposed) ([]*Record, uint64) {
	records := make([]*Record, len(events))
	for i, e := range events {
		records[i] = &Record{
			Position: position, Stream: name, Revision: uint64(revision), ID: e.id, Type: e.typ, ContentType: e.content,
			Created: now, Data: e.data, Metadata: e.metadata,
		}
		position += records[i].size()
		revision++
	}
	return records, position
}

func (r *Record) size() uint64 {
	return uint64(recordOverhead + len(r.Stream) + len(r.Type) + len(r.Data) + len(r.Metadata))
}

// commit makes records durable and then visible. The caller writes and has placed them at the end of the log.
func (l *memlog) commit(records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	if l.file != nil {
		if err := l.file.append(records); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apply(records)
	close(l.grown)
	l.grown = make(chan struct{})
	return nil
}

// apply adds records to the indexes. The caller holds mu.
func (l *memlog) apply(records []*Record) {
	for _, r := range records {
		s := l.get(r.Stream)
		switch {
		case r.Revision == deletedRevision:
			s.tombstone = r
		default:
			s.events = append(s.events, r)
		}
		if of, isMeta := strings.CutPrefix(r.Stream, "$$"); isMeta {
			limits := implied(of)
			if json.Unmarshal(r.Data, &limits) == nil { // what is not JSON limits nothing
				l.get(of).limits = limits
			}
		}
		l.all = append(l.all, r)
		l.recent.add(r)
		l.next = r.Position + r.size()
	}
}

// recent finds the newest events by id: EventStoreDB remembers about a million, and only they are recognised when no revision is expected.
type recent struct {
	at    map[uuid.UUID]*Record
	order []uuid.UUID
	from  int
}

const recentEvents = 200_000

func (r *recent) add(record *Record) {
	r.at[record.ID] = record
	r.order = append(r.order, record.ID)
	for len(r.order)-r.from > recentEvents {
		delete(r.at, r.order[r.from])
		r.from++
	}
	if r.from > recentEvents {
		r.order, r.from = append([]uuid.UUID(nil), r.order[r.from:]...), 0
	}
}
