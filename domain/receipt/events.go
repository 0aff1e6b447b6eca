package receipt

import (
	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// Event is an event of the room.
//
//sumtype:decl
type Event interface {
	domain.Event
	receiptEvent()
}

// GoodsCounted: a delivery was unloaded and counted (receipt.goods_counted).
type GoodsCounted struct {
	Delivery string                  `json:"delivery"`
	Lines    []procurement.CountLine `json:"lines"`
}

// SortingReported: a carton of ballots was sorted (receipt.sorting_reported).
type SortingReported struct {
	Delivery string           `json:"delivery"`
	Design   string           `json:"design"`
	Carton   string           `json:"carton,omitempty"`
	Good     int64            `json:"good"`
	Damaged  map[string]int64 `json:"damaged"`
	Missing  int64            `json:"missing"`
	Foreign  []ForeignSheets  `json:"foreign"`
}

// ClaimFiled: the supplier was asked to replace goods (receipt.claim_filed).
type ClaimFiled struct {
	Claim    string       `json:"claim"`
	Delivery string       `json:"delivery,omitempty"`
	Reason   string       `json:"reason"`
	Lines    []goods.Line `json:"lines"`
}

// ClaimSettled: replacements were collected (receipt.claim_settled).
type ClaimSettled struct {
	Claim     string       `json:"claim"`
	Lines     []goods.Line `json:"lines"`
	Witnesses []Witness    `json:"witnesses"`
	Document  string       `json:"document"`
}

func (*GoodsCounted) receiptEvent()    {}
func (*SortingReported) receiptEvent() {}
func (*ClaimFiled) receiptEvent()      {}
func (*ClaimSettled) receiptEvent()    {}

// EventType is the event's name.
func (*GoodsCounted) EventType() string { return "receipt.goods_counted" }

// EventType is the event's name.
func (*SortingReported) EventType() string { return "receipt.sorting_reported" }

// EventType is the event's name.
func (*ClaimFiled) EventType() string { return "receipt.claim_filed" }

// EventType is the event's name.
func (*ClaimSettled) EventType() string { return "receipt.claim_settled" }

// Schema is 1.
func (*GoodsCounted) Schema() int { return 1 }

// Schema is 1.
func (*SortingReported) Schema() int { return 1 }

// Schema is 1.
func (*ClaimFiled) Schema() int { return 1 }

// Schema is 1.
func (*ClaimSettled) Schema() int { return 1 }

// Tally of the carton.
func (e *SortingReported) Tally() procurement.Tally {
	t := procurement.Tally{Good: e.Good, Missing: e.Missing}
	for _, n := range e.Damaged {
		t.Damaged += n
	}
	for _, f := range e.Foreign {
		t.Foreign += f.Count
	}
	return t
}
