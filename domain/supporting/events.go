package supporting

import "jejak/domain"

// Event is an event of this room.
//
//sumtype:decl
type Event interface {
	domain.Event
	supportingEvent()
}

// DataSubmitted: the unit sent the data of a group (supporting.data_submitted).
type DataSubmitted struct {
	Group string `json:"group"`
	Basis Basis  `json:"basis"`
	Lines []Line `json:"lines"`
	Note  string `json:"note,omitempty"`
}

// DataReturned: the province sent it back (supporting.data_returned).
type DataReturned struct {
	Group    string   `json:"group"`
	Revision int      `json:"revision"` // of the data that is returned, from 1
	Findings []Remark `json:"findings"`
}

// DataVerified: it was verified at a level (supporting.data_verified).
type DataVerified struct {
	Group    string `json:"group"`
	Revision int    `json:"revision"` // of the data that is verified, from 1
	Level    string `json:"level"`
}

func (*DataSubmitted) supportingEvent() {}
func (*DataReturned) supportingEvent()  {}
func (*DataVerified) supportingEvent()  {}

func (*DataSubmitted) EventType() string { return "supporting.data_submitted" }
func (*DataReturned) EventType() string  { return "supporting.data_returned" }
func (*DataVerified) EventType() string  { return "supporting.data_verified" }

func (*DataSubmitted) Schema() int { return 1 }
func (*DataReturned) Schema() int  { return 1 }
func (*DataVerified) Schema() int  { return 1 }
