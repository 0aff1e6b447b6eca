package box_test

import (
	"slices"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/polling"
	"jejak/domain/shipment"
)

const other = "SHP-3578-2B"

var (
	planned  = given.By(given.Operator, given.Plan(given.Shipment2, shipment.ToDistrict, given.Unit, given.District1, council))
	planned2 = given.By(given.Operator, given.Plan(other, shipment.ToDistrict, given.Unit, given.District1, council))
	planned3 = given.By(given.Operator, given.Plan(given.Shipment3, shipment.ToVillage, given.District1, given.Village1, council))
	loaded   = given.By(given.Warehouse, given.Load(given.Shipment2, council))
)

func TestNothingLeavesUnsealed(t *testing.T) {
	id := string(council)
	begin := given.After(given.Stocked, given.Sealing(council)[:2], []given.Act{planned})
	s := given.Refused(t, begin, given.Warehouse, loaded.Cmd, []string{"box_not_sealed"}, given.Found(box.RuleNotSealed, id).ForNow())
	wantState(t, s, council, box.OnVehicle, given.Unit)
	before(s, given.Warehouse, given.Seal(council)).ExplainsExactly("box_not_sealed").OpenRules()
	wantState(t, s, council, box.OnVehicle, given.Unit)

	t.Run("found once on the whole way", func(t *testing.T) {
		way := given.ToDistrict(council)
		s := begin(t).Story(domain.Report, way[1:]).OpenRules("box_not_sealed")
		s.Story(domain.Report, given.ToVillage(council), given.ToStation(council)).OpenRules("box_not_sealed")
		s.At(given.Start.Add(5*time.Minute)).When(domain.Report, given.Warehouse, given.Unseal(council)) // too early to matter
	})
	t.Run("opened on the vehicle", func(t *testing.T) {
		way := given.ToDistrict(council)
		begin := given.After(sealed(council), way[:5], []given.Act{given.By(given.Warehouse, given.Unseal(council))})
		s := given.Refused(t, begin, given.Warehouse, given.Dispatch(given.Shipment2), []string{"box_not_sealed"},
			given.Found(box.RuleNotSealed, id).ForNow())
		wantState(t, s, council, box.InTransit, given.Unit)
	})
	t.Run("kits have no seals but are packed", func(t *testing.T) {
		begin := given.After(given.Stocked, []given.Act{given.By(given.Operator,
			given.Plan(given.Shipment2, shipment.ToDistrict, given.Unit, given.District1, kit))})
		s := given.Refused(t, begin, given.Warehouse, given.Load(given.Shipment2, kit), []string{"box_not_packed"},
			given.Found(box.RuleNotPacked, string(kit)).ForNow())
		before(s, given.Warehouse, given.PackKits(kit)).ExplainsExactly("box_not_packed").OpenRules()
		given.Refused(t, given.After(begin, []given.Act{given.By(given.Warehouse, given.PackKits(kit))}), given.Warehouse2, given.PackKits(kit),
			[]string{"packed_twice"}, given.Found(box.RulePackedTwice, string(kit)))
	})
}

func TestOneShipmentAtATime(t *testing.T) {
	begin := given.After(sealed(council), []given.Act{planned, planned2, loaded})
	s := given.Refused(t, begin, given.Warehouse, given.Load(other, council), []string{"box_on_two_shipments"},
		given.Found(box.RuleTwoShipments, string(council)).ForNow())
	s.When(domain.Request, given.Operator, &shipment.Cancel{Shipment: given.Shipment2, Reason: "ganti kendaraan"}).
		ExplainsExactly("box_on_two_shipments").OpenRules()
	given.Noted(t, begin, given.Warehouse, loaded.Cmd) // scanned twice
	t.Run("cancelled", func(t *testing.T) {
		s := begin(t).Did(domain.Request, given.Operator, &shipment.Cancel{Shipment: given.Shipment2, Reason: "ganti kendaraan"})
		wantState(t, s, council, box.UnderSeal, given.Unit)
		s.When(domain.Request, given.Warehouse, given.Load(other, council)).RaisesExactly()
		wantState(t, s, council, box.OnVehicle, given.Unit)
	})
}

// told sends acts as reports that occurred one second apart from a moment on.
func told(s *given.Scene, at time.Time, acts ...given.Act) *given.Scene {
	for _, a := range acts {
		mode := domain.Report
		if given.Decision(a.Cmd) {
			mode = domain.Request
		}
		s.At(at).Did(mode, a.Who, a.Cmd)
		at = at.Add(time.Second)
	}
	return s
}

func TestCustody(t *testing.T) {
	id := string(council)
	toDistrict := given.ToDistrict(council)
	t.Run("loaded where it is not", func(t *testing.T) {
		begin := given.After(sealed(council), []given.Act{planned3})
		s := begin(t)
		at := s.Now().Add(time.Second)
		given.Refused(t, begin, ppk, given.Load(given.Shipment3, council), []string{"box_not_in_custody"}, given.Found(box.RuleNotInCustody, id).ForNow())
		s.Did(domain.Report, ppk, given.Load(given.Shipment3, council))
		told(s, at, toDistrict[:6]...).OpenRules("box_not_handed_over")
		told(s, at.Add(20*time.Second), toDistrict[6:]...).ExplainsExactly("box_not_handed_over").OpenRules()
		wantState(t, s, council, box.OnVehicle, given.District1)
	})
	t.Run("loaded before it was handed over", func(t *testing.T) {
		begin := given.After(sealed(council), toDistrict[:6], []given.Act{planned3})
		s := given.Refused(t, begin, ppk, given.Load(given.Shipment3, council), []string{"box_not_handed_over"},
			given.Found(box.RuleNotHandedOver, id).ForNow())
		wantState(t, s, council, box.OnVehicle, given.Unit)
		at := s.Now().Add(-20 * time.Second)
		told(s, at, toDistrict[7:]...).ExplainsExactly("box_not_handed_over").OpenRules()
		wantState(t, s, council, box.OnVehicle, given.District1)
	})
	t.Run("given by who does not hold it", func(t *testing.T) {
		begin := given.After(sealed(council), given.ToStation(council)[:1])
		s := begin(t)
		at := s.Now().Add(-30 * time.Second)
		found := given.Found(box.RuleNoHandoff, id).ForNow()
		given.Noted(t, begin, kpps, given.Accept(given.Handoff4, council), found)
		s.When(domain.Report, kpps, given.Accept(given.Handoff4, council)).RaisesExactly(found)
		wantState(t, s, council, box.AtStation, given.Station1)
		told(s, at, toDistrict...)
		told(s, at.Add(20*time.Second), given.ToVillage(council)...).OpenRules()
		wantState(t, s, council, box.AtStation, given.Station1)
	})
	t.Run("missing", func(t *testing.T) {
		begin := given.After(sealed(council), toDistrict[:8])
		s := given.Noted(t, begin, ppk, &handoff.Accept{Handoff: given.Handoff2, Missing: []domain.BoxID{council}}, given.Found(box.RuleMissing, id))
		wantState(t, s, council, box.InTransit, given.Unit)
		// It was left behind, and goes with the next vehicle.
		s.Did(domain.Request, planned2.Who, planned2.Cmd).When(domain.Request, given.Warehouse, given.Load(other, council)).RaisesExactly().
			OpenRules("box_missing")
	})
	t.Run("not offered", func(t *testing.T) {
		begin := given.After(sealed(council, ppwp), given.ToDistrict(council, ppwp)[:7],
			[]given.Act{given.By(given.Carrier, given.Offer(given.Handoff2, given.Shipment2, given.District1, ppwp))})
		given.Noted(t, begin, ppk, given.Accept(given.Handoff2, ppwp, council), given.Found(box.RuleNotOffered, id).ForNow())
		extra := given.Accept(given.Handoff2, ppwp)
		extra.Extra = []domain.BoxID{council}
		s := given.Noted(t, begin, ppk, extra, given.Found(box.RuleNotOffered, id).ForNow())
		wantState(t, s, council, box.AtDistrict, given.District1)
		// Another offer turns out to be the first.
		s.At(s.Now().Add(-90*time.Second)).When(domain.Report, given.Carrier, given.Offer(given.Handoff2, given.Shipment2, given.District1, ppwp, council)).
			ExplainsExactly("box_not_offered")
	})
	t.Run("elsewhere", func(t *testing.T) {
		begin := given.After(sealed(council), toDistrict[:7],
			[]given.Act{given.By(given.Carrier, given.Offer(given.Handoff2, given.Shipment2, given.District2, council))})
		s := given.Noted(t, begin, given.DistrictStaff(given.District2), given.Accept(given.Handoff2, council), given.Found(box.RuleWrongDestination, id))
		wantState(t, s, council, box.AtDistrict, given.District2)
	})
}

// Until the plan is here a load is taken to be where who loaded serves. The plan says better, both ways.
func TestThePlanSaysWhereFrom(t *testing.T) {
	id := string(council)
	onPlan := given.Found(shipment.RuleUnplanned, given.Shipment2).ForNow()
	s := sealed(council)(t).When(domain.Report, ppk, loaded.Cmd).RaisesExactly(onPlan, given.Found(box.RuleNotInCustody, id).ForNow())
	s.When(domain.Request, planned.Who, planned.Cmd).ExplainsExactly("unplanned_shipment", "box_not_in_custody").OpenRules()
	s = sealed(council)(t).When(domain.Report, given.Warehouse, given.Load(given.Shipment3, council)).OpenRules("unplanned_shipment")
	s.When(domain.Request, planned3.Who, planned3.Cmd).Rejected("box_not_in_custody").OpenRules("unplanned_shipment")
}

// Phones may have clocks that say only the minute: acts of the same moment are taken in the order of the work.
func TestTheSameMoment(t *testing.T) {
	all := []domain.BoxID{council, kit, recap}
	way := [][]given.Act{given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(council, kit), given.ToStation(council, kit)}
	for name, order := range map[string]func([]given.Act){"as it was": func([]given.Act) {}, "backwards": slices.Reverse[[]given.Act]} {
		t.Run(name, func(t *testing.T) {
			s := given.Stocked(t)
			at := s.Now().Add(time.Hour)
			acts := slices.Concat(way...)
			order(acts)
			for _, a := range slices.Concat(only(acts, true), only(acts, false)) { // plans are made before
				mode := domain.Report
				if given.Decision(a.Cmd) {
					mode = domain.Request
				}
				s.At(at).Did(mode, a.Who, a.Cmd)
			}
			s.OpenRules()
			wantState(t, s, council, box.AtStation, given.Station1)
			wantState(t, s, kit, box.AtStation, given.Station1)
			wantState(t, s, recap, box.AtDistrict, given.District1)
		})
	}
}

// only are the decisions among acts, or the others.
func only(acts []given.Act, decisions bool) []given.Act {
	return slices.DeleteFunc(slices.Clone(acts), func(a given.Act) bool { return given.Decision(a.Cmd) != decisions })
}

func TestWhatTheReceiverSees(t *testing.T) {
	id := string(council)
	begin := given.After(sealed(council), given.ToDistrict(council)[:8])
	seen := func(condition handoff.Condition, seals ...string) *handoff.Accept {
		return &handoff.Accept{Handoff: given.Handoff2, Boxes: []handoff.AcceptedBox{{Box: council, Condition: condition, Seals: seals}}}
	}
	right := given.Seals(council)
	for name, c := range map[string]struct {
		cmd   *handoff.Accept
		found []given.Discrepancy
	}{
		"all well":              {seen(handoff.Good, right...), nil},
		"in another order":      {seen(handoff.Good, right[1], right[0]), nil},
		"another number":        {seen(handoff.Good, right[0], "X-1"), []given.Discrepancy{given.Found(box.RuleSealMismatch, id)}},
		"one too few":           {seen(handoff.Good, right[0]), []given.Discrepancy{given.Found(box.RuleSealMismatch, id)}},
		"none read":             {seen(handoff.Good), []given.Discrepancy{given.Found(box.RuleArrivedUnsealed, id)}},
		"unsealed":              {seen(handoff.Unsealed), []given.Discrepancy{given.Found(box.RuleArrivedUnsealed, id)}},
		"broken":                {seen(handoff.SealBroken, right...), []given.Discrepancy{given.Found(box.RuleSealBroken, id)}},
		"broken, other numbers": {seen(handoff.SealBroken, "X-1"), []given.Discrepancy{given.Found(box.RuleSealBroken, id)}},
		"damaged":               {seen(handoff.Damaged, right...), []given.Discrepancy{given.Found(box.RuleBoxDamaged, id)}},
		"wet":                   {seen(handoff.Wet, right...), []given.Discrepancy{given.Found(box.RuleBoxWet, id)}},
		"wet, other numbers":    {seen(handoff.Wet, "X-1"), []given.Discrepancy{given.Found(box.RuleBoxWet, id), given.Found(box.RuleSealMismatch, id)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := given.Noted(t, begin, ppk, c.cmd, c.found...)
			wantState(t, s, council, box.AtDistrict, given.District1)
		})
	}
	t.Run("the same again at the next handoff", func(t *testing.T) {
		s := begin(t).Did(domain.Report, ppk, seen(handoff.Good, "X-1"))
		s.Story(domain.Report, given.ToVillage(council)[:8])
		again := seen(handoff.Good, "X-1")
		again.Handoff = given.Handoff3
		s.When(domain.Report, pps, again).RaisesExactly().OpenRules("seal_mismatch")
	})
	t.Run("the sealing arrives late", func(t *testing.T) {
		s := given.Stocked(t)
		at := s.Now()
		s.Story(domain.Report, given.Sealing(council)[:2], given.ToDistrict(council)).OpenRules("box_not_sealed")
		s.At(at.Add(3*time.Minute-time.Second)).When(domain.Report, given.Warehouse, given.Seal(council)).ExplainsExactly("box_not_sealed").OpenRules()
	})
	// Who accepts what was never sealed is not sent away: it is there.
	t.Run("never sealed", func(t *testing.T) {
		way := given.ToStation(council, kit)
		begin := given.After(given.Stocked, given.Sealing(council)[:2], way[:1])
		s := given.Noted(t, begin, kpps, way[1].Cmd, given.Found(box.RuleArrivedUnsealed, id).ForNow(), given.Found(box.RuleArrivedUnpacked, string(kit)).ForNow(),
			given.Found(box.RuleNoHandoff, id).ForNow(), given.Found(box.RuleNoHandoff, string(kit)).ForNow())
		wantState(t, s, council, box.AtStation, given.Station1)
		at := s.Now()
		s.At(at.Add(-2*time.Minute)).When(domain.Report, given.Warehouse, given.PackKits(kit)).ExplainsExactly("arrived_unpacked")
		s.At(at.Add(-2*time.Minute)).When(domain.Report, given.Warehouse, given.Seal(council)).ExplainsExactly("arrived_unsealed").
			OpenRules("no_handoff", "no_handoff")
	})
	t.Run("a kit", func(t *testing.T) {
		begin := given.After(sealed(kit), given.ToDistrict(kit)[:8])
		seen := func(c handoff.Condition) *handoff.Accept {
			return &handoff.Accept{Handoff: given.Handoff2, Boxes: []handoff.AcceptedBox{{Box: kit, Condition: c}}}
		}
		given.Noted(t, begin, ppk, seen(handoff.Good))
		given.Noted(t, begin, ppk, seen(handoff.SealBroken))
		given.Noted(t, begin, ppk, seen(handoff.Damaged), given.Found(box.RuleBoxDamaged, string(kit)))
		s := given.Noted(t, begin, ppk, seen(handoff.Wet), given.Found(box.RuleBoxWet, string(kit)))
		wantState(t, s, kit, box.AtDistrict, given.District1)
	})
}

func TestCountAtTheStation(t *testing.T) {
	id := string(council)
	way := [][]given.Act{given.ToDistrict(council), given.ToVillage(council), given.ToStation(council)}
	begin := given.After(sealed(council), way...)
	given.Noted(t, begin, kpps, &polling.CountBallots{Box: council, Found: 197})
	given.Noted(t, begin, kpps, &polling.CountBallots{Box: council, Found: 78}, given.Found(box.RuleCountDiffers, id).Of(119))
	given.Noted(t, begin, kpps, &polling.CountBallots{Box: council, Found: 200}, given.Found(box.RuleCountDiffers, id).Of(3).As(domain.Over))
	foreign := &polling.CountBallots{Box: council, Found: 197, Foreign: []polling.ForeignBallots{{Design: given.Council2, Count: 8}, {Design: "PPWP", Count: 1}}}
	s := given.Noted(t, begin, kpps, foreign, given.Found(box.RuleForeignBallots, id).Of(8), given.Found(box.RuleForeignBallots, id).Of(1))
	wantState(t, s, council, box.AtStation, given.Station1)
	t.Run("counted again, the last count holds", func(t *testing.T) {
		begin(t).Did(domain.Report, kpps, &polling.CountBallots{Box: council, Found: 78}).
			When(domain.Report, kpps, &polling.CountBallots{Box: council, Found: 197}).ExplainsExactly("count_differs").OpenRules()
	})
	t.Run("the packing arrives late", func(t *testing.T) {
		s := given.Stocked(t)
		at := s.Now().Add(time.Second)
		s.When(domain.Report, kpps, &polling.CountBallots{Box: council, Found: 190}).RaisesExactly()
		s.At(at).When(domain.Report, given.Warehouse, given.Pack(council)).RaisesExactly(given.Found(box.RuleCountDiffers, id).Of(7))
	})
}
