package receipt

import (
	"maps"
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	receiptCommand()
}

// CountGoods tells what was found when a delivery was unloaded (receipt.count_goods, BTTB). One count per delivery.
type CountGoods struct {
	Delivery string                  `json:"delivery"`
	Lines    []procurement.CountLine `json:"lines"`
}

// ReportSorting tells what was found in one carton of ballots (receipt.report_sorting).
type ReportSorting struct {
	Delivery string           `json:"delivery"`
	Design   string           `json:"design"` // on the carton's label
	Carton   string           `json:"carton,omitempty"`
	Good     int64            `json:"good"`    // sheets
	Damaged  map[string]int64 `json:"damaged"` // sheets by reason
	Missing  int64            `json:"missing"`
	Foreign  []ForeignSheets  `json:"foreign"` // sheets of other designs
}

// ForeignSheets are ballots of another design than the carton says.
type ForeignSheets struct {
	Design string `json:"design"`
	Count  int64  `json:"count"`
}

// FileClaim asks the supplier to replace goods (receipt.file_claim).
type FileClaim struct {
	Claim    string       `json:"claim"`              // CLM-<unit>-...
	Delivery string       `json:"delivery,omitempty"` // "" when it is about several
	Reason   string       `json:"reason"`
	Lines    []goods.Line `json:"lines"`
}

// SettleClaim tells that replacements were collected (receipt.settle_claim). A claim may be settled in parts.
type SettleClaim struct {
	Claim     string       `json:"claim"`
	Lines     []goods.Line `json:"lines"`
	Witnesses []Witness    `json:"witnesses"`
	Document  string       `json:"document"`
}

// Witness of a settlement.
type Witness struct {
	Role string `json:"role"` // WitnessSupervisor or WitnessPolice
	ID   string `json:"id"`   // a random id, never a name
}

// The roles of witnesses of a settlement.
const (
	WitnessSupervisor = "supervisor" // Bawaslu
	WitnessPolice     = "police"
)

// DamageReasons are the reasons for which a sheet is sorted out (Keputusan KPU on sorting and folding).
var DamageReasons = []string{"torn", "ink_stain", "cut", "blurred", "hole", "wet", "other"}

func (*CountGoods) receiptCommand()    {}
func (*ReportSorting) receiptCommand() {}
func (*FileClaim) receiptCommand()     {}
func (*SettleClaim) receiptCommand()   {}

// CommandType is the command's name.
func (*CountGoods) CommandType() string { return "receipt.count_goods" }

// CommandType is the command's name.
func (*ReportSorting) CommandType() string { return "receipt.report_sorting" }

// CommandType is the command's name.
func (*FileClaim) CommandType() string { return "receipt.file_claim" }

// CommandType is the command's name.
func (*SettleClaim) CommandType() string { return "receipt.settle_claim" }

// Validate reports what is malformed.
func (g *CountGoods) Validate(c *domain.Check) {
	c.ID("/data/delivery", g.Delivery, "")
	goods.CheckItems(c, "/data/lines", len(g.Lines), func(i int) goods.Item { return g.Lines[i].Item })
	for i, l := range g.Lines {
		place := "/data/lines" + domain.Index(i)
		goods.CheckCount(c, place+"/good", l.Good)
		goods.CheckCount(c, place+"/damaged", l.Damaged)
		goods.CheckCount(c, place+"/missing", l.Missing)
		goods.CheckCount(c, place+"/extra", l.Extra)
	}
}

// Validate reports what is malformed.
func (s *ReportSorting) Validate(c *domain.Check) {
	c.ID("/data/delivery", s.Delivery, "")
	goods.CheckDesign(c, "/data/design", s.Design)
	c.Text("/data/carton", s.Carton, domain.Document)
	goods.CheckCount(c, "/data/good", s.Good)
	goods.CheckCount(c, "/data/missing", s.Missing)
	for _, reason := range slices.Sorted(maps.Keys(s.Damaged)) {
		if !slices.Contains(DamageReasons, reason) {
			c.Fail(domain.RuleNotOneOf, "/data/damaged", reason, strings.Join(DamageReasons, ", "))
			continue
		}
		goods.CheckCount(c, "/data/damaged/"+reason, s.Damaged[reason])
	}
	if len(s.Foreign) > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/foreign", len(s.Foreign), domain.MaxBoxes)
		return
	}
	seen := map[string]int{s.Design: -1}
	for i, f := range s.Foreign {
		place := "/data/foreign" + domain.Index(i)
		goods.CheckDesign(c, place+"/design", f.Design)
		goods.CheckQuantity(c, place+"/count", f.Count)
		switch first, ok := seen[f.Design]; {
		case ok && first < 0:
			c.Fail(RuleForeignIsOwn, place+"/design", f.Design)
		case ok:
			c.Fail(domain.RuleRepeated, place+"/design", f.Design, first)
		default:
			seen[f.Design] = i
		}
	}
}

// Validate reports what is malformed.
func (f *FileClaim) Validate(c *domain.Check) {
	c.ID("/data/claim", f.Claim, "")
	if f.Delivery != "" {
		c.ID("/data/delivery", f.Delivery, "")
	}
	c.Need("/data/reason", f.Reason, domain.Reason)
	goods.CheckLines(c, "/data/lines", f.Lines)
}

// Validate reports what is malformed.
func (s *SettleClaim) Validate(c *domain.Check) {
	c.ID("/data/claim", s.Claim, "")
	c.Need("/data/document", s.Document, domain.Document)
	goods.CheckLines(c, "/data/lines", s.Lines)
	if len(s.Witnesses) > domain.MaxWitnesses {
		c.Fail(domain.RuleTooMany, "/data/witnesses", len(s.Witnesses), domain.MaxWitnesses)
		return
	}
	seen := map[string]int{}
	for i, w := range s.Witnesses {
		place := "/data/witnesses" + domain.Index(i)
		if w.Role != WitnessSupervisor && w.Role != WitnessPolice {
			c.Fail(domain.RuleNotOneOf, place+"/role", w.Role, WitnessSupervisor+", "+WitnessPolice)
		}
		if !c.Required(place+"/id", w.ID) {
			continue
		}
		c.Text(place+"/id", w.ID, domain.Name)
		if first, ok := seen[w.ID]; ok {
			c.Fail(domain.RuleRepeated, place+"/id", w.ID, first)
			continue
		}
		seen[w.ID] = i
	}
}
