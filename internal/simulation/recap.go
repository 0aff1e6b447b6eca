package simulation

// The recapitulation boxes of the districts.

func (s *stage) eachRecap(do func(n int, box string)) {
	n := 0
	for _, d := range s.districts {
		for _, b := range d.recapBoxes() {
			do(n, b)
			n++
		}
	}
}

func packRecap(s *stage) {
	if noRecap[s.code] {
		return
	}
	s.do(s.storekeeper(0), request, "packing.pack_boxes", s.part(1, 2), plain, func(l *line) {
		l.list("boxes")
		s.eachRecap(func(_ int, box string) {
			l.object("").str("box", box).str("design", "").num("ballots", 0).close('}')
			s.others[box].state = packed
			s.item(itemBox).packed++
		})
		l.close(']')
	})
}

func checkRecap(s *stage) {
	if noRecap[s.code] {
		return
	}
	s.do(s.checker(0), request, "packing.check_boxes", s.part(1, 2), plain, func(l *line) {
		l.list("boxes")
		s.eachRecap(func(_ int, box string) {
			l.str("", box)
			s.others[box].state = checked
		})
		l.close(']')
	})
}

func (r *regency) recapSealsOf(n int) []string {
	return []string{r.seal(recapSeals + 2*n), r.seal(recapSeals + 2*n + 1)}
}

func sealRecap(s *stage) {
	if noRecap[s.code] {
		return
	}
	s.do(s.storekeeper(1), request, "packing.seal_boxes", s.part(1, 2), plain, func(l *line) {
		l.list("boxes")
		s.eachRecap(func(n int, box string) {
			s.sealedBox(l, box, s.recapSealsOf(n))
			s.others[box].state = sealed
		})
		l.close(']')
	})
}

// A sealed box is opened again because a form was left out: packed, checked and sealed anew. It is a box of the last station whose boxes
// are still in the warehouse by then: those of the islands are at sea.

func (s *stage) reopened() (st *station, t int) {
	n := len(s.stations) - 1
	for n > 0 && s.stations[n].village.district.island() {
		n--
	}
	return s.stations[n], 2
}

func unsealBoxes(s *stage) {
	st, t := s.reopened()
	s.do(s.storekeeper(2), request, "packing.seal_boxes", s.part(1, 4), refused("sealed_twice"), func(l *line) {
		l.list("boxes")
		s.sealedBox(l, st.box(t), []string{s.regency.seal(secondSeals)})
		l.close(']')
	})
	s.do(s.storekeeper(2), request, "packing.unseal_boxes", s.part(2, 4), plain, func(l *line) {
		l.strs("boxes", st.box(t)).str("reason", "formulir C tertinggal").list("witnesses").object("").str("role", "supervisor").
			str("id", s.supervisor.id()).close('}').close(']')
	})
}

func repackBoxes(s *stage) {
	st, t := s.reopened()
	s.do(s.storekeeper(2), request, "packing.pack_boxes", s.part(1, 4), plain, func(l *line) {
		l.list("boxes")
		s.packedBox(l, st, t, st.village.designs[t], st.ballots())
		l.close(']')
	})
}

func recheckBoxes(s *stage) {
	st, t := s.reopened()
	s.do(s.checker(1), request, "packing.check_boxes", s.part(1, 4), plain, func(l *line) { l.strs("boxes", st.box(t)) })
}

func resealBoxes(s *stage) {
	st, t := s.reopened()
	s.do(s.storekeeper(3), request, "packing.seal_boxes", s.part(1, 4), plain, func(l *line) {
		l.list("boxes")
		s.sealedBox(l, st.box(t), []string{s.regency.seal(secondSeals), s.regency.seal(secondSeals + 1)})
		l.close(']')
	})
}

// readSeals are the seals that are on a box when it travels.
func (s *stage) readSeals(st *station, t int) []string {
	if last, lastType := s.reopened(); st == last && t == lastType {
		return []string{s.regency.seal(secondSeals), s.regency.seal(secondSeals + 1)}
	}
	if st.spares&(1<<t) != 0 {
		return s.spareSealsOf(st, t)
	}
	return s.applied(st, t)
}

func (s *stage) spareSealsOf(st *station, t int) []string {
	n := spareSeals + (st.number*types+t)*2
	return []string{s.regency.seal(n), s.regency.seal(n + 1)}
}
