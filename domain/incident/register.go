// Package incident is the register of everything that went wrong: discrepancies that the ledger finds by itself and incidents that people
// raise. Nothing is ever deleted; each has an owner, an age and the events that prove it.
package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"jejak/domain"
)

// Status of a discrepancy.
type Status string

const (
	StatusOpen      Status = "open"
	StatusExplained Status = "explained" // a fact that arrived late shows that nothing was wrong
	StatusResolved  Status = "resolved"  // a person mended it and says how
)

// Case is one discrepancy or incident. A ledger may have tens of thousands, most of them explained long ago, so it is kept short: times as numbers, and
// what people alone do apart from it.
type Case struct {
	ID          string // DSC-<unit>-000001
	Key         string // Finding.Key; "" for one that a person raised
	Rule        string // "" for one that a person raised
	Kind        domain.Kind
	Severity    domain.Severity
	Status      Status
	Units       []string
	Quantity    int64
	Revision    int32 // of the assessment
	Provisional bool
	Held        bool  // does not count yet: see Pledge
	Said        Said  // see Register.Text
	Occurred    int64 // microseconds since 1970
	Recorded    int64 // likewise
	Closed      int64 // recorded time of the explanation or resolution; 0 while open
	Proof       []domain.Ref
	Handling    *Handling // nil: nobody has said anything of it; see Handled
}

// Handling is what people have said, ordered and decided about a case. It is replaced when it changes.
type Handling struct {
	RaisedBy   string // user id; "" where the ledger found it
	Note       string
	Action     string    // last action ordered
	Resolution string    // how it was mended, "" while it is not
	Document   string    // that proves the resolution, "" while there is none
	DecidedAt  time.Time // when a person last resolved or reopened it, by that person's clock; zero for never
}

// Handled is what people have said, ordered and decided about the case.
func (c *Case) Handled() Handling {
	if c.Handling == nil {
		return Handling{}
	}
	return *c.Handling
}

// handle changes what people have said about the case.
func (c *Case) handle(change func(h *Handling)) {
	next := c.Handled()
	change(&next)
	c.Handling = &next
}

// reopen takes back that it is explained or resolved.
func (c *Case) reopen() {
	c.Status, c.Closed = StatusOpen, 0
	if c.Handling != nil {
		c.handle(func(h *Handling) { h.Resolution, h.Document = "", "" })
	}
}

// Register holds all cases of a ledger. The zero value is empty.
type Register struct {
	Cases map[string]*Case // by ID
	Next  int              // number of the next case
	Open  map[string]int   // how many open cases each unit has (box, station, shipment ...)

	Patterns []string // of what cases say

	Pledges map[string]Pledge // by case; nil for none

	byKey    map[string]*Case      // the latest case of each Finding.Key; nil until somebody asks, in no snapshot
	patterns map[string]uint32     // of Patterns: number + 1; in no snapshot
	kinds    map[domain.Kind]int64 // how many open cases are of each kind; nil until somebody asks, in no snapshot
	changed  map[string]bool       // units that have got their first open case or lost their last; nil until somebody asks
}

// OpenByKind is how many open cases there are of each kind, those with none left out. It is not to be changed.
func (r *Register) OpenByKind() map[domain.Kind]int64 {
	if r.kinds == nil {
		r.kinds = map[domain.Kind]int64{}
		for _, c := range r.Cases {
			if c.Status == StatusOpen && !c.Held {
				r.kinds[c.Kind]++
			}
		}
	}
	return r.kinds
}

// Changed calls f for the units that have got their first open case or lost their last since it was called last, each once and in no order; on the
// first call for none, since nobody has asked before. It is for the ledger's tally alone.
func (r *Register) Changed(f func(unit string)) {
	if r.changed == nil {
		r.changed = map[string]bool{}
	}
	for unit := range r.changed {
		f(unit)
	}
	clear(r.changed)
}

// OpenOn is how many open cases a unit has: a box, a station, a shipment, as in Case.Units.
func (r *Register) OpenOn(unit string) int { return r.Open[unit] }

// Find returns the latest case for a finding's key.
func (r *Register) Find(key string) (*Case, bool) {
	if r.byKey == nil {
		r.byKey = make(map[string]*Case, len(r.Cases))
		for _, c := range r.Cases {
			r.enter(c)
		}
	}
	c, ok := r.byKey[key]
	return c, ok
}

// enter has a case found by its key, unless there is a later one.
func (r *Register) enter(c *Case) {
	known := r.byKey[c.Key]
	if c.Key != "" && (known == nil || cmp.Or(cmp.Compare(len(known.ID), len(c.ID)), cmp.Compare(known.ID, c.ID)) < 0) {
		r.byKey[c.Key] = c
	}
}

// Clone is a register that goes on by itself.
func (r *Register) Clone() Register {
	c := Register{Cases: maps.Clone(r.Cases), Next: r.Next, Open: maps.Clone(r.Open), Patterns: slices.Clone(r.Patterns), Pledges: maps.Clone(r.Pledges)}
	all := make([]Case, 0, len(r.Cases)) // a case is changed in place
	for id, old := range r.Cases {
		all = append(all, *old)
		next := &all[len(all)-1]
		next.Proof = slices.Clip(next.Proof)
		c.Cases[id] = next
	}
	return c
}
