package ledger_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/shipment"
)

// told is an act with its id and time, to be delivered sooner or later.
type told struct {
	id   uuid.UUID
	at   time.Time
	mode domain.Mode
	given.Act
}

// story writes what happens to some boxes on their way through the three legs, with whatever may go wrong.
type story struct {
	t        *rapid.T
	now      time.Time
	acts     []told
	accepted []string // deliveries that are accepted in the end
}

// tell adds an act a little later, or at the same moment as the last.
func (s *story) tell(who domain.Actor, cmd domain.Command) {
	s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 60}).Draw(s.t, "minutes")) * time.Minute)
	s.tellAt(s.now, who, cmd)
}

func (s *story) tellAt(at time.Time, who domain.Actor, cmd domain.Command) {
	mode := domain.Report
	if given.Decision(cmd) {
		mode = domain.Request
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%d %d", len(s.acts), rapid.IntRange(0, 3).Draw(s.t, "id")))
	s.acts = append(s.acts, told{id, at, mode, given.By(who, cmd)})
}

// one in n.
func (s *story) seldom(what string, n int) bool { return rapid.IntRange(0, n-1).Draw(s.t, what) == n-1 }

func someBoxes(t *rapid.T) []domain.BoxID {
	all := append(given.Boxes(given.Station1, given.Station2), given.Kit(given.Station1), domain.BoxID(string(given.District1)+"-REKAP1"))
	return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 6, rapid.ID[domain.BoxID]).Draw(t, "boxes")
}

func (s *story) sealing(ids []domain.BoxID) {
	for _, id := range ids {
		if id.IsKit() {
			s.tell(given.Warehouse, &packing.PackKits{Kits: []domain.BoxID{id}})
			continue
		}
		p := given.Right(reference, id)
		if !id.IsRecap() && s.seldom("wrong number", 6) {
			p.Ballots += int64(rapid.IntRange(-5, 5).Draw(s.t, "ballots"))
		}
		if !id.IsRecap() && s.seldom("wrong design", 8) {
			p.Design = rapid.SampledFrom(given.Designs()).Draw(s.t, "design")
		}
		pack := &packing.PackBoxes{Boxes: []packing.PackedBox{p}}
		if p.Ballots != given.Right(reference, id).Ballots && s.seldom("excepted", 2) {
			pack.Exception = &packing.Exception{Approver: "usr-operator", Reason: "lokasi khusus"}
			s.approving(approval.BallotNumber, string(id), given.Warehouse, func() { s.tell(given.Warehouse, pack) })
		} else {
			s.tell(given.Warehouse, pack)
		}
		if s.seldom("packed twice", 8) {
			s.tell(given.Warehouse2, given.Pack(id))
		}
		if !s.seldom("not checked", 8) {
			s.tell(rapid.SampledFrom([]domain.Actor{given.Checker, given.Checker, given.Warehouse}).Draw(s.t, "checker"), given.Check(id))
		}
		if s.seldom("not sealed", 8) {
			continue
		}
		x := given.Seal(id)
		if s.seldom("seal of another", 8) {
			x.Boxes[0].Seals[0] = "SHARED-1"
		}
		s.tell(given.Warehouse, x)
		if s.seldom("opened again", 8) {
			s.tell(given.Warehouse, &packing.UnsealBoxes{Boxes: []domain.BoxID{id}, Reason: "salah isi", Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}})
			s.tell(given.Warehouse, given.Pack(id))
			s.tell(given.Checker, given.Check(id))
			x := given.Seal(id)
			x.Boxes[0].Seals = []string{"NEW-" + string(id)}
			s.tell(given.Warehouse, x)
		}
	}
}

// replacing exchanges a box for its successor.
func (s *story) replacing(ids []domain.BoxID) []domain.BoxID {
	next := slices.Clone(ids)
	for i, id := range ids {
		if !id.IsKit() && s.seldom("replaced", 8) {
			next[i] = packing.Next(id)
			s.tell(given.Warehouse, &packing.ReplaceBox{Box: id, Replacement: next[i], Reason: "penyok"})
			s.sealing(next[i : i+1])
		}
	}
	return next
}

// approving tells of an act that needs an approval: given before it or after, by another or by the actor himself where he is entitled, taken back, or
// never.
func (s *story) approving(purpose approval.Purpose, subject string, actor domain.Actor, act func()) {
	give := func() {
		who := []domain.Actor{given.Head, given.Operator}
		if approval.Entitled(purpose, actor, given.Unit) {
			who = append(who, actor)
		}
		s.tell(rapid.SampledFrom(who).Draw(s.t, "who approves"), &approval.Give{Purpose: purpose, Subject: approval.Subjects{subject}})
		if s.seldom("revoked", 4) {
			s.tell(given.Head, &approval.Revoke{Approval: s.acts[len(s.acts)-1].id.String(), Reason: "salah"})
		}
	}
	switch rapid.IntRange(0, 3).Draw(s.t, "approval") {
	case 0:
		act()
	case 1:
		act()
		give()
	default:
		give()
		act()
	}
}

func (s *story) trip(id string, leg shipment.Leg, from, to domain.Code, giver domain.Actor, ids []domain.BoxID) {
	planned := !s.seldom("no plan", 10)
	driver, load := given.Carrier, given.Load(id, ids...)
	if planned {
		p := given.Plan(id, leg, from, to, ids...)
		if s.seldom("no carrier", 6) {
			p.Carrier = ""
		}
		s.tell(given.Operator, p)
	}
	if s.seldom("the load names a carrier", 4) {
		load.Carrier = rapid.SampledFrom([]string{given.CarryFirm, "CV-LAIN"}).Draw(s.t, "carrier")
	}
	if s.seldom("another driver", 4) { // of a firm that is named nowhere, or of none
		driver.ID, driver.Party = "usr-carrier2", rapid.SampledFrom([]string{"", "CV-ENTAH", "CV-LAIN"}).Draw(s.t, "party")
	}
	s.tell(giver, load)
	if planned && s.seldom("cancelled", 10) {
		s.tell(given.Operator, &shipment.Cancel{Shipment: id, Reason: "ganti hari"})
		return
	}
	if !s.seldom("not inspected", 8) {
		x := given.Inspect(id)
		x.DriverFit = !s.seldom("unfit", 8)
		s.tell(giver, x)
	}
	if !s.seldom("not assigned", 8) {
		s.tell(given.Operator, given.Assign(id))
	}
	if !s.seldom("not accepted", 8) {
		s.tell(given.Escort, &shipment.AcceptEscort{Shipment: id})
	}
	if s.seldom("another tells of it", 8) { // of a police unit that is perhaps asked later, or never
		s.tell(given.Escort2, &shipment.AcceptEscort{Shipment: id})
		s.tell(given.Escort2, &shipment.ReportDelay{Shipment: id, Reason: "road"})
		s.tell(given.Escort2, &incident.Raise{Kind: domain.Accident, Severity: domain.Low, Units: []string{id}, Note: "tabrakan " + id})
	}
	if s.seldom("handed over", 8) {
		by := rapid.SampledFrom([]domain.Actor{given.Operator, given.Escort, given.Escort2}).Draw(s.t, "who hands over")
		s.tell(by, &shipment.HandOverEscort{Shipment: id, PoliceUnit: given.PolicePort, OrderNo: "Sprin/2"})
	}
	if !s.seldom("not dispatched", 8) {
		d := given.Dispatch(id)
		if s.seldom("override", 4) {
			d.Override = &shipment.Override{Approver: "usr-head", Reason: "darurat"}
			s.approving(approval.NoEscort, id, giver, func() { s.tell(giver, d) })
		} else {
			s.tell(giver, d)
		}
	}
	if s.seldom("delayed", 8) {
		s.tell(driver, &shipment.ReportDelay{Shipment: id, Reason: "ferry"})
		s.tell(given.Carrier, &shipment.ReportCheckpoint{Shipment: id, Place: "Paciran"})
	}
	if s.seldom("diverted", 10) {
		s.tell(given.Operator, &shipment.Divert{Shipment: id, To: given.District2, Reason: "banjir"})
	}
	if s.seldom("another vehicle", 10) {
		s.tell(driver, &shipment.TransferLoad{Shipment: id, Vehicle: "L 2", Reason: "mogok"})
	}
	if !s.seldom("no arrival", 8) {
		s.tell(driver, given.Arrive(id, rapid.SampledFrom([]domain.Code{to, to, given.District2}).Draw(s.t, "place")))
	}
}

func (s *story) handing(id, shipment string, to domain.Code, giver, receiver domain.Actor, ids []domain.BoxID) {
	if !s.seldom("no offer", 8) {
		s.tell(giver, given.Offer(id, shipment, to, ids...))
	}
	if s.seldom("same person", 8) {
		receiver = giver
	}
	if s.seldom("no accept", 10) {
		return
	}
	a := &handoff.Accept{Handoff: id}
	for _, b := range ids {
		switch box := given.Accept(id, b).Boxes[0]; rapid.IntRange(0, 12).Draw(s.t, "how") {
		case 0:
			a.Missing = append(a.Missing, b)
		case 1:
			a.Extra = append(a.Extra, b)
		case 2:
		case 3, 4:
			box.Condition = rapid.SampledFrom([]handoff.Condition{handoff.SealBroken, handoff.Unsealed, handoff.Damaged, handoff.Wet}).Draw(s.t, "condition")
			a.Boxes = append(a.Boxes, box)
		case 5:
			if !b.IsKit() {
				box.Seals = rapid.SampledFrom([][]string{nil, {"ODD-1"}, {"NEW-" + string(b)}}).Draw(s.t, "seals")
			}
			a.Boxes = append(a.Boxes, box)
		default:
			a.Boxes = append(a.Boxes, box)
		}
	}
	if len(a.Boxes)+len(a.Missing)+len(a.Extra) > 0 {
		s.tell(receiver, a)
	}
	if s.seldom("witness", 8) {
		s.tell(given.Supervisor, &handoff.Attest{Handoff: id, Witnesses: []packing.Witness{{Role: "supervisor", ID: "usr-8"}}})
	}
}

// drawStory tells of some boxes from packing to the station. Everything that a person may do wrong is done wrong sometimes.
func drawStory(t *rapid.T) *story {
	s := &story{t: t, now: given.Start}
	ids := someBoxes(t)
	s.goodsStory()
	s.sealing(ids)
	ids = s.replacing(ids)
	half := len(ids) / 2
	s.trip(given.Shipment2, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, ids[half:])
	if half > 0 {
		s.trip("SHP-3578-2B", shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, ids[:half+rapid.IntRange(0, 1).Draw(t, "on both")])
		s.handing("HND-3578-2B", "SHP-3578-2B", given.District1, given.Carrier, given.DistrictStaff(given.District1), ids[:half])
	}
	s.handing(given.Handoff2, given.Shipment2, given.District1, given.Carrier, given.DistrictStaff(given.District1), ids[half:])
	if s.seldom("box in trouble", 3) {
		kind := rapid.SampledFrom([]domain.Kind{domain.Lost, domain.Seized, domain.Damaged, domain.Accident}).Draw(t, "trouble")
		s.tell(given.Operator, &incident.Raise{Kind: kind, Severity: domain.High, Units: []string{string(ids[0])}, Note: "lihat berita acara"})
	}
	var on []domain.BoxID
	for _, id := range ids {
		if !id.IsRecap() {
			on = append(on, id)
		}
	}
	if len(on) == 0 {
		return s
	}
	s.trip(given.Shipment3, shipment.ToVillage, given.District1, given.Village1, given.DistrictStaff(given.District1), on)
	s.handing(given.Handoff3, given.Shipment3, given.Village1, given.DistrictStaff(given.District1), given.VillageStaff(given.Village1), on)
	station := on[0].Destination()
	s.handing(given.Handoff4, "", station, given.VillageStaff(given.Village1), given.StationStaff(station), on)
	if !on[0].IsKit() && s.seldom("counted", 3) {
		c := &polling.CountBallots{Box: on[0], Found: int64(rapid.IntRange(190, 260).Draw(t, "found"))}
		if s.seldom("foreign", 3) {
			c.Foreign = []polling.ForeignBallots{{Design: given.Council2, Count: 8}}
		}
		s.tell(given.StationStaff(station), c)
	}
	if s.seldom("deadline", 2) {
		s.tellAt(given.VotingDay, given.System, &deadline.Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1})
	}
	return s
}
