package projections_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/projections"
)

// TestRegencyRow: the row as callers know it, to the byte. Others build on these names; a change of the file is a change for them.
func TestRegencyRow(t *testing.T) {
	s := given.Stocked(t)
	ids := given.Boxes(given.Station1)
	s.Story(domain.Request, given.Sealing(ids...), given.ToDistrict(ids...))
	s.Did(domain.Report, given.Operator, &shipment.ReportDelay{Shipment: given.Shipment2, Reason: "ferry"})
	got, err := json.MarshalIndent(projections.Regency(s.State, 4711), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/regency.json"
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Errorf("regency row (-%s +now):\n%s", file, diff)
	}
}

// TestNothingYet: read models of an empty ledger have zeros and empty lists, never null.
func TestNothingYet(t *testing.T) {
	empty := ledger.New(given.Election, given.Unit, only{reference})
	row, err := json.Marshal(projections.Regency(empty, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, null := range []string{`"items":null`, `"boxes":null`, `"stations":null`, `"shipments":null`, `"discrepancies":null`} {
		if strings.Contains(string(row), null) {
			t.Errorf("row %s has %s", row, null)
		}
	}
	if _, ok := projections.Station(empty, 0, given.Station1); ok {
		t.Error("a ledger without reference data has a card of a station")
	}
	if _, ok := projections.Box(empty, 0, given.Boxes(given.Station1)[0]); ok {
		t.Error("a ledger without reference data has a timeline of a box")
	}
	s := given.Ledger(t, reference, given.Unit)
	for _, id := range []domain.BoxID{"3578011001001-XYZ", "3509012001001-PPWP", "3578011001001-PPWP.2"} {
		if _, ok := projections.Box(s.State, 0, id); ok {
			t.Errorf("there is a timeline of %s", id)
		}
	}
	if _, ok := projections.Station(s.State, 0, "3578011001999"); ok {
		t.Error("there is a card of a station that is not")
	}
	if _, ok := projections.Shipment(s.State, 0, "SHP-3578-X"); ok {
		t.Error("there is a card of a shipment that is not")
	}
	if list := projections.Discrepancies(s.State, projections.DiscrepancyQuery{}); list == nil || len(list) != 0 {
		t.Errorf("discrepancies %v", list)
	}
	if plan := projections.Plan(s.State, 0); plan.State != "none" || plan.Lines == nil {
		t.Errorf("plan %+v", plan)
	}
}
