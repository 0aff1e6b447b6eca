package sqlite

import (
	"sync"
	"sync/atomic"

	"jejak/eventstore"
	"jejak/eventstore/internal/broadcast"
)

// tailBytes bounds the newest records that are kept in memory for subscribers who follow the log; who is slower reads from the file.
const tailBytes = 4 << 20

// tail is the end of the log in memory, kept while there are subscribers.
type tail struct {
	head     atomic.Uint64 // position of the newest committed record
	changed  broadcast.Signal
	watchers atomic.Int64 // subscriptions that are open

	mu      sync.Mutex
	batches []tailBatch // without a gap, up to head
	bytes   int
}

// tailBatch is the records of one transaction. They never change.
type tailBatch struct {
	records []eventstore.Record
	bytes   int
}

// publish moves the head and keeps what the requests have added.
func (t *tail) publish(head eventstore.Position, batch []*request) {
	t.mu.Lock()
	if t.watchers.Load() > 0 {
		b := newTailBatch(eventstore.Position(t.head.Load()), batch)
		t.batches = append(t.batches, b)
		t.bytes += b.bytes
		for t.bytes > tailBytes {
			t.bytes -= t.batches[0].bytes
			t.batches[0] = tailBatch{}
			t.batches = t.batches[1:]
		}
	} else {
		t.batches, t.bytes = nil, 0
	}
	t.head.Store(uint64(head))
	t.mu.Unlock()
	t.changed.Raise()
}

// jump moves the head past records that are only in the file.
func (t *tail) jump(head eventstore.Position) {
	t.mu.Lock()
	t.batches, t.bytes = nil, 0
	t.head.Store(uint64(head))
	t.mu.Unlock()
	t.changed.Raise()
}

// newTailBatch copies the events, whose memory is the callers', in the order in which they were written.
func newTailBatch(after eventstore.Position, batch []*request) tailBatch {
	n, size := 0, 0
	for _, r := range batch {
		if r.added && !beside(r.stream) {
			n += len(r.events)
			size += r.size
		}
	}
	records := make([]eventstore.Record, 0, n)
	bytes := make([]byte, 0, size)
	keep := func(b []byte) []byte {
		if len(b) == 0 {
			return nil
		}
		start := len(bytes)
		bytes = append(bytes, b...)
		return bytes[start:len(bytes):len(bytes)]
	}
	for _, r := range batch {
		if !r.added || beside(r.stream) {
			continue
		}
		for i := range r.events {
			after++
			e := r.events[i].Stored()
			e.Data, e.Metadata = keep(e.Data), keep(e.Metadata)
			records = append(records, eventstore.Record{
				Event: e, Position: after, Stream: r.stream, Version: r.expected + eventstore.Version(i) + 1,
			})
		}
	}
	const recordSize = 192 // of the record itself, about
	return tailBatch{records, size + n*recordSize}
}

// after returns records that follow a position, if the tail goes back that far, and otherwise none.
func (t *tail) after(position eventstore.Position) []eventstore.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.batches) - 1; i >= 0; i-- {
		records := t.batches[i].records
		if first := records[0].Position; first <= position+1 {
			if skip := int(position + 1 - first); skip < len(records) {
				return records[skip:]
			}
			return nil
		}
	}
	return nil
}
