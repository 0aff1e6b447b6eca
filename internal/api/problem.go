package api

// Details is the body of every answer that is not a success (RFC 9457, application/problem+json): all errors at once. The answer to a single
// command carries its id and result beside them, so that it can be read as an Answer too.
type Details struct {
	Type   string    `json:"type"` // about:blank
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail,omitempty"`
	ID     string    `json:"id,omitempty"`     // of the command
	Result Result    `json:"result,omitempty"` // of the command
	Errors []Problem `json:"errors"`
	// RetryAfter is the seconds to wait before sending again, as in the header.
	RetryAfter int `json:"retry_after,omitempty"`
}
