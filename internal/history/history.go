package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/internal/trail"
)

// Config is what history is made of.
type Config struct {
	Store   eventstore.Store
	Catalog command.Catalog
	// Snapshots are states of ledgers to go on from, nil for none.
	Snapshots *cache.Cache
	// Index finds the events of one thing, nil for none: then whole ledgers are folded.
	Index *trail.Index
	// Now is the server's clock: what is after it cannot be known.
	Now       func() time.Time
	Simulated bool // what the records are
	Log       *slog.Logger
	// Keep is how many events the states may have together that are kept to go on from; default keepEvents. The ledger of the largest city, about
	// 107,000 events, takes some 100 MB.
	Keep uint64
}

const (
	keepEvents = 250_000
	keepStates = 8
	// foldsAtOnce bounds memory and processor: the others wait.
	foldsAtOnce = 2
)

// History answers from the log. It is safe for concurrent use. At most foldsAtOnce ledgers are folded at the same time, beside those that are kept.
type History struct {
	cfg    Config
	source refold.Source
	folds  chan struct{}

	mu     sync.Mutex
	kept   []*kept        // the one used last at the end
	times  []*ledgerTimes // likewise
	boards boards
	turns  map[turn]*sync.Cond // who folds which ledger
	busy   map[turn]bool
}

// turn: one at a time folds a ledger, so that a second one finds what the first has made.
type turn struct {
	election string
	unit     domain.Code
}

// New makes a History.
func New(cfg Config) *History {
	if cfg.Keep == 0 {
		cfg.Keep = keepEvents
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &History{cfg: cfg, source: refold.Source{Store: cfg.Store, Catalog: cfg.Catalog}, folds: make(chan struct{}, foldsAtOnce)}
}

// Place is where a cut lies in a ledger.
type Place struct {
	// Version is the last version that counts, 0 for none: on the occurred clock the ledger's last, since what occurred early may be told late.
	Version uint64
	// Position is that event's. Equal positions of the same cut mean equal answers.
	Position eventstore.Position
}

// Locate finds where a cut lies in a ledger. A moment or position that the log has not reached is a *Fault.
func (h *History) Locate(ctx context.Context, election string, unit domain.Code, cut Cut) (Place, error) {
	if err := h.reached(ctx, cut); err != nil {
		return Place{}, err
	}
	stream := journal.LedgerStream(election, unit)
	version, position, err := h.cfg.Store.StreamHead(ctx, stream)
	if err != nil {
		return Place{}, fmt.Errorf("look for the end of %s: %w", stream, err)
	}
	if cut.End() || !cut.At.IsZero() && cut.Clock == Occurred {
		return Place{uint64(version), position}, nil
	}
	return h.search(ctx, stream, uint64(version), func(rec *eventstore.Record) bool {
		if cut.At.IsZero() {
			return rec.Position <= cut.Position
		}
		return !rec.RecordedAt.After(cut.At)
	})
}

// search finds the last record of a stream that is within, where all before it are too: recorded times and positions never go back in a ledger.
func (h *History) search(ctx context.Context, stream string, last uint64, within func(*eventstore.Record) bool) (Place, error) {
	found := Place{}
	for low, high := uint64(1), last; low <= high; {
		middle := (low + high) / 2
		if low == 1 && high == last {
			middle = last // most questions are about now or not long ago, and the end is often warm
		}
		rec, err := h.record(ctx, stream, middle)
		if err != nil {
			return Place{}, err
		}
		if within(&rec) {
			found, low = Place{middle, rec.Position}, middle+1
		} else {
			high = middle - 1
		}
	}
	return found, nil
}

// record reads one record.
func (h *History) record(ctx context.Context, stream string, version uint64) (eventstore.Record, error) {
	for rec, err := range h.cfg.Store.Read(ctx, stream, eventstore.Version(version-1)) {
		if err != nil {
			return rec, fmt.Errorf("read %s version %d: %w", stream, version, err)
		}
		return rec, nil
	}
	return eventstore.Record{}, fmt.Errorf("read %s version %d: it is not there", stream, version)
}

// reached refuses what cannot be known yet.
func (h *History) reached(ctx context.Context, cut Cut) error {
	now := h.cfg.Now()
	if cut.At.IsZero() && cut.Position == 0 || !cut.At.IsZero() && !cut.At.After(now) {
		return nil
	}
	head, err := h.cfg.Store.Head(ctx)
	if err != nil {
		return fmt.Errorf("look for the end of the log: %w", err)
	}
	if cut.At.IsZero() {
		if cut.Position <= head {
			return nil
		}
		return &Fault{Field: "position", ID: fmt.Sprintf("posisi %d belum ada: catatan berakhir pada posisi %d", cut.Position, head),
			EN:    fmt.Sprintf("there is no position %d yet: the log ends at position %d", cut.Position, head),
			FixID: "tanyakan paling jauh sampai di situ", Fix: "ask up to there at the most"}
	}
	last, err := h.lastRecorded(ctx, head, cut.At.Location())
	if err != nil {
		return err
	}
	at, end := cut.At.Format(time.RFC3339Nano), now.In(cut.At.Location()).Format(time.RFC3339Nano)
	return &Fault{Field: "as_of",
		ID:    fmt.Sprintf("%s belum terjadi: jam server %s, catatan terakhir %s (posisi %d)", at, end, last, head),
		EN:    fmt.Sprintf("%s has not come yet: the server's clock is at %s, the last record of %s (position %d)", at, end, last, head),
		FixID: "tanyakan paling jauh sampai di situ", Fix: "ask up to there at the most"}
}

func (h *History) lastRecorded(ctx context.Context, head eventstore.Position, zone *time.Location) (string, error) {
	if head == 0 {
		return "-", nil
	}
	for rec, err := range h.cfg.Store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		if err != nil {
			return "", fmt.Errorf("read the last record: %w", err)
		}
		return rec.RecordedAt.In(zone).Format(time.RFC3339Nano), nil
	}
	return "-", nil
}

// Immutable tells whether an answer at a cut can never change: nothing can be recorded any more that would be in it. Records take a moment from
// their time to the log.
func (h *History) Immutable(cut Cut) bool {
	switch {
	case cut.End(), !cut.At.IsZero() && cut.Clock == Occurred:
		return false
	case cut.At.IsZero():
		return true
	}
	return h.cfg.Now().Sub(cut.At) > time.Minute
}

// State runs read with the state of a ledger at a cut. read must not keep references to the state and must not change it; at is the place's position.
func (h *History) State(ctx context.Context, election string, unit domain.Code, cut Cut, read func(s *ledger.State, at eventstore.Position) error) error {
	place, err := h.Locate(ctx, election, unit, cut)
	if err != nil {
		return err
	}
	if err := h.begin(ctx, turn{election, unit}); err != nil {
		return err
	}
	defer h.end(turn{election, unit})
	k, err := h.reach(ctx, election, unit, cut, place)
	if err != nil {
		return fmt.Errorf("ledger of %s in %s at %s: %w", unit, election, cut, err)
	}
	err = read(k.state, place.Position)
	h.keep(k)
	return err
}

// begin waits for the turn of a ledger and for room to fold.
func (h *History) begin(ctx context.Context, t turn) error {
	if err := h.lock(ctx, t); err != nil {
		return err
	}
	if err := h.room(ctx); err != nil {
		h.unlock(t)
		return err
	}
	return nil
}

func (h *History) end(t turn) {
	h.leave()
	h.unlock(t)
}

// room waits for room to fold, until leave.
func (h *History) room(ctx context.Context) error {
	select {
	case h.folds <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *History) leave() { <-h.folds }

// reach makes the state at a place, from the nearest one before it that is kept or saved.
func (h *History) reach(ctx context.Context, election string, unit domain.Code, cut Cut, place Place) (*kept, error) {
	if !cut.At.IsZero() && cut.Clock == Occurred {
		return h.occurred(ctx, election, unit, cut, place)
	}
	k := h.nearest(ctx, election, unit, place.Version)
	if k.state.Version == place.Version {
		return k, nil
	}
	t, read := h.timesOf(k.turn), h.whenOccurred(journal.LedgerStream(election, unit))
	err := h.source.Fold(ctx, k.state, func(step refold.Step) (bool, error) {
		if step.Event.Version == t.known()+1 { // who asks what was known often asks what was true
			if err := t.add(ctx, step.Event, read); err != nil {
				return false, err
			}
		}
		return step.State.Version < place.Version, ctx.Err()
	})
	h.trimTimes()
	if err == nil && k.state.Version != place.Version {
		err = fmt.Errorf("its stream ends at version %d, before %d", k.state.Version, place.Version)
	}
	if err != nil {
		return nil, err
	}
	k.events = k.state.Version
	return k, nil
}

// nearest is the state on the recorded clock that is nearest before a version, of those that are kept, the snapshot, and the empty ledger.
func (h *History) nearest(ctx context.Context, election string, unit domain.Code, version uint64) *kept {
	k := h.take(election, unit, version)
	if k == nil {
		k = h.restore(ctx, election, unit, version)
	}
	if k == nil {
		k = &kept{turn: turn{election, unit}, state: h.source.New(election, unit)}
	}
	return k
}

// restore makes a state of the ledger's snapshot, nil when there is none at or before a version that belongs to this log.
func (h *History) restore(ctx context.Context, election string, unit domain.Code, upTo uint64) *kept {
	if h.cfg.Snapshots == nil || upTo == 0 {
		return nil
	}
	stream := journal.LedgerStream(election, unit)
	version, ok := h.cfg.Snapshots.Version(ctx, stream)
	if !ok || version > upTo {
		return nil
	}
	data, at, ok := h.cfg.Snapshots.Load(ctx, stream)
	if !ok || data.Version == 0 || data.Version > upTo {
		return nil
	}
	rec, err := h.record(ctx, stream, data.Version)
	if err != nil || rec.ID != at.Event || rec.Position != at.Position {
		return nil
	}
	if data.Adopted != "" && h.source.Ensure(ctx, election, data.Adopted) != nil {
		return nil
	}
	state, err := ledger.Restore(election, unit, h.cfg.Catalog, data)
	if err != nil {
		return nil
	}
	return &kept{turn: turn{election, unit}, state: state, events: state.Version}
}

// Asks tells a fault of the question from a failure of the answer.
func Asks(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}
