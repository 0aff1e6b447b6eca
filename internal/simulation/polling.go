package simulation

// pollingDay: crews open their boxes and find what packing got wrong.
func pollingDay() []wave {
	return []wave{
		{name: "TPS: kotak dibuka, surat suara dihitung", from: votingDay.at(7, 0), until: votingDay.at(7, 50), act: countAtStations},
		{name: "selesai", from: votingDay.at(7, 50), until: votingDay.at(8, 0), act: func(*stage) {}},
	}
}

func countAtStations(s *stage) {
	for _, st := range s.stations {
		var change, foreign int64
		t := st.oddType(s.seed)
		packed, _ := s.ballotsIn(st, t)
		w := flawed
		switch st.fate {
		case fateBallotsShort:
			change = -min(st.oddAmount(s.seed), packed)
		case fateBallotsOver:
			change = st.oddAmount(s.seed)
		case fateWrongDesign:
			foreign = min(st.oddAmount(s.seed), packed)
			if st.story {
				foreign = packed
			}
		default:
			// One station in a hundred counts as well, and finds what should be there.
			if st.number%100 != 50 {
				continue
			}
			w = plain
		}
		s.do(&st.crew, request, "polling.count_ballots", s.at(key(s.seed, "count", st.code)), w, func(l *line) {
			l.str("box", st.unit(t)).num("found", packed+change).list("foreign")
			if foreign > 0 {
				l.object("").str("design", s.foreignAt(st, t)).num("count", foreign).close('}')
			}
			l.close(']')
		})
		switch {
		case change < 0:
			s.expect("short", -change, st.unit(t))
		case change > 0:
			s.expect("over", change, st.unit(t))
		case foreign > 0:
			s.expect("wrong_design", foreign, st.unit(t))
		}
	}
}

// foreignAt is the design of the ballots that do not belong into a box: in Surabaya district 2 instead of 5.
func (s *stage) foreignAt(st *station, t int) string {
	if st.story {
		return "DPRDK-357802"
	}
	return s.foreignDesign(st.village.designs[t])
}
