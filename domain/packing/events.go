package packing

import "jejak/domain"

// Event is an event of the room. Every event has the fields of its command, but for an exception.
//
//sumtype:decl
type Event interface {
	domain.Event
	packingEvent()
}

// BoxesPacked: ballots and materials went into boxes (packing.boxes_packed).
type BoxesPacked struct {
	Boxes     []PackedBox `json:"boxes"`
	Exception *Excepted   `json:"exception,omitempty"`
}

// Excepted is the exception of a packing as it was recorded. In schema 1 it names who approved it, and that exempts; from schema 2 on an approval
// that is recorded too does.
type Excepted struct {
	Approver string `json:"approver,omitempty"` // of schema 1 alone: who approved it, a user id
	Asked    string `json:"asked,omitempty"`    // who was asked
	Approval string `json:"approval,omitempty"` // the approval that the packer named
	Reason   string `json:"reason"`
}

// KitsPacked: equipment outside the boxes was made up (packing.kits_packed).
type KitsPacked PackKits

// BoxesChecked: a second person looked into the boxes (packing.boxes_checked).
type BoxesChecked CheckBoxes

// BoxesSealed: the boxes were closed with these seals (packing.boxes_sealed).
type BoxesSealed SealBoxes

// BoxesUnsealed: the boxes were opened before the day (packing.boxes_unsealed).
type BoxesUnsealed UnsealBoxes

// BoxReplaced: another box takes the place of this one (packing.box_replaced).
type BoxReplaced ReplaceBox

func (*BoxesPacked) packingEvent()   {}
func (*KitsPacked) packingEvent()    {}
func (*BoxesChecked) packingEvent()  {}
func (*BoxesSealed) packingEvent()   {}
func (*BoxesUnsealed) packingEvent() {}
func (*BoxReplaced) packingEvent()   {}

// EventType implements domain.Event.
func (*BoxesPacked) EventType() string { return "packing.boxes_packed" }

// EventType implements domain.Event.
func (*KitsPacked) EventType() string { return "packing.kits_packed" }

// EventType implements domain.Event.
func (*BoxesChecked) EventType() string { return "packing.boxes_checked" }

// EventType implements domain.Event.
func (*BoxesSealed) EventType() string { return "packing.boxes_sealed" }

// EventType implements domain.Event.
func (*BoxesUnsealed) EventType() string { return "packing.boxes_unsealed" }

// EventType implements domain.Event.
func (*BoxReplaced) EventType() string { return "packing.box_replaced" }

// Schema is 2: an exception stands on an approval. It is 1 where one is by the name of an approver alone.
func (p *BoxesPacked) Schema() int {
	if p.Exception != nil && p.Exception.Approver != "" {
		return 1
	}
	return 2
}

// Schema implements domain.Event.
func (*KitsPacked) Schema() int { return 1 }

// Schema implements domain.Event.
func (*BoxesChecked) Schema() int { return 1 }

// Schema implements domain.Event.
func (*BoxesSealed) Schema() int { return 1 }

// Schema implements domain.Event.
func (*BoxesUnsealed) Schema() int { return 1 }

// Schema implements domain.Event.
func (*BoxReplaced) Schema() int { return 1 }
