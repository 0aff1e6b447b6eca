package need_test

import (
	"testing"

	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/need"
	"jejak/domain/supporting"
)

func TestGoldenEvents(t *testing.T) {
	n := func(q int64) *int64 { return &q }
	given.Golden(t, need.NewRoom(&need.State{}, electiontest.Small(), unit, &supporting.State{}).NewEvent,
		&need.PlanCalculated{Norms: "pemilu2024-1", Reference: "2024-02-01.8df51da3", Lines: []need.Line{
			{Item: "ballot_box", Quantity: n(38_871), Unit: "piece", Formula: "5×7761 + 2×33", Norms: "pemilu2024-1"},
			{Item: "ballot", Variant: "PPWP", Quantity: n(2_099_131), Unit: "sheet", Formula: "2054178 + 44953 = Σ 7761 TPS (DPT + ⌈2%×DPT⌉)",
				Norms: "pemilu2024-1", Derived: true},
			{Item: "ballot", Variant: "PKWKP-35", Unit: "sheet", Formula: "?", Norms: "pilkada2024-1"},
		}},
		&need.PlanSubmitted{Revision: 1},
		&need.PlanReturned{Revision: 1, Findings: []need.Remark{{Item: "glue", Finding: "periksa jumlah desa"}, {Finding: "norma lama"}}},
		&need.PlanApproved{Revision: 1},
		&need.PlanAmended{OldNorms: "pemilu2024-1", NewNorms: "pemilu2024-2", OldReference: "2024-02-01.8df51da3",
			NewReference: "2024-02-05.0a1b2c3d", Reason: "norma segel diubah", Lines: []need.Line{
				{Item: "paper_seal", Quantity: n(745_815), Unit: "piece", Formula: "96×7761 + 1×390 + 11×33 + 5×1", Norms: "pemilu2024-2"}}})
}
