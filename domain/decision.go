package domain

// RuleRequestOnly: a pure decision (approve, order, pay, adjust) exists only as a request; it cannot have "happened" elsewhere.
var RuleRequestOnly = &Rule{ID: "request_only", OnRequest: Reject, OnReport: Reject,
	Message: Text{"%[1]v adalah keputusan; tidak dapat dilaporkan sebagai kejadian", "%[1]v is a decision; it cannot be reported as a fact"},
	Remedy:  Text{"kirim dengan mode request", "send it with mode request"},
	Source:  "docs/commands.md"}

// RequestOnly are the violations of a decision that was sent as a report.
func RequestOnly(act Act, cmd Command) []Violation {
	if act.Mode == Request {
		return nil
	}
	return []Violation{{Rule: RuleRequestOnly, Path: "/mode", Args: []any{cmd.CommandType()}}}
}
