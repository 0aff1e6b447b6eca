package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/projections"
	"jejak/projections/form"
)

// Board are the rows that a ledger has in the lists of all units, all at one cut: who asks for one of them mostly asks for the others too, and to make them
// is nothing beside the fold. They are not to be changed, and are not marked as simulated.
type Board struct {
	Position   eventstore.Position // of the place at which the cut lies: see Place
	Regency    form.RegencyRow
	Custody    form.CustodyRow
	Deadlines  form.DeadlineRow
	Claims     form.ClaimsRow
	Supporting form.SupportingRow
}

func boardOf(s *ledger.State, at eventstore.Position) *Board {
	return &Board{
		Position: at, Regency: projections.Regency(s, at), Custody: projections.Custody(s, at), Deadlines: projections.Deadlines(s, at),
		Claims: projections.Claims(s, at), Supporting: projections.Supporting(s, at),
	}
}

// boardKey says which events of a ledger are in a board: two moments between which nothing occurred, or was recorded, have the same.
type boardKey struct {
	turn
	upTo     uint64
	occurred bool
	last     instant // of the occurred clock: when the last of them had occurred
}

// mostBoards are kept, those of some ten moments of a whole province. One is 25 KB of JSON, most of it who holds what.
const mostBoards = 400

// boards are those made last.
type boards struct {
	made  map[boardKey]*Board
	order []boardKey // the oldest first
}

// Board is the board of one ledger at a cut.
func (h *History) Board(ctx context.Context, election string, unit domain.Code, cut Cut) (*Board, error) {
	return h.board(ctx, election, unit, cut, false)
}

// Boards are those of some units of an election at a cut, in their order; unreadable says of which there is none, because a record of their ledger cannot
// be read. Two ledgers are folded at a time, the longest first. done, unless nil, is called
// when another one is there, by one goroutine at a time.
func (h *History) Boards(ctx context.Context, election string, units []domain.Code, cut Cut, done func()) (made []*Board, unreadable []error, err error) {
	lengths := make([]eventstore.Version, len(units))
	for i, unit := range units {
		var err error
		if lengths[i], _, err = h.cfg.Store.StreamHead(ctx, journal.LedgerStream(election, unit)); err != nil {
			return nil, nil, err
		}
	}
	queue := make(chan int, len(units))
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lengths[b], lengths[a]) })
	for _, i := range order {
		queue <- i
	}
	close(queue)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made, unreadable = make([]*Board, len(units)), make([]error, len(units))
	errs := make([]error, len(units))
	var told sync.Mutex
	var all sync.WaitGroup
	for range foldsAtOnce {
		all.Go(func() {
			for i := range queue {
				if errs[i] = ctx.Err(); errs[i] == nil {
					made[i], errs[i] = h.board(ctx, election, units[i], cut, true)
				}
				if record := new(journal.UnreadableError); errors.As(errs[i], &record) {
					unreadable[i], errs[i] = errs[i], nil
				}
				if errs[i] != nil {
					cancel() // nobody wants the others without this one
					continue
				}
				if done != nil {
					told.Lock()
					done()
					told.Unlock()
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs { // why it was cancelled is the first that is no consequence of it
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, nil, err
		}
	}
	return made, unreadable, errors.Join(errs...)
}

// board is the board of a ledger; spare has its state kept only if there is room.
func (h *History) board(ctx context.Context, election string, unit domain.Code, cut Cut, spare bool) (*Board, error) {
	place, err := h.Locate(ctx, election, unit, cut)
	if err != nil {
		return nil, err
	}
	of := turn{election, unit}
	if err := h.lock(ctx, of); err != nil {
		return nil, err
	}
	defer h.unlock(of)
	if b := h.madeBoard(of, cut, place); b != nil {
		return b, nil
	}
	if err := h.room(ctx); err != nil {
		return nil, err
	}
	defer h.leave()
	k, err := h.reach(ctx, of, cut, place, !spare || h.roomy())
	if err != nil {
		return nil, fmt.Errorf("ledger of %s in %s at %s: %w", unit, election, cut, err)
	}
	b := boardOf(k.state, place.Position)
	h.add(k, spare)
	h.keepBoard(of, cut, place, b)
	return b, nil
}

// keyOf is the key of a board; ok is false where it is not known yet. Whoever asks has the ledger's turn.
func (h *History) keyOf(of turn, cut Cut, place Place) (key boardKey, ok bool) {
	key = boardKey{turn: of, upTo: place.Version}
	if cut.At.IsZero() || cut.Clock == Recorded {
		return key, true
	}
	t := h.timesOf(of)
	if t.known() < place.Version {
		return key, false
	}
	key.occurred, key.last = true, t.last(place.Version, instantOf(cut.At))
	return key, true
}

func (h *History) madeBoard(of turn, cut Cut, place Place) *Board {
	key, ok := h.keyOf(of, cut, place)
	if !ok {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.boards.made[key]
}

func (h *History) keepBoard(of turn, cut Cut, place Place, b *Board) {
	key, ok := h.keyOf(of, cut, place)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !ok || h.boards.made[key] != nil {
		return
	}
	if h.boards.made == nil {
		h.boards.made = map[boardKey]*Board{}
	}
	if len(h.boards.order) == mostBoards {
		delete(h.boards.made, h.boards.order[0])
		h.boards.order = slices.Delete(h.boards.order, 0, 1)
	}
	h.boards.made[key] = b
	h.boards.order = append(h.boards.order, key)
}
