package need

import "jejak/domain"

// Command is a command of this room. All are decisions: they exist only as requests.
//
//sumtype:decl
type Command interface {
	domain.Command
	needCommand()
}

// Remark is one finding of the province: what is wrong with which item ("" for the plan as a whole).
type Remark struct {
	Item    string `json:"item,omitempty"`
	Finding string `json:"finding"`
}

// CalculatePlan makes the unit's plan from the adopted reference data, the server doing the sums (need.calculate).
type CalculatePlan struct{}

// SubmitPlan puts the plan before the province (need.submit).
type SubmitPlan struct{}

// ReturnPlan sends it back with findings (need.return).
type ReturnPlan struct {
	Findings []Remark `json:"findings"`
}

// ApprovePlan makes it the plan that counts (need.approve).
type ApprovePlan struct{}

// AmendPlan calculates an approved plan anew, by the reference data and norms adopted since (need.amend).
type AmendPlan struct {
	Reason string `json:"reason"`
}

func (*CalculatePlan) needCommand() {}
func (*SubmitPlan) needCommand()    {}
func (*ReturnPlan) needCommand()    {}
func (*ApprovePlan) needCommand()   {}
func (*AmendPlan) needCommand()     {}

func (*CalculatePlan) CommandType() string { return "need.calculate" }
func (*SubmitPlan) CommandType() string    { return "need.submit" }
func (*ReturnPlan) CommandType() string    { return "need.return" }
func (*ApprovePlan) CommandType() string   { return "need.approve" }
func (*AmendPlan) CommandType() string     { return "need.amend" }

// Validate finds nothing: there is nothing to fill in.
func (*CalculatePlan) Validate(*domain.Check) {}

// Validate finds nothing: there is nothing to fill in.
func (*SubmitPlan) Validate(*domain.Check) {}

// Validate reports what is malformed.
func (r *ReturnPlan) Validate(c *domain.Check) {
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
		c.Need(at+"/finding", f.Finding, domain.Note)
	}
}

// Validate finds nothing: there is nothing to fill in.
func (*ApprovePlan) Validate(*domain.Check) {}

// Validate reports what is malformed.
func (a *AmendPlan) Validate(c *domain.Check) { c.Need("/data/reason", a.Reason, domain.Reason) }
