package ledger_test

import (
	"fmt"
	"testing"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/packing"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

var bothModes = []domain.Mode{domain.Request, domain.Report}

var reference = given.Reference()

// designs are all that the small election uses.
var designs = []string{"PPWP", "DPR-3501", "DPD-35", "DPRDP-350001", given.Council1, given.Council2}

// unstocked is the ledger without ballots.
func unstocked(t given.TB) *given.Scene { return given.Ledger(t, given.Reference(), given.Unit) }

// stocked is the ledger with 10,000 sorted ballots of each design.
func stocked(t given.TB) *given.Scene {
	const dlv = "DLV-3578-1"
	announce := &procurement.AnnounceDelivery{Delivery: dlv}
	count := &receipt.CountGoods{Delivery: dlv}
	s := unstocked(t)
	for _, d := range designs {
		item := goods.Item{Item: goods.Ballot, Variant: d}
		announce.Lines = append(announce.Lines, goods.Line{Item: item, Quantity: 10_000})
		count.Lines = append(count.Lines, procurement.CountLine{Item: item, Good: 10_000})
	}
	s.Did(domain.Report, given.System, announce).Did(domain.Report, given.Warehouse, count)
	for _, d := range designs {
		s.Did(domain.Report, given.Warehouse, &receipt.ReportSorting{Delivery: dlv, Design: d, Good: 10_000})
	}
	return s.Did(domain.Request, given.Officer, &procurement.AcceptDelivery{Delivery: dlv, Document: "BAST-1"})
}

// boxes are the ballot boxes of stations.
func boxes(stations ...domain.Code) []domain.BoxID {
	var ids []domain.BoxID
	for _, s := range stations {
		ids = append(ids, reference.StationBoxes(s)...)
	}
	return ids
}

func kit(station domain.Code) domain.BoxID { return domain.BoxID(string(station) + "-KIT") }

func right(ref *election.Reference, id domain.BoxID) packing.PackedBox {
	if id.IsRecap() {
		return packing.PackedBox{Box: id}
	}
	n, _ := ref.Ballots(id.Destination())
	return packing.PackedBox{Box: id, Design: ref.Design(id.Destination(), id.Type()), Ballots: n}
}

func pack(ids ...domain.BoxID) *packing.PackBoxes {
	p := &packing.PackBoxes{}
	for _, id := range ids {
		p.Boxes = append(p.Boxes, right(reference, id))
	}
	return p
}

func check(ids ...domain.BoxID) *packing.CheckBoxes { return &packing.CheckBoxes{Boxes: ids} }

// seals are the numbers that a box gets in these tests.
func seals(id domain.BoxID) []string {
	return []string{fmt.Sprintf("A%s", id), fmt.Sprintf("B%s", id)}
}

func seal(ids ...domain.BoxID) *packing.SealBoxes {
	s := &packing.SealBoxes{}
	for _, id := range ids {
		s.Boxes = append(s.Boxes, packing.SealedBox{Box: id, Seals: seals(id)})
	}
	return s
}

const (
	shp2 = "SHP-3578-2" // to the district
	shp3 = "SHP-3578-3" // to the village
	hnd2 = "HND-3578-2"
	hnd3 = "HND-3578-3"
	hnd4 = "HND-3578-4" // on foot to the station
)

func plan(id string, leg shipment.Leg, from, to domain.Code, ids ...domain.BoxID) *shipment.Plan {
	p := &shipment.Plan{Shipment: id, Leg: leg, From: from, To: to}
	for _, b := range ids {
		if b.IsKit() {
			p.Kits = append(p.Kits, b)
		} else {
			p.Boxes = append(p.Boxes, b)
		}
	}
	return p
}

func load(id string, ids ...domain.BoxID) *shipment.Load {
	return &shipment.Load{Shipment: id, Vehicle: "L 1234 AB", Boxes: ids}
}

func inspect(id string) *shipment.InspectVehicle {
	return &shipment.InspectVehicle{Shipment: id, Roadworthy: true, DriverFit: true, Papers: true}
}

func assign(id string) *shipment.AssignEscort {
	return &shipment.AssignEscort{Shipment: id, PoliceUnit: given.PoliceCity, OrderNo: "Sprin/1"}
}

func dispatch(id string) *shipment.Dispatch { return &shipment.Dispatch{Shipment: id} }

func arrive(id string, place domain.Code) *shipment.ReportArrival {
	return &shipment.ReportArrival{Shipment: id, Place: place}
}

func offer(id, shipment string, to domain.Code, ids ...domain.BoxID) *handoff.Offer {
	return &handoff.Offer{Handoff: id, Shipment: shipment, To: to, Boxes: ids}
}

func accept(id string, ids ...domain.BoxID) *handoff.Accept {
	a := &handoff.Accept{Handoff: id}
	for _, b := range ids {
		box := handoff.AcceptedBox{Box: b, Condition: handoff.Good}
		if !b.IsKit() {
			box.Seals = seals(b)
		}
		a.Boxes = append(a.Boxes, box)
	}
	return a
}

// act is one act of a story.
type act struct {
	who domain.Actor
	cmd domain.Command
}

// sealing is the packing of boxes and kits.
func sealing(ids ...domain.BoxID) []act {
	var closed, kits []domain.BoxID
	for _, b := range ids {
		if b.IsKit() {
			kits = append(kits, b)
		} else {
			closed = append(closed, b)
		}
	}
	var acts []act
	if len(kits) > 0 {
		acts = append(acts, act{given.Warehouse, &packing.PackKits{Kits: kits}})
	}
	if len(closed) > 0 {
		acts = append(acts, act{given.Warehouse, pack(closed...)}, act{given.Checker, check(closed...)}, act{given.Warehouse, seal(closed...)})
	}
	return acts
}

// trip is a shipment from plan to arrival.
func trip(id string, leg shipment.Leg, from, to domain.Code, giver domain.Actor, ids ...domain.BoxID) []act {
	return []act{
		{given.Operator, plan(id, leg, from, to, ids...)}, {giver, load(id, ids...)}, {giver, inspect(id)},
		{given.Operator, assign(id)}, {given.Escort, &shipment.AcceptEscort{Shipment: id}}, {giver, dispatch(id)},
		{given.Carrier, arrive(id, to)},
	}
}

func handing(id, shipment string, to domain.Code, giver, receiver domain.Actor, ids ...domain.BoxID) []act {
	return []act{{giver, offer(id, shipment, to, ids...)}, {receiver, accept(id, ids...)}}
}

// toDistrict takes sealed boxes to District1, toVillage on to Village1, toStation on to Station1.
func toDistrict(ids ...domain.BoxID) []act {
	return append(trip(shp2, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, ids...),
		handing(hnd2, shp2, given.District1, given.Carrier, given.DistrictStaff(given.District1), ids...)...)
}

func toVillage(ids ...domain.BoxID) []act {
	giver := given.DistrictStaff(given.District1)
	return append(trip(shp3, shipment.ToVillage, given.District1, given.Village1, giver, ids...),
		handing(hnd3, shp3, given.Village1, giver, given.VillageStaff(given.Village1), ids...)...)
}

func toStation(ids ...domain.BoxID) []act {
	return handing(hnd4, "", given.Station1, given.VillageStaff(given.Village1), given.StationStaff(given.Station1), ids...)
}

func did(s *given.Scene, mode domain.Mode, stories ...[]act) *given.Scene {
	for _, story := range stories {
		for _, a := range story {
			m := mode
			if decision(a.cmd) {
				m = domain.Request
			}
			s.Did(m, a.who, a.cmd)
		}
	}
	return s
}

func decision(cmd domain.Command) bool {
	switch cmd.(type) {
	case *shipment.Plan, *shipment.Cancel:
		return true
	}
	return false
}

func TestTheWholeWay(t *testing.T) {
	ids := append(boxes(given.Station1), kit(given.Station1))
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			s := stocked(t)
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
			did(s, mode, sealing(ids...))
			want("sealed", given.Unit, "packed")
			way := toDistrict(ids...)
			did(s, mode, way[:2])
			want("loaded", given.Unit, "partial_out")
			did(s, mode, way[2:7])
			want("in_transit", given.Unit, "partial_out")
			did(s, mode, way[7:])
			want("at_district", given.District1, "at_district")
			did(s, mode, toVillage(ids...))
			want("at_village", given.Village1, "at_village")
			did(s, mode, toStation(ids...))
			want("at_station", given.Station1, "ready")
			s.OpenIs()
		})
	}
}
