package ledger_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
)

var bothModes = []domain.Mode{domain.Request, domain.Report}

var reference = given.Reference()

func TestTheWholeWay(t *testing.T) {
	ids := append(given.Boxes(given.Station1), given.Kit(given.Station1))
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			s := given.Stocked(t)
			want := func(state string, custody domain.Code, status string) {
				t.Helper()
				for _, id := range ids {
					v := s.State.Boxes().Box(id)
					if v.State.String() != state && !(id.IsKit() && state == "sealed") || v.Custody != custody {
						t.Errorf("%s is %s with %s, expected %s with %s", id, v.State, v.Custody, state, custody)
					}
				}
				if got := s.State.Station(given.Station1); string(got) != status {
					t.Errorf("station is %s, expected %s", got, status)
				}
			}
			want("labelled", given.Unit, "not_packed")
			s.Story(mode, given.Sealing(ids...))
			want("sealed", given.Unit, "packed")
			way := given.ToDistrict(ids...)
			s.Story(mode, way[:2])
			want("loaded", given.Unit, "partial_out")
			s.Story(mode, way[2:7])
			want("in_transit", given.Unit, "partial_out")
			s.Story(mode, way[7:])
			want("at_district", given.District1, "at_district")
			s.Story(mode, given.ToVillage(ids...))
			want("at_village", given.Village1, "at_village")
			s.Story(mode, given.ToStation(ids...))
			want("at_station", given.Station1, "ready")
			s.OpenIs()
		})
	}
}
