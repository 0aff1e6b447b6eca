package simulation

import (
	"fmt"
	"strconv"
	"time"
)

// sheetsPerCarton of ballots; the last carton of a design is partial.
const sheetsPerCarton = 500

// sheetsPerTruck: ballots come in truckloads of up to 800 cartons.
const sheetsPerTruck = 400_000

// print are the ballots of one type for the regency: ordered by KPU RI, delivered in truckloads.
type print struct {
	t          int
	order      string
	lines      []counted // by design, and the re-vote stock
	deliveries []*delivery
}

// ballotDays is when each type of ballots arrived: first DPD, last the councils (DOMAIN 5.4).
var ballotDays = [types]day{{2024, 1, 3}, {2023, 12, 27}, {2023, 12, 22}, {2024, 1, 8}, {2024, 1, 12}}

// sortingDays is how many days a type is sorted.
const sortingDays = 3

func ballots() []wave {
	waves := []wave{
		day{2023, 12, 18}.between(9, 12, "pesanan surat suara oleh KPU RI", orderBallots),
		day{2023, 12, 19}.between(9, 17, "surat suara: dicetak", printBallots),
	}
	for _, t := range []int{2, 1, 0, 3, 4} {
		d := ballotDays[t]
		waves = append(waves,
			d.plus(-1).between(6, 9, "surat suara: dikirim", func(s *stage) { s.sendBallots(t) }),
			d.between(8, 14, "surat suara: dihitung", func(s *stage) { s.countBallots(t) }),
			d.plus(1).between(8, 10, "surat suara: BAST", func(s *stage) { s.acceptBallots(t) }),
		)
		for n := range sortingDays {
			waves = append(waves, d.plus(2+n).between(8, 17, "surat suara: disortir", func(s *stage) { s.sortBallots(t, n) }))
		}
	}
	return append(waves,
		day{2024, 1, 18}.between(15, 16, "surat suara: pengawasan gudang", oddStorage),
		day{2024, 1, 19}.between(9, 12, "surat suara: klaim", fileBallotClaims),
		day{2024, 1, 29}.between(9, 12, "surat suara: pengganti diambil", settleBallotClaims),
	)
}

func orderBallots(s *stage) {
	s.stock = map[string]int64{}
	for t := range types {
		p := &print{t: t, order: "ORD-" + s.code + "-" + ballotTypes[t]}
		for _, design := range s.designs[t] {
			p.lines = append(p.lines, counted{item: "ballot", variant: design, announced: s.ballotNeed(t, design)})
		}
		if t == council {
			for _, design := range s.designs[t] {
				p.lines = append(p.lines, counted{item: "revote_ballot", variant: design, announced: revotePerDesign})
			}
		}
		s.printed = append(s.printed, p)
		s.do(&s.operator, report, "procurement.record_external_order", s.part(t, types), plain, func(l *line) {
			l.str("order", p.order).str("placed_by", "KPU RI").str("supplier", ballotFirm).list("lines")
			for _, c := range p.lines {
				s.priced(l, c.item, c.variant, c.announced, 250)
			}
			l.close(']')
		})
		for _, c := range p.lines {
			s.item(c.item).ordered += c.announced
		}
	}
}

// printBallots: the printer's minutes. In the first regency one batch is above the order, and one does not add up.
func printBallots(s *stage) {
	s.do(&s.officer, request, "procurement.record_payment", s.part(1, 2), refused("not_our_order"), func(l *line) {
		l.str("order", s.printed[0].order).num("amount", 1).str("document", "SPM-"+s.code+"-X")
	})
	for _, p := range s.printed {
		for n, c := range p.lines {
			over, lost := int64(0), int64(0)
			if s.regency == s.world.first && n == 0 {
				switch p.t {
				case 0:
					over = 700
				case 1:
					lost = 250
				}
			}
			w := plain
			if over+lost > 0 {
				w = flawed
			}
			printed := c.announced + over
			s.do(&s.printer, report, "procurement.report_production", s.part(n, len(p.lines)), w, func(l *line) {
				l.str("order", p.order).str("item", c.item).str("variant", c.variant).num("printed", printed).num("sent", c.announced-lost).
					num("stored", over).num("spoiled", 0)
			})
			unit := p.order + "/" + c.item + "/" + c.variant
			if over > 0 {
				s.expect("over", over, unit)
			}
			if lost > 0 {
				s.expect("rule_broken", lost, unit)
			}
		}
	}
}

// sendBallots loads the ballots of a type onto trucks, design by design.
func (s *stage) sendBallots(t int) {
	p := s.printed[t]
	truck := &delivery{}
	var room int64
	for _, c := range p.lines {
		for left := c.announced; left > 0; {
			if room == 0 {
				truck = &delivery{id: fmt.Sprintf("DLV-%s-%s-%d", s.code, ballotTypes[t], len(p.deliveries)+1)}
				p.deliveries = append(p.deliveries, truck)
				room = sheetsPerTruck
			}
			n := min(left, room)
			truck.lines = append(truck.lines, counted{item: c.item, variant: c.variant, announced: n, good: n})
			left, room = left-n, room-n
		}
	}
	for n, v := range p.deliveries {
		s.announceDelivery(&s.printer, v, p.order, s.part(n, len(p.deliveries)))
	}
}

// countBallots: whole cartons are missing or wet, or belong to another electoral district.
func (s *stage) countBallots(t int) {
	p := s.printed[t]
	first := s.regency == s.world.first
	for n, v := range p.deliveries {
		k := key(s.seed, "cartons", v.id)
		c := &v.lines[0]
		forced := first && n == 0
		switch {
		case c.good < 2*sheetsPerCarton:
		case forced && t == 2 || chance(k, 30):
			c.missing, c.good = sheetsPerCarton, c.good-sheetsPerCarton
		case forced && t == 1 || chance(k>>10, 20):
			c.damaged, c.good = sheetsPerCarton, c.good-sheetsPerCarton
		}
		if forced && t == council || chance(k>>20, 5) {
			foreign := s.world.neighbour(s.regency).designs[council][0]
			v.lines = append(v.lines, counted{item: "ballot", variant: foreign, good: sheetsPerCarton, extra: sheetsPerCarton})
		}
		s.countDelivery(s.storekeeper(n), v, request, s.part(n, len(p.deliveries)))
	}
}

// neighbour is the next regency of the province.
func (p *play) neighbour(r *regency) *regency {
	for i, other := range p.world.regencies {
		if other == r {
			return p.world.regencies[(i+1)%len(p.world.regencies)]
		}
	}
	return r
}

func (s *stage) acceptBallots(t int) {
	for n, v := range s.printed[t].deliveries {
		s.acceptDelivery(v, s.part(n, len(s.printed[t].deliveries)))
	}
}

// The rates at which sorting finds fault with a carton, in ten thousand: 0.09 % of all sheets are damaged (DOMAIN 4.6).
const (
	damagedCartons = 260
	shortCartons   = 10
	foreignCartons = 5
)

var damageReasons = []string{"torn", "ink_stain", "cut", "blurred", "hole", "wet", "other"}

// sortBallots sorts a third of the cartons of a type, one act a carton.
func (s *stage) sortBallots(t, third int) {
	for _, v := range s.printed[t].deliveries {
		for n := range v.lines {
			c := &v.lines[n]
			if c.item != "ballot" || c.announced == 0 {
				continue
			}
			cartons := int((c.good + sheetsPerCarton - 1) / sheetsPerCarton)
			base := key(s.seed, "carton", v.id, c.variant)
			for i := third; i < cartons; i += sortingDays {
				s.sortCarton(v, c, i, min(sheetsPerCarton, c.good-int64(i)*sheetsPerCarton), base)
			}
		}
	}
}

func (s *stage) sortCarton(v *delivery, c *counted, i int, sheets int64, base uint64) {
	k := mix(base + uint64(i))
	forced := s.regency == s.world.first && v.lines[0].variant == c.variant
	var damaged, missing, foreign int64
	roll := k % 10_000
	switch {
	case sheets < 60:
	case forced && i == 0 || roll < foreignCartons:
		foreign = 20
	case forced && i == 1 || roll < foreignCartons+shortCartons:
		missing = 1 + int64(k>>16%9)
	case forced && i == 2 || roll < foreignCartons+shortCartons+damagedCartons:
		damaged = 5 + int64(k>>16%25)
	}
	w := plain
	if damaged+missing+foreign > 0 {
		w = flawed
	}
	s.do(s.storekeeper(i), request, "receipt.report_sorting", s.at(k>>8), w, func(l *line) {
		l.str("delivery", v.id).str("design", c.variant)
		l.name("carton").buf = append(strconv.AppendInt(append(l.buf, '"'), int64(i+1), 10), '"')
		l.num("good", sheets-damaged-missing-foreign).object("damaged")
		if damaged > 0 {
			l.num(damageReasons[k>>32%uint64(len(damageReasons))], damaged)
		}
		l.close('}').num("missing", missing).list("foreign")
		if foreign > 0 {
			l.object("").str("design", s.foreignDesign(c.variant)).num("count", foreign).close('}')
		}
		l.close(']')
	})
	c.sortedOut += damaged + missing + foreign
	s.item("ballot").damaged += damaged
	s.stock[c.variant] += sheets - damaged - missing - foreign
	unit := c.unit(v.id)
	if damaged > 0 {
		s.expect("damaged", damaged, unit)
	}
	if missing > 0 {
		s.expect("short", missing, unit)
	}
	if foreign > 0 {
		s.expect("wrong_design", foreign, unit)
	}
}

// foreignDesign is another design of the same type, of this regency if it has one.
func (s *stage) foreignDesign(design string) string {
	for r := s.regency; ; r = s.world.neighbour(r) {
		for t := range types {
			if len(r.designs[t]) == 0 || ballotTypes[t] != typeOf(design) {
				continue
			}
			for _, other := range r.designs[t] {
				if other != design {
					return other
				}
			}
		}
		if typeOf(design) == "PPWP" || typeOf(design) == "DPD" {
			return s.designs[council][0] // a type with one design only: sheets of another type
		}
	}
}

// typeOf is the ballot type of a design.
func typeOf(design string) string {
	for i := range len(design) {
		if design[i] == '-' {
			return design[:i]
		}
	}
	return design
}

func (s *stage) eachBallotDelivery(do func(v *delivery, owed []counted, at time.Time)) {
	n := 0
	for _, p := range s.printed {
		for _, v := range p.deliveries {
			if owed := claimOf(v); len(owed) > 0 {
				do(v, owed, s.part(n, 60))
				n++
			}
		}
	}
}

func fileBallotClaims(s *stage) {
	s.eachBallotDelivery(s.fileClaim)
}

func settleBallotClaims(s *stage) {
	s.eachBallotDelivery(func(v *delivery, owed []counted, at time.Time) {
		s.settle(v, owed, at)
		for _, c := range owed {
			if c.item == "ballot" {
				s.stock[c.variant] += c.back
			}
		}
	})
}
