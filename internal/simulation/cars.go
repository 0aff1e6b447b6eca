package simulation

import "time"

// The third leg: the district committee sends the boxes of each village on. Who has no signal keeps what he does on his device; who has one but
// depends on something that has not arrived yet can only report, not ask.

func (s *stage) planCar(t *trip, at time.Time) { s.planTrip(&s.operator, t, at) }

// act is an act in the field: kept, reported or asked for.
func (s *stage) act(p *person, away, unsure bool, commandType string, at time.Time, w want, data func(l *line)) {
	switch {
	case away:
		s.keep(p, commandType, at, data)
	case unsure:
		s.do(p, report, commandType, at, either, data)
	default:
		s.do(p, request, commandType, at, w, data)
	}
}

// silent tells whether the district's part of a trip to a village is not all with the server: its own acts, or that it got the boxes at all.
func (s *stage) silent(t *trip) (away, unsure bool) {
	away = s.away(&t.district.people, "L3")
	return away, away || t.district.pending
}

func (s *stage) loadCar(t *trip, at time.Time) {
	p := &t.district.people
	away, unsure := s.silent(t)
	s.act(p, away, unsure, "shipment.load", at, plain, s.loadLine(t, 0, 1))
	s.act(p, away, unsure, "shipment.inspect_vehicle", at.Add(time.Second), plain, inspectLine(t))
	s.act(p, away, unsure, "shipment.assign_escort", at.Add(2*time.Second), plain, assignLine(t))
	s.set(t, loaded)
	s.shipments[t.id] = "loading"
}

func (s *stage) escortCar(t *trip, at time.Time) {
	_, unsure := s.silent(t)
	s.act(s.escort(t.police, t.n), false, unsure, "shipment.accept_escort", at, plain, shipmentLine(t))
}

func (s *stage) leaveCar(t *trip, at time.Time) {
	p := &t.district.people
	away, unsure := s.silent(t)
	s.act(p, away, unsure, "shipment.dispatch", at, plain, shipmentLine(t))
	s.act(p, away, unsure, "handoff.offer", at.Add(time.Second), plain, s.offerLine(t))
	s.set(t, inTransit)
	s.shipments[t.id] = "dispatched"
	if away {
		t.district.unsent = true
	}
}

func (s *stage) arriveCar(t *trip, at time.Time) {
	p := s.driver(t.n)
	s.tell(p, s.away(p, t.leg), "shipment.report_arrival", at, either, func(l *line) { l.str("shipment", t.id).str("place", t.to) })
	s.shipments[t.id] = "arrived"
}

func (s *stage) receiveCar(t *trip, at time.Time) {
	p := &t.village.people
	_, unsure := s.silent(t)
	away := s.away(p, "L3")
	s.act(p, away, unsure, "handoff.accept", at, plain, s.acceptLine(t, false))
	if away || unsure {
		t.village.pending = true
	}
	s.set(t, atVillage)
}

// uploadRoads lets the devices of the roads send what they have kept. last: the villages too, and everything must be clear then.
func (s *stage) uploadRoads(last bool) {
	for i := range s.drivers {
		s.upload(&s.drivers[i])
	}
	for _, d := range s.districts {
		s.upload(&d.people)
		d.pending, d.unsent = false, false
	}
	if !last {
		return
	}
	for _, v := range s.villages {
		s.upload(&v.people)
		v.pending = false
	}
}
