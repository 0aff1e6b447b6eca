package simulation

import "time"

// offerSecond hands out what was missing and is found, and gives a stranger's box back.
func (s *stage) offerSecond() {
	for _, st := range s.stations {
		at := s.at(key(s.seed, "second", st.code))
		switch st.fate {
		case fateBoxMissing:
			s.offerUnits(&st.village.people, st.handoff("2"), st.code, at, st.unit(st.oddType(s.seed)))
		case fateKitMissing:
			s.offerUnits(&st.village.people, st.handoff("2"), st.code, at, st.kit())
		case fateBoxLost:
			box := st.unit(st.oddType(s.seed))
			s.do(&st.village.people, report, "incident.raise", at, either, func(l *line) {
				l.str("kind", "lost").str("severity", "high").strs("units", box).str("note", "tidak ditemukan di gudang desa dan kecamatan")
			})
			s.expect("lost", 0, box)
			s.expect("late", 0, st.code)
			s.move(st, st.oddType(s.seed), isLost)
		case fateSeized:
			s.do(&st.village.people, report, "incident.raise", at.Add(time.Minute), either, func(l *line) {
				l.str("kind", "seized").str("severity", "high").strs("units", st.boxesNow()...).str("note", "ditahan massa bersama KPPS")
			})
			s.expect("seized", 0, st.boxesNow()...)
			for b := range types {
				s.move(st, b, isSeized)
			}
		case fateReceivesStranger:
			from, b := s.strange(st)
			s.offerUnits(&st.crew, from.handoff("B"), st.village.code, at, from.unit(b))
		}
	}
}

func (s *stage) offerUnits(p *person, handoff, to string, at time.Time, units ...string) {
	s.do(p, report, "handoff.offer", at, either, func(l *line) { l.str("handoff", handoff).str("to", to).strs("boxes", units...) })
}

func (s *stage) acceptUnit(p *person, handoff string, at time.Time, st *station, b int) {
	s.do(p, report, "handoff.accept", at, either, func(l *line) {
		l.str("handoff", handoff).list("boxes")
		s.acceptedUnit(l, st.unit(b), st, b, "good")
		l.close(']').list("missing").close(']').list("extra").close(']').list("witnesses").close(']')
	})
}

func (s *stage) acceptSecond() {
	for _, st := range s.stations {
		at := s.at(key(s.seed, "second", st.code))
		switch st.fate {
		case fateBoxMissing:
			s.acceptUnit(&st.crew, st.handoff("2"), at, st, st.oddType(s.seed))
			s.move(st, st.oddType(s.seed), atStation)
		case fateKitMissing:
			s.acceptUnit(&st.crew, st.handoff("2"), at, st, types)
			s.move(st, types, atStation)
		case fateWrongStation:
			s.acceptUnit(&st.village.people, st.handoff("B"), at, st, st.oddType(s.seed))
			s.move(st, st.oddType(s.seed), atVillage)
		}
	}
}

func (s *stage) offerThird() {
	for _, st := range s.stations {
		if st.fate == fateWrongStation {
			s.offerUnits(&st.village.people, st.handoff("3"), st.code, s.at(key(s.seed, "third", st.code)), st.unit(st.oddType(s.seed)))
		}
	}
}

func (s *stage) acceptThird() {
	for _, st := range s.stations {
		if st.fate == fateWrongStation {
			s.acceptUnit(&st.crew, st.handoff("3"), s.at(key(s.seed, "third", st.code)), st, st.oddType(s.seed))
			s.move(st, st.oddType(s.seed), atStation)
		}
	}
}

func (s *stage) uploadCrews() {
	for _, st := range s.stations {
		s.upload(&st.crew)
	}
}
