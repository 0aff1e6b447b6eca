package form

// CustodyRow says who holds the boxes and kits of a unit now.
type CustodyRow struct {
	Code           string          `json:"code"`
	Name           string          `json:"name"`
	Position       uint64          `json:"position" doc:"Of the last event of the ledger that is in the figures."`
	LastRecordedAt string          `json:"last_recorded_at" doc:"When that event was recorded (UTC); empty before the first."`
	Holders        []CustodyHolder `json:"holders" doc:"Those that hold something, in the order of their codes."`
	Simulated      bool            `json:"simulated,omitempty"`
	Unreadable     string          `json:"unreadable,omitempty" doc:"Why the unit's ledger cannot be read: nothing else in this row counts."`
}

// CustodyHolder is one who holds boxes or kits. What is on the road is still with whoever sent it: custody moves when it is taken over.
type CustodyHolder struct {
	Place string           `json:"place" doc:"Region code of the holder; of polling stations that of their district."`
	Name  string           `json:"name"`
	Level string           `json:"level" doc:"unit, district, village; stations: all polling stations of a district together; other."`
	Boxes map[string]int64 `json:"boxes" doc:"Boxes by state."`
	Kits  map[string]int64 `json:"kits" doc:"Kits (equipment outside the boxes) by state, once something is known of them."`
}

// DeadlineRow is how a unit stands to the deadlines of the election.
type DeadlineRow struct {
	Code           string     `json:"code"`
	Name           string     `json:"name"`
	Position       uint64     `json:"position" doc:"Of the last event of the ledger that is in the figures."`
	LastRecordedAt string     `json:"last_recorded_at" doc:"When that event was recorded (UTC); empty before the first."`
	Deadlines      []Deadline `json:"deadlines" doc:"In the order of their moments."`
	Simulated      bool       `json:"simulated,omitempty"`
	Unreadable     string     `json:"unreadable,omitempty" doc:"Why the unit's ledger cannot be read: nothing else in this row counts."`
}

// Deadline of a unit.
type Deadline struct {
	Deadline  string    `json:"deadline"`
	Name      string    `json:"name"`
	At        string    `json:"at" doc:"The moment (UTC), by the reference data that the unit goes by."`
	Districts int       `json:"districts"`
	Passed    int       `json:"districts_passed" doc:"Districts for which it is recorded that the deadline has passed."`
	Receipts  *Receipts `json:"receipts,omitempty" doc:"Only of the deadline by which polling stations must have their boxes."`
}

// Receipts count the polling stations of a unit that are listed one by one: stations = in_time + afterwards + without.
type Receipts struct {
	Stations   int64 `json:"stations"`
	InTime     int64 `json:"in_time" doc:"All boxes were taken over at the station by the deadline."`
	Afterwards int64 `json:"afterwards" doc:"All boxes were taken over there, some after the deadline."`
	Without    int64 `json:"without" doc:"Some box has not been taken over there."`
	Late       int64 `json:"late" doc:"The deadline has passed by the record, and not all boxes were there in time."`
}

// ClaimsRow is what a unit has claimed from its suppliers.
type ClaimsRow struct {
	Code           string           `json:"code"`
	Name           string           `json:"name"`
	Position       uint64           `json:"position" doc:"Of the last event of the ledger that is in the figures."`
	LastRecordedAt string           `json:"last_recorded_at" doc:"When that event was recorded (UTC); empty before the first."`
	Suppliers      []SupplierClaims `json:"suppliers" doc:"In the order of their names."`
	Simulated      bool             `json:"simulated,omitempty"`
	Unreadable     string           `json:"unreadable,omitempty" doc:"Why the unit's ledger cannot be read: nothing else in this row counts."`
}

// SupplierClaims are the claims to one supplier: filed = settled + open.
type SupplierClaims struct {
	Supplier string               `json:"supplier" doc:"Of the order against which the goods were delivered; empty when the claim names no delivery of an order."`
	Filed    int64                `json:"filed"`
	Settled  int64                `json:"settled" doc:"Everything claimed has been replaced."`
	Open     int64                `json:"open"`
	Items    map[string]ClaimItem `json:"items" doc:"Pieces by item, summed over variants."`
}

// ClaimItem counts pieces.
type ClaimItem struct {
	Claimed  int64 `json:"claimed"`
	Replaced int64 `json:"replaced" doc:"Brought in settlement, also of claims that nobody has told of yet."`
	Open     int64 `json:"open" doc:"Claimed and not replaced, claim by claim."`
}

// SealCard says which boxes carry or carried a seal number.
type SealCard struct {
	Seal      string    `json:"seal"`
	Uses      []SealUse `json:"uses" doc:"By unit, box and time; empty when the number is on no box that you may see."`
	Simulated bool      `json:"simulated,omitempty"`
}

// SealUse is one sealing of a box with the number.
type SealUse struct {
	Unit    string `json:"unit"`
	Box     string `json:"box"`
	From    string `json:"from" doc:"When it was applied (UTC)."`
	Until   string `json:"until,omitempty" doc:"When the box was unsealed, sealed anew or replaced (UTC); absent while it is on the box."`
	On      bool   `json:"on" doc:"It is on the box now."`
	Event   string `json:"event"`
	Version uint64 `json:"version" doc:"Of the unit's ledger."`
}
