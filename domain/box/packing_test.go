package box_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/incident"
	"jejak/domain/packing"
)

func packed(id domain.BoxID, design string, ballots int64) *packing.PackBoxes {
	return &packing.PackBoxes{Boxes: []packing.PackedBox{{Box: id, Design: design, Ballots: ballots}}}
}

func TestBoxesThatTheLedgerDoesNotKnow(t *testing.T) {
	given.Impossible(t, given.Stocked, given.Checker, given.Check("3578011001777-PPWP"), "unknown_station")
	given.Impossible(t, given.Stocked, given.Checker, given.Check("357899-REKAP1"), "unknown_station")
	given.Impossible(t, given.Stocked, given.Checker, given.Check(given.Box(given.Station1, "PKWKP")), "unknown_box")
	twoUnits := func(t given.TB) *given.Scene {
		ref := given.Reference()
		station := ref.Stations[given.Station1]
		station.Code = "3509012001001"
		ref.Stations[station.Code] = station
		return given.Ledger(t, ref, given.Unit)
	}
	given.Impossible(t, twoUnits, given.Checker, given.Check("3509012001001-PPWP"), "other_unit")
	t.Run("all at once, with their places", func(t *testing.T) {
		s := given.Stocked(t).When(domain.Report, given.Checker, given.Check(council, "3578011001777-PPWP", given.Box(given.Station1, "PKWKP")))
		s.Rejected("unknown_station", "unknown_box")
		for i, want := range []string{"/data/boxes/1", "/data/boxes/2"} {
			if got := s.Last.Rejections[i].Path; got != want {
				t.Errorf("path %s, expected %s", got, want)
			}
		}
	})
}

func TestContent(t *testing.T) {
	id := string(council)
	given.Noted(t, given.Stocked, given.Warehouse, given.Pack(council))
	given.Refused(t, given.Stocked, given.Warehouse, packed(council, given.Council2, 197), []string{"wrong_design"}, given.Found(box.RuleWrongDesign, id))
	given.Refused(t, given.Stocked, given.Warehouse, packed(council, given.Council1, 190), []string{"ballot_number"},
		given.Found(box.RuleBallotNumber, id).Of(7))
	given.Refused(t, given.Stocked, given.Warehouse, packed(council, given.Council1, 200), []string{"ballot_number"},
		given.Found(box.RuleBallotNumber, id).Of(3).As(domain.Over))
	given.Refused(t, given.Stocked, given.Warehouse, packed(council, given.Council2, 0), []string{"wrong_design", "ballot_number"},
		given.Found(box.RuleWrongDesign, id), given.Found(box.RuleBallotNumber, id).Of(197))
	exempt := packed(council, given.Council1, 190)
	exempt.Exception = &packing.Exception{Approver: "usr-head", Reason: "pemilih pindah"}
	given.Refused(t, given.Stocked, given.Warehouse, exempt, []string{"ballot_number", "approval_missing"}, given.Found(box.RuleBallotNumber, id).Of(7))
	given.Noted(t, func(t given.TB) *given.Scene {
		return given.Stocked(t).Did(domain.Request, given.Checker, &approval.Give{Purpose: approval.BallotNumber, Subject: approval.Subjects{id}})
	}, given.Warehouse, exempt)
	given.Stocked(t).Has(&packing.BoxesPacked{Boxes: exempt.Boxes, Exception: &packing.Excepted{Approver: "usr-head", Reason: "pemilih pindah"}}).OpenRules()
	given.Noted(t, given.Stocked, given.Warehouse, given.Pack(recap))
	t.Run("a station whose voters are not known", func(t *testing.T) {
		unknown := func(t given.TB) *given.Scene {
			ref := given.Reference()
			s := ref.Stations[given.Station1]
			s.Known = false
			ref.Stations[given.Station1] = s
			return given.Ledger(t, ref, given.Unit)
		}
		unknown(t).When(domain.Report, given.Warehouse, packed(council, given.Council1, 190)).OpenRules("stock_not_enough")
	})
	t.Run("one bad box rejects all, each with its place", func(t *testing.T) {
		cmd := given.Pack(ppwp)
		cmd.Boxes = append(cmd.Boxes, packed(council, given.Council1, 1).Boxes...)
		s := given.Stocked(t).When(domain.Request, given.Warehouse, cmd).Rejected("ballot_number")
		if got := s.Last.Rejections[0].Path; got != "/data/boxes/1/box" {
			t.Errorf("path %s", got)
		}
		wantState(t, s, ppwp, box.Labelled, given.Unit)
	})
}

func TestPackedTwice(t *testing.T) {
	begin := given.After(given.Stocked, []given.Act{given.By(given.Warehouse, given.Pack(council))})
	s := given.Refused(t, begin, given.Warehouse2, given.Pack(council), []string{"packed_twice"}, given.Found(box.RulePackedTwice, string(council)))
	if n := s.State.Boxes().Box(council).Ballots; n != 197 {
		t.Errorf("%d ballots in the box, the last packing has 197", n)
	}
	if n := s.State.Receipt.Stock["ballot/"+given.Council1].Issued; n != 197 {
		t.Errorf("%d ballots issued: a second label takes nothing twice", n)
	}
	t.Run("opened in between", func(t *testing.T) {
		s := begin(t).When(domain.Report, given.Warehouse2, given.Pack(council)).RaisesExactly(given.Found(box.RulePackedTwice, string(council)))
		before(s, given.Warehouse, given.Unseal(council)).ExplainsExactly("packed_twice").OpenRules()
	})
}

// A seal is on a box that was checked, a check is of a box that was packed, by somebody else. What is still on its way explains it.
func TestPackedCheckedSealed(t *testing.T) {
	id := string(council)
	s := given.Refused(t, given.Stocked, given.Checker, given.Check(council), []string{"box_not_packed"}, given.Found(box.RuleNotPacked, id).ForNow())
	before(s, given.Warehouse, given.Pack(council)).RaisesExactly().ExplainsExactly("box_not_packed").OpenRules()
	wantState(t, s, council, box.InChecking, given.Unit)

	s = given.Refused(t, given.Stocked, given.Warehouse, given.Seal(council), []string{"box_not_packed"}, given.Found(box.RuleNotPacked, id).ForNow())
	then := s.Now()
	before(s, given.Warehouse, given.Pack(council)).ExplainsExactly("box_not_packed").RaisesExactly(given.Found(box.RuleNotChecked, id).ForNow())
	s.At(then.Add(-time.Second)).When(domain.Report, given.Checker, given.Check(council)).ExplainsExactly("box_not_checked").OpenRules()
	wantState(t, s, council, box.UnderSeal, given.Unit)

	packed := given.After(given.Stocked, []given.Act{given.By(given.Warehouse, given.Pack(council))})
	given.Refused(t, packed, given.Warehouse, given.Seal(council), []string{"box_not_checked"}, given.Found(box.RuleNotChecked, id).ForNow())
	s = given.Refused(t, packed, given.Warehouse, given.Check(council), []string{"checker_is_packer"}, given.Found(box.RuleCheckerIsPacker, id))
	wantState(t, s, council, box.InChecking, given.Unit)
	given.Noted(t, packed, given.Checker, given.Check(council))

	given.Refused(t, given.Stocked, given.Warehouse, given.Unseal(council), []string{"box_not_packed"}, given.Found(box.RuleNotPacked, id).ForNow())
	s = given.Refused(t, sealed(council), given.Warehouse, given.SealWith(council, "X-1"), []string{"sealed_twice"}, given.Found(box.RuleSealedTwice, id))
	before(s, given.Warehouse, given.Unseal(council)).ExplainsExactly("sealed_twice").
		RaisesExactly(given.Found(box.RuleNotPacked, id).ForNow()) // opened means packed and checked again
}

func TestOpenedOutsideTheWarehouse(t *testing.T) {
	toDistrict := given.ToDistrict(council)
	for name, way := range map[string][]given.Act{"in transit": toDistrict[:6], "at the district": toDistrict} {
		t.Run(name, func(t *testing.T) {
			given.Refused(t, given.After(sealed(council), way), given.Warehouse, given.Unseal(council), []string{"opened_outside"},
				given.Found(box.RuleOpenedOutside, string(council)))
		})
	}
}

func TestOpenedAgain(t *testing.T) {
	opened := given.After(sealed(council), []given.Act{given.By(given.Warehouse, given.Unseal(council))})
	s := opened(t).OpenRules()
	wantState(t, s, council, box.Labelled, given.Unit)
	given.Refused(t, opened, given.Warehouse, given.SealWith(council, "X-1"), []string{"box_not_packed"},
		given.Found(box.RuleNotPacked, string(council)).ForNow())
	s.Did(domain.Request, given.Warehouse, given.Pack(council)).
		Did(domain.Request, given.Checker, given.Check(council)).
		When(domain.Request, given.Warehouse, given.SealWith(council, "X-1")).RaisesExactly()
	wantState(t, s, council, box.UnderSeal, given.Unit)
	// The seals that were cut stay used.
	given.Refused(t, given.After(opened, []given.Act{given.By(given.Warehouse, given.Pack(council)), given.By(given.Checker, given.Check(council))}),
		given.Warehouse, given.Seal(council), []string{"seal_used_twice", "seal_used_twice"},
		given.Found(box.RuleSealUsedTwice, string(council)).Of(2), given.Found(box.RuleSealUsedTwice, string(council)).Of(2))
}

func TestReplaced(t *testing.T) {
	next := packing.Next(council)
	s := given.Refused(t, given.Stocked, given.Warehouse, packed(next, given.Council1, 197), []string{"not_a_replacement"},
		given.Found(box.RuleNotReplacement, string(next)).ForNow())
	before(s, given.Warehouse, given.Replace(council)).ExplainsExactly("not_a_replacement").OpenRules()

	replaced := given.After(sealed(council), []given.Act{given.By(given.Warehouse, given.Replace(council))})
	s = replaced(t).OpenRules()
	wantState(t, s, council, box.IsReplaced, given.Unit)
	wantState(t, s, next, box.Labelled, given.Unit)
	if n := s.State.Receipt.Stock["ballot/"+given.Council1].Issued; n != 0 {
		t.Errorf("%d ballots issued: those of a replaced box are back", n)
	}
	for _, cmd := range []domain.Command{given.Check(council), given.Unseal(council), given.SealWith(council, "X-1"), given.Pack(council)} {
		s := given.Refused(t, replaced, given.Checker, cmd, []string{"box_retired"}, given.Found(box.RuleRetired, string(council)))
		wantState(t, s, council, box.IsReplaced, given.Unit)
	}
	given.Refused(t, replaced, given.Warehouse, given.Replace(council), []string{"box_retired"}, given.Found(box.RuleRetired, string(council)))
	s = replaced(t).Story(domain.Request, given.Sealing(next)).OpenRules()
	wantState(t, s, next, box.UnderSeal, given.Unit)
}

func TestSealNumbersLiveOnce(t *testing.T) {
	begin := given.After(sealed(council), []given.Act{given.By(given.Warehouse, given.Pack(ppwp)), given.By(given.Checker, given.Check(ppwp))})
	first := given.Seals(council)[0]
	s := given.Refused(t, begin, given.Warehouse, given.SealWith(ppwp, "X-1", first), []string{"seal_used_twice"},
		given.Found(box.RuleSealUsedTwice, string(council), string(ppwp)).Of(2))
	t.Run("a third time", func(t *testing.T) {
		recapSealed := []given.Act{given.By(given.Warehouse, given.Pack(recap)), given.By(given.Checker, given.Check(recap))}
		s.Story(domain.Report, recapSealed).When(domain.Request, given.Warehouse, given.SealWith(recap, first)).Rejected("seal_used_twice").
			When(domain.Report, given.Warehouse, given.SealWith(recap, first)).
			RaisesExactly(given.Found(box.RuleSealUsedTwice, string(recap), string(council), string(ppwp)).Of(3)).
			OpenRules("seal_used_twice")
	})
	t.Run("in another unit", func(t *testing.T) {
		conflict := &incident.ReportSealConflict{Seal: first, Boxes: []string{"3509012001001-PPWP"}, OtherUnit: "3509"}
		s := given.Noted(t, sealed(council), given.System, conflict,
			given.Found(box.RuleSealElsewhere, "3509012001001-PPWP", string(council)))
		s.When(domain.Report, given.System, conflict).RaisesExactly() // told again
		s.When(domain.Report, given.System, &incident.ReportSealConflict{Seal: first, Boxes: []string{"3517012001001-DPR"}, OtherUnit: "3517"}).
			RaisesExactly(given.Found(box.RuleSealElsewhere, "3517012001001-DPR", string(council)))
		s.When(domain.Report, given.System, &incident.ReportSealConflict{Seal: first, Boxes: []string{"3509012001002-PPWP"}, OtherUnit: "3509"}).
			RaisesExactly(given.Found(box.RuleSealElsewhere, "3509012001001-PPWP", "3509012001002-PPWP", string(council))).
			OpenRules("seal_in_two_units", "seal_in_two_units")
	})
	t.Run("rejected for another reason", func(t *testing.T) {
		s := begin(t).When(domain.Request, given.Warehouse, given.SealWith(council, "NEW-1")).Rejected("sealed_twice")
		s.When(domain.Request, given.Warehouse, given.SealWith(ppwp, "NEW-1")).RaisesExactly() // the number is free
	})
}
