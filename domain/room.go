package domain

// Command is the data of a command. A room's commands are a sum type of its own that embeds it.
type Command interface {
	// CommandType is "<room>.<verb>".
	CommandType() string
	// Validate reports everything that is malformed, whatever the state: form of ids, negative counts, empty or repeated lists.
	Validate(c *Check)
}

// Event is the data of an event. Field names are part of the record for ever; a change makes a new schema.
type Event interface {
	// EventType is "<room>.<past participle>", a name of the domain.
	EventType() string
	// Schema is the version of the data's form, from 1.
	Schema() int
}

// SubjectKind is what sort of thing a finding is about.
type SubjectKind string

// The kinds of subject.
const (
	SubjectBox      SubjectKind = "box"  // a box or kit, by BoxID
	SubjectSeal     SubjectKind = "seal" // a seal number
	SubjectShipment SubjectKind = "shipment"
	SubjectHandoff  SubjectKind = "handoff"
	SubjectOrder    SubjectKind = "order"
	SubjectDelivery SubjectKind = "delivery"
	SubjectSorting  SubjectKind = "sorting" // one sorted carton, by the id of its command
	SubjectStock    SubjectKind = "stock"   // "<item>[/<variant>]"
	SubjectClaim    SubjectKind = "claim"
	SubjectStation  SubjectKind = "station" // by station code
	SubjectBudget   SubjectKind = "budget"  // the unit's, id ""
	// SubjectSupporting is the supporting data of one group of items ("A", "B", "C").
	SubjectSupporting SubjectKind = "supporting"
	// SubjectApproval is an approval or a refusal, by the id of its command.
	SubjectApproval SubjectKind = "approval"
	// SubjectSender is a person who tells of what may not be his, by user id.
	SubjectSender SubjectKind = "sender"
)

// Subject names one thing that facts are about.
type Subject struct {
	Kind SubjectKind
	ID   string
}

// Book holds the facts of the subjects of one kind.
type Book interface {
	// Findings says what is wrong with the subject, as a pure function of the facts folded so far, in a stable order. An unknown subject
	// has none.
	Findings(id string) []Finding
	// Save returns a function that puts the subject back as it is now, even if it does not exist yet. It is called before an event is
	// folded that may be taken back, with every subject that the Plan touches.
	Save(id string) (restore func())
}

// Plan is what a room makes of a command: the event to record, and every subject that folding this event changes.
type Plan struct {
	Event      Event
	Touched    []Subject
	Violations []Violation // non-empty: nothing is recorded, whatever else stands here
}

// Room is one phase of the work.
type Room interface {
	// NewCommand returns a pointer to the zero command of this type, nil if the room has none such.
	NewCommand(commandType string) Command
	// NewEvent returns a pointer to the zero event of this type and schema (the newest schema when schema is 0), nil if unknown.
	NewEvent(eventType string, schema int) Event
	// Plan decides what to record. It changes nothing. Rules that depend only on the facts of a subject belong into Book.Findings;
	// Plan holds what must be known before there is a fact: ids that must exist or must be new, states that a pure decision needs.
	Plan(act Act, cmd Command) Plan
	// Apply folds one of the room's events into the state. It must accept every event ever recorded and has no way to fail.
	Apply(rec Recorded)
	// Rules lists the room's rules, for the documents and the tests.
	Rules() []*Rule
}
