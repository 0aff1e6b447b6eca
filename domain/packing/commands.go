// Package packing is the room of the warehouse: boxes and kits are packed, checked by another person, sealed; opened again before the day and
// replaced only with a reason.
package packing

import (
	"fmt"
	"regexp"
	"strings"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/goods"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	packingCommand()
}

// PackedBox is what went into one box.
type PackedBox struct {
	Box     domain.BoxID `json:"box"`
	Design  string       `json:"design"`  // of the ballots; "" for a recapitulation box
	Ballots int64        `json:"ballots"` // pieces; 0 for a recapitulation box
}

// Exception says that boxes are meant to hold another number of ballots than voters and reserve. What allows it is an approval in force (package
// approval) by somebody else than the packer, not what stands here.
type Exception struct {
	Approver string `json:"approver,omitempty"` // who is asked to approve: a user id. It exempts from nothing.
	Approval string `json:"approval,omitempty"` // id of the approval, where the sender knows it
	Reason   string `json:"reason"`
}

// PackBoxes puts ballots and materials into boxes (packing.pack_boxes).
type PackBoxes struct {
	Boxes     []PackedBox `json:"boxes"`
	Exception *Exception  `json:"exception,omitempty"`
}

// PackKits makes up the equipment of stations that travels outside the boxes (packing.pack_kits).
type PackKits struct {
	Kits []domain.BoxID `json:"kits"`
}

// CheckBoxes is the second person's look into packed boxes (packing.check_boxes).
type CheckBoxes struct {
	Boxes []domain.BoxID `json:"boxes"`
}

// SealedBox is a box and the numbers of the seals on it.
type SealedBox struct {
	Box   domain.BoxID `json:"box"`
	Seals []string     `json:"seals"`
}

// SealBoxes closes checked boxes (packing.seal_boxes).
type SealBoxes struct {
	Boxes []SealedBox `json:"boxes"`
}

// Witness saw an act.
type Witness struct {
	Role string `json:"role"` // "supervisor", "police", ...
	ID   string `json:"id"`   // a person's id, never a name
}

// UnsealBoxes opens boxes before the day (packing.unseal_boxes); they are packed, checked and sealed again.
type UnsealBoxes struct {
	Boxes     []domain.BoxID `json:"boxes"`
	Reason    string         `json:"reason"`
	Witnesses []Witness      `json:"witnesses"`
}

// ReplaceBox puts another box in the place of one that cannot be used (packing.replace_box).
type ReplaceBox struct {
	Box         domain.BoxID `json:"box"`
	Replacement domain.BoxID `json:"replacement"` // "<box>.2", the next ".3"
	Reason      string       `json:"reason"`
}

func (*PackBoxes) packingCommand()   {}
func (*PackKits) packingCommand()    {}
func (*CheckBoxes) packingCommand()  {}
func (*SealBoxes) packingCommand()   {}
func (*UnsealBoxes) packingCommand() {}
func (*ReplaceBox) packingCommand()  {}

// CommandType implements domain.Command.
func (*PackBoxes) CommandType() string { return "packing.pack_boxes" }

// CommandType implements domain.Command.
func (*PackKits) CommandType() string { return "packing.pack_kits" }

// CommandType implements domain.Command.
func (*CheckBoxes) CommandType() string { return "packing.check_boxes" }

// CommandType implements domain.Command.
func (*SealBoxes) CommandType() string { return "packing.seal_boxes" }

// CommandType implements domain.Command.
func (*UnsealBoxes) CommandType() string { return "packing.unseal_boxes" }

// CommandType implements domain.Command.
func (*ReplaceBox) CommandType() string { return "packing.replace_box" }

// Validate implements domain.Command.
func (p *PackBoxes) Validate(c *domain.Check) {
	c.Boxes("/data/boxes", len(p.Boxes), func(i int) (domain.BoxID, string) { return p.Boxes[i].Box, domain.Index(i) + "/box" })
	for i, b := range p.Boxes {
		at := "/data/boxes" + domain.Index(i)
		switch {
		case b.Box.IsKit():
			c.Fail(RuleKit, at+"/box", string(b.Box))
		case b.Box.IsRecap():
			if b.Design != "" || b.Ballots != 0 {
				c.Fail(RuleRecapHasBallots, at, string(b.Box))
			}
		default:
			goods.CheckDesign(c, at+"/design", b.Design)
			goods.CheckCount(c, at+"/ballots", b.Ballots)
			if b.Ballots > MaxBallots {
				c.Fail(goods.RuleTooLarge, at+"/ballots", b.Ballots, MaxBallots)
			}
		}
	}
	if e := p.Exception; e != nil {
		c.Text("/data/exception/approver", e.Approver, domain.Name)
		approval.CheckID(c, "/data/exception/approval", e.Approval, false)
		c.Need("/data/exception/reason", e.Reason, domain.Reason)
	}
}

// Validate implements domain.Command.
func (p *PackKits) Validate(c *domain.Check) {
	c.BoxList("/data/kits", p.Kits, true)
	for i, k := range p.Kits {
		if !k.IsKit() {
			c.Fail(RuleNotAKit, "/data/kits"+domain.Index(i), string(k))
		}
	}
}

// Validate implements domain.Command.
func (p *CheckBoxes) Validate(c *domain.Check) {
	c.BoxList("/data/boxes", p.Boxes, true)
	noKits(c, p.Boxes)
}

// Validate implements domain.Command.
func (p *SealBoxes) Validate(c *domain.Check) {
	c.Boxes("/data/boxes", len(p.Boxes), func(i int) (domain.BoxID, string) { return p.Boxes[i].Box, domain.Index(i) + "/box" })
	seen := map[string]string{}
	total := 0
	for i, b := range p.Boxes {
		at := "/data/boxes" + domain.Index(i)
		if b.Box.IsKit() {
			c.Fail(RuleKit, at+"/box", string(b.Box))
		}
		if len(b.Seals) == 0 {
			c.Fail(domain.RuleEmptyList, at+"/seals")
		}
		if total += len(b.Seals); total > MaxSeals {
			c.Fail(domain.RuleTooMany, "/data/boxes", total, MaxSeals)
			return
		}
		for j, seal := range b.Seals {
			path := at + "/seals" + domain.Index(j)
			if !CheckSeal(c, path, seal) {
				continue
			}
			if first, ok := seen[seal]; ok {
				c.Fail(domain.RuleRepeated, path, seal, first)
				continue
			}
			seen[seal] = fmt.Sprint(i)
		}
	}
}

// Validate implements domain.Command.
func (p *UnsealBoxes) Validate(c *domain.Check) {
	c.BoxList("/data/boxes", p.Boxes, true)
	noKits(c, p.Boxes)
	c.Need("/data/reason", p.Reason, domain.Reason)
	if len(p.Witnesses) == 0 {
		c.Fail(domain.RuleEmptyList, "/data/witnesses")
	}
	CheckWitnesses(c, "/data/witnesses", p.Witnesses)
}

// Validate implements domain.Command.
func (p *ReplaceBox) Validate(c *domain.Check) {
	c.Box("/data/box", p.Box)
	if p.Box.IsKit() {
		c.Fail(RuleKit, "/data/box", string(p.Box))
	}
	if _, err := domain.ParseBoxID(string(p.Replacement)); err != nil {
		c.Fail(domain.RuleBadBox, "/data/replacement", string(p.Replacement))
	} else if next := Next(p.Box); p.Replacement != next {
		c.Fail(RuleNotNext, "/data/replacement", string(p.Replacement), string(next))
	}
	c.Need("/data/reason", p.Reason, domain.Reason)
}

// Next is the id of the box that replaces a box: "<id>.2" for the first, then ".3" and so on.
func Next(b domain.BoxID) domain.BoxID {
	n := 1
	if _, suffix, ok := strings.Cut(string(b), "."); ok {
		_, _ = fmt.Sscan(suffix, &n) // the form of b has been checked; a malformed one never equals its successor
	}
	return domain.BoxID(fmt.Sprintf("%s.%d", b.Original(), n+1))
}

// MaxSeals is the most seals in one command: a station's five boxes have 26 plastic and 96 paper seals.
const MaxSeals = 20_000

// MaxBallots is the most ballots of one box, far above any station.
const MaxBallots = 1_000_000

var sealPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$`)

// CheckSeal fails for what cannot be the number on a seal.
func CheckSeal(c *domain.Check, path, seal string) bool {
	if !sealPattern.MatchString(seal) {
		c.Fail(RuleBadSeal, path, seal)
		return false
	}
	return true
}

// CheckWitnesses fails for witnesses without role or id.
func CheckWitnesses(c *domain.Check, path string, witnesses []Witness) {
	if len(witnesses) > domain.MaxWitnesses {
		c.Fail(domain.RuleTooMany, path, len(witnesses), domain.MaxWitnesses)
		return
	}
	for i, w := range witnesses {
		c.Need(path+domain.Index(i)+"/role", w.Role, domain.Name)
		c.Need(path+domain.Index(i)+"/id", w.ID, domain.Name)
	}
}

func noKits(c *domain.Check, boxes []domain.BoxID) {
	for i, b := range boxes {
		if b.IsKit() {
			c.Fail(RuleKit, "/data/boxes"+domain.Index(i), string(b))
		}
	}
}

// PathOf tells where the command names a box.
func (p *PackBoxes) PathOf(unit string) string {
	for i, b := range p.Boxes {
		if string(b.Box) == unit {
			return "/data/boxes" + domain.Index(i) + "/box"
		}
	}
	return ""
}

// PathOf tells where the command names a kit.
func (p *PackKits) PathOf(unit string) string { return domain.PathIn("/data/kits", p.Kits, unit) }

// PathOf tells where the command names a box.
func (p *CheckBoxes) PathOf(unit string) string { return domain.PathIn("/data/boxes", p.Boxes, unit) }

// PathOf tells where the command names a box or a seal.
func (p *SealBoxes) PathOf(unit string) string {
	for i, b := range p.Boxes {
		if string(b.Box) == unit {
			return "/data/boxes" + domain.Index(i) + "/box"
		}
		for j, s := range b.Seals {
			if s == unit {
				return "/data/boxes" + domain.Index(i) + "/seals" + domain.Index(j)
			}
		}
	}
	return ""
}

// PathOf tells where the command names a box.
func (p *UnsealBoxes) PathOf(unit string) string { return domain.PathIn("/data/boxes", p.Boxes, unit) }

// PathOf tells where the command names a box.
func (p *ReplaceBox) PathOf(unit string) string {
	switch unit {
	case string(p.Box):
		return "/data/box"
	case string(p.Replacement):
		return "/data/replacement"
	}
	return ""
}
