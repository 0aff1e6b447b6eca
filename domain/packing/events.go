package packing

import "jejak/domain"

// Event is an event of the room. Every event has the fields of its command.
//
//sumtype:decl
type Event interface {
	domain.Event
	packingEvent()
}

// BoxesPacked: ballots and materials went into boxes (packing.boxes_packed).
type BoxesPacked PackBoxes

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

// Schema implements domain.Event.
func (*BoxesPacked) Schema() int { return 1 }

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
