package shipment

import (
	"slices"
	"strings"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/goods"
)

var (
	legs    = []Leg{ToRegency, ToDistrict, ToVillage, ToStation}
	reasons = []string{"weather", "ferry", "road", "security", "vehicle", "other"}
)

func checkID(c *domain.Check, id string) { c.ID("/data/shipment", id, "SHP") }

// Validate implements domain.Command.
func (s *Plan) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	if !slices.Contains(legs, s.Leg) {
		c.Fail(domain.RuleNotOneOf, "/data/leg", string(s.Leg), "L1 L2 L3 L4")
	}
	c.Code("/data/from", s.From)
	c.Code("/data/to", s.To)
	if s.From == s.To && s.From != "" {
		c.Fail(RuleSamePlace, "/data/to", string(s.To))
	}
	if n := len(s.Boxes) + len(s.Kits); n > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/boxes", n, domain.MaxBoxes)
		return
	}
	c.BoxList("/data/boxes", s.Boxes, len(s.Lines) == 0 && len(s.Kits) == 0)
	c.BoxList("/data/kits", s.Kits, false)
	for i, b := range s.Boxes {
		if b.IsKit() {
			c.Fail(RuleKitAmongBoxes, "/data/boxes"+domain.Index(i), string(b))
		}
	}
	for i, k := range s.Kits {
		if !k.IsKit() {
			c.Fail(RuleBoxAmongKits, "/data/kits"+domain.Index(i), string(k))
		}
	}
	if len(s.Lines) > 0 {
		goods.CheckLines(c, "/data/lines", s.Lines)
	}
	c.Party("/data/carrier", s.Carrier)
}

// Validate implements domain.Command.
func (s *Load) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Need("/data/vehicle", s.Vehicle, domain.Plate)
	c.BoxList("/data/boxes", s.Boxes, true)
	c.Party("/data/carrier", s.Carrier)
}

// Validate implements domain.Command.
func (s *InspectVehicle) Validate(c *domain.Check) { checkID(c, s.Shipment) }

// Validate implements domain.Command.
func (s *AssignEscort) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	checkPolice(c, s.PoliceUnit)
	c.Need("/data/order_no", s.OrderNo, domain.Document)
}

// Validate implements domain.Command.
func (s *AcceptEscort) Validate(c *domain.Check) { checkID(c, s.Shipment) }

// Validate implements domain.Command.
func (s *HandOverEscort) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	checkPolice(c, s.PoliceUnit)
	c.Need("/data/order_no", s.OrderNo, domain.Document)
}

func checkPolice(c *domain.Check, unit string) {
	if c.Required("/data/police_unit", unit) && !policeUnit.MatchString(unit) {
		c.Fail(RuleBadPoliceUnit, "/data/police_unit", unit)
	}
}

// Validate implements domain.Command.
func (s *Dispatch) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	if o := s.Override; o != nil {
		c.Text("/data/override/approver", o.Approver, domain.Name)
		approval.CheckID(c, "/data/override/approval", o.Approval, false)
		c.Need("/data/override/reason", o.Reason, domain.Reason)
	}
}

// Validate implements domain.Command.
func (s *ReportCheckpoint) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Need("/data/place", s.Place, domain.Name)
	c.Text("/data/note", s.Note, domain.Note)
}

// Validate implements domain.Command.
func (s *ReportDelay) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	if c.Required("/data/reason", s.Reason) && !slices.Contains(reasons, s.Reason) {
		c.Fail(domain.RuleNotOneOf, "/data/reason", s.Reason, strings.Join(reasons, " "))
	}
	if c.Text("/data/until", s.Until, domain.Moment); s.Until != "" {
		if _, err := domain.ParseTime(s.Until); err != nil {
			c.Fail(domain.RuleFieldType, "/data/until", s.Until, "RFC 3339")
		}
	}
}

// Validate implements domain.Command.
func (s *Divert) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Code("/data/to", s.To)
	c.Need("/data/reason", s.Reason, domain.Reason)
}

// Validate implements domain.Command.
func (s *TransferLoad) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Need("/data/vehicle", s.Vehicle, domain.Plate)
	c.Need("/data/reason", s.Reason, domain.Reason)
}

// Validate implements domain.Command.
func (s *ReportArrival) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Code("/data/place", s.Place)
}

// Validate implements domain.Command.
func (s *Cancel) Validate(c *domain.Check) {
	checkID(c, s.Shipment)
	c.Need("/data/reason", s.Reason, domain.Reason)
}

// PathOf tells where the command names a box or kit.
func (s *Plan) PathOf(unit string) string {
	if path := domain.PathIn("/data/boxes", s.Boxes, unit); path != "" {
		return path
	}
	return domain.PathIn("/data/kits", s.Kits, unit)
}

// PathOf tells where the command names a box or kit.
func (s *Load) PathOf(unit string) string { return domain.PathIn("/data/boxes", s.Boxes, unit) }
