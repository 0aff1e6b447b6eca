package history

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/trail"
)

// times are when the events of a ledger have occurred, from the first version on: by them it is known without reading the log what belongs to a moment of
// the occurred clock. They take 16 bytes an event. They are changed by whoever has the ledger's turn.
type times struct {
	occurred []instant          // of each version, beginning with 1
	proved   map[uint64]instant // of discrepancies that were proved by something that occurred later than the act that brought them: when that had
	frame    uint64             // the version that adopts the first reference data, which always count; 0 for none yet
}

// instant is a moment in little room.
type instant struct {
	seconds int64
	nanos   int32
}

func instantOf(t time.Time) instant { return instant{t.Unix(), int32(t.Nanosecond())} }

func (i instant) time() time.Time { return time.Unix(i.seconds, int64(i.nanos)) }

func (i instant) after(j instant) bool {
	return i.seconds > j.seconds || i.seconds == j.seconds && i.nanos > j.nanos
}

// known is up to which version the times are.
func (t *times) known() uint64 { return uint64(len(t.occurred)) }

// add takes the next event in. read finds when another occurred.
func (t *times) add(ctx context.Context, o trail.Occurrence, read func(ctx context.Context, version uint64) (time.Time, error)) error {
	if o.Version != t.known()+1 {
		return fmt.Errorf("event version %d after version %d", o.Version, t.known())
	}
	since, err := provedSince(o, func(version uint64) (time.Time, error) {
		if 0 < version && version <= t.known() {
			return t.occurred[version-1].time(), nil
		}
		return read(ctx, version)
	})
	if err != nil {
		return err
	}
	own, last := instantOf(o.At), instantOf(since)
	if o.Adopts && t.frame == 0 {
		t.frame = o.Version
	}
	if last.after(own) {
		if t.proved == nil {
			t.proved = map[uint64]instant{}
		}
		t.proved[o.Version] = last
	}
	t.occurred = append(t.occurred, own)
	return nil
}

// had tells whether an event had occurred by a moment: see provedSince.
func (t *times) had(version uint64, at instant) bool {
	if version == t.frame {
		return true
	}
	if last, ok := t.proved[version]; ok {
		return !last.after(at)
	}
	return !t.occurred[version-1].after(at)
}

// firstLeft is the first version that had not occurred by a moment, the one after those that are known when all had.
func (t *times) firstLeft(at instant) uint64 {
	for v := uint64(1); v <= t.known(); v++ {
		if !t.had(v, at) {
			return v
		}
	}
	return t.known() + 1
}

// taken are the versions after one and up to another that had occurred by a moment.
func (t *times) taken(after, upTo uint64, at instant) (versions []uint64) {
	for v := after + 1; v <= upTo; v++ {
		if t.had(v, at) {
			versions = append(versions, v)
		}
	}
	return versions
}

// last is when the last event up to a version had occurred of those that had by a moment.
func (t *times) last(upTo uint64, at instant) instant {
	last := instant{seconds: math.MinInt64} // none
	for v := uint64(1); v <= upTo; v++ {
		when := t.occurred[v-1]
		if proved, ok := t.proved[v]; ok {
			when = proved
		}
		if when.after(last) && !when.after(at) {
			last = when
		}
	}
	return last
}

// mostTimes is of how many events the times are kept: those of a whole province.
const mostTimes = 2_000_000

// ledgerTimes are the times of a ledger.
type ledgerTimes struct {
	turn
	times
	events int // in them when its turn was last over: who has not the turn may read this alone
}

// timesOf are what is known of the times of a ledger. Whoever asks has its turn.
func (h *History) timesOf(of turn) *times {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.times, func(t *ledgerTimes) bool { return t.turn == of })
	if i < 0 {
		i = len(h.times)
		h.times = append(h.times, &ledgerTimes{turn: of})
	}
	t := h.times[i]
	h.times = append(slices.Delete(h.times, i, i+1), t) // the one used last at the end
	return &t.times
}

// trimTimes lets go of the times not used for longest that there is no room for. Whoever calls it has the turn of a ledger whose times may have grown.
func (h *History) trimTimes(grown turn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := 0
	for i := len(h.times) - 1; i >= 0; i-- {
		t := h.times[i]
		if t.turn == grown {
			t.events = len(t.occurred)
		}
		if events += t.events; events > mostTimes && i < len(h.times)-1 && !h.busy[t.turn] {
			h.times = slices.Delete(h.times, i, i+1)
		}
	}
}

// learn goes on in the times of a ledger up to a version: by the index, and what it does not have from the log.
func (h *History) learn(ctx context.Context, of turn, t *times, upTo uint64) error {
	if t.known() >= upTo {
		return nil
	}
	stream := journal.LedgerStream(of.election, of.unit)
	read := h.whenOccurred(stream)
	t.occurred = slices.Grow(t.occurred, int(upTo-t.known()))
	if h.cfg.Index != nil {
		err := h.cfg.Index.Occurrences(trail.Ledger{Election: of.election, Unit: of.unit}, t.known(), upTo, func(o trail.Occurrence) error { return t.add(ctx, o, read) })
		if err != nil {
			h.cfg.Log.Warn("the log is read, which takes longer", "error", err)
		}
	}
	if t.known() == upTo {
		return nil
	}
	var decoder journal.Decoder
	for rec, err := range h.cfg.Store.Read(ctx, stream, eventstore.Version(t.known())) {
		if err != nil {
			return fmt.Errorf("read %s after version %d: %w", stream, t.known(), err)
		}
		event, err := decoder.Decode(&rec, ledger.NewEventOf)
		if err == nil {
			err = t.add(ctx, trail.OccurrenceOf(event), read)
		}
		if err != nil {
			return err
		}
		if t.known() == upTo {
			return nil
		}
	}
	return fmt.Errorf("read %s: it ends at version %d, before %d", stream, t.known(), upTo)
}
