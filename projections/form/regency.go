// Package form holds the forms of the read models: plain JSON, without the domain's types, so that a client can use them alone. They carry
// timestamps, never ages, so that equal positions give equal bytes.
package form

// RegencyRow is the status of one regency: the row of the board, as HTTP and the feed show it.
type RegencyRow struct {
	Code           string             `json:"code"`
	Name           string             `json:"name"`
	Position       uint64             `json:"position" doc:"Of the last event of the ledger that is in the figures."`
	LastRecordedAt string             `json:"last_recorded_at" doc:"When that event was recorded (UTC); empty before the first."`
	Items          map[string]ItemRow `json:"items"`
	Boxes          map[string]int64   `json:"boxes" doc:"Boxes by state."`
	Stations       map[string]int64   `json:"stations" doc:"Polling stations by state."`
	Shipments      map[string]int64   `json:"shipments" doc:"Shipments by state."`
	Discrepancies  map[string]int64   `json:"discrepancies" doc:"Open discrepancies by kind."`
	Budget         BudgetRow          `json:"budget" required:"false" doc:"Absent for suppliers, carriers and committees."`
	Supporting     map[string]string  `json:"supporting,omitempty" doc:"State of the supporting data per group of items."`
	Plan           string             `json:"plan,omitempty" doc:"State of the need plan."`
	VotersDerived  bool               `json:"voters_derived,omitempty" doc:"The needs of ballots rest on derived voters, not on official ones."`
	Simulated      bool               `json:"simulated,omitempty"`
	Unreadable     string             `json:"unreadable,omitempty" doc:"Why the unit's ledger cannot be read: nothing else in this row counts."`

	Open bool `json:"-"` // without what is ordered and what it costs: see WithoutMoney
}

// ItemRow counts pieces of one item. Need is null when it is unknown.
type ItemRow struct {
	Need      *int64 `json:"need"`
	Ordered   int64  `json:"ordered" required:"false" doc:"Absent for suppliers, carriers and committees."`
	Announced int64  `json:"announced"`
	Received  int64  `json:"received" doc:"Counted at receipt, good and damaged: announced + extra = received + missing + in transit."`
	Damaged   int64  `json:"damaged" doc:"Of the received pieces: found damaged at the count or in sorting."`
	Claimed   int64  `json:"claimed" doc:"Claimed from suppliers."`
	Packed    int64  `json:"packed" doc:"Issued from stock into boxes and kits; of boxes, those that are packed or further."`
}

// BudgetRow is in rupiah.
type BudgetRow struct {
	Ceiling   int64 `json:"ceiling"`
	Committed int64 `json:"committed"`
	Accepted  int64 `json:"accepted"`
	Paid      int64 `json:"paid"`
}

// Election is one of the elections that the server keeps.
type Election struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Province      string   `json:"province"`
	Reference     string   `json:"reference" doc:"Version of the reference data that the province goes by; empty when it has adopted none."`
	VotingDay     string   `json:"voting_day"`
	VotersDerived bool     `json:"voters_derived" doc:"Voters per station are derived, not official."`
	Units         int      `json:"units"`
	Stations      int      `json:"stations"`
	BallotTypes   []string `json:"ballot_types"`
	Simulated     bool     `json:"simulated,omitempty"`
}

// PlanCard is the need plan of a unit.
type PlanCard struct {
	Code       string            `json:"code"`
	Name       string            `json:"name"`
	Position   uint64            `json:"position"`
	State      string            `json:"state"`
	Norms      string            `json:"norms,omitempty" doc:"Version of the norms that the plan cites."`
	Reference  string            `json:"reference,omitempty" doc:"Version of the reference data that the plan cites."`
	Lines      []PlanLine        `json:"lines"`
	Findings   []PlanFinding     `json:"findings,omitempty" doc:"With which it was last returned."`
	Supporting map[string]string `json:"supporting"`
	Simulated  bool              `json:"simulated,omitempty"`
}

// PlanLine is the need of one item, or of one ballot design.
type PlanLine struct {
	Item     string `json:"item"`
	Variant  string `json:"variant,omitempty"`
	Quantity *int64 `json:"quantity" doc:"Null when unknown."`
	Unit     string `json:"unit,omitempty"`
	Formula  string `json:"formula,omitempty"`
	Derived  bool   `json:"derived,omitempty" doc:"Rests on derived voters, not on official ones."`
}

// PlanFinding is why a plan was returned.
type PlanFinding struct {
	Item    string `json:"item,omitempty"`
	Field   string `json:"field,omitempty"`
	Finding string `json:"finding"`
}

// SupportingRow is how far a unit's supporting data is.
type SupportingRow struct {
	Code       string            `json:"code"`
	Name       string            `json:"name"`
	Position   uint64            `json:"position"`
	Groups     []SupportingGroup `json:"groups"`
	Plan       string            `json:"plan" doc:"State of the need plan."`
	Simulated  bool              `json:"simulated,omitempty"`
	Unreadable string            `json:"unreadable,omitempty" doc:"Why the unit's ledger cannot be read: nothing else in this row counts."`
}

// SupportingGroup is one group of items (A, B, C).
type SupportingGroup struct {
	Group       string        `json:"group"`
	State       string        `json:"state"`
	Submissions int           `json:"submissions"`
	SubmittedAt string        `json:"submitted_at,omitempty"`
	VerifiedAt  string        `json:"verified_at,omitempty" doc:"By the province."`
	Findings    []PlanFinding `json:"findings,omitempty" doc:"Of the last return, while they are open."`
}
