package supporting_test

import (
	"testing"

	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/supporting"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, supporting.NewRoom(&supporting.State{}, electiontest.Small(), unit).NewEvent,
		&supporting.DataSubmitted{Group: "A", Basis: supporting.Basis{Stations: 7761, Villages: 390, Districts: 33}, Note: "satu TPS menyusul",
			Lines: []supporting.Line{{Item: "ballot_box", StockGood: 12, StockDamaged: 3, UnitPrice: 37_500, Document: "BA-12/2023"}}},
		&supporting.DataReturned{Group: "B", Revision: 2, Findings: []supporting.Remark{
			{Item: "glue", Field: "unit_price", Finding: "di atas katalog"}, {Field: "basis", Finding: "jumlah desa"}}},
		&supporting.DataVerified{Group: "C", Revision: 1, Level: "province"})
}
