package simulation

import (
	"fmt"
	"time"
)

// trip is a shipment: a truck from the regency to a district, or a car from there to a village.
type trip struct {
	n        int // its place among the regency's trips
	id       string
	leg      string
	from, to string
	district *district
	village  *village // of the last leg, or of a regency without district stores
	stations []*station
	recap    []int // numbers of the recapitulation boxes that ride along
	police   string
	spare    []spare // replacements ride alone
	day      day     // of departure
	flaw     tripFlaw
}

// tripFlaw is what goes wrong on the road.
type tripFlaw uint8

const (
	tripFine       tripFlaw = iota
	tripNoEscort            // leaves without an escort, by a named override
	tripAccident            // the load changes to another truck
	tripWrongPlace          // the driver goes to another district first
	tripDelayed             // waits on the road
	tripFerry               // held by the waves: 2 to 5 February
	tripWet                 // water in the truck: boxes arrive wet
	tripBroken              // boxes are crushed and replaced
)

const (
	stationsPerTruck = 48 // 240 boxes and 48 kits: trucks carried 150 to 290 boxes
	stationsPerCar   = 40
)

func (t *trip) handoff() string { return "HND" + t.id[3:] }

func (t *trip) vehicle() string { return fmt.Sprintf("L-%d-JT", 1000+t.n) }

// islands are the districts that are reached by ferry.
var islands = map[string]bool{
	"352517": true, "352518": true, // Bawean
	"352904": true, "352908": true, "352920": true, "352921": true, "352922": true, "352923": true, "352924": true, "352925": true, "352927": true,
}

func (d *district) island() bool { return islands[d.code] }

// The days of the second leg, and of the third.
var (
	ferryDay     = day{2024, 2, 2}
	ferryLands   = day{2024, 2, 5}
	firstTruck   = day{2024, 2, 9}
	truckDays    = 4
	islandCars   = day{2024, 2, 8}
	firstCars    = day{2024, 2, 12}
	lastCars     = day{2024, 2, 13}
	dayBefore    = day{2024, 2, 13}
	votingDay    = day{2024, 2, 14}
	directTrucks = day{2024, 2, 12}
)

// loadDays are the days on which trucks leave.
func loadDays() []day {
	days := []day{ferryDay}
	for n := range truckDays {
		days = append(days, firstTruck.plus(n))
	}
	return days
}

// group makes the regency's trips of both legs.
func (r *regency) group(seed uint64, first bool) {
	recap := 0
	for n, d := range r.districts {
		leave, on := firstTruck.plus(n%truckDays), firstCars
		switch {
		case d.island():
			leave, on = ferryDay, islandCars
		case direct[r.code]:
			leave = directTrucks
		case n%truckDays == truckDays-1:
			on = lastCars
		}
		if direct[r.code] {
			for _, v := range d.villages {
				r.rides(v.stations, stationsPerTruck, func(i int, list []*station) {
					r.add(&trip{id: fmt.Sprintf("SHP-%s-V%s-%d", r.code, v.code[4:], i), leg: "L2", from: r.code, to: v.code, district: d, village: v, stations: list, day: leave})
				})
			}
			continue
		}
		var all []*station
		for _, v := range d.villages {
			all = append(all, v.stations...)
		}
		r.rides(all, stationsPerTruck, func(i int, list []*station) {
			t := &trip{id: fmt.Sprintf("SHP-%s-D%s-%d", r.code, d.code[4:], i), leg: "L2", from: r.code, to: d.code, district: d, stations: list, day: leave}
			if i == 1 {
				for range d.recapBoxes() {
					t.recap = append(t.recap, recap)
					recap++
				}
			}
			r.add(t)
		})
		for _, v := range d.villages {
			r.rides(v.stations, stationsPerCar, func(i int, list []*station) {
				r.add(&trip{id: fmt.Sprintf("SHP-%s-V%s-%d", r.code, v.code[4:], i), leg: "L3", from: d.code, to: v.code, district: d, village: v, stations: list, day: on})
			})
		}
	}
	r.flaws(seed, first)
}

func (r *regency) rides(all []*station, most int, do func(i int, list []*station)) {
	rides := (len(all) + most - 1) / most
	for i := range rides {
		do(i+1, all[i*len(all)/rides:(i+1)*len(all)/rides])
	}
}

func (r *regency) add(t *trip) {
	t.n = len(r.trips)
	t.police = r.units[t.n%len(r.units)]
	r.trips = append(r.trips, t)
}

// firstFlaws happen to the first trucks of the first regency.
var firstFlaws = []tripFlaw{tripNoEscort, tripAccident, tripWrongPlace, tripDelayed, tripWet, tripBroken}

// flaws decides what goes wrong on the road: rates in 1,000 trucks. In the first regency everything goes wrong once.
func (r *regency) flaws(seed uint64, first bool) {
	truck := 0
	for _, t := range r.trips {
		if t.leg != "L2" {
			continue
		}
		k := key(seed, "trip", t.id)
		switch {
		case t.day == ferryDay:
			t.flaw = tripFerry
		case first && truck < len(firstFlaws):
			t.flaw = firstFlaws[truck]
		case r.code == "3524" && truck == 0: // Lamongan: two boxes broken in transit and replaced
			t.flaw = tripBroken
		case chance(k, 3):
			t.flaw = tripNoEscort
		case chance(k>>10, 1):
			t.flaw = tripAccident
		case chance(k>>20, 2):
			t.flaw = tripWrongPlace
		case chance(k>>30, 10):
			t.flaw = tripDelayed
		case chance(k>>40, 4):
			t.flaw = tripWet
		}
		if t.flaw != tripFerry {
			truck++
		}
		if t.flaw == tripWrongPlace && r.elsewhere(t) == "" || t.flaw == tripBroken && !t.mendable() {
			t.flaw = tripFine
		}
	}
}

// elsewhere is a district where the truck should not arrive.
func (r *regency) elsewhere(t *trip) string {
	for _, d := range r.districts {
		if d != t.district {
			return d.code
		}
	}
	return ""
}

// eachUnit names every box and kit on a trip.
func (s *stage) eachUnit(t *trip, do func(unit string, st *station, box int)) {
	for _, st := range t.stations {
		for b := range types {
			do(st.unit(b), st, b)
		}
		do(st.kit(), st, types)
	}
	for _, r := range t.spare {
		do(r.station.unit(r.box), r.station, r.box)
	}
	for _, n := range t.recap {
		do(s.recapBox(n), nil, n)
	}
}

func (s *stage) recapBox(n int) (id string) {
	s.eachRecap(func(i int, box string) {
		if i == n {
			id = box
		}
	})
	return id
}

// set sets the state of everything on a trip.
func (s *stage) set(t *trip, state boxState) {
	s.eachUnit(t, func(unit string, st *station, box int) {
		if st == nil {
			s.others[unit].state = state
			return
		}
		s.move(st, box, state)
	})
}

// away tells whether somebody's device has no signal during a phase: one in five.
func (s *stage) away(p *person, phase string) bool {
	return chance(mix(p.key^key(s.seed, "away", phase)), 200)
}

func (s *stage) planTrip(p *person, t *trip, at time.Time) {
	s.do(p, request, "shipment.plan", at, plain, func(l *line) {
		l.str("shipment", t.id).str("leg", t.leg).str("from", t.from).str("to", t.to).list("boxes")
		s.eachUnit(t, func(unit string, st *station, box int) {
			if st == nil || box < types {
				l.str("", unit)
			}
		})
		l.close(']').list("kits")
		for _, st := range t.stations {
			l.str("", st.kit())
		}
		l.close(']').str("carrier", carrierFirm)
	})
	s.shipments[t.id] = "planned"
}

// loadLine is the data of shipment.load, of one half of the stations or of all.
func (s *stage) loadLine(t *trip, half, halves int) func(l *line) {
	part := *t
	part.stations = t.stations[half*len(t.stations)/halves : (half+1)*len(t.stations)/halves]
	if half > 0 {
		part.recap = nil
	}
	return func(l *line) {
		l.str("shipment", t.id).str("vehicle", t.vehicle()).list("boxes")
		s.eachUnit(&part, func(unit string, _ *station, _ int) { l.str("", unit) })
		l.close(']')
	}
}

func inspectLine(t *trip) func(l *line) {
	return func(l *line) { l.str("shipment", t.id).yes("roadworthy").yes("driver_fit").yes("papers") }
}

func assignLine(t *trip) func(l *line) {
	return func(l *line) {
		l.str("shipment", t.id).str("police_unit", t.police).str("order_no", "SPRIN-"+t.id[4:])
	}
}

func shipmentLine(t *trip) func(l *line) { return func(l *line) { l.str("shipment", t.id) } }

func (s *stage) offerLine(t *trip) func(l *line) {
	return func(l *line) {
		l.str("handoff", t.handoff()).str("shipment", t.id).str("to", t.to).list("boxes")
		s.eachUnit(t, func(unit string, _ *station, _ int) { l.str("", unit) })
		l.close(']')
	}
}

// acceptLine is what the receiver of a trip finds. forget leaves the last station out.
func (s *stage) acceptLine(t *trip, forget bool) func(l *line) {
	return func(l *line) {
		l.str("handoff", t.handoff()).list("boxes")
		n := 0
		s.eachUnit(t, func(unit string, st *station, box int) {
			if forget && n == 0 {
				n++
				return
			}
			n++
			s.acceptedUnit(l, unit, st, box, t.condition(st, box))
		})
		l.close(']').list("missing").close(']').list("extra").close(']').list("witnesses").close(']')
	}
}

// wetBoxes in a truck into which it has rained, brokenBoxes where the load has shifted: the first ones of a station.
const (
	wetBoxes    = 3
	brokenBoxes = 2
)

// condition in which a box of the trip arrives.
func (t *trip) condition(st *station, box int) string {
	switch {
	case st == nil || len(t.stations) < 2:
	case t.flaw == tripWet && st == t.stations[0] && box < wetBoxes:
		return "wet"
	case t.flaw == tripBroken && st == t.stations[1] && box < brokenBoxes:
		return "damaged"
	}
	return "good"
}

func (s *stage) acceptedUnit(l *line, unit string, st *station, box int, condition string) {
	l.object("").str("box", unit)
	switch {
	case st == nil:
		l.strs("seals", s.recapSealsOf(box)...)
	case box == types || condition == "unsealed":
		l.strs("seals")
	default:
		l.strs("seals", s.readSeals(st, box)...)
	}
	l.str("condition", condition).close('}')
}
