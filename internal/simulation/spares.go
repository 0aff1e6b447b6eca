package simulation

import (
	"fmt"
	"time"
)

// Boxes that were crushed on the road are replaced: packed, checked and sealed anew in the warehouse, and sent after the others before these go on
// to the villages (Lamongan, February 2024).

// spare is a replacement.
type spare struct {
	station *station
	box     int
}

// mendDay is when replacements are made and sent.
var mendDay = day{2024, 2, 12}

// mendable tells whether there is time to replace boxes of the trip before the cars to the villages leave.
func (t *trip) mendable() bool {
	return t.leg == "L2" && t.village == nil && len(t.stations) > 1 && t.day != ferryDay && t.day != mendDay
}

func replacements() []wave {
	var waves []wave
	add := func(name string, from, minutes int, act func(s *stage, t *trip)) {
		at := mendDay.at(from, 0)
		waves = append(waves, wave{name: name, from: at, until: at.Add(time.Duration(minutes) * time.Minute), act: func(s *stage) {
			for _, t := range s.trips {
				if t.flaw == tripBroken {
					act(s, t)
				}
			}
		}})
	}
	add("kotak rusak diganti", 5, 60, (*stage).replace)
	add("kotak pengganti diperiksa", 6, 60, (*stage).checkSpares)
	add("kotak pengganti disegel", 7, 60, (*stage).sealSpares)
	add("kotak pengganti dimuat", 8, 60, (*stage).loadSpares)
	add("kotak pengganti dikawal", 9, 30, (*stage).escortSpares)
	add("kotak pengganti berangkat", 10, 30, (*stage).sendSpares)
	add("kotak pengganti diterima", 12, 60, (*stage).receiveSpares)
	return waves
}

func (t *trip) spares() []spare {
	list := make([]spare, brokenBoxes)
	for b := range list {
		list[b] = spare{t.stations[1], b}
	}
	return list
}

// ride is the trip on which the replacements follow.
func (t *trip) ride() *trip {
	return &trip{n: t.n + 500, id: fmt.Sprintf("%s-GANTI", t.id), leg: "L2", from: t.from, to: t.to, district: t.district, spare: t.spares(), police: t.police}
}

func (s *stage) replace(t *trip) {
	p := s.storekeeper(t.n)
	for n, r := range t.spares() {
		old, at := r.station.box(r.box), s.part(n, 10)
		s.do(p, request, "packing.replace_box", at, plain, func(l *line) {
			l.str("box", old).str("replacement", old+".2").str("reason", "penyok dalam perjalanan")
		})
		r.station.spares |= 1 << r.box
		s.do(p, request, "packing.pack_boxes", at.Add(20*time.Minute), plain, func(l *line) {
			l.list("boxes").object("").str("box", r.station.unit(r.box)).str("design", r.station.village.designs[r.box]).
				num("ballots", r.station.ballots()).close('}').close(']')
		})
		s.others[old] = &boxAccount{isReplaced}
		s.move(r.station, r.box, packed)
	}
}

func (s *stage) checkSpares(t *trip) {
	s.do(s.checker(t.n), request, "packing.check_boxes", s.part(1, 2), plain, func(l *line) {
		l.list("boxes")
		for _, r := range t.spares() {
			l.str("", r.station.unit(r.box))
		}
		l.close(']')
	})
}

func (s *stage) sealSpares(t *trip) {
	s.do(s.storekeeper(t.n), request, "packing.seal_boxes", s.part(1, 2), plain, func(l *line) {
		l.list("boxes")
		for _, r := range t.spares() {
			s.sealedBox(l, r.station.unit(r.box), s.spareSealsOf(r.station, r.box))
		}
		l.close(']')
	})
}

func (s *stage) loadSpares(t *trip) {
	ride, p := t.ride(), s.storekeeper(t.n)
	at := s.part(1, 6)
	unplanned := *ride
	unplanned.id = "SHP-" + s.code + "-NIHIL"
	s.do(p, request, "shipment.load", at, refused("unplanned_shipment"), s.loadLine(&unplanned, 0, 1))
	s.planTrip(&s.operator, ride, at)
}

func (s *stage) escortSpares(t *trip) {
	ride, p := t.ride(), s.storekeeper(t.n)
	at := s.part(1, 6)
	s.do(p, request, "shipment.load", at, plain, s.loadLine(ride, 0, 1))
	s.do(p, request, "shipment.inspect_vehicle", at.Add(time.Minute), plain, inspectLine(ride))
	s.do(p, request, "shipment.assign_escort", at.Add(2*time.Minute), plain, assignLine(ride))
	s.do(p, request, "packing.seal_boxes", at.Add(3*time.Minute), refused("box_retired"), func(l *line) {
		l.list("boxes")
		s.sealedBox(l, t.stations[1].box(0), []string{s.regency.seal(secondSeals + 7)})
		l.close(']')
	})
}

func (s *stage) sendSpares(t *trip) {
	ride, p := t.ride(), s.storekeeper(t.n)
	at := s.part(1, 6)
	s.do(s.escort(t.police, t.n), report, "shipment.accept_escort", at, either, shipmentLine(ride))
	s.do(p, report, "shipment.dispatch", at.Add(time.Minute), either, shipmentLine(ride))
	s.do(p, report, "handoff.offer", at.Add(2*time.Minute), either, s.offerLine(ride))
	s.set(ride, inTransit)
	s.shipments[ride.id] = "dispatched"
}

func (s *stage) receiveSpares(t *trip) {
	ride := t.ride()
	s.tell(s.driver(t.n), false, "shipment.report_arrival", s.part(1, 6), either, func(l *line) { l.str("shipment", ride.id).str("place", ride.to) })
	s.act(&t.district.people, s.away(&t.district.people, "L2"), false, "handoff.accept", s.part(2, 6), plain, s.acceptLine(ride, false))
	s.set(ride, atDistrict)
	s.shipments[ride.id] = "arrived"
}
