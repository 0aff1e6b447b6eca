package given

import (
	"fmt"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/election"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/packing"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

// The documents of the whole way from the warehouse to Station1.
const (
	Shipment2 = "SHP-3578-2" // to District1
	Shipment3 = "SHP-3578-3" // from there to Village1
	Handoff2  = "HND-3578-2"
	Handoff3  = "HND-3578-3"
	Handoff4  = "HND-3578-4" // on foot from Village1 to Station1
)

// Act is one act of a story.
type Act struct {
	Who domain.Actor
	Cmd domain.Command
}

// By is the act of a person.
func By(who domain.Actor, cmd domain.Command) Act { return Act{who, cmd} }

// Designs are all ballot designs of the small election.
func Designs() []string {
	return []string{"PPWP", "DPR-3501", "DPD-35", "DPRDP-350001", Council1, Council2}
}

// Stocked is the small election's ledger with 10,000 sorted and accepted ballots of each design.
func Stocked(t TB) *Scene {
	t.Helper()
	const dlv = "DLV-3578-1"
	announce := &procurement.AnnounceDelivery{Delivery: dlv}
	count := &receipt.CountGoods{Delivery: dlv}
	s := Ledger(t, Reference(), Unit)
	for _, d := range Designs() {
		item := goods.Item{Item: goods.Ballot, Variant: d}
		announce.Lines = append(announce.Lines, goods.Line{Item: item, Quantity: 10_000})
		count.Lines = append(count.Lines, procurement.CountLine{Item: item, Good: 10_000})
	}
	s.Did(domain.Report, System, announce).Did(domain.Report, Warehouse, count)
	for _, d := range Designs() {
		s.Did(domain.Report, Warehouse, &receipt.ReportSorting{Delivery: dlv, Design: d, Good: 10_000})
	}
	return s.Did(domain.Request, Officer, &procurement.AcceptDelivery{Delivery: dlv, Document: "BAST-1"})
}

var reference = Reference()

// Boxes are the ballot boxes of stations.
func Boxes(stations ...domain.Code) []domain.BoxID {
	var ids []domain.BoxID
	for _, s := range stations {
		ids = append(ids, reference.StationBoxes(s)...)
	}
	return ids
}

// Box is a station's ballot box of a type.
func Box(station domain.Code, ballotType string) domain.BoxID {
	return domain.BoxID(string(station) + "-" + ballotType)
}

// Kit is a station's kit.
func Kit(station domain.Code) domain.BoxID { return Box(station, domain.TypeKit) }

// Right is what belongs into a box.
func Right(ref *election.Reference, id domain.BoxID) packing.PackedBox {
	if id.IsRecap() {
		return packing.PackedBox{Box: id}
	}
	n, _ := ref.Ballots(id.Destination())
	return packing.PackedBox{Box: id, Design: ref.Design(id.Destination(), id.Type()), Ballots: n}
}

// Pack packs boxes with what belongs into them.
func Pack(ids ...domain.BoxID) *packing.PackBoxes {
	p := &packing.PackBoxes{}
	for _, id := range ids {
		p.Boxes = append(p.Boxes, Right(reference, id))
	}
	return p
}

// PackKits makes up kits.
func PackKits(ids ...domain.BoxID) *packing.PackKits { return &packing.PackKits{Kits: ids} }

// Check checks boxes.
func Check(ids ...domain.BoxID) *packing.CheckBoxes { return &packing.CheckBoxes{Boxes: ids} }

// Seals are the numbers that a box gets unless a test says otherwise.
func Seals(id domain.BoxID) []string { return []string{fmt.Sprintf("A%s", id), fmt.Sprintf("B%s", id)} }

// Seal seals boxes with their Seals.
func Seal(ids ...domain.BoxID) *packing.SealBoxes {
	s := &packing.SealBoxes{}
	for _, id := range ids {
		s.Boxes = append(s.Boxes, packing.SealedBox{Box: id, Seals: Seals(id)})
	}
	return s
}

// SealWith seals one box with seals of these numbers.
func SealWith(id domain.BoxID, numbers ...string) *packing.SealBoxes {
	return &packing.SealBoxes{Boxes: []packing.SealedBox{{Box: id, Seals: numbers}}}
}

// Unseal opens boxes before a witness.
func Unseal(ids ...domain.BoxID) *packing.UnsealBoxes {
	return &packing.UnsealBoxes{Boxes: ids, Reason: "salah isi", Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}}
}

// Replace puts the next box in the place of one.
func Replace(id domain.BoxID) *packing.ReplaceBox {
	return &packing.ReplaceBox{Box: id, Replacement: packing.Next(id), Reason: "penyok"}
}

// Plan plans a shipment of boxes and kits.
func Plan(id string, leg shipment.Leg, from, to domain.Code, ids ...domain.BoxID) *shipment.Plan {
	p := &shipment.Plan{Shipment: id, Leg: leg, From: from, To: to, Carrier: CarryFirm}
	for _, b := range ids {
		if b.IsKit() {
			p.Kits = append(p.Kits, b)
		} else {
			p.Boxes = append(p.Boxes, b)
		}
	}
	return p
}

// Load loads boxes and kits.
func Load(id string, ids ...domain.BoxID) *shipment.Load {
	return &shipment.Load{Shipment: id, Vehicle: "L 1234 AB", Boxes: ids}
}

// Inspect finds vehicle, driver and papers in order.
func Inspect(id string) *shipment.InspectVehicle {
	return &shipment.InspectVehicle{Shipment: id, Roadworthy: true, DriverFit: true, Papers: true}
}

// Assign asks PoliceCity to escort.
func Assign(id string) *shipment.AssignEscort {
	return &shipment.AssignEscort{Shipment: id, PoliceUnit: PoliceCity, OrderNo: "Sprin/1"}
}

// AcceptEscort is the escort's yes.
func AcceptEscort(id string) *shipment.AcceptEscort { return &shipment.AcceptEscort{Shipment: id} }

// Dispatch lets the vehicle leave.
func Dispatch(id string) *shipment.Dispatch { return &shipment.Dispatch{Shipment: id} }

// Arrive tells that the vehicle is at a place.
func Arrive(id string, place domain.Code) *shipment.ReportArrival {
	return &shipment.ReportArrival{Shipment: id, Place: place}
}

// Offer offers boxes and kits.
func Offer(id, shipmentID string, to domain.Code, ids ...domain.BoxID) *handoff.Offer {
	return &handoff.Offer{Handoff: id, Shipment: shipmentID, To: to, Boxes: ids}
}

// Accept accepts boxes and kits in good condition, with the seals that they got.
func Accept(id string, ids ...domain.BoxID) *handoff.Accept {
	a := &handoff.Accept{Handoff: id}
	for _, b := range ids {
		box := handoff.AcceptedBox{Box: b, Condition: handoff.Good}
		if !b.IsKit() {
			box.Seals = Seals(b)
		}
		a.Boxes = append(a.Boxes, box)
	}
	return a
}

// Sealing is the packing of boxes and kits: two to five acts.
func Sealing(ids ...domain.BoxID) []Act {
	var closed, kits []domain.BoxID
	for _, b := range ids {
		if b.IsKit() {
			kits = append(kits, b)
		} else {
			closed = append(closed, b)
		}
	}
	var acts []Act
	if len(kits) > 0 {
		acts = append(acts, Act{Warehouse, PackKits(kits...)})
	}
	if len(closed) > 0 {
		acts = append(acts, Act{Warehouse, Pack(closed...)}, Act{Checker, Check(closed...)}, Act{Warehouse, Seal(closed...)})
	}
	return acts
}

// Trip is a shipment from plan to arrival: plan, load, inspection, assignment, escort's yes, departure, arrival.
func Trip(id string, leg shipment.Leg, from, to domain.Code, giver domain.Actor, ids ...domain.BoxID) []Act {
	return []Act{
		{Operator, Plan(id, leg, from, to, ids...)}, {giver, Load(id, ids...)}, {giver, Inspect(id)},
		{Operator, Assign(id)}, {Escort, AcceptEscort(id)}, {giver, Dispatch(id)},
		{Carrier, Arrive(id, to)},
	}
}

// Handing is an offer and its acceptance.
func Handing(id, shipmentID string, to domain.Code, giver, receiver domain.Actor, ids ...domain.BoxID) []Act {
	return []Act{{giver, Offer(id, shipmentID, to, ids...)}, {receiver, Accept(id, ids...)}}
}

// ToDistrict takes sealed boxes to District1: a Trip with Shipment2 and a Handing with Handoff2.
func ToDistrict(ids ...domain.BoxID) []Act {
	return append(Trip(Shipment2, shipment.ToDistrict, Unit, District1, Warehouse, ids...),
		Handing(Handoff2, Shipment2, District1, Carrier, DistrictStaff(District1), ids...)...)
}

// ToVillage takes them on to Village1.
func ToVillage(ids ...domain.BoxID) []Act {
	giver := DistrictStaff(District1)
	return append(Trip(Shipment3, shipment.ToVillage, District1, Village1, giver, ids...),
		Handing(Handoff3, Shipment3, Village1, giver, VillageStaff(Village1), ids...)...)
}

// ToStation takes them on foot to Station1.
func ToStation(ids ...domain.BoxID) []Act {
	return Handing(Handoff4, "", Station1, VillageStaff(Village1), StationStaff(Station1), ids...)
}

// Story is Did for every act, in this mode but for decisions, which are always requests.
func (s *Scene) Story(mode domain.Mode, stories ...[]Act) *Scene {
	s.t.Helper()
	for _, story := range stories {
		for _, a := range story {
			m := mode
			if Decision(a.Cmd) {
				m = domain.Request
			}
			s.Did(m, a.Who, a.Cmd)
		}
	}
	return s
}

// Decision tells whether the road's command exists only as a request.
func Decision(cmd domain.Command) bool {
	switch cmd.(type) {
	case *shipment.Plan, *shipment.Cancel, approval.Command:
		return true
	}
	return false
}
