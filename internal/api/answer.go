// Package api holds the forms in which the HTTP API speaks: shared by the server, the client and the simulation. It knows nothing of the domain.
package api

import "encoding/json"

// Result is what became of a command.
type Result string

const (
	Accepted                Result = "accepted"
	AcceptedWithDiscrepancy Result = "accepted_with_discrepancy"
	Duplicate               Result = "duplicate" // sent before; nothing was added
	Rejected                Result = "rejected"  // a rule forbids it; it may succeed later
	Error                   Result = "error"     // malformed, unauthorised, too large, overloaded ...
)

// Answer is the answer to one command. Accepted means durable.
type Answer struct {
	ID            string        `json:"id"`
	Line          int           `json:"line,omitempty"` // in an NDJSON batch, from 1
	Result        Result        `json:"result" enum:"accepted,accepted_with_discrepancy,duplicate,rejected,error"`
	Position      uint64        `json:"position,omitempty"` // of the last event; for a duplicate at or after the first time's
	Events        []EventRef    `json:"events,omitempty"`
	Discrepancies []Discrepancy `json:"discrepancies,omitempty"`
	Errors        []Problem     `json:"errors,omitempty"`

	// Status is the HTTP status of this answer alone; clients see it where something went wrong. RetryAfter is the seconds to wait before
	// sending again, 0 for none.
	Status     int `json:"status,omitempty"`
	RetryAfter int `json:"retry_after,omitempty"`
}

// EventRef names an event.
type EventRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Discrepancy is one that the command raised, revised or reopened.
type Discrepancy struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Units    []string `json:"units"`
}

// Problem is one error, with its place and what would mend it: Bahasa Indonesia, English beside it.
type Problem struct {
	Rule      string `json:"rule"`
	Path      string `json:"path"` // JSON pointer into the command
	Message   string `json:"message"`
	Remedy    string `json:"remedy"`
	MessageEN string `json:"message_en"`
	RemedyEN  string `json:"remedy_en"`
}

// Command is the envelope of a command as a client sends it.
type Command struct {
	ID         string          `json:"id"` // UUIDv7 made by the client
	Type       string          `json:"type"`
	Mode       string          `json:"mode"`
	Election   string          `json:"election"`
	Unit       string          `json:"unit"`
	OccurredAt string          `json:"occurred_at"` // RFC 3339 with offset
	Device     *Device         `json:"device,omitempty"`
	Place      *Place          `json:"place,omitempty"`
	Evidence   []Evidence      `json:"evidence,omitempty"`
	Signature  *Signature      `json:"signature,omitempty"`
	Data       json.RawMessage `json:"data"`
}

// Device that made the command; Seq grows by one with each.
type Device struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// Place where it was done: degrees, accuracy in metres.
type Place struct {
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Accuracy float64 `json:"accuracy"`
}

// Evidence is a file kept elsewhere, by its hash.
type Evidence struct {
	SHA256    string `json:"sha256"`
	MediaType string `json:"media_type"`
	Kind      string `json:"kind"`
}

// Signature of an enrolled device key over the command.
type Signature struct {
	KeyID string `json:"key_id"`
	Sig   string `json:"sig"`
}
