// Package incident is the register of everything that went wrong: discrepancies that the ledger finds by itself and incidents that people
// raise. Nothing is ever deleted; each has an owner, an age and the events that prove it.
package incident

import (
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

// Case is one discrepancy or incident.
type Case struct {
	ID          string // DSC-<unit>-000001
	Key         string // Finding.Key; "" for one that a person raised
	Rule        string // "" for one that a person raised
	Kind        domain.Kind
	Severity    domain.Severity
	Units       []string
	Quantity    int64
	Provisional bool
	Status      Status
	Note        string
	Said        Said   // see Register.Text
	RaisedBy    string // user id, or "system"
	OccurredAt  time.Time
	RecordedAt  time.Time
	ClosedAt    time.Time // recorded time of the explanation or resolution; zero while open
	DecidedAt   time.Time // when a person last resolved or reopened it, by that person's clock; zero for never
	Revision    int       // of the assessment
	Action      string    // last action ordered
	Resolution  string    // how it was mended, "" while it is not
	Document    string    // that proves the resolution, "" while there is none
	Proof       []domain.Ref
}

// reopen takes back that it is explained or resolved.
func (c *Case) reopen() {
	c.Status, c.ClosedAt, c.Resolution, c.Document = StatusOpen, time.Time{}, "", ""
}

// Register holds all cases of a ledger. The zero value is empty.
type Register struct {
	Cases map[string]*Case  // by ID
	ByKey map[string]string // Finding.Key -> ID of the latest case of this key
	Next  int               // number of the next case
	Open  map[string]int    // how many open cases each unit has (box, station, shipment ...)

	Patterns []string // of what cases say

	patterns map[string]uint32     // of Patterns: number + 1; in no snapshot
	kinds    map[domain.Kind]int64 // how many open cases are of each kind; nil until somebody asks, in no snapshot
	changed  map[string]bool       // units that have got their first open case or lost their last; nil until somebody asks
}

// OpenByKind is how many open cases there are of each kind, those with none left out. It is not to be changed.
func (r *Register) OpenByKind() map[domain.Kind]int64 {
	if r.kinds == nil {
		r.kinds = map[domain.Kind]int64{}
		for _, c := range r.Cases {
			if c.Status == StatusOpen {
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
	c, ok := r.Cases[r.ByKey[key]]
	return c, ok
}

// Clone is a register that goes on by itself.
func (r *Register) Clone() Register {
	c := Register{Cases: maps.Clone(r.Cases), ByKey: maps.Clone(r.ByKey), Next: r.Next, Open: maps.Clone(r.Open), Patterns: slices.Clone(r.Patterns)}
	all := make([]Case, 0, len(r.Cases)) // a case is changed in place
	for id, old := range r.Cases {
		all = append(all, *old)
		next := &all[len(all)-1]
		next.Proof = slices.Clip(next.Proof)
		c.Cases[id] = next
	}
	return c
}
