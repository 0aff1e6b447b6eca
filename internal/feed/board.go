package feed

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"jejak/eventstore"
)

// boardLook is how often every row is held against the bucket, so that one that was lost or emptied is whole again.
const boardLook = 10 * time.Second

// Board keeps the bucket at the newest row of every unit that it has been offered. What cannot be put waits, and only the newest row of a unit does.
type Board struct {
	put   func(ctx context.Context, row statusRow, anew bool) error
	prune func(ctx context.Context, keep func(key string) bool) error
	log   *slog.Logger

	mu     sync.Mutex
	rows   map[string]boardRow // by the key in the bucket
	stale  map[string]struct{} // keys whose row is to be put
	resets []chan struct{}     // that wait until all is put
	wake   chan struct{}
}

type boardRow struct {
	statusRow
	anew bool // it takes the place of whatever is there
}

// NewBoard makes a Board that puts rows through a Publisher.
func NewBoard(p *Publisher, log *slog.Logger) *Board {
	return &Board{put: p.status, prune: p.pruneStatus, log: log, rows: map[string]boardRow{}, stale: map[string]struct{}{}, wake: make(chan struct{}, 1)}
}

// Offer gives the row of a unit at a position; see Publisher.Status. It does not wait, and may be called at any time, also after Run.
// body must not be changed afterwards.
func (b *Board) Offer(election, unit string, position eventstore.Position, body []byte) {
	key := StatusKey(election, unit)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows[key].position > position {
		return
	}
	b.rows[key] = boardRow{statusRow{election, unit, position, body}, b.rows[key].anew}
	b.stale[key] = struct{}{}
	b.signal()
}

// Reset puts every row anew, whatever stands in the bucket, and removes what is no row of this server's: it may be of another data directory, or of a
// log that was restored from an older backup. It waits until that is done; when ctx ends it goes on by itself.
func (b *Board) Reset(ctx context.Context) error {
	done := make(chan struct{})
	b.mu.Lock()
	for key, row := range b.rows {
		row.anew = true
		b.rows[key] = row
		b.stale[key] = struct{}{}
	}
	b.resets = append(b.resets, done)
	b.signal()
	b.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("put the status rows anew: it goes on by itself: %w", ctx.Err())
	}
}

// Run puts rows until ctx ends.
func (b *Board) Run(ctx context.Context) {
	look := time.NewTicker(boardLook)
	defer look.Stop()
	pause := firstPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			b.all()
		case <-b.wake:
		}
		err := b.flush(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			pause = firstPause
			continue
		}
		b.log.Error("the status rows are not published for now", "again_in", pause, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
		b.signal()
	}
}

// all holds every row against the bucket.
func (b *Board) all() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.rows {
		b.stale[key] = struct{}{}
	}
}

func (b *Board) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// flush puts what is stale. What could not be put, and what was offered meanwhile, stays stale.
func (b *Board) flush(ctx context.Context) error {
	b.mu.Lock()
	keys, resets := slices.Sorted(maps.Keys(b.stale)), b.resets
	b.mu.Unlock()
	for _, key := range keys {
		b.mu.Lock()
		row := b.rows[key]
		delete(b.stale, key)
		b.mu.Unlock()
		if err := b.put(ctx, row.statusRow, row.anew); err != nil {
			b.mu.Lock()
			b.stale[key] = struct{}{}
			b.mu.Unlock()
			return err
		}
		b.mu.Lock()
		if now := b.rows[key]; row.anew && now.position == row.position {
			now.anew = false
			b.rows[key] = now
		}
		b.mu.Unlock()
	}
	if len(resets) == 0 {
		return nil
	}
	if err := b.prune(ctx, b.has); err != nil {
		return err
	}
	b.mu.Lock()
	b.resets = slices.Clone(b.resets[len(resets):])
	b.mu.Unlock()
	for _, done := range resets {
		close(done)
	}
	return nil
}

// has tells whether a key is of a row that was offered.
func (b *Board) has(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.rows[key]
	return ok
}
