package ledger_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

// Few boxes, documents, numbers and moments, so that acts meet.
var (
	recap      = domain.BoxID(string(given.District1) + "-REKAP1")
	someBox    = rapid.SampledFrom([]domain.BoxID{given.Box(given.Station1, "DPRDK"), given.Box(given.Station1, "PPWP"), given.Box(given.Station2, "DPRDK"), recap})
	someUnit   = rapid.SampledFrom([]domain.BoxID{given.Box(given.Station1, "DPRDK"), given.Box(given.Station1, "PPWP"), given.Box(given.Station2, "DPRDK"), recap, given.Kit(given.Station1), given.Box(given.Station1, "PPWP") + ".2"})
	someTrip   = rapid.SampledFrom([]string{given.Shipment2, given.Shipment3, "SHP-3578-4"})
	someHandof = rapid.SampledFrom([]string{given.Handoff2, given.Handoff3, given.Handoff4})
	somePlace  = rapid.SampledFrom([]domain.Code{given.District1, given.Village1, given.Station1, given.District2})
	someSeal   = rapid.SampledFrom([]string{"S1", "S2", "S3", "S4", "S5", "S6"})
	someDesign = rapid.SampledFrom([]string{given.Council1, given.Council2, "PPWP"})
	somebody   = rapid.SampledFrom([]domain.Actor{given.Warehouse, given.Warehouse2, given.Checker, given.Carrier, given.Operator, given.Escort, given.Escort2,
		given.DistrictStaff(given.District1), given.VillageStaff(given.Village1), given.StationStaff(given.Station1)})
	somePolice   = rapid.SampledFrom([]string{given.PolicePort, given.PoliceCity})
	someShipment = rapid.SampledFrom([]string{"SHP-3578-1", "SHP-3578-2", "SHP-3578-9"})
	someMoment   = rapid.Custom(func(t *rapid.T) time.Time {
		return given.Start.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "minute")) * time.Minute)
	})
	anyMode = rapid.SampledFrom(bothModes)
)

func units(t *rapid.T) []domain.BoxID {
	return rapid.SliceOfNDistinct(someUnit, 1, 3, rapid.ID[domain.BoxID]).Draw(t, "units")
}

func boxesOnly(t *rapid.T) []domain.BoxID {
	return rapid.SliceOfNDistinct(someBox, 1, 3, rapid.ID[domain.BoxID]).Draw(t, "boxes")
}

func sealNumbers(t *rapid.T, least int) []string {
	return rapid.SliceOfNDistinct(someSeal, least, 2, rapid.ID[string]).Draw(t, "seals")
}

func packingAct(t *rapid.T) domain.Command {
	switch rapid.IntRange(0, 9).Draw(t, "packing") {
	case 0, 1:
		p := &packing.PackBoxes{}
		for _, id := range boxesOnly(t) {
			b := given.Right(reference, id)
			if !id.IsRecap() && rapid.IntRange(0, 3).Draw(t, "wrong") == 0 {
				b.Ballots, b.Design = rapid.Int64Range(0, 300).Draw(t, "ballots"), someDesign.Draw(t, "design")
			}
			p.Boxes = append(p.Boxes, b)
		}
		if rapid.IntRange(0, 5).Draw(t, "exception") == 0 {
			p.Exception = &packing.Exception{Approver: "a", Reason: "r"}
		}
		return p
	case 2:
		return given.PackKits(given.Kit(given.Station1))
	case 3, 4:
		return given.Check(boxesOnly(t)...)
	case 5, 6:
		s := &packing.SealBoxes{}
		free := rapid.Permutation([]string{"S1", "S2", "S3", "S4", "S5", "S6"}).Draw(t, "numbers")
		for i, id := range boxesOnly(t) {
			s.Boxes = append(s.Boxes, packing.SealedBox{Box: id, Seals: free[2*i : 2*i+rapid.IntRange(1, 2).Draw(t, "seals")]})
		}
		return s
	case 7:
		return given.Unseal(boxesOnly(t)...)
	case 8:
		return given.Replace(someBox.Draw(t, "box"))
	default:
		p := given.Right(reference, given.Box(given.Station1, "PPWP"))
		p.Box += ".2"
		return &packing.PackBoxes{Boxes: []packing.PackedBox{p}}
	}
}

func roadAct(t *rapid.T) domain.Command {
	id := someTrip.Draw(t, "shipment")
	switch rapid.IntRange(0, 14).Draw(t, "road") {
	case 0, 1:
		from := rapid.SampledFrom([]domain.Code{given.Unit, given.Province, given.District1}).Draw(t, "from")
		to := rapid.SampledFrom([]domain.Code{given.District2, given.Village1}).Draw(t, "to")
		if from == given.Province {
			from, to = given.Unit, given.District1
		}
		p := given.Plan(id, shipment.ToDistrict, from, to, units(t)...)
		if rapid.IntRange(0, 3).Draw(t, "goods too") == 0 {
			p.Lines = []goods.Line{{Item: goods.Item{Item: goods.Ballot, Variant: someDesign.Draw(t, "design")}, Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity")}}
		}
		return p
	case 2, 3:
		return given.Load(id, units(t)...)
	case 4:
		return &shipment.InspectVehicle{Shipment: id, Roadworthy: true, DriverFit: true, Papers: rapid.Bool().Draw(t, "papers")}
	case 5:
		return given.Assign(id)
	case 6:
		return given.AcceptEscort(id)
	case 7:
		return &shipment.HandOverEscort{Shipment: id, PoliceUnit: somePolice.Draw(t, "police unit"), OrderNo: "2"}
	case 8, 9:
		d := given.Dispatch(id)
		if rapid.Bool().Draw(t, "override") {
			d.Override = &shipment.Override{Approver: "a", Reason: "r"}
		}
		return d
	case 10:
		return &shipment.ReportDelay{Shipment: id, Reason: "ferry"}
	case 11:
		return &shipment.Divert{Shipment: id, To: somePlace.Draw(t, "to"), Reason: "r"}
	case 12:
		return given.Arrive(id, somePlace.Draw(t, "place"))
	case 13:
		return &shipment.Cancel{Shipment: id, Reason: "r"}
	default:
		return &shipment.ReportCheckpoint{Shipment: id, Place: "p"}
	}
}

func approvalAct(t *rapid.T) domain.Command {
	purpose := rapid.SampledFrom([]approval.Purpose{approval.NoEscort, approval.BallotNumber, approval.BallotNumber, approval.BudgetException}).Draw(t, "purpose")
	subject := approval.Subjects{someTrip.Draw(t, "shipment")}
	var terms *approval.Terms
	switch purpose {
	case approval.BallotNumber:
		subject = nil
		for _, id := range boxesOnly(t) {
			subject = append(subject, string(id))
		}
	case approval.BudgetException:
		subject, terms = approval.Subjects{"ORD-3578-1"}, &approval.Terms{Amount: rapid.Int64Range(1, 9).Draw(t, "amount")}
	}
	switch rapid.IntRange(0, 5).Draw(t, "approval") {
	case 0:
		return &approval.Refuse{Purpose: purpose, Subject: subject, Reason: "r"}
	case 1:
		id := uuid.UUID{byte(rapid.IntRange(0, 3).Draw(t, "id")), byte(rapid.IntRange(1, 20).Draw(t, "of"))}
		return &approval.Revoke{Approval: id.String(), Reason: "r"}
	default:
		return &approval.Give{Purpose: purpose, Subject: subject, Terms: terms}
	}
}

func handoffAct(t *rapid.T) domain.Command {
	id := someHandof.Draw(t, "handoff")
	if rapid.IntRange(0, 2).Draw(t, "offer") == 0 {
		return given.Offer(id, rapid.SampledFrom([]string{"", given.Shipment2, given.Shipment3}).Draw(t, "from"), somePlace.Draw(t, "to"), units(t)...)
	}
	a := &handoff.Accept{Handoff: id}
	for _, b := range units(t) {
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			a.Missing = append(a.Missing, b)
		case 1:
			a.Extra = append(a.Extra, b)
		default:
			got := handoff.AcceptedBox{Box: b, Condition: rapid.SampledFrom([]handoff.Condition{handoff.Good, handoff.Good, handoff.SealBroken, handoff.Unsealed,
				handoff.Damaged, handoff.Wet}).Draw(t, "condition")}
			if !b.IsKit() {
				got.Seals = sealNumbers(t, 0)
			}
			a.Boxes = append(a.Boxes, got)
		}
	}
	return a
}

func incidentAct(t *rapid.T) domain.Command {
	id := rapid.SampledFrom([]string{"DSC-3578-000001", "DSC-3578-000002", "DSC-3578-000005"}).Draw(t, "incident")
	switch rapid.IntRange(0, 5).Draw(t, "incident") {
	case 0, 1:
		return &incident.Raise{Kind: rapid.SampledFrom([]domain.Kind{domain.Lost, domain.Seized, domain.Damaged, domain.Delay}).Draw(t, "kind"),
			Severity: domain.Low, Units: []string{rapid.OneOf(rapid.Map(someUnit, func(u domain.BoxID) string { return string(u) }), someShipment).Draw(t, "unit")}, Note: "n"}
	case 2:
		return &incident.Resolve{Incident: id, How: "h"}
	case 3:
		return &incident.Reopen{Incident: id, Reason: "r"}
	case 4:
		return &incident.ReportSealConflict{Seal: someSeal.Draw(t, "seal"), Boxes: []string{"3509012001001-PPWP"},
			OtherUnit: rapid.SampledFrom([]domain.Code{"3509", "3517"}).Draw(t, "other")}
	default:
		return &incident.OrderAction{Incident: id, Action: "a"}
	}
}

func goodsAct(t *rapid.T) domain.Command {
	const dlv = "DLV-3578-1"
	item := goods.Item{Item: goods.Ballot, Variant: someDesign.Draw(t, "design")}
	n := rapid.Int64Range(1, 500).Draw(t, "n")
	switch rapid.IntRange(0, 3).Draw(t, "goods") {
	case 0:
		return &procurement.AnnounceDelivery{Delivery: dlv, Lines: []goods.Line{{Item: item, Quantity: n}}}
	case 1:
		return &receipt.CountGoods{Delivery: dlv, Lines: []procurement.CountLine{{Item: item, Good: n, Missing: rapid.Int64Range(0, 2).Draw(t, "missing")}}}
	case 2:
		return &receipt.ReportSorting{Delivery: dlv, Design: item.Variant, Good: n, Damaged: map[string]int64{"torn": rapid.Int64Range(0, 2).Draw(t, "torn")}}
	default:
		return &procurement.AcceptDelivery{Delivery: dlv, Document: "d"}
	}
}

// anAct is legal or illegal, and may be anything that somebody sends.
func anAct(t *rapid.T) domain.Command {
	switch rapid.IntRange(0, 23).Draw(t, "room") {
	case 0, 1, 2, 3, 4, 5:
		return packingAct(t)
	case 6, 7, 8, 9, 10, 11, 12:
		return roadAct(t)
	case 13, 14, 15, 16:
		return handoffAct(t)
	case 17:
		return incidentAct(t)
	case 18:
		return goodsAct(t)
	case 19:
		return &polling.CountBallots{Box: rapid.SampledFrom(given.Boxes(given.Station1)).Draw(t, "box"), Found: rapid.Int64Range(0, 300).Draw(t, "found")}
	case 20, 21, 22:
		return approvalAct(t)
	default:
		return &deadline.Pass{Deadline: election.DeadlineStationReceipt, Area: rapid.SampledFrom([]domain.Code{given.District1, given.District2}).Draw(t, "area")}
	}
}

// aFact is an act whose meaning does not depend on what was told before, as that of a decision on an incident or a delivery does.
func aFact(t *rapid.T) domain.Command {
	return rapid.Custom(anAct).Filter(func(cmd domain.Command) bool {
		switch cmd.(type) {
		case *incident.Resolve, *incident.Reopen, *incident.OrderAction, *procurement.AcceptDelivery, *deadline.Pass:
			return false
		}
		return true
	}).Draw(t, "fact")
}

// soonDue is the small election, its deadline in the middle of the random acts.
func soonDue() *election.Reference {
	ref := given.Reference()
	ref.Deadlines[0].At = given.Start.Add(4 * time.Minute)
	return ref
}

// TestAnyActs sends anything in any order. That a rejected command changes nothing, that folding and a snapshot give what executing gave, and
// that all texts and events are sound is checked by the Scene at every step.
func TestAnyActs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := given.Ledger(t, soonDue(), given.Unit)
		for range rapid.IntRange(1, 25).Draw(t, "acts") {
			cmd := rapid.OneOf(rapid.Custom(anAct), rapid.SampledFrom(examples())).Draw(t, "command")
			s.At(someMoment.Draw(t, "moment")).When(anyMode.Draw(t, "mode"), somebody.Draw(t, "who"), cmd)
			if len(s.Invalid) > 0 {
				t.Fatalf("the generator made %v", s.Invalid)
			}
			holds(t, s.State, s.History)
		}
	})
}
