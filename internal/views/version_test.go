package views_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/receipt"
	"jejak/internal/views"
)

var update = flag.Bool("update", false, "write the golden rows")

// TestAVersionKeepsItsBytes: the same events give the same row for as long as a view has the same version: rows that are kept are not made again
// otherwise. Where this fails on purpose, raise the view's Version in All and run with -update; an older file is never edited.
func TestAVersionKeepsItsBytes(t *testing.T) {
	s := given.Stocked(t)
	ids := given.Boxes(given.Station1)
	s.Story(domain.Request, given.Sealing(ids...), given.ToDistrict(ids...))
	s.Did(domain.Report, given.Warehouse, &receipt.FileClaim{Claim: "CLM-3578-1", Reason: "rusak", Lines: []goods.Line{{Item: goods.Item{Item: "booth"}, Quantity: 2}}})
	d, _ := s.State.Reference().Deadline(election.DeadlineStationReceipt)
	s.Has(&deadline.Passed{Deadline: d.ID, At: d.At, Area: given.District1})
	for _, v := range views.All(true) {
		got, err := v.Row(s.State, 4711)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", v.Name, v.Version))
		if *update {
			if _, err := os.Stat(file); err == nil {
				continue
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("view %s gives other bytes than its version %d did (-%s +now): raise the version\n%s", v.Name, v.Version, file, diff)
		}
	}
}
