package form

// ApprovalCard is an approval or a refusal, or an act that waits for one.
type ApprovalCard struct {
	Number     string   `json:"number" doc:"Place in the list: unit and version of the record, as in APR-3578-000000000123."`
	ID         string   `json:"id,omitempty" doc:"The approval's, to name or revoke it; none while an act waits for one."`
	Unit       string   `json:"unit"`
	Purpose    string   `json:"purpose" enum:"budget_exception,no_escort,ballot_number"`
	Subject    []string `json:"subject" doc:"An order, a shipment, or boxes."`
	State      string   `json:"state" enum:"waiting,in_force,used,refused,revoked"`
	Amount     int64    `json:"amount,omitempty" doc:"Rupiah, of a budget exception."`
	Document   string   `json:"document,omitempty"`
	Note       string   `json:"note,omitempty" doc:"Of a refusal, why."`
	By         string   `json:"by" doc:"Who approved or refused; while an act waits, who acted."`
	Entitled   []string `json:"entitled,omitempty" doc:"While an act waits: roles that may approve it, anybody but who acted."`
	OccurredAt string   `json:"occurred_at"`
	Event      string   `json:"event" doc:"The record that it follows from, in the unit's ledger."`
	Version    uint64   `json:"version"`
	RevokedBy  string   `json:"revoked_by,omitempty"`
	RevokedFor string   `json:"revoked_for,omitempty" doc:"Why."`
	Simulated  bool     `json:"simulated,omitempty"`
}
