// Package supporting is the room of the supporting data: what a regency has in stock and what goods cost, per group of items, submitted by the
// regency, verified there by a second person, and verified or returned with findings by the province.
package supporting

import (
	"regexp"
	"strings"

	"jejak/domain"
	"jejak/domain/goods"
)

// Groups are the groups of supplies of PKPU 14/2023: A polling equipment, B other supporting equipment, C other polling equipment.
func Groups() []string { return []string{"A", "B", "C"} }

// Levels of a verification.
const (
	LevelRegency  = "regency"
	LevelProvince = "province"
)

// Command is a command of this room.
//
//sumtype:decl
type Command interface {
	domain.Command
	supportingCommand()
}

// Basis is what a unit says it counted by.
type Basis struct {
	Stations  int64 `json:"stations"`
	Villages  int64 `json:"villages"`
	Districts int64 `json:"districts"`
}

// Line is one item: what is still in stock, and what one piece costs in rupiah by which document.
type Line struct {
	Item         string `json:"item"`
	StockGood    int64  `json:"stock_good"`
	StockDamaged int64  `json:"stock_damaged"`
	UnitPrice    int64  `json:"unit_price"` // rupiah
	Document     string `json:"document"`
}

// Remark is one finding of the province: what is wrong with which field of which item ("" for the group as a whole).
type Remark struct {
	Item    string `json:"item,omitempty"`
	Field   string `json:"field"`
	Finding string `json:"finding"`
}

// SubmitData sends the data of a group, or a new revision of it (supporting.submit_data).
type SubmitData struct {
	Group string `json:"group"`
	Basis Basis  `json:"basis"`
	Lines []Line `json:"lines"`
	Note  string `json:"note,omitempty"` // explains a basis other than the reference data's
}

// ReturnData sends a group back with findings (supporting.return_data).
type ReturnData struct {
	Group    string   `json:"group"`
	Findings []Remark `json:"findings"`
}

// VerifyData verifies a group at a level (supporting.verify_data).
type VerifyData struct {
	Group string `json:"group"`
	Level string `json:"level"` // LevelRegency or LevelProvince
}

func (*SubmitData) supportingCommand() {}
func (*ReturnData) supportingCommand() {}
func (*VerifyData) supportingCommand() {}

func (*SubmitData) CommandType() string { return "supporting.submit_data" }
func (*ReturnData) CommandType() string { return "supporting.return_data" }
func (*VerifyData) CommandType() string { return "supporting.verify_data" }

// An item's name as the norms write it. Items that the norms do not know (pens, forms) are submitted all the same.
var itemPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Validate reports what is malformed.
func (s *SubmitData) Validate(c *domain.Check) {
	group(c, s.Group)
	c.Text("/data/note", s.Note, domain.Note)
	c.NotNegative("/data/basis/stations", s.Basis.Stations)
	c.NotNegative("/data/basis/villages", s.Basis.Villages)
	c.NotNegative("/data/basis/districts", s.Basis.Districts)
	if len(s.Lines) == 0 {
		c.Fail(domain.RuleEmptyList, "/data/lines")
	}
	if len(s.Lines) > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/lines", len(s.Lines), domain.MaxBoxes)
		return
	}
	seen := map[string]int{}
	for i, l := range s.Lines {
		at := "/data/lines" + domain.Index(i)
		if c.Required(at+"/item", l.Item) {
			first, again := seen[l.Item]
			switch {
			case !itemPattern.MatchString(l.Item):
				c.Fail(goods.RuleBadItem, at+"/item", l.Item)
			case again:
				c.Fail(domain.RuleRepeated, at+"/item", l.Item, first)
			default:
				seen[l.Item] = i
			}
		}
		c.NotNegative(at+"/stock_good", l.StockGood)
		c.NotNegative(at+"/stock_damaged", l.StockDamaged)
		c.NotNegative(at+"/unit_price", l.UnitPrice)
		c.Need(at+"/document", l.Document, domain.Document)
	}
}

// Validate reports what is malformed.
func (r *ReturnData) Validate(c *domain.Check) {
	group(c, r.Group)
	if len(r.Findings) == 0 {
		c.Fail(domain.RuleEmptyList, "/data/findings")
	}
	if len(r.Findings) > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/findings", len(r.Findings), domain.MaxBoxes)
		return
	}
	for i, f := range r.Findings {
		at := "/data/findings" + domain.Index(i)
		c.Text(at+"/item", f.Item, domain.Name)
		c.Need(at+"/field", f.Field, domain.Name)
		c.Need(at+"/finding", f.Finding, domain.Note)
	}
}

// Validate reports what is malformed.
func (v *VerifyData) Validate(c *domain.Check) {
	group(c, v.Group)
	if v.Level != LevelRegency && v.Level != LevelProvince {
		c.Fail(domain.RuleNotOneOf, "/data/level", v.Level, LevelRegency+", "+LevelProvince)
	}
}

func group(c *domain.Check, g string) {
	for _, known := range Groups() {
		if g == known {
			return
		}
	}
	c.Fail(domain.RuleNotOneOf, "/data/group", g, strings.Join(Groups(), ", "))
}
