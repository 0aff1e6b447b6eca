package simulation

// Verdict is what the comparison of the truth with the server's answers says.
type Verdict struct {
	Seed      uint64   `json:"seed"`
	Regencies []string `json:"regencies"`
	OK        bool     `json:"ok"`
	// Acts that were answered; Rejected of them were tried although they are not allowed.
	Acts     int64  `json:"acts"`
	Rejected int64  `json:"rejected"`
	Position uint64 `json:"position"` // of the last event of a ledger
	// Injected failures by kind of discrepancy, and how many of them are open at the server.
	Injected map[string]int `json:"injected"`
	Found    map[string]int `json:"found"`
	// Missing are injected failures without a discrepancy; FalseAlarms are discrepancies without an injected failure. Both are cut short: see
	// the counts.
	Missing          []Finding `json:"missing"`
	MissingCount     int       `json:"missing_count"`
	FalseAlarms      []Finding `json:"false_alarms"`
	FalseAlarmsCount int       `json:"false_alarms_count"`
	// Compared is how many figures were compared; Mismatches are those that differ.
	Compared        int        `json:"compared"`
	Mismatches      []Mismatch `json:"mismatches"`
	MismatchesCount int        `json:"mismatches_count"`
	// Surprises are commands that were not answered as they must be.
	Surprises      []string `json:"surprises"`
	SurprisesCount int      `json:"surprises_count"`
	Duration       string   `json:"duration"`
}

// Finding is a discrepancy.
type Finding struct {
	Unit     string   `json:"unit"`
	Kind     string   `json:"kind"`
	Quantity int64    `json:"quantity,omitempty"`
	Units    []string `json:"units"`
	Message  string   `json:"message,omitempty"`
	Count    int      `json:"count,omitempty"` // how many of the same
}

// Mismatch is a figure that is not what it should be.
type Mismatch struct {
	Unit string `json:"unit"`
	What string `json:"what"`
	Want string `json:"want"`
	Got  string `json:"got"`
}

// kept is how many of each list are kept.
const kept = 100

func (v *Verdict) miss(f Finding) {
	v.MissingCount++
	if len(v.Missing) < kept {
		v.Missing = append(v.Missing, f)
	}
}

func (v *Verdict) alarm(f Finding) {
	v.FalseAlarmsCount++
	if len(v.FalseAlarms) < kept {
		v.FalseAlarms = append(v.FalseAlarms, f)
	}
}

func (v *Verdict) differ(unit, what, want, got string) {
	v.Compared++
	if want == got {
		return
	}
	v.MismatchesCount++
	if len(v.Mismatches) < kept {
		v.Mismatches = append(v.Mismatches, Mismatch{Unit: unit, What: what, Want: want, Got: got})
	}
}

func (v *Verdict) settle() {
	v.OK = v.MissingCount == 0 && v.FalseAlarmsCount == 0 && v.MismatchesCount == 0 && v.SurprisesCount == 0
}
