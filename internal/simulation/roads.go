package simulation

import "time"

// roads are the waves of the second leg, from the regency to its districts, and of the third, from there to the villages.
func roads() []wave {
	var waves []wave
	add := func(name string, from, until time.Time, act func(s *stage)) {
		waves = append(waves, wave{name: name, from: from, until: until, act: act})
	}
	for _, d := range loadDays() {
		lands := d
		if d == ferryDay {
			lands = ferryLands
		}
		before := d.plus(-1)
		add("pengiriman ke kecamatan: rencana", before.at(19, 0), before.at(20, 0), func(s *stage) { s.trucks(d, s.planTruck) })
		add("pengiriman ke kecamatan: muat", d.at(5, 0), d.at(6, 20), func(s *stage) { s.trucks(d, s.loadTruck) })
		add("pengiriman ke kecamatan: pemeriksaan, pengawal", d.at(6, 20), d.at(6, 40), func(s *stage) { s.trucks(d, s.inspectTruck) })
		add("pengiriman ke kecamatan: pengawal siap", d.at(6, 40), d.at(7, 0), func(s *stage) { s.trucks(d, s.escortTruck) })
		add("pengiriman ke kecamatan: berangkat", d.at(7, 0), d.at(7, 30), func(s *stage) { s.trucks(d, s.leaveTruck) })
		add("pengiriman ke kecamatan: di jalan", d.at(8, 0), d.at(9, 0), func(s *stage) { s.trucks(d, s.onTheRoad) })
		add("pengiriman ke kecamatan: lanjut", lands.at(9, 0), lands.at(9, 30), func(s *stage) { s.trucks(d, s.onAgain) })
		add("pengiriman ke kecamatan: tiba", lands.at(10, 0), lands.at(12, 0), func(s *stage) { s.trucks(d, s.arriveTruck) })
		add("pengiriman ke kecamatan: serah terima", lands.at(12, 0), lands.at(14, 0), func(s *stage) { s.trucks(d, s.receiveTruck) })
	}
	add("pengiriman batal", firstTruck.at(14, 0), firstTruck.at(15, 0), cancelledTrip)
	add("pengiriman batal", firstTruck.at(15, 0), firstTruck.at(16, 0), goAnyway)
	for i, d := range []day{islandCars, firstCars, lastCars} {
		hour := []int{7, 14, 5}[i]
		before := d.plus(-1)
		add("pengiriman ke desa: rencana", before.at(20, 0), before.at(21, 0), func(s *stage) { s.cars(d, s.planCar) })
		add("pengiriman ke desa: muat", d.at(hour, 0), d.at(hour+1, 0), func(s *stage) { s.cars(d, s.loadCar) })
		add("pengiriman ke desa: pengawal", d.at(hour+1, 0), d.at(hour+1, 30), func(s *stage) { s.cars(d, s.escortCar) })
		add("pengiriman ke desa: berangkat", d.at(hour+1, 30), d.at(hour+2, 30), func(s *stage) { s.cars(d, s.leaveCar) })
		add("pengiriman ke desa: tiba", d.at(hour+2, 30), d.at(hour+4, 0), func(s *stage) { s.cars(d, s.arriveCar) })
		add("pengiriman ke desa: serah terima", d.at(hour+4, 0), d.at(hour+6, 0), func(s *stage) { s.cars(d, s.receiveCar) })
	}
	waves = append(waves, replacements()...)
	add("perangkat kembali bersinyal", day{2024, 2, 12}.at(22, 0), day{2024, 2, 12}.at(23, 0), func(s *stage) { s.uploadRoads(false) })
	add("perangkat kembali bersinyal", dayBefore.at(23, 20), dayBefore.at(23, 50), func(s *stage) { s.uploadRoads(true) })
	return waves
}

func (s *stage) trucks(d day, do func(t *trip, at time.Time)) { s.rides("L2", d, do) }
func (s *stage) cars(d day, do func(t *trip, at time.Time))   { s.rides("L3", d, do) }

func (s *stage) rides(leg string, d day, do func(t *trip, at time.Time)) {
	for _, t := range s.trips {
		if t.leg == leg && t.day == d {
			do(t, s.at(key(s.seed, t.id)))
		}
	}
}

// loader is the storekeeper who sees a truck off.
func (s *stage) loader(t *trip) *person { return s.storekeeper(t.n) }

func (s *stage) planTruck(t *trip, at time.Time) {
	s.planTrip(&s.operator, t, at)
	if t.n != 0 {
		return
	}
	s.do(&s.operator, request, "shipment.plan", at.Add(time.Second), refused("shipment_exists"), func(l *line) {
		l.str("shipment", t.id).str("leg", "L2").str("from", t.from).str("to", t.to).strs("boxes", t.stations[0].box(0)).strs("kits")
	})
	if elsewhere := s.elsewhere(t); elsewhere != "" {
		s.do(&s.operator, request, "shipment.plan", at.Add(2*time.Second), refused("box_not_for_place"), func(l *line) {
			l.str("shipment", "SHP-"+s.code+"-ASTRAY").str("leg", "L2").str("from", t.from).str("to", elsewhere).strs("boxes", t.stations[0].box(0)).strs("kits")
		})
	}
}

func (s *stage) loadTruck(t *trip, at time.Time) {
	p := s.loader(t)
	halves := 1 + min(1, t.n%5)
	for h := range halves {
		s.do(p, request, "shipment.load", at.Add(time.Duration(h)*time.Second), plain, s.loadLine(t, h, halves))
	}
	if t.n%10 == 0 {
		s.do(p, request, "shipment.dispatch", at.Add(3*time.Second), refused("vehicle_not_inspected"), shipmentLine(t))
	}
	s.set(t, loaded)
	s.shipments[t.id] = "loading"
}

func (s *stage) inspectTruck(t *trip, at time.Time) {
	p := s.loader(t)
	s.do(p, request, "shipment.inspect_vehicle", at, plain, inspectLine(t))
	if t.n%10 == 0 {
		s.do(p, request, "shipment.dispatch", at.Add(time.Second), refused("no_escort"), shipmentLine(t))
	}
	if t.flaw != tripNoEscort {
		s.do(p, request, "shipment.assign_escort", at.Add(2*time.Second), plain, assignLine(t))
	}
	for _, other := range s.trips {
		if t.n%10 == 1 && other.leg == "L2" && other.day == t.day && other != t {
			s.do(p, request, "shipment.load", at.Add(3*time.Second), refused("box_on_two_shipments"), func(l *line) {
				l.str("shipment", t.id).str("vehicle", t.vehicle()).strs("boxes", other.stations[0].box(1))
			})
			break
		}
	}
}

func (s *stage) escortTruck(t *trip, at time.Time) {
	if t.flaw != tripNoEscort {
		s.do(s.escort(t.police, t.n), request, "shipment.accept_escort", at, plain, shipmentLine(t))
		return
	}
	s.approve(&s.operator, "no_escort", at, t.id, 0)
}

func (s *stage) leaveTruck(t *trip, at time.Time) {
	p := s.loader(t)
	if t.flaw == tripNoEscort {
		s.do(p, request, "shipment.dispatch", at, flawed, func(l *line) {
			l.str("shipment", t.id).object("override").str("approver", s.operator.id()).str("reason", "pengawal belum datang").close('}')
		})
		s.expect("escort_missing", 0, t.id)
	} else {
		s.do(p, request, "shipment.dispatch", at, plain, shipmentLine(t))
	}
	s.do(p, request, "handoff.offer", at.Add(time.Second), plain, s.offerLine(t))
	s.set(t, inTransit)
	s.shipments[t.id] = "dispatched"
}

// tell is what somebody on the road reports, at once or when he has a signal again.
func (s *stage) tell(p *person, away bool, commandType string, at time.Time, w want, data func(l *line)) {
	if away {
		s.keep(p, commandType, at, data)
		return
	}
	s.do(p, report, commandType, at, w, data)
}

func (s *stage) onTheRoad(t *trip, at time.Time) {
	p := s.driver(t.n)
	away := s.away(p, t.leg)
	switch t.flaw {
	case tripDelayed, tripFerry:
		reason := "road"
		if t.flaw == tripFerry {
			reason = "ferry"
		}
		s.tell(p, away, "shipment.report_delay", at, flawed, func(l *line) { l.str("shipment", t.id).str("reason", reason) })
		s.expect("delay", 0, t.id)
	case tripAccident:
		s.tell(p, away, "incident.raise", at, flawed, func(l *line) {
			l.str("kind", "accident").str("severity", "high").strs("units", t.id).str("note", "truk terguling, muatan dipindahkan")
		})
		s.tell(p, away, "shipment.transfer_load", at.Add(20*time.Minute), plain, func(l *line) {
			l.str("shipment", t.id).str("vehicle", "L-"+t.id[len(t.id)-1:]+"-CADANGAN").str("reason", "kecelakaan")
		})
		s.expect("accident", 0, t.id)
	}
	if t.n%10 == 4 && len(s.units) > 1 && t.flaw != tripNoEscort {
		next := s.units[(t.n+1)%len(s.units)]
		s.do(s.escort(t.police, t.n), report, "shipment.hand_over_escort", at.Add(time.Minute), plain, func(l *line) {
			l.str("shipment", t.id).str("police_unit", next).str("order_no", "SPRIN-"+t.id[4:]+"-2")
		})
	}
}

func (s *stage) onAgain(t *trip, at time.Time) {
	p := s.driver(t.n)
	if t.flaw == tripWrongPlace {
		elsewhere := s.elsewhere(t)
		s.tell(p, s.away(p, t.leg), "shipment.report_arrival", at, flawed, func(l *line) { l.str("shipment", t.id).str("place", elsewhere) })
		s.expect("wrong_destination", 0, t.id)
		return
	}
	s.tell(p, s.away(p, t.leg), "shipment.report_checkpoint", at, plain, func(l *line) {
		l.str("shipment", t.id).str("place", "Polsek "+t.district.name)
	})
}

func (s *stage) arriveTruck(t *trip, at time.Time) {
	p := s.driver(t.n)
	s.tell(p, s.away(p, t.leg), "shipment.report_arrival", at, either, func(l *line) { l.str("shipment", t.id).str("place", t.to) })
	s.shipments[t.id] = "arrived"
}

// receiver is who takes a truck's load over.
func (t *trip) receiver() *person {
	if t.village != nil {
		return &t.village.people
	}
	return &t.district.people
}

func (s *stage) receiveTruck(t *trip, at time.Time) {
	p := t.receiver()
	w := plain
	for _, st := range t.stations {
		for b := range types {
			if condition := t.condition(st, b); condition != "good" {
				w = flawed
				s.expect(condition, 0, st.box(b))
			}
		}
	}
	switch {
	case s.away(p, "L2"):
		s.keep(p, "handoff.accept", at, s.acceptLine(t, false))
		if t.village != nil {
			t.village.pending = true
		} else {
			t.district.pending = true
		}
	default:
		if t.n%10 == 0 {
			s.do(p, request, "handoff.accept", at.Add(-time.Second), refused("handoff_incomplete"), s.acceptLine(t, true))
		}
		s.do(p, request, "handoff.accept", at, w, s.acceptLine(t, false))
	}
	if t.n%7 == 0 {
		s.do(&s.supervisor, report, "handoff.witness", at.Add(time.Minute), plain, func(l *line) {
			l.str("handoff", t.handoff()).list("witnesses").object("").str("role", "supervisor").str("id", s.supervisor.id()).close('}').close(']')
		})
	}
	if t.village != nil {
		s.set(t, atVillage)
	} else {
		s.set(t, atDistrict)
	}
}

// cancelledTrip is planned and called off.
func cancelledTrip(s *stage) {
	t := &trip{n: 990, id: "SHP-" + s.code + "-BATAL", leg: "L2", from: s.code, to: s.districts[0].code, district: s.districts[0], stations: s.districts[0].villages[0].stations[:1]}
	at := s.part(1, 3)
	s.planTrip(&s.operator, t, at)
	s.do(&s.operator, request, "shipment.cancel", at.Add(time.Minute), plain, func(l *line) { l.str("shipment", t.id).str("reason", "jadwal berubah") })
	s.shipments[t.id] = "cancelled"
}

// goAnyway tries to send the cancelled trip off.
func goAnyway(s *stage) {
	t := &trip{id: "SHP-" + s.code + "-BATAL"}
	s.do(s.storekeeper(0), request, "shipment.inspect_vehicle", s.part(1, 2), refused("shipment_cancelled"), inspectLine(t))
}
