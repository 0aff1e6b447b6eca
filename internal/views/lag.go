package views

import (
	"fmt"
	"slices"
	"time"

	"jejak/eventstore"
)

// Lag is how far a view is.
type Lag struct {
	View     string
	Version  int
	Position eventstore.Position // everything of the ledgers up to here is in the rows
	Head     eventstore.Position // newest record of a ledger that was seen
	Oldest   time.Duration       // since when the oldest record that is not in the rows has waited; 0 for none
	Stopped  int                 // units for which the view stands still
	Building bool                // a new version is being made, and the old one kept until it is complete
}

// Lag tells how far every view is, in the order of the configuration.
func (r *Runner) Lag() []Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	lags := make([]Lag, len(r.cfg.Views))
	for i, v := range r.cfg.Views {
		lag := Lag{View: v.Name, Version: v.Version, Position: r.seen, Head: r.seen, Building: r.building[v.Name] != nil}
		for p, w := range r.pending {
			row := r.rows[key{v.Name, p}]
			if row.At.Position >= w.last {
				continue
			}
			if f := w.fails[v.Name]; f != nil && isUnreadable(f.err) {
				lag.Stopped++ // and no measure of how the others do
				continue
			}
			lag.Position = min(lag.Position, max(w.first, row.At.Position+1)-1)
			lag.Oldest = max(lag.Oldest, now.Sub(w.since))
			if w.fails[v.Name] != nil {
				lag.Stopped++
			}
		}
		lags[i] = lag
	}
	return lags
}

// Trouble is why rows stand still, nothing while all goes well.
func (r *Runner) Trouble() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var trouble []string
	for p, w := range r.pending {
		for view, f := range w.fails {
			if isUnreadable(f.err) {
				continue // the server says so for all that stands still with it
			}
			trouble = append(trouble, fmt.Sprintf("view %s of %s stands still: %v", view, p, f.err))
		}
	}
	slices.Sort(trouble)
	if r.unread != nil {
		trouble = append(trouble, fmt.Sprintf("the views cannot follow the log: %v", r.unread))
	}
	return trouble
}
