package approval

import "jejak/domain"

// Event is an event of the room. Every event has the fields of its command.
//
//sumtype:decl
type Event interface {
	domain.Event
	approvalEvent()
}

// Given: a second person approves (approval.given). The approval's id is that of the command.
type Given Give

// Refused: a second person does not approve (approval.refused).
type Refused Refuse

// Revoked: an approval counts no more (approval.revoked).
type Revoked Revoke

func (*Given) approvalEvent()   {}
func (*Refused) approvalEvent() {}
func (*Revoked) approvalEvent() {}

// EventType implements domain.Event.
func (*Given) EventType() string { return "approval.given" }

// EventType implements domain.Event.
func (*Refused) EventType() string { return "approval.refused" }

// EventType implements domain.Event.
func (*Revoked) EventType() string { return "approval.revoked" }

// Schema implements domain.Event.
func (*Given) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Refused) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Revoked) Schema() int { return 1 }
