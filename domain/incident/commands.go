package incident

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/packing"
)

// Command is a command of the room: what people say about what went wrong.
//
//sumtype:decl
type Command interface {
	domain.Command
	incidentCommand()
}

// Raise tells that something went wrong (incident.raise).
type Raise struct {
	Kind     domain.Kind     `json:"kind"`
	Severity domain.Severity `json:"severity"`
	Units    []string        `json:"units"` // box ids, station codes, shipment ids ...
	Note     string          `json:"note"`
}

// Assess says how bad it is, as often as more is known (incident.assess). What is left out stays.
type Assess struct {
	Incident string          `json:"incident"`
	Severity domain.Severity `json:"severity,omitempty"`
	Units    []string        `json:"units,omitempty"`
	Quantity *int64          `json:"quantity,omitempty"` // pieces
	Note     string          `json:"note"`
}

// OrderAction says what is to be done (incident.order_action).
type OrderAction struct {
	Incident string `json:"incident"`
	Action   string `json:"action"`
}

// Resolve says how it was mended (incident.resolve).
type Resolve struct {
	Incident string `json:"incident"`
	How      string `json:"how"`
	Document string `json:"document,omitempty"`
}

// Reopen says that it was not mended after all (incident.reopen).
type Reopen struct {
	Incident string `json:"incident"`
	Reason   string `json:"reason"`
}

// ReportSealConflict tells that another unit uses the same seal number (incident.report_seal_conflict). Only a policy sends it.
type ReportSealConflict struct {
	Seal      string      `json:"seal"`
	Boxes     []string    `json:"boxes"` // of the other unit
	OtherUnit domain.Code `json:"other_unit"`
}

func (*Raise) incidentCommand()              {}
func (*Assess) incidentCommand()             {}
func (*OrderAction) incidentCommand()        {}
func (*Resolve) incidentCommand()            {}
func (*Reopen) incidentCommand()             {}
func (*ReportSealConflict) incidentCommand() {}

// CommandType implements domain.Command.
func (*Raise) CommandType() string { return "incident.raise" }

// CommandType implements domain.Command.
func (*Assess) CommandType() string { return "incident.assess" }

// CommandType implements domain.Command.
func (*OrderAction) CommandType() string { return "incident.order_action" }

// CommandType implements domain.Command.
func (*Resolve) CommandType() string { return "incident.resolve" }

// CommandType implements domain.Command.
func (*Reopen) CommandType() string { return "incident.reopen" }

// CommandType implements domain.Command.
func (*ReportSealConflict) CommandType() string { return "incident.report_seal_conflict" }

var severities = []domain.Severity{domain.Low, domain.Medium, domain.High}

// Validate implements domain.Command.
func (i *Raise) Validate(c *domain.Check) {
	if c.Required("/data/kind", string(i.Kind)) && !slices.Contains(domain.Kinds(), i.Kind) {
		c.Fail(domain.RuleNotOneOf, "/data/kind", string(i.Kind), kinds())
	}
	if c.Required("/data/severity", string(i.Severity)) {
		checkSeverity(c, i.Severity)
	}
	checkUnits(c, i.Units, true)
	c.Need("/data/note", i.Note, domain.Note)
}

// Validate implements domain.Command.
func (i *Assess) Validate(c *domain.Check) {
	checkCase(c, i.Incident)
	if i.Severity != "" {
		checkSeverity(c, i.Severity)
	}
	checkUnits(c, i.Units, false)
	if i.Quantity != nil {
		c.NotNegative("/data/quantity", *i.Quantity)
	}
	c.Need("/data/note", i.Note, domain.Note)
}

// Validate implements domain.Command.
func (i *OrderAction) Validate(c *domain.Check) {
	checkCase(c, i.Incident)
	c.Need("/data/action", i.Action, domain.Note)
}

// Validate implements domain.Command.
func (i *Resolve) Validate(c *domain.Check) {
	checkCase(c, i.Incident)
	c.Need("/data/how", i.How, domain.Note)
	c.Text("/data/document", i.Document, domain.Document)
}

// Validate implements domain.Command.
func (i *Reopen) Validate(c *domain.Check) {
	checkCase(c, i.Incident)
	c.Need("/data/reason", i.Reason, domain.Reason)
}

// Validate implements domain.Command.
func (i *ReportSealConflict) Validate(c *domain.Check) {
	packing.CheckSeal(c, "/data/seal", i.Seal)
	ids := make([]domain.BoxID, len(i.Boxes))
	for n, b := range i.Boxes {
		ids[n] = domain.BoxID(b)
	}
	c.BoxList("/data/boxes", ids, true)
	c.Code("/data/other_unit", i.OtherUnit, domain.Regency, domain.Province)
	if i.OtherUnit == c.Unit {
		c.Fail(domain.RuleNotOneOf, "/data/other_unit", string(i.OtherUnit), "another unit")
	}
}

func checkCase(c *domain.Check, id string) { c.ID("/data/incident", id, "DSC") }

func checkSeverity(c *domain.Check, s domain.Severity) {
	if !slices.Contains(severities, s) {
		c.Fail(domain.RuleNotOneOf, "/data/severity", string(s), "low medium high")
	}
}

func checkUnits(c *domain.Check, units []string, required bool) {
	if required && len(units) == 0 {
		c.Fail(domain.RuleEmptyList, "/data/units")
	}
	if len(units) > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/units", len(units), domain.MaxBoxes)
		return
	}
	var seen map[string]int
	if len(units) > few {
		seen = make(map[string]int, len(units))
	}
	for n, u := range units {
		path := "/data/units" + domain.Index(n)
		if !c.Required(path, u) {
			continue
		}
		c.Text(path, u, domain.Name)
		first, again := seen[u]
		if seen == nil {
			first = slices.Index(units, u)
			again = first < n
		}
		if again {
			c.Fail(domain.RuleRepeated, path, u, first)
			continue
		}
		if seen != nil {
			seen[u] = n
		}
	}
}

// few units are compared one by one, which is faster than a map.
const few = 16

func kinds() string {
	var names []string
	for _, k := range domain.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, " ")
}
