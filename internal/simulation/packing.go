package simulation

import "time"

// Packing begins on 20 January (Malang) and must be over for the islands by 1 February and for everyone by 5 February.
var (
	firstPackingDay = day{2024, 1, 20}
	islandsDone     = day{2024, 1, 31}
	lastPackingDay  = day{2024, 2, 3}
)

const packingDays = 9

func packing() []wave {
	var waves []wave
	three := func(d day, choose func(s *stage) []*station) {
		waves = append(waves,
			d.between(7, 12, "kotak diisi", func(s *stage) { s.pack(choose(s)) }),
			d.between(12, 15, "kotak diperiksa", func(s *stage) { s.check(choose(s)) }),
			d.between(15, 19, "kotak disegel", func(s *stage) { s.seal(choose(s)) }),
		)
	}
	waves = append(waves, firstPackingDay.between(6, 7, "jumlah lain disetujui", approveNumbers))
	for n := range packingDays {
		three(firstPackingDay.plus(n), func(s *stage) []*station { return s.shift(n) })
	}
	three(islandsDone, func(s *stage) []*station { return s.rest(true) })
	three(lastPackingDay, func(s *stage) []*station { return s.rest(false) })
	recap, d := islandsDone.plus(-1), lastPackingDay.plus(1)
	return append(waves,
		recap.between(8, 10, "kotak rekapitulasi diisi", packRecap),
		recap.between(10, 12, "kotak rekapitulasi diperiksa", checkRecap),
		recap.between(12, 14, "kotak rekapitulasi disegel", sealRecap),
		d.between(14, 15, "kotak dibuka lagi", unsealBoxes),
		d.between(15, 16, "kotak diisi lagi", repackBoxes),
		d.between(16, 17, "kotak diperiksa lagi", recheckBoxes),
		d.between(17, 18, "kotak disegel lagi", resealBoxes),
		d.between(18, 19, "nomor segel ganda", sealAgain),
	)
}

// shift are the stations packed on one of the first days. Those for which there are not enough ballots wait for what the supplier owes.
func (s *stage) shift(n int) []*station {
	if n < len(s.shifts) {
		return s.shifts[n]
	}
	for range packingDays {
		s.shifts = append(s.shifts, nil)
	}
	stock := map[string]int64{}
	for design, sheets := range s.stock {
		stock[design] = sheets
	}
	number := 0
	plan := func(st *station) {
		for t := range types {
			if stock[st.village.designs[t]] < st.ballots() {
				s.waiting = append(s.waiting, st)
				return
			}
		}
		for t := range types {
			stock[st.village.designs[t]] -= st.ballots()
		}
		s.shifts[number*packingDays/len(s.stations)] = append(s.shifts[number*packingDays/len(s.stations)], st)
		number++
	}
	for _, onIsland := range []bool{true, false} { // the islands' boxes leave first
		for _, st := range s.stations {
			if st.village.district.island() == onIsland {
				plan(st)
			}
		}
	}
	return s.shifts[n]
}

// rest are the stations that waited, once the supplier has brought what he owed.
func (s *stage) rest(onIsland bool) (list []*station) {
	for _, st := range s.waiting {
		if st.village.district.island() == onIsland {
			list = append(list, st)
		}
	}
	return list
}

// ballotsIn is how many ballots are packed into a box: in one box of the first regency five fewer, with an approved exception.
func (s *stage) ballotsIn(st *station, t int) (n int64, exception bool) {
	if s.regency == s.world.first && st.number == 3 && t == 1 {
		return st.ballots() - 5, true
	}
	return st.ballots(), false
}

// approveNumbers: before packing begins the operator approves the numbers of ballots that are meant to be others.
func approveNumbers(s *stage) {
	for i, st := range s.stations {
		for t := range types {
			if _, exception := s.ballotsIn(st, t); exception {
				s.approve(&s.operator, "ballot_number", s.part(i, len(s.stations)), st.box(t), 0)
			}
		}
	}
}

func (s *stage) packedBox(l *line, st *station, t int, design string, ballots int64) {
	l.object("").str("box", st.box(t)).str("design", design).num("ballots", ballots).close('}')
}

// packers and sealers are storekeepers; checkers never pack.
func (s *stage) pack(list []*station) {
	kits := map[int][]*station{}
	for i, st := range list {
		p, at := s.storekeeper(i), s.part(i, len(list))
		if i == 0 {
			s.illegalPacking(st, at)
		}
		short := false
		s.do(p, request, "packing.pack_boxes", at, plain, func(l *line) {
			l.list("boxes")
			for t := range types {
				if n, exception := s.ballotsIn(st, t); exception {
					short = true
				} else {
					s.packedBox(l, st, t, st.village.designs[t], n)
				}
			}
			l.close(']')
		})
		if short {
			s.do(p, request, "packing.pack_boxes", at.Add(time.Second), plain, func(l *line) {
				l.list("boxes")
				for t := range types {
					if n, exception := s.ballotsIn(st, t); exception {
						s.packedBox(l, st, t, st.village.designs[t], n)
					}
				}
				l.close(']').object("exception").str("approver", s.operator.id()).str("reason", "TPS lokasi khusus").close('}')
			})
		}
		if s.regency == s.world.first && st.number == labelledTwice {
			// A second label of the same box, told by the one who found it.
			s.do(p, report, "packing.pack_boxes", at.Add(2*time.Second), flawed, func(l *line) {
				l.list("boxes")
				s.packedBox(l, st, council, st.village.designs[council], st.ballots())
				l.close(']')
			})
			s.expect("duplicate_label", 0, st.box(council))
		}
		for t := range types {
			n, _ := s.ballotsIn(st, t)
			s.move(st, t, packed)
			s.stock[st.village.designs[t]] -= n
			s.item("ballot").packed += n
		}
		s.item(itemBox).packed += int64(types)
		kits[i%len(s.storekeeps)] = append(kits[i%len(s.storekeeps)], st)
	}
	for i := range s.storekeeps {
		if len(kits[i]) == 0 {
			continue
		}
		s.do(s.storekeeper(i), request, "packing.pack_kits", s.part(19, 20), plain, func(l *line) {
			l.list("kits")
			for _, st := range kits[i] {
				l.str("", st.kit())
				s.move(st, types, packed)
			}
			l.close(']')
		})
	}
}

// illegalPacking tries what must be refused: the wrong design, the wrong number, more than there is.
func (s *stage) illegalPacking(st *station, at time.Time) {
	p := s.storekeeper(0)
	try := func(rule string, t int, design string, ballots int64) {
		s.do(p, request, "packing.pack_boxes", at, refused(rule), func(l *line) {
			l.list("boxes")
			s.packedBox(l, st, t, design, ballots)
			l.close(']')
		})
	}
	try("wrong_design", council, s.foreignDesign(st.village.designs[council]), st.ballots())
	try("ballot_number", 0, st.village.designs[0], st.ballots()-3)
	// More DPR ballots than there can be, all of one design.
	s.do(p, request, "packing.pack_boxes", s.wave.until.Add(-time.Second), refused("stock_not_enough"), func(l *line) {
		l.list("boxes")
		for n, left := 0, s.item("ballot").ordered; left >= 0; n, left = n+1, left-mostInBox {
			s.packedBox(l, s.stations[n], 1, st.village.designs[1], mostInBox)
		}
		l.close(']')
	})
	s.do(p, request, "packing.check_boxes", at, refused("box_not_packed"), func(l *line) { l.strs("boxes", st.box(0)) })
}

// mostInBox is the largest number of ballots in one box that is no slip of the keyboard.
const mostInBox = 1_000_000

func (st *station) boxIDs() []string {
	ids := make([]string, types)
	for t := range ids {
		ids[t] = st.box(t)
	}
	return ids
}

func (s *stage) check(list []*station) {
	for i, st := range list {
		at := s.part(i, len(list))
		if i == 0 {
			s.do(s.storekeeper(0), request, "packing.check_boxes", at, refused("checker_is_packer"), func(l *line) { l.strs("boxes", st.boxIDs()...) })
			s.do(s.storekeeper(1), request, "packing.seal_boxes", at, refused("box_not_checked"), func(l *line) {
				l.list("boxes").object("").str("box", st.box(0)).strs("seals", s.sealsOf(st, 0)...).close('}').close(']')
			})
		}
		if i == 7 && s.regency == s.world.first && !s.selfChecked {
			// Somebody checked what he had packed himself, and told only afterwards.
			s.selfChecked = true
			s.do(s.storekeeper(i), report, "packing.check_boxes", at, flawed, func(l *line) { l.strs("boxes", st.box(0)) })
			s.expect("rule_broken", 0, st.box(0))
		}
		s.do(s.checker(i), request, "packing.check_boxes", at.Add(time.Second), plain, func(l *line) { l.strs("boxes", st.boxIDs()...) })
		for t := range types {
			s.move(st, t, checked)
		}
	}
}

func (s *stage) sealedBox(l *line, box string, seals []string) {
	l.object("").str("box", box).strs("seals", seals...).close('}')
}

func (s *stage) seal(list []*station) {
	for i, st := range list {
		p, at := s.storekeeper(i+1), s.part(i, len(list))
		if i == 1 { // the seals of the station before
			s.do(s.storekeeper(1), request, "packing.seal_boxes", at, refused("seal_used_twice"), func(l *line) {
				l.list("boxes")
				s.sealedBox(l, st.box(0), s.sealsOf(list[0], 0))
				l.close(']')
			})
		}
		if !s.sealedAgain(st) {
			s.sealStation(p, request, st, at, plain)
		}
	}
}

func (s *stage) sealStation(p *person, mode string, st *station, at time.Time, w want) {
	s.do(p, mode, "packing.seal_boxes", at, w, func(l *line) {
		l.list("boxes")
		for t := range types {
			s.sealedBox(l, st.box(t), s.applied(st, t))
		}
		l.close(']')
	})
	for t := range types {
		s.move(st, t, sealed)
	}
}
