package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jejak/eventstore"
)

// rebuild is a wish to fill the stream anew.
type rebuild struct {
	done chan struct{}
}

// Progress of a rebuild: everything up to Position of To is published.
type Progress struct {
	Position eventstore.Position `json:"position"`
	To       eventstore.Position `json:"to"`
	Done     bool                `json:"done"`
}

// reportEvery is how often a rebuild tells how far it is.
const reportEvery = 200 * time.Millisecond

// Rebuild fills the stream anew from the first record of the log while the Publisher runs: the first message takes the place of everything that is
// there in one step, so that no message of another publisher comes between, and consumers stay. All of it is marked as replay. progress (nil: none) is
// called by the caller's goroutine, a last time when it is done. When ctx ends the rebuild goes on, only nobody waits for it.
func (p *Publisher) Rebuild(ctx context.Context, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	r := &rebuild{make(chan struct{})}
	select {
	case p.rebuilds <- r:
	case <-ctx.Done():
		return fmt.Errorf("rebuild the feed: it was not begun: %w", ctx.Err())
	}
	to, err := p.cfg.Store.Head(ctx)
	if err != nil {
		return fmt.Errorf("rebuild the feed: %w", err)
	}
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			progress(Progress{max(p.Position(), to), to, true})
			return nil
		case <-tick.C:
			if trouble := p.Trouble(); trouble != "" {
				return errors.New("rebuild the feed: it stands still: " + trouble)
			}
			progress(Progress{Position: p.Position(), To: to})
		case <-ctx.Done():
			return fmt.Errorf("rebuild the feed: it goes on by itself: %w", ctx.Err())
		}
	}
}

// begin takes up a rebuild.
func (p *Publisher) begin(r *rebuild) {
	p.cfg.Log.Info("the stream of the feed is filled anew from the log", "stream", Stream)
	p.anew = true
	p.waiting = append(p.waiting, r)
	p.position.Store(0)
	p.healthy()
}

// finish ends the rebuilds that wait when all is published that was in the log.
func (p *Publisher) finish(all bool) {
	if len(p.waiting) == 0 || p.anew || !all {
		return
	}
	for _, r := range p.waiting {
		close(r.done)
	}
	p.waiting = slices.Delete(p.waiting, 0, len(p.waiting))
}
