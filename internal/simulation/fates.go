package simulation

import "slices"

// fate is what goes wrong at a station. Most have none.
type fate uint8

const (
	fateNone             fate = iota
	fateLate                  // boxes come on the morning of the vote
	fateSealBroken            // a box with a broken seal
	fateUnsealed              // a box without seals
	fateSealSwapped           // a box with other seals than were applied
	fateBoxMissing            // a box is missing and found the same day
	fateBoxLost               // a box is missing and never found
	fateBallotsShort          // ballots are missing in a box, found when it is opened
	fateBallotsOver           // the other half of fateBallotsShort
	fateKitMissing            // the equipment outside the boxes is missing and comes later
	fateKitLost               // it never comes
	fateBoxDamaged            // a box is damaged
	fateBoxWet                // a box is wet
	fateWrongDesign           // ballots of another electoral district, found when the box is opened
	fateWrongStation          // a box goes to the station next door first
	fateReceivesStranger      // the station next door
	fateUndocumented          // a box that nobody handed over
	fateSeized                // crew and boxes are held by a crowd
	fates                int  = iota
)

// Rates in 100,000 stations, from DOMAIN section 4.6: late 1.03 % (H-1, East Java), unsealed 0.42 %, short 0.56 %, incomplete 1.28 %, swapped
// 0.74 %. A share of each is given to the ways in which it may come about.
var fateRates = [fates]int{
	fateLate:         1030,
	fateSealBroken:   180,
	fateUnsealed:     120,
	fateSealSwapped:  120,
	fateBoxMissing:   50,
	fateBoxLost:      4,
	fateBallotsShort: 506,
	fateKitMissing:   1080,
	fateKitLost:      20,
	fateBoxDamaged:   90,
	fateBoxWet:       90,
	fateWrongDesign:  700,
	fateWrongStation: 20,
	fateUndocumented: 20,
	fateSeized:       1,
}

// Stations that packing or a story has a use for are left out of the lottery.
const firstFree = sealedInOther + 2

// draw decides the fates of a regency's stations. In the first regency of a scope every fate happens at least once.
func (r *regency) draw(seed uint64, first bool) {
	r.tell()
	free := make([]*station, 0, len(r.stations))
	for _, s := range r.stations[firstFree : len(r.stations)-1] {
		if s.fate == fateNone {
			free = append(free, s)
		}
	}
	d := dice(seed, "fates", r.code)
	d.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	take := func(f fate) *station {
		for len(free) > 0 {
			s := free[len(free)-1]
			free = free[:len(free)-1]
			if s.fate == fateNone {
				s.fate = f
				return s
			}
		}
		return nil
	}
	for f := fate(1); int(f) < fates; f++ {
		n := fateRates[f] * len(r.stations) / 100_000
		if chance(key(seed, "fate", r.code)+uint64(f), uint64(fateRates[f]*len(r.stations)/100%1000)) {
			n++
		}
		if first && fateRates[f] > 0 {
			n = max(n, 1)
		}
		for range n {
			s := take(f)
			if s == nil {
				break
			}
			if !s.pair() {
				s.fate = fateNone
			}
		}
	}
}

// pair gives the station next door its part in a story for two; false when there is none.
func (s *station) pair() bool {
	var other fate
	switch s.fate {
	case fateBallotsShort:
		other = fateBallotsOver
	case fateWrongStation:
		other = fateReceivesStranger
	default:
		return true
	}
	siblings := s.village.stations
	at := slices.Index(siblings, s)
	for _, n := range []int{at + 1, at - 1} {
		if n >= 0 && n < len(siblings) && siblings[n].fate == fateNone {
			siblings[n].fate = other
			siblings[n].partner, s.partner = s, siblings[n]
			return true
		}
	}
	return false
}

// tell are the cases of February 2024 that are known by name.
func (r *regency) tell() {
	switch r.code {
	case "3573": // Kota Malang, Pandanwangi: 119, 75 and 99 president ballots short, and surpluses next door
		for _, v := range r.villages {
			if v.name != "Pandanwangi" {
				continue
			}
			for n, short := range map[int]int64{3: 119, 4: 75, 12: 99} {
				s, other := v.stations[n-1], v.stations[20+n]
				s.fate, other.fate = fateBallotsShort, fateBallotsOver
				s.partner, other.partner = other, s
				s.amount, other.amount = short, short
				s.story, other.story = true, true
			}
		}
	case "3527": // Sampang, Karang Penang: crews and logistics of four stations held in the night before the vote
		for _, d := range r.districts {
			if d.code == "352714" {
				for _, s := range d.villages[0].stations[2:6] {
					s.fate, s.story = fateSeized, true
				}
			}
		}
	case "3578": // Surabaya: eight stations of council district 5 got ballots of district 2
		n := 0
		for _, s := range r.stations {
			if s.village.designs[council] == "DPRDK-357805" && s.number%97 == 5 && n < 8 {
				s.fate, s.story = fateWrongDesign, true
				n++
			}
		}
	}
}

// oddType is the ballot type of the box to which the station's fate happens.
func (s *station) oddType(seed uint64) int {
	if s.story {
		if s.fate == fateWrongDesign {
			return council
		}
		return 0
	}
	if s.fate == fateBallotsOver || s.fate == fateReceivesStranger {
		return s.partner.oddType(seed)
	}
	return int(key(seed, "odd", s.code) % uint64(types))
}

// oddAmount is how many ballots are short, over or foreign there.
func (s *station) oddAmount(seed uint64) int64 {
	switch {
	case s.amount > 0:
		return s.amount
	case s.fate == fateBallotsOver:
		return s.partner.oddAmount(seed)
	}
	return 1 + int64(key(seed, "amount", s.code)%100)
}
