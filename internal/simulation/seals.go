package simulation

import "strconv"

// sealsOf are the numbers of the seals on a station's box: two, used nowhere else.
func (r *regency) sealsOf(st *station, t int) []string {
	n := (st.number*types + t) * 2
	return []string{r.seal(n), r.seal(n + 1)}
}

// Numbers of seals above those of the stations.
const (
	spareSeals  = 500_000
	recapSeals  = 900_000
	secondSeals = 950_000
)

func (r *regency) seal(n int) string { return "JT" + r.code + "-" + strconv.Itoa(1_000_000+n) }

// Seal numbers that live twice. In the first regency a box carries a seal of another box; in the last one, a box carries a number that the
// first regency used as well.
const (
	sealedTwice   = 11 // station, and the next has its seal too
	sealedInOther = 13
	labelledTwice = 9
)

// sealedAgain tells whether a box of the station carries a seal of another box of the regency.
func (s *stage) sealedAgain(st *station) bool {
	return s.regency == s.world.first && st.number == sealedTwice+1
}

// applied are the seals that were put on a box when it was first sealed.
func (s *stage) applied(st *station, t int) []string {
	seals := s.sealsOf(st, t)
	switch {
	case t == 0 && s.sealedAgain(st):
		seals[1] = s.sealsOf(s.stations[sealedTwice], 0)[1]
	case t == 3 && st.number == sealedInOther && s.world.twin(s.regency):
		seals[1] = s.world.first.sealsOf(s.world.first.stations[sealedInOther], 3)[1]
	}
	return seals
}

// twin tells whether the regency uses a seal number of the first regency.
func (p *play) twin(r *regency) bool { return len(p.scope) > 1 && r == p.scope[len(p.scope)-1] }

// sealAgain puts a seal of another box on a box, and expects what the seals in two units give away.
func sealAgain(s *stage) {
	if s.regency == s.world.first {
		s.sealStation(s.storekeeper(4), report, s.stations[sealedTwice+1], s.part(1, 2), flawed)
		s.expect("seal_mismatch", 2, s.stations[sealedTwice].box(0), s.stations[sealedTwice+1].box(0))
	}
	if len(s.world.scope) < 2 {
		return
	}
	if last := s.world.scope[len(s.world.scope)-1]; s.regency == s.world.first || s.regency == last {
		s.expect("seal_mismatch", 0, s.world.first.stations[sealedInOther].box(3), last.stations[sealedInOther].box(3))
	}
}
