package need

import "time"

// Status of the plan that is being worked on.
type Status string

const (
	StatusNone       Status = "" // nothing calculated
	StatusCalculated Status = "calculated"
	StatusSubmitted  Status = "submitted"
	StatusReturned   Status = "returned"
	StatusApproved   Status = "approved"
	StatusAmended    Status = "amended" // calculated anew after an approval
)

// Statuses are those that have a name, in that order.
func Statuses() []Status {
	return []Status{StatusCalculated, StatusSubmitted, StatusReturned, StatusApproved, StatusAmended}
}

// State is the need plan of a unit. The zero value is empty.
type State struct {
	Status   Status
	Revision int  // of Plan, from 1
	Plan     Plan // being worked on, or the approved one
	// Approved is the plan that counts, nil before the first approval. It stays while an amendment is under way.
	Approved  *Plan
	Findings  []Remark  // of the last return; kept until the plan is submitted again
	ChangedAt time.Time // recorded time of the last event
}

// Plan is one calculation.
type Plan struct {
	Norms     string // version
	Reference string // version
	Lines     []Line
	By        string // user id of who had it calculated
	Reason    string // of an amendment
}
