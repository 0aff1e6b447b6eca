package shipment_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/shipment"
)

func TestMain(m *testing.M) { given.Main(m, NewRoom(nil).Rules()...) }

const shp = given.Shipment2

var (
	council = given.Box(given.Station1, "DPRDK")
	kit     = given.Kit(given.Station1)
	recap   = domain.BoxID(string(given.District1) + "-REKAP1")
	far     = given.Box(given.Station4, "DPRDK") // for District2
)

// way is the trip of Shipment2 with a box of ballots: plan, load, inspection, assignment, escort's yes, departure, arrival.
var way = given.ToDistrict(council)[:7]

const (
	plan = iota
	load
	inspect
	assign
	agree
	leave
	arrive
)

// on is the ledger in which the acts of way up to but without this one have been reported, those named in leftOut left out.
func on(until int, leftOut ...int) func(given.TB) *given.Scene {
	acts := given.Sealing(council)
	for i, a := range way[:until] {
		skip := false
		for _, l := range leftOut {
			skip = skip || i == l
		}
		if !skip {
			acts = append(acts, a)
		}
	}
	return given.After(given.Stocked, acts)
}

// before sends a report of something that occurred just before the last act and is told only now.
func before(s *given.Scene, a given.Act) *given.Scene {
	mode := domain.Report
	if given.Decision(a.Cmd) {
		mode = domain.Request
	}
	return s.At(s.Now().Add(-30*time.Second)).When(mode, a.Who, a.Cmd)
}

func wantStatus(t *testing.T, s *given.Scene, want Status) {
	t.Helper()
	sum := 0
	for _, n := range s.State.Shipments.Counts {
		sum += n
	}
	if got := s.State.Shipments.Shipments[shp]; got.Status != want || s.State.Shipments.Counts[want] != 1 || sum != 1 {
		t.Errorf("shipment is %s, expected %s; counts %v", got.Status, want, s.State.Shipments.Counts)
	}
}
