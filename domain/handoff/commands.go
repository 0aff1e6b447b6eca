// Package handoff is the room of custody: one party offers boxes, another counts them, reads the seals and accepts. Custody moves only here.
package handoff

import (
	"fmt"
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/packing"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	handoffCommand()
}

// Offer is the giver's list (handoff.offer).
type Offer struct {
	Handoff  string         `json:"handoff"`            // <prefix>-<unit>-...
	Shipment string         `json:"shipment,omitempty"` // "" when the giver walks
	To       domain.Code    `json:"to"`
	Boxes    []domain.BoxID `json:"boxes"` // boxes and kits
}

// Condition is what the receiver sees of a box.
type Condition string

// The conditions.
const (
	Good       Condition = "good"
	SealBroken Condition = "seal_broken"
	Unsealed   Condition = "unsealed"
	Damaged    Condition = "damaged"
	Wet        Condition = "wet"
)

var conditions = []Condition{Good, SealBroken, Unsealed, Damaged, Wet}

// AcceptedBox is a box that the receiver took, with the seals that he read; a kit has none.
type AcceptedBox struct {
	Box       domain.BoxID `json:"box"`
	Seals     []string     `json:"seals"`
	Condition Condition    `json:"condition"`
}

// Accept is what the receiver found (handoff.accept). The lists may be empty, but not all.
type Accept struct {
	Handoff   string            `json:"handoff"`
	Boxes     []AcceptedBox     `json:"boxes"`
	Missing   []domain.BoxID    `json:"missing"`
	Extra     []domain.BoxID    `json:"extra"`
	Witnesses []packing.Witness `json:"witnesses"`
}

// Attest adds witnesses to a handoff (handoff.witness).
type Attest struct {
	Handoff   string            `json:"handoff"`
	Witnesses []packing.Witness `json:"witnesses"`
}

func (*Offer) handoffCommand()  {}
func (*Accept) handoffCommand() {}
func (*Attest) handoffCommand() {}

// CommandType implements domain.Command.
func (*Offer) CommandType() string { return "handoff.offer" }

// CommandType implements domain.Command.
func (*Accept) CommandType() string { return "handoff.accept" }

// CommandType implements domain.Command.
func (*Attest) CommandType() string { return "handoff.witness" }

// Validate implements domain.Command.
func (h *Offer) Validate(c *domain.Check) {
	c.ID("/data/handoff", h.Handoff, "")
	if h.Shipment != "" {
		c.ID("/data/shipment", h.Shipment, "SHP")
	}
	c.Code("/data/to", h.To)
	c.BoxList("/data/boxes", h.Boxes, true)
}

// Validate implements domain.Command.
func (h *Accept) Validate(c *domain.Check) {
	c.ID("/data/handoff", h.Handoff, "")
	n := len(h.Boxes) + len(h.Missing) + len(h.Extra)
	if n == 0 {
		c.Fail(domain.RuleEmptyList, "/data/boxes")
	}
	if n > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/boxes", n, domain.MaxBoxes)
		return
	}
	seen := make(map[domain.BoxID]string, n)
	box := func(path string, id domain.BoxID) {
		if _, err := domain.ParseBoxID(string(id)); err != nil {
			c.Fail(domain.RuleBadBox, path, string(id))
			return
		}
		if first, ok := seen[id]; ok {
			c.Fail(domain.RuleRepeated, path, string(id), first)
			return
		}
		seen[id] = strings.TrimPrefix(path, "/data/")
	}
	seals := 0
	for i, b := range h.Boxes {
		at := "/data/boxes" + domain.Index(i)
		box(at+"/box", b.Box)
		if c.Required(at+"/condition", string(b.Condition)) && !slices.Contains(conditions, b.Condition) {
			c.Fail(domain.RuleNotOneOf, at+"/condition", string(b.Condition), "good seal_broken unsealed damaged wet")
		}
		if b.Box.IsKit() && len(b.Seals) > 0 {
			c.Fail(RuleKitSeals, at+"/seals", string(b.Box))
		}
		if seals += len(b.Seals); seals > packing.MaxSeals {
			c.Fail(domain.RuleTooMany, "/data/boxes", seals, packing.MaxSeals)
			return
		}
		for j, s := range b.Seals {
			path := at + "/seals" + domain.Index(j)
			if packing.CheckSeal(c, path, s) {
				if k := slices.Index(b.Seals[:j], s); k >= 0 {
					c.Fail(domain.RuleRepeated, path, s, fmt.Sprint(k))
				}
			}
		}
	}
	for i, b := range h.Missing {
		box("/data/missing"+domain.Index(i), b)
	}
	for i, b := range h.Extra {
		box("/data/extra"+domain.Index(i), b)
	}
	packing.CheckWitnesses(c, "/data/witnesses", h.Witnesses)
}

// Validate implements domain.Command.
func (h *Attest) Validate(c *domain.Check) {
	c.ID("/data/handoff", h.Handoff, "")
	if len(h.Witnesses) == 0 {
		c.Fail(domain.RuleEmptyList, "/data/witnesses")
	}
	packing.CheckWitnesses(c, "/data/witnesses", h.Witnesses)
}

// PathOf tells where the command names a box or kit.
func (h *Offer) PathOf(unit string) string { return domain.PathIn("/data/boxes", h.Boxes, unit) }

// PathOf tells where the command names a box or kit.
func (h *Accept) PathOf(unit string) string {
	for i, b := range h.Boxes {
		if string(b.Box) == unit {
			return "/data/boxes" + domain.Index(i) + "/box"
		}
	}
	if path := domain.PathIn("/data/missing", h.Missing, unit); path != "" {
		return path
	}
	return domain.PathIn("/data/extra", h.Extra, unit)
}
