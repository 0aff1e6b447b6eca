package domain

import (
	"fmt"
	"strings"
)

// Kind is what sort of discrepancy or incident it is.
type Kind string

// The kinds, as callers know them.
const (
	Short               Kind = "short"
	Over                Kind = "over"
	Damaged             Kind = "damaged"
	Wet                 Kind = "wet"
	WrongDesign         Kind = "wrong_design"
	WrongDestination    Kind = "wrong_destination"
	SealBroken          Kind = "seal_broken"
	SealMismatch        Kind = "seal_mismatch"
	Unsealed            Kind = "unsealed"
	Late                Kind = "late"
	Delay               Kind = "delay"
	Accident            Kind = "accident"
	EscortMissing       Kind = "escort_missing"
	Seized              Kind = "seized"
	Lost                Kind = "lost"
	UnofficialStorage   Kind = "unofficial_storage"
	DuplicateLabel      Kind = "duplicate_label"
	UndocumentedHandoff Kind = "undocumented_handoff"
	RuleBroken          Kind = "rule_broken"
)

// Kinds lists every kind in the order in which boards show them.
func Kinds() []Kind {
	return []Kind{Short, Over, Damaged, Wet, WrongDesign, WrongDestination, SealBroken, SealMismatch, Unsealed, Late, Delay, Accident,
		EscortMissing, Seized, Lost, UnofficialStorage, DuplicateLabel, UndocumentedHandoff, RuleBroken}
}

// Severity says how urgent: high endangers the vote at a station, medium needs an action before the day, low is for the record.
type Severity string

const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Text is a sentence for staff (Bahasa Indonesia) and for auditors from outside (English). Both are fmt formats over the same arguments,
// which they name by index (%[1]v).
type Text struct {
	ID string `json:"id"`
	EN string `json:"en"`
}

// Outcome is what mode request does with a broken rule.
type Outcome string

const (
	// Reject: nothing is stored but the attempt.
	Reject Outcome = "reject"
	// Record: the act is a fact even when asked for; the difference is a discrepancy.
	Record Outcome = "record"
	// Invalid: malformed or impossible input, an error in either mode.
	Invalid Outcome = "invalid"
)

// Rule is one rule of the field: what it demands, and what each mode does when it is broken. Mode report always records, as a discrepancy
// of Kind and Severity, except where OnRequest is Invalid.
type Rule struct {
	ID        string
	OnRequest Outcome
	OnReport  Outcome  // Record, Invalid, or Reject for pure decisions, which exist only as requests
	Kind      Kind     // of the discrepancy, where one mode records
	Severity  Severity // of the discrepancy
	Message   Text     // what is wrong, with the arguments of the Violation or Finding
	Remedy    Text     // what would mend it
	Source    string   // law, norm or incident the rule comes from
}

// Malformed makes a rule of form: what breaks it is an error in either mode.
func Malformed(id string, message, remedy Text) *Rule {
	return &Rule{ID: id, OnRequest: Invalid, OnReport: Invalid, Message: message, Remedy: remedy}
}

// Deciding makes a rule of a pure decision, which exists only as a request.
func Deciding(id string, message, remedy Text) *Rule {
	return &Rule{ID: id, OnRequest: Reject, OnReport: Reject, Message: message, Remedy: remedy}
}

// Refusing makes a rule that forbids a request; a report that breaks it is recorded with a discrepancy.
func Refusing(id string, kind Kind, severity Severity, message, remedy Text, source string) *Rule {
	return &Rule{ID: id, OnRequest: Reject, OnReport: Record, Kind: kind, Severity: severity, Message: message, Remedy: remedy, Source: source}
}

// Recording makes a rule that forbids nothing: in either mode what breaks it is recorded with a discrepancy.
func Recording(id string, kind Kind, severity Severity, message, remedy Text, source string) *Rule {
	return &Rule{ID: id, OnRequest: Record, OnReport: Record, Kind: kind, Severity: severity, Message: message, Remedy: remedy, Source: source}
}

// Violation is one broken rule in a command, with its place.
type Violation struct {
	Rule *Rule
	Path string // JSON pointer into the command, e.g. "/data/boxes/3/seals/0"
	Args []any
}

// Message in Indonesian.
func (v Violation) Message() string { return format(v.Rule.Message.ID, v.Args) }

// MessageEN is the same in English.
func (v Violation) MessageEN() string { return format(v.Rule.Message.EN, v.Args) }

// Remedy in Indonesian.
func (v Violation) Remedy() string { return format(v.Rule.Remedy.ID, v.Args) }

// RemedyEN is the same in English.
func (v Violation) RemedyEN() string { return format(v.Rule.Remedy.EN, v.Args) }

func (v Violation) Error() string { return fmt.Sprintf("%s: %s: %s", v.Path, v.Rule.ID, v.MessageEN()) }

// format fills in the arguments by index. fmt does not complain of arguments that an indexed format leaves out, but does so of arguments for a
// text that names none.
func format(text string, args []any) string {
	if !strings.Contains(text, "%[") {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Finding is one thing that is wrong with one subject, given the facts known so far.
type Finding struct {
	// Key is the finding's identity. It must not depend on the order in which facts arrived: rule, subject and the natural id of the
	// document concerned (shipment, handoff, ...), joined by "|".
	Key      string
	Rule     *Rule
	Kind     Kind     // overrides Rule.Kind when set
	Severity Severity // overrides Rule.Severity when set
	Units    []string // what is concerned: box ids, station codes, "<delivery>/<item>[/<variant>]", shipment ids ...
	Quantity int64    // how many pieces, where a count is meant; else 0
	// Provisional: a fact that may still be on its way (a device was offline) would explain it.
	Provisional bool
	Path        string // place in the command for a rejection, "" when the finding is not tied to one
	Args        []any
	Proof       []Ref // the events that prove it, oldest first; the ledger adds the event of the act that revealed it
}

// TheKind is Kind or the rule's.
func (f Finding) TheKind() Kind {
	if f.Kind != "" {
		return f.Kind
	}
	return f.Rule.Kind
}

// TheSeverity is Severity or the rule's.
func (f Finding) TheSeverity() Severity {
	if f.Severity != "" {
		return f.Severity
	}
	return f.Rule.Severity
}
