package handoff

import "jejak/domain"

// Event is an event of the room. Every event has the fields of its command.
//
//sumtype:decl
type Event interface {
	domain.Event
	handoffEvent()
}

// Offered: the giver's list (handoff.offered).
type Offered Offer

// Accepted: what the receiver found (handoff.accepted).
type Accepted Accept

// Witnessed: more people saw the handoff (handoff.witnessed).
type Witnessed Attest

func (*Offered) handoffEvent()   {}
func (*Accepted) handoffEvent()  {}
func (*Witnessed) handoffEvent() {}

// EventType implements domain.Event.
func (*Offered) EventType() string { return "handoff.offered" }

// EventType implements domain.Event.
func (*Accepted) EventType() string { return "handoff.accepted" }

// EventType implements domain.Event.
func (*Witnessed) EventType() string { return "handoff.witnessed" }

// Schema implements domain.Event.
func (*Offered) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Accepted) Schema() int { return 1 }

// Schema implements domain.Event.
func (*Witnessed) Schema() int { return 1 }
