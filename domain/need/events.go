package need

import "jejak/domain"

// Event is an event of this room.
//
//sumtype:decl
type Event interface {
	domain.Event
	needEvent()
}

// PlanCalculated: the server calculated the unit's plan (need.calculated).
type PlanCalculated struct {
	Norms     string `json:"norms"`     // version of the norms
	Reference string `json:"reference"` // version of the reference data
	Lines     []Line `json:"lines"`
}

// PlanSubmitted: it lies before the province (need.submitted).
type PlanSubmitted struct {
	Revision int `json:"revision"` // of the plan, from 1: every calculation and amendment makes a new one
}

// PlanReturned: the province sent it back (need.returned).
type PlanReturned struct {
	Revision int      `json:"revision"`
	Findings []Remark `json:"findings"`
}

// PlanApproved: it is the plan that counts (need.approved).
type PlanApproved struct {
	Revision int `json:"revision"`
}

// PlanAmended: an approved plan was calculated anew; it counts once it is approved in its turn, until then the old one does (need.amended).
type PlanAmended struct {
	OldNorms     string `json:"old_norms"`
	NewNorms     string `json:"new_norms"`
	OldReference string `json:"old_reference"`
	NewReference string `json:"new_reference"`
	Reason       string `json:"reason"`
	Lines        []Line `json:"lines"`
}

func (*PlanCalculated) needEvent() {}
func (*PlanSubmitted) needEvent()  {}
func (*PlanReturned) needEvent()   {}
func (*PlanApproved) needEvent()   {}
func (*PlanAmended) needEvent()    {}

func (*PlanCalculated) EventType() string { return "need.calculated" }
func (*PlanSubmitted) EventType() string  { return "need.submitted" }
func (*PlanReturned) EventType() string   { return "need.returned" }
func (*PlanApproved) EventType() string   { return "need.approved" }
func (*PlanAmended) EventType() string    { return "need.amended" }

func (*PlanCalculated) Schema() int { return 1 }
func (*PlanSubmitted) Schema() int  { return 1 }
func (*PlanReturned) Schema() int   { return 1 }
func (*PlanApproved) Schema() int   { return 1 }
func (*PlanAmended) Schema() int    { return 1 }
