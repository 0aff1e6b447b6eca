package simulation

import "time"

// The last leg: on the day before the vote the village committee hands its boxes to the crews of the stations.

func stations() []wave {
	var waves []wave
	add := func(name string, from, until time.Time, act func(s *stage)) {
		waves = append(waves, wave{name: name, from: from, until: until, act: act})
	}
	d := dayBefore
	add("TPS: diserahkan", d.at(12, 0), d.at(14, 0), func(s *stage) { s.offerStations(false) })
	for n := range acceptWaves {
		add("TPS: diterima", d.at(14+2*n, 0), d.at(16+2*n, 0), func(s *stage) { s.acceptStations(n) })
	}
	add("TPS: kotak dicari", d.at(20, 0), d.at(20, 40), (*stage).offerSecond)
	add("TPS: kotak ditemukan", d.at(20, 40), d.at(21, 20), (*stage).acceptSecond)
	add("TPS: kotak dikembalikan", d.at(21, 20), d.at(22, 0), (*stage).offerThird)
	add("TPS: kotak sampai", d.at(22, 0), d.at(22, 40), (*stage).acceptThird)
	add("tenggat H-1", d.at(23, 50), votingDay.at(0, 20), func(*stage) {})
	add("perangkat KPPS kembali bersinyal", votingDay.at(0, 20), votingDay.at(1, 30), (*stage).uploadCrews)
	add("TPS: terlambat diserahkan", votingDay.at(4, 0), votingDay.at(5, 0), func(s *stage) { s.offerStations(true) })
	add("TPS: terlambat diterima", votingDay.at(5, 0), votingDay.at(6, 30), (*stage).acceptLate)
	return waves
}

const acceptWaves = 3

func (st *station) handoff(n string) string {
	return "HND-" + st.code[:4] + "-T" + st.code[4:] + "-" + n
}

// strange is a box of the station next door that was handed out here.
func (s *stage) strange(st *station) (from *station, box int) {
	if st.fate == fateReceivesStranger {
		return st.partner, st.partner.oddType(s.seed)
	}
	return nil, 0
}

// handed calls do for everything that the village committee puts on the list of a station.
func (s *stage) handed(st *station, do func(unit string, st *station, box int)) {
	odd := st.oddType(s.seed)
	for b := range types {
		if b == odd && (st.fate == fateUndocumented || st.fate == fateWrongStation) {
			continue
		}
		do(st.unit(b), st, b)
	}
	do(st.kit(), st, types)
	if from, b := s.strange(st); from != nil {
		do(from.unit(b), from, b)
	}
}

func (s *stage) offerStations(late bool) {
	for _, v := range s.villages {
		away := s.away(&v.people, "L4")
		for i, st := range v.stations {
			if (st.fate == fateLate) != late {
				continue
			}
			st.unsure = away || v.pending || v.district.unsent
			s.act(&v.people, away && !late, st.unsure, "handoff.offer", s.part(i, len(v.stations)), plain, func(l *line) {
				l.str("handoff", st.handoff("1")).str("to", st.code).list("boxes")
				s.handed(st, func(unit string, _ *station, _ int) { l.str("", unit) })
				l.close(']')
			})
		}
	}
}

func (s *stage) acceptStations(n int) {
	for _, st := range s.stations {
		if st.number%acceptWaves == n && st.fate != fateLate {
			s.acceptStation(st, s.at(key(s.seed, "accept", st.code)))
		}
	}
}

func (s *stage) acceptLate() {
	for _, st := range s.stations {
		if st.fate == fateLate {
			s.acceptStation(st, s.at(key(s.seed, "accept", st.code)))
			s.expect("late", 0, st.code)
		}
	}
}

// absent tells whether a box or kit does not come with the rest.
func (s *stage) absent(st *station, box int) bool {
	switch st.fate {
	case fateBoxMissing, fateBoxLost:
		return box == st.oddType(s.seed)
	case fateKitMissing, fateKitLost:
		return box == types
	default:
		return false
	}
}

// asExtra tells whether the crew of a station lists the box that nobody offered as extra, or as if it had been offered.
func (s *stage) asExtra(st *station) bool { return chance(key(s.seed, "extra", st.code), 500) }

func (s *stage) acceptStation(st *station, at time.Time) {
	w := plain
	switch st.fate {
	case fateNone, fateLate, fateBallotsShort, fateBallotsOver, fateWrongDesign, fateWrongStation, fateSeized:
	default:
		w = flawed
	}
	away := st.fate != fateLate && s.away(&st.crew, "L4")
	if !st.unsure && !away && st.number%100 == 0 {
		s.illegalHandoff(st, at)
	}
	s.act(&st.crew, away, st.unsure, "handoff.accept", at, w, func(l *line) { s.acceptance(l, st) })
	for b := range perStation {
		if !s.absent(st, b) && !(b == st.oddType(s.seed) && st.fate == fateWrongStation) {
			s.move(st, b, atStation)
		}
	}
	s.accountStation(st)
}

// acceptance is what the crew finds.
func (s *stage) acceptance(l *line, st *station) {
	odd := st.oddType(s.seed)
	l.str("handoff", st.handoff("1")).list("boxes")
	accept := func(unit string, of *station, b int) {
		if of == st && s.absent(st, b) {
			return
		}
		condition := "good"
		if of == st && b == odd {
			switch st.fate {
			case fateSealBroken:
				condition = "seal_broken"
			case fateUnsealed:
				condition = "unsealed"
			case fateBoxDamaged:
				condition = "damaged"
			case fateBoxWet:
				condition = "wet"
			case fateSealSwapped:
				l.object("").str("box", unit).strs("seals", "X-"+st.code, s.readSeals(st, b)[1]).str("condition", "good").close('}')
				return
			}
		}
		s.acceptedUnit(l, unit, of, b, condition)
	}
	s.handed(st, accept)
	if st.fate == fateUndocumented && !s.asExtra(st) {
		s.acceptedUnit(l, st.unit(odd), st, odd, "good")
	}
	l.close(']').list("missing")
	for b := range perStation {
		if s.absent(st, b) {
			l.str("", st.unit(b))
		}
	}
	l.close(']').list("extra")
	if st.fate == fateUndocumented && s.asExtra(st) {
		l.str("", st.unit(odd))
	}
	l.close(']').list("witnesses").close(']')
}

// unit is the id of the box that is in use now, or of the kit.
func (st *station) unit(b int) string {
	switch {
	case b == types:
		return st.kit()
	case st.spares&(1<<b) != 0:
		return st.box(b) + ".2"
	}
	return st.box(b)
}

// boxesNow are the station's boxes in use.
func (st *station) boxesNow() []string {
	ids := make([]string, types)
	for b := range ids {
		ids[b] = st.unit(b)
	}
	return ids
}

// accountStation expects what a station's fate gives away when its boxes are accepted.
func (s *stage) accountStation(st *station) {
	box := st.unit(st.oddType(s.seed))
	switch st.fate {
	case fateSealBroken:
		s.expect("seal_broken", 0, box)
	case fateUnsealed:
		s.expect("unsealed", 0, box)
	case fateSealSwapped:
		s.expect("seal_mismatch", 0, box)
	case fateBoxDamaged:
		s.expect("damaged", 0, box)
	case fateBoxWet:
		s.expect("wet", 0, box)
	case fateUndocumented:
		s.expect("undocumented_handoff", 0, box)
	case fateBoxMissing, fateBoxLost:
		s.expect("short", 0, box)
	case fateKitMissing, fateKitLost:
		s.expect("short", 0, st.kit())
	case fateReceivesStranger:
		from, b := s.strange(st)
		s.expect("wrong_destination", 0, from.unit(b))
		s.move(from, b, atStation)
	}
}

// illegalHandoff tries what two parties may not do.
func (s *stage) illegalHandoff(st *station, at time.Time) {
	s.do(&st.village.people, request, "handoff.accept", at, refused("same_person"), func(l *line) { s.acceptance(l, st) })
	if st.fate == fateNone {
		s.do(&st.crew, request, "handoff.accept", at.Add(-time.Second), refused("handoff_incomplete"), func(l *line) {
			l.str("handoff", st.handoff("1")).list("boxes")
			s.acceptedUnit(l, st.unit(0), st, 0, "good")
			l.close(']').list("missing").close(']').list("extra").close(']').list("witnesses").close(']')
		})
	}
}
