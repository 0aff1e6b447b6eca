package incident

import (
	"strconv"
	"strings"

	"jejak/domain"
)

// Event is an event of the register.
//
//sumtype:decl
type Event interface {
	domain.Event
	incidentEvent()
}

// Raised: the facts say that something is wrong (discrepancy.raised).
type Raised struct {
	Discrepancy string          `json:"discrepancy"`
	Key         string          `json:"key"`
	Rule        string          `json:"rule"`
	Kind        domain.Kind     `json:"kind"`
	Severity    domain.Severity `json:"severity"`
	Units       []string        `json:"units"`
	Quantity    int64           `json:"quantity,omitempty"`
	Provisional bool            `json:"provisional,omitempty"`
	Message     string          `json:"message"`
	MessageEN   string          `json:"message_en"`
	Proof       []domain.Ref    `json:"proof"`
}

// Explained: a fact that arrived late shows that it was not wrong (discrepancy.explained).
type Explained struct {
	Discrepancy string     `json:"discrepancy"`
	By          domain.Ref `json:"by"` // the event that explains it
}

// Reopened: what was explained is wrong after all (discrepancy.reopened).
type Reopened struct {
	Discrepancy string     `json:"discrepancy"`
	By          domain.Ref `json:"by"`
}

// Revised: the same thing is wrong to another extent (discrepancy.revised). The values are the new ones.
type Revised struct {
	Discrepancy string          `json:"discrepancy"`
	Kind        domain.Kind     `json:"kind"`
	Severity    domain.Severity `json:"severity"`
	Units       []string        `json:"units"`
	Quantity    int64           `json:"quantity,omitempty"`
	Provisional bool            `json:"provisional,omitempty"`
	Message     string          `json:"message"`
	MessageEN   string          `json:"message_en"`
	By          domain.Ref      `json:"by"`
}

func (*Raised) incidentEvent()     {}
func (*Revised) incidentEvent()    {}
func (*Revised) EventType() string { return "discrepancy.revised" }
func (*Revised) Schema() int       { return 1 }
func (*Explained) incidentEvent()  {}
func (*Reopened) incidentEvent()   {}

func (*Raised) EventType() string    { return "discrepancy.raised" }
func (*Explained) EventType() string { return "discrepancy.explained" }
func (*Reopened) EventType() string  { return "discrepancy.reopened" }

func (*Raised) Schema() int    { return 1 }
func (*Explained) Schema() int { return 1 }
func (*Reopened) Schema() int  { return 1 }

// Apply folds an event of the register.
func (r *Register) Apply(rec domain.Recorded) {
	switch e := rec.Event.(Event).(type) {
	case *Raised:
		r.add(&Case{
			ID: e.Discrepancy, Key: e.Key, Rule: e.Rule, Kind: e.Kind, Severity: e.Severity, Units: e.Units, Quantity: e.Quantity,
			Provisional: e.Provisional, Status: StatusOpen, Said: r.say(domain.Text{ID: e.Message, EN: e.MessageEN}, e.Key),
			Occurred: rec.Meta.OccurredAt.UnixMicro(), Recorded: rec.Meta.RecordedAt.UnixMicro(), Proof: e.Proof,
		})
	case *Explained:
		r.change(e.Discrepancy, e.By, func(c *Case) { c.Status, c.Closed = StatusExplained, rec.Meta.RecordedAt.UnixMicro() })
	case *Revised:
		r.change(e.Discrepancy, e.By, func(c *Case) {
			c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional = e.Kind, e.Severity, e.Units, e.Quantity, e.Provisional
			c.Said = r.say(domain.Text{ID: e.Message, EN: e.MessageEN}, c.Key)
			c.Revision++
		})
	case *Reopened:
		r.change(e.Discrepancy, e.By, (*Case).reopen)
	}
}

// fewProofs is as many as most cases ever get: so far a list has no room to spare.
const fewProofs = 4

// change edits a case, keeping the count of open ones.
func (r *Register) change(id string, by domain.Ref, edit func(c *Case)) {
	c := r.Cases[id]
	if c == nil {
		return
	}
	r.countOpen(c, -1)
	edit(c)
	if n := len(c.Proof); n < fewProofs {
		c.Proof = append(make([]domain.Ref, 0, n+1), c.Proof...)
	}
	c.Proof = append(c.Proof, by)
	r.countOpen(c, 1)
}

func (r *Register) countOpen(c *Case, by int) {
	if c.Status != StatusOpen || c.Held {
		return
	}
	if r.kinds != nil {
		if r.kinds[c.Kind] += int64(by); r.kinds[c.Kind] == 0 {
			delete(r.kinds, c.Kind)
		}
	}
	for _, unit := range c.Units {
		if r.Open == nil {
			r.Open = map[string]int{}
		}
		before := r.Open[unit]
		if r.Open[unit] = before + by; before+by == 0 {
			delete(r.Open, unit)
		}
		if r.changed != nil && (before == 0 || before+by == 0) {
			r.changed[unit] = true
		}
	}
}

func (r *Register) add(c *Case) {
	if r.Cases == nil {
		r.Cases = map[string]*Case{}
	}
	c.Units = inside(c.Key, c.Units)
	r.Cases[c.ID] = c
	if r.byKey != nil {
		r.enter(c)
	}
	r.Next++
	r.countOpen(c, 1)
}

// inside is a list of texts of which those that stand in another share its memory.
func inside(text string, parts []string) []string {
	shared := make([]string, len(parts))
	for i, part := range parts {
		shared[i] = part
		if at := strings.Index(text, part); at >= 0 {
			shared[i] = text[at : at+len(part)]
		}
	}
	return shared
}

// NextID is the id of the next case of a unit; n counts the cases that the same command raises before it.
func (r *Register) NextID(unit domain.Code, n int) string {
	number := strconv.Itoa(r.Next + n + 1)
	return "DSC-" + string(unit) + "-" + "000000"[min(len(number), 6):] + number
}

// Case is the id of the case that the event is about.
func (e *Raised) Case() string    { return e.Discrepancy }
func (e *Revised) Case() string   { return e.Discrepancy }
func (e *Explained) Case() string { return e.Discrepancy }
func (e *Reopened) Case() string  { return e.Discrepancy }

// NewEvent returns a pointer to the zero event of a type and schema (0: the newest), nil if unknown.
func NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "discrepancy.raised":
		return &Raised{}
	case "discrepancy.revised":
		return &Revised{}
	case "discrepancy.explained":
		return &Explained{}
	case "discrepancy.reopened":
		return &Reopened{}
	}
	return nil
}
