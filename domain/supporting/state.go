package supporting

import (
	"maps"
	"time"

	"jejak/domain/fact"
)

// Status of the data of a group.
type Status string

const (
	StatusDraft           Status = "draft" // nothing submitted
	StatusSubmitted       Status = "submitted"
	StatusRegencyVerified Status = "regency_verified"
	StatusVerified        Status = "verified"
	StatusReturned        Status = "returned"
)

// Statuses lists every status in that order.
func Statuses() []Status {
	return []Status{StatusDraft, StatusSubmitted, StatusRegencyVerified, StatusVerified, StatusReturned}
}

// State is the supporting data of a unit. The zero value is empty.
type State struct {
	Groups map[string]*Group // by "A", "B", "C"
}

// Group is the data of one group of items.
type Group struct {
	Status Status
	// Submissions in the order in which they occurred; the last is the current one. A report that comes late takes its place among them.
	Submissions []Submission
	VerifiedBy  map[string]string // user id by level, of the current submission
	DecidedAt   time.Time         // recorded time of the last return or verification
	Findings    []Remark          // of the last return; kept until the next submission
}

// Submission is one revision of a group's data.
type Submission struct {
	fact.Fact
	Basis Basis
	Lines []Line
	Note  string
}

// Revision is the number of the current submission, 0 for none.
func (g *Group) Revision() int {
	if g == nil {
		return 0
	}
	return len(g.Submissions)
}

// Current is the current submission, nil for none.
func (g *Group) Current() *Submission {
	if g.Revision() == 0 {
		return nil
	}
	return &g.Submissions[len(g.Submissions)-1]
}

// Status of a group, StatusDraft when nothing was submitted.
func (s *State) Status(group string) Status {
	if g := s.Groups[group]; g != nil {
		return g.Status
	}
	return StatusDraft
}

// Unverified are the groups that the province has not verified, in order.
func (s *State) Unverified() []string {
	var groups []string
	for _, g := range Groups() {
		if s.Status(g) != StatusVerified {
			groups = append(groups, g)
		}
	}
	return groups
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	c := State{Groups: maps.Clone(s.Groups)}
	for name, g := range c.Groups {
		next := *g
		next.VerifiedBy = maps.Clone(g.VerifiedBy)
		c.Groups[name] = &next
	}
	return c
}
