package station_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/shipment"
	. "jejak/domain/station"
)

func TestMain(m *testing.M) { given.Main(m, Rules()...) }

var (
	all      = given.Boxes(given.Station1)
	kit      = given.Kit(given.Station1)
	kpps     = given.StationStaff(given.Station1)
	receipt  = given.VotingDay.Add(-time.Minute) // the deadline
	pass     = given.By(given.System, &deadline.Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1})
	stations = []domain.Code{given.Station1, given.Station2, given.Station3} // of District1
)

func want(t *testing.T, s *given.Scene, status Status) {
	t.Helper()
	if got := s.State.Station(given.Station1); got != status {
		t.Errorf("station is %s, expected %s", got, status)
	}
}

func way(ids ...domain.BoxID) [][]given.Act {
	return [][]given.Act{given.ToDistrict(ids...), given.ToVillage(ids...), given.ToStation(ids...)}
}

// there is the ledger with these boxes at the station.
func there(ids ...domain.BoxID) func(given.TB) *given.Scene {
	return given.After(given.Stocked, append([][]given.Act{given.Sealing(ids...)}, way(ids...)...)...)
}

func TestStatus(t *testing.T) {
	t.Run("one box after the other", func(t *testing.T) {
		s := given.Stocked(t)
		want(t, s, NotPacked)
		s.Story(domain.Report, given.Sealing(all[1:]...))
		want(t, s, NotPacked) // one is not sealed
		s.Did(domain.Report, given.Warehouse, given.Pack(all[0])).Did(domain.Report, given.Checker, given.Check(all[0]))
		want(t, s, NotPacked)
		s.Did(domain.Report, given.Warehouse, given.Seal(all[0]))
		want(t, s, Packed)
		s.Did(domain.Report, given.Warehouse, given.Unseal(all[0]))
		want(t, s, NotPacked)
	})
	t.Run("split over two vehicles", func(t *testing.T) {
		s := given.Stocked(t).Story(domain.Report, given.Sealing(all...), given.ToDistrict(all[:4]...))
		want(t, s, PartialOut)
		s.Story(domain.Report, given.Trip("SHP-3578-2B", shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, all[4]),
			given.Handing("HND-3578-2B", "SHP-3578-2B", given.District1, given.Carrier, given.DistrictStaff(given.District1), all[4]))
		want(t, s, AtDistrict)
		s.Story(domain.Report, given.ToVillage(all...))
		want(t, s, AtVillage)
		s.Story(domain.Report, given.ToStation(all...))
		want(t, s, Ready)
	})
	t.Run("a kit that was packed must come too", func(t *testing.T) {
		s := there(all...)(t)
		want(t, s, Ready)
		s.Did(domain.Report, given.Warehouse, given.PackKits(kit))
		want(t, s, PartialOut)
	})
	t.Run("there, with something open", func(t *testing.T) {
		s := given.Stocked(t).Story(domain.Report, given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(all...), given.ToStation(all...)[:1])
		wet := given.Accept(given.Handoff4, all...)
		wet.Boxes[2].Condition = handoff.Wet
		s.Did(domain.Report, kpps, wet)
		want(t, s, ReadyWithIssue)
		s.Did(domain.Request, given.Operator, &incident.Resolve{Incident: "DSC-3578-000001", How: "isi diperiksa, kering"})
		want(t, s, Ready)
		s.Did(domain.Report, given.Operator, &incident.Raise{Kind: domain.UnofficialStorage, Severity: domain.Low, Units: []string{string(given.Station1)}, Note: "n"})
		want(t, s, ReadyWithIssue)
	})
	t.Run("a box in trouble", func(t *testing.T) {
		trouble := func(kind domain.Kind) *given.Scene {
			return there(all...)(t).Did(domain.Report, given.Operator, &incident.Raise{Kind: kind, Severity: domain.High, Units: []string{string(all[1])}, Note: "n"})
		}
		want(t, trouble(domain.Damaged), ReadyWithIssue) // it is there, damaged
		want(t, trouble(domain.Lost), PartialOut)
		want(t, trouble(domain.Seized), PartialOut)
	})
	t.Run("a replaced box", func(t *testing.T) {
		s := given.Stocked(t).Story(domain.Report, given.Sealing(all...)).Did(domain.Report, given.Warehouse, given.Replace(all[0]))
		want(t, s, NotPacked)
		now := append([]domain.BoxID{packing.Next(all[0])}, all[1:]...)
		s.Story(domain.Report, given.Sealing(now[0]))
		want(t, s, Packed)
		s.Story(domain.Report, way(now...)...)
		want(t, s, Ready)
		s.OpenRules()
	})
	if got := given.Stocked(t).State.Station("3578011001777"); got != NotPacked {
		t.Errorf("a station that is not there is %s", got)
	}
}

// Silence at the deadline is a finding. A receipt that occurred in time and is told late explains it.
func TestLate(t *testing.T) {
	late := func(missing ...domain.Code) (found []given.Discrepancy) {
		for _, s := range missing {
			found = append(found, given.Found(RuleLate, string(s)))
		}
		return found
	}
	atDeadline := func(begin func(given.TB) *given.Scene) func(given.TB) *given.Scene {
		return func(t given.TB) *given.Scene { return begin(t).Wait(receipt) }
	}
	s := given.Noted(t, atDeadline(given.Stocked), pass.Who, pass.Cmd, late(stations...)...)
	want(t, s, Late)
	if c := s.State.Register.Cases["DSC-3578-000001"]; s.State.Register.Text(c).EN != "station "+c.Units[0]+" had not received all its boxes at the deadline: 5 had not come" {
		t.Error(s.State.Register.Text(c).EN)
	}
	s = given.Noted(t, atDeadline(there(all...)), pass.Who, pass.Cmd, late(stations[1:]...)...)
	want(t, s, Ready)
	s = given.Noted(t, atDeadline(there(all[1:]...)), pass.Who, pass.Cmd, late(stations...)...) // one box is enough
	want(t, s, Late)
	given.Noted(t, atDeadline(there(append(all, kit)...)), pass.Who, pass.Cmd, late(stations[1:]...)...)

	t.Run("told later", func(t *testing.T) {
		handing := given.ToStation(all...)
		begin := atDeadline(given.After(given.Stocked, given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(all...), handing[:1]))
		s := begin(t).Did(domain.Report, pass.Who, pass.Cmd)
		want(t, s, Late)
		s.At(receipt).When(domain.Report, kpps, handing[1].Cmd).ExplainsExactly("late_at_deadline").OpenRules("late_at_deadline", "late_at_deadline")
		want(t, s, Ready)

		s = begin(t).Did(domain.Report, pass.Who, pass.Cmd)
		s.At(receipt.Add(time.Microsecond)).When(domain.Report, kpps, handing[1].Cmd).ExplainsExactly()
		want(t, s, ReadyWithIssue)
	})
	t.Run("in parts", func(t *testing.T) {
		handing := given.ToStation(all...)
		s := atDeadline(given.After(given.Stocked, given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(all...), handing[:1]))(t).
			Did(domain.Report, pass.Who, pass.Cmd)
		first := given.Accept(given.Handoff4, all[:3]...)
		first.Missing = all[3:]
		s.At(receipt.Add(-time.Hour)).When(domain.Report, kpps, first).ExplainsExactly()
		s.At(receipt.Add(-30*time.Minute)).When(domain.Report, given.VillageStaff(given.Village1), given.Offer("HND-3578-5", "", given.Station1, all[3:]...))
		s.At(receipt.Add(-time.Minute)).When(domain.Report, kpps, given.Accept("HND-3578-5", all[3:]...)).ExplainsExactly("late_at_deadline")
	})
	t.Run("the offer that says for which station arrives last", func(t *testing.T) {
		handing := given.ToStation(all...)
		s := atDeadline(given.After(given.Stocked, given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(all...)))(t).
			Did(domain.Report, pass.Who, pass.Cmd)
		pps := given.VillageStaff(given.Village1)
		s.At(receipt.Add(-time.Minute)).When(domain.Report, pps, handing[1].Cmd).ExplainsExactly() // accepted by staff of the village: not there yet
		s.At(receipt.Add(-2*time.Minute)).When(domain.Report, given.Carrier, handing[0].Cmd).
			ExplainsExactly("handoff_not_offered", "late_at_deadline")
	})
	t.Run("the replacement was there", func(t *testing.T) {
		now := append([]domain.BoxID{packing.Next(all[0])}, all[1:]...)
		begin := given.After(given.Stocked, append([][]given.Act{given.Sealing(now...)}, way(now...)...)...)
		s := atDeadline(begin)(t).Did(domain.Report, pass.Who, pass.Cmd)
		s.OpenRules("not_a_replacement", "late_at_deadline", "late_at_deadline", "late_at_deadline")
		s.At(given.Start).When(domain.Report, given.Warehouse, given.Replace(all[0])).ExplainsExactly("not_a_replacement", "late_at_deadline")
		want(t, s, Ready)
	})
}
