package approval

import (
	"encoding/json"
	"fmt"
	"slices"

	"jejak/domain"
)

// Command is a command of the room. All are decisions.
//
//sumtype:decl
type Command interface {
	domain.Command
	approvalCommand()
}

// Subjects are the ids of what an approval is about: one order or shipment, or boxes. In JSON one id may stand without the list around it.
type Subjects []string

// UnmarshalJSON reads a list of ids, or one id alone.
func (s *Subjects) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var one string
		err := json.Unmarshal(data, &one)
		*s = Subjects{one}
		return err
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("a list of ids, or one id: %w", err)
	}
	*s = list
	return nil
}

// Terms bound what an approval allows.
type Terms struct {
	// Amount is the rupiah by which the order may pass what is left of the ceiling, everything together that it stands above it.
	Amount int64 `json:"amount,omitempty"`
}

// Give approves what another person does or has done (approval.give). Its id is the id of this command.
type Give struct {
	Purpose  Purpose  `json:"purpose"`
	Subject  Subjects `json:"subject"` // an order, a shipment, or boxes
	Terms    *Terms   `json:"terms,omitempty"`
	Document string   `json:"document,omitempty"`
	Note     string   `json:"note,omitempty"`
}

// Refuse says no, so that the matter waits for nobody any more (approval.refuse). It undoes nothing.
type Refuse struct {
	Purpose Purpose  `json:"purpose"`
	Subject Subjects `json:"subject"`
	Reason  string   `json:"reason"`
}

// Revoke takes an approval back that nothing stands on yet (approval.revoke).
type Revoke struct {
	Approval string `json:"approval"` // id of the approval: of the command that gave it
	Reason   string `json:"reason"`
}

func (*Give) approvalCommand()   {}
func (*Refuse) approvalCommand() {}
func (*Revoke) approvalCommand() {}

// CommandType implements domain.Command.
func (*Give) CommandType() string { return "approval.give" }

// CommandType implements domain.Command.
func (*Refuse) CommandType() string { return "approval.refuse" }

// CommandType implements domain.Command.
func (*Revoke) CommandType() string { return "approval.revoke" }

// MaxAmount is the most rupiah that one approval allows, as much as the largest order.
const MaxAmount int64 = 1_000_000_000_000_000

// Validate implements domain.Command.
func (g *Give) Validate(c *domain.Check) {
	checkSubject(c, g.Purpose, g.Subject)
	c.Text("/data/document", g.Document, domain.Document)
	c.Text("/data/note", g.Note, domain.Note)
	switch {
	case g.Purpose == BudgetException && (g.Terms == nil || g.Terms.Amount == 0):
		c.Fail(domain.RuleMissing, "/data/terms/amount")
	case g.Purpose == BudgetException:
		c.Positive("/data/terms/amount", g.Terms.Amount)
		if g.Terms.Amount > MaxAmount {
			c.Fail(RuleTooMuch, "/data/terms/amount", MaxAmount)
		}
	case g.Terms != nil:
		c.Fail(RuleNoTerms, "/data/terms", string(g.Purpose))
	}
}

// Validate implements domain.Command.
func (r *Refuse) Validate(c *domain.Check) {
	checkSubject(c, r.Purpose, r.Subject)
	c.Need("/data/reason", r.Reason, domain.Reason)
}

// Validate implements domain.Command.
func (r *Revoke) Validate(c *domain.Check) {
	CheckID(c, "/data/approval", r.Approval, true)
	c.Need("/data/reason", r.Reason, domain.Reason)
}

func checkSubject(c *domain.Check, purpose Purpose, subject Subjects) {
	if !c.Required("/data/purpose", string(purpose)) {
		return
	}
	switch purpose {
	case BudgetException:
		checkOne(c, subject, "ORD")
	case NoEscort:
		checkOne(c, subject, "SHP")
	case BallotNumber:
		boxes := make([]domain.BoxID, len(subject))
		for i, id := range subject {
			boxes[i] = domain.BoxID(id)
		}
		c.BoxList("/data/subject", boxes, true)
	case correction:
		c.Fail(RuleNotYet, "/data/purpose", string(purpose))
	default:
		c.Fail(domain.RuleNotOneOf, "/data/purpose", string(purpose), fmt.Sprint(Purposes()))
	}
}

func checkOne(c *domain.Check, subject Subjects, prefix string) {
	switch len(subject) {
	case 0:
		c.Fail(domain.RuleMissing, "/data/subject")
	case 1:
		c.ID("/data/subject", subject[0], prefix)
	default:
		c.Fail(domain.RuleTooMany, "/data/subject", len(subject), 1)
	}
}

// PathOf tells where the command names a box.
func (g *Give) PathOf(unit string) string {
	if i := slices.Index(g.Subject, unit); i >= 0 {
		return "/data/subject" + domain.Index(i)
	}
	return ""
}
