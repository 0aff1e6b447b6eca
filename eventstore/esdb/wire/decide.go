package wire

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// expectation is what a writer expects of a stream.
type expectation int64

const (
	expectNone   expectation = -1
	expectAny    expectation = -2
	expectExists expectation = -4
)

// exactly expects a revision. No stream has one that the type cannot hold.
func exactly(revision uint64) expectation {
	return expectation(min(revision, deletedRevision-1))
}

// decision is the outcome of the check of a commit.
type decision int

const (
	accepted decision = iota
	idempotent
	wrongVersion
	streamDeleted
)

// checked is a decision with what the answer needs.
type checked struct {
	decision decision
	current  int64   // last revision of the stream, -1 none
	original *Record // idempotent: the last event of the first time
	undelete bool
}

// check is IndexWriter.CheckCommit of EventStoreDB. The caller writes.
func (l *memlog) check(name string, expected expectation, events []proposed) checked {
	s, _ := l.stream(name)
	c := checked{current: s.last(), undelete: s.softDeleted()}
	switch {
	case s.tombstone != nil:
		c.decision = streamDeleted
	case expected == expectExists && s.softDeleted():
		c.decision = streamDeleted
	case expected == expectExists && s.last() < 0 && !l.hasMetadata(name):
		c.decision = wrongVersion
	case expected == expectAny || expected == expectExists:
		c.decision, c.original = l.sameAnywhere(name, events)
	case int64(expected) < c.current:
		c.decision, c.original = s.sameSlots(expected, events)
	case int64(expected) > c.current:
		c.decision = wrongVersion
	}
	return c
}

func (l *memlog) hasMetadata(name string) bool {
	s, _ := l.stream("$$" + name)
	return s.last() >= 0
}

// sameSlots looks for the events where the writer wants them: all there is a retry. Only ids are compared.
func (s *stream) sameSlots(expected expectation, events []proposed) (decision, *Record) {
	var original *Record
	for i, e := range events {
		slot := int64(expected) + 1 + int64(i)
		if slot > s.last() || s.events[slot].ID != e.id {
			if i == 0 && expected == expectNone && s.softDeleted() {
				return accepted, nil
			}
			return wrongVersion, nil // in part the same too
		}
		original = s.events[slot]
	}
	if original == nil {
		return wrongVersion, nil
	}
	return idempotent, original
}

// sameAnywhere looks for the events among the newest of the stream.
func (l *memlog) sameAnywhere(name string, events []proposed) (decision, *Record) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var original *Record
	for i, e := range events {
		r := l.recent.at[e.id]
		if r == nil || r.Stream != name {
			if i == 0 {
				return accepted, nil
			}
			return wrongVersion, nil
		}
		original = r
	}
	if original == nil {
		return accepted, nil
	}
	return idempotent, original
}

// metadataEvent is a new version of a stream's metadata with another $tb.
func (l *memlog) metadataEvent(name string, truncateBefore int64) proposed {
	fields := map[string]json.RawMessage{}
	if s, _ := l.stream("$$" + name); s.last() >= 0 {
		_ = json.Unmarshal(s.events[s.last()].Data, &fields) // what is not JSON is replaced
	}
	fields["$tb"], _ = json.Marshal(truncateBefore)
	data, _ := json.Marshal(fields)
	return proposed{id: uuid.New(), typ: "$metadata", content: "application/json", data: data}
}

// now is the time as the log keeps it.
func now() time.Time { return time.Now().UTC().Truncate(100 * time.Nanosecond) }
