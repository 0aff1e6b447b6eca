package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	// Keep is how many bytes of memory the states may take that are kept to go on from; default KeepBytes. The ledger of the largest city, about 107,000
	// events, takes some 40 MB.
	Keep uint64
	// Stride is how many events it is worth keeping a state for, rather than folding them again; default 2,000, which take as long as a clone of a large
	// ledger.
	Stride uint64
}

// KeepBytes are four states of the largest ledger, or so.
const KeepBytes = 160 << 20

const (
	usualStride = 2_000
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
		cfg.Keep = KeepBytes
	}
	if cfg.Stride == 0 {
		cfg.Stride = usualStride
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
	of := turn{election, unit}
	if err := h.begin(ctx, of); err != nil {
		return err
	}
	defer h.end(of)
	k, err := h.reach(ctx, of, cut, place, true)
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

// reach makes the state at a place, from the nearest one before it that is kept or saved. leave has it leave states on its way, for questions about
// moments that are not far away.
func (h *History) reach(ctx context.Context, of turn, cut Cut, place Place, leave bool) (*kept, error) {
	if !cut.At.IsZero() && cut.Clock == Occurred {
		return h.occurred(ctx, of, cut, place, leave)
	}
	state, err := h.recorded(ctx, of, place.Version, leave)
	return &kept{turn: of, state: state}, err
}

// recorded makes the state up to a version. The caller owns it.
func (h *History) recorded(ctx context.Context, of turn, version uint64, leave bool) (*ledger.State, error) {
	state := h.nearest(ctx, of, version)
	if state.Version == version {
		return state, nil
	}
	var marks []uint64
	if leave {
		marks = h.marks(state.Version, version)
	}
	err := h.source.Fold(ctx, state, func(refold.Step) (bool, error) {
		if len(marks) > 0 && state.Version == marks[0] {
			marks = marks[1:]
			h.keep(&kept{turn: of, state: state.Clone()})
		}
		return state.Version < version, ctx.Err()
	})
	if err == nil && state.Version != version {
		err = fmt.Errorf("its stream ends at version %d, before %d", state.Version, version)
	}
	if err != nil {
		return nil, err
	}
	return state, nil
}

// marks are the versions between two at which a state is left, rising: ever closer to the later one, so that a step back costs about as much as it is long.
func (h *History) marks(from, to uint64) (versions []uint64) {
	for d := h.cfg.Stride; from+d+h.cfg.Stride <= to; d *= 4 {
		versions = append(versions, to-d)
	}
	slices.Reverse(versions)
	return versions
}

// nearest is the state on the recorded clock from which a version is reached soonest, of those that are kept, the snapshots, and the empty ledger. The
// caller owns it.
func (h *History) nearest(ctx context.Context, of turn, version uint64) *ledger.State {
	near := h.before(of, version)
	// To restore a snapshot takes as long as to fold a fifth of its events, which was measured with the ledger of the largest city. So of two snapshots the later
	// one is always the better, and one is better than a kept state if it is a quarter later.
	if state := h.restore(ctx, of, near+near/4, version); state != nil {
		return state
	}
	if state := h.borrow(of, version); state != nil {
		return state
	}
	return h.source.New(of.election, of.unit)
}

// restore makes a state of the ledger's newest snapshot at or before a version that belongs to this log, nil where there is none after another version.
func (h *History) restore(ctx context.Context, of turn, after, upTo uint64) *ledger.State {
	if h.cfg.Snapshots == nil {
		return nil
	}
	stream := journal.LedgerStream(of.election, of.unit)
	for _, version := range slices.Backward(h.cfg.Snapshots.Versions(ctx, stream)) {
		if version <= after {
			break
		}
		if version > upTo {
			continue
		}
		if state := h.restoreAt(ctx, of, version); state != nil {
			return state
		}
	}
	return nil
}

func (h *History) restoreAt(ctx context.Context, of turn, version uint64) *ledger.State {
	stream := journal.LedgerStream(of.election, of.unit)
	data, at, ok := h.cfg.Snapshots.LoadAt(ctx, stream, version)
	if !ok || data.Version != version {
		return nil
	}
	rec, err := h.record(ctx, stream, version)
	if err != nil || rec.ID != at.Event || rec.Position != at.Position {
		return nil
	}
	if data.Adopted != "" && h.source.Ensure(ctx, of.election, data.Adopted) != nil {
		return nil
	}
	state, err := ledger.Restore(of.election, of.unit, h.cfg.Catalog, data)
	if err != nil {
		return nil
	}
	return state
}

// Asks tells a fault of the question from a failure of the answer.
func Asks(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}
