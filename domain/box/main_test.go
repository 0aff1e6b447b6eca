package box_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/given"
)

func TestMain(m *testing.M) { given.Main(m, box.Rules()...) }

var (
	council = given.Box(given.Station1, "DPRDK") // 197 ballots of Council1
	ppwp    = given.Box(given.Station1, "PPWP")
	kit     = given.Kit(given.Station1)
	recap   = domain.BoxID(string(given.District1) + "-REKAP1")

	ppk  = given.DistrictStaff(given.District1)
	pps  = given.VillageStaff(given.Village1)
	kpps = given.StationStaff(given.Station1)
)

// sealed is a ledger in whose warehouse these boxes are ready to go.
func sealed(ids ...domain.BoxID) func(given.TB) *given.Scene {
	return given.After(given.Stocked, given.Sealing(ids...))
}

// before sends a report of something that occurred just before the last act and is told only now.
func before(s *given.Scene, who domain.Actor, cmd domain.Command) *given.Scene {
	return s.At(s.Now().Add(-30*time.Second)).When(domain.Report, who, cmd)
}

func wantState(t *testing.T, s *given.Scene, id domain.BoxID, state box.State, custody domain.Code) {
	t.Helper()
	if v := s.State.Boxes().Box(id); v.State != state || v.Custody != custody {
		t.Errorf("%s is %s with %s, expected %s with %s", id, v.State, v.Custody, state, custody)
	}
}
