package simulation

import (
	"strconv"
	"time"
)

// order is an order of the regency and what came of it.
type order struct {
	id     string
	goods  goods
	amount int64 // pieces ordered
	value  int64 // rupiah of what was accepted
	paid   int64
}

// delivery is a truckload of goods as it was announced and counted.
type delivery struct {
	id    string
	order *order // nil for ballots
	lines []counted
	claim string // "" for none
}

// counted is one line of a delivery.
type counted struct {
	item, variant                            string
	announced, good, damaged, missing, extra int64
	sortedOut                                int64 // ballots that sorting found damaged, missing or of another design
	back                                     int64 // pieces that the supplier owes and brings
}

func (c counted) unit(delivery string) string {
	if c.variant == "" {
		return delivery + "/" + c.item
	}
	return delivery + "/" + c.item + "/" + c.variant
}

// plot is what a regency's waves must remember.
type plot struct {
	orders      []*order
	deliveries  []*delivery
	printed     []*print
	stock       map[string]int64 // sorted ballots of accepted deliveries, not yet packed, by design
	shifts      [][]*station     // who is packed on which day
	waiting     []*station       // for ballots that the supplier owes
	selfChecked bool
	trips       []*trip
}

// reserveOrder is an order above the ceiling, with an approved exception. It happens in the first regency.
const reserveOrder = "cable_tie"

func procurement() []wave {
	waves := []wave{
		day{2023, 10, 13}.between(9, 11, "pagu anggaran", setBudget),
		day{2023, 10, 16}.between(9, 12, "pesanan tahap I", placeOrders),
	}
	for _, d := range []day{dayInk, dayTies, dayBoxes, daySeals, dayBooths} {
		waves = append(waves,
			d.plus(-1).between(8, 12, "kiriman tahap I: diumumkan", func(s *stage) { s.announce(d) }),
			d.between(8, 15, "kiriman tahap I: dihitung", func(s *stage) { s.count(d) }),
			d.plus(1).between(8, 12, "kiriman tahap I: BAST", func(s *stage) { s.accept(d) }),
			d.plus(5).between(13, 15, "kiriman tahap I: dibayar", func(s *stage) { s.pay(d) }),
		)
	}
	return append(waves,
		day{2023, 11, 28}.between(9, 12, "barang salah alamat", strayGoods),
		day{2023, 12, 4}.between(9, 12, "klaim barang tahap I", fileGoodsClaims),
		day{2023, 12, 12}.between(9, 12, "penggantian barang tahap I", settleGoodsClaims),
		day{2023, 12, 13}.between(9, 12, "selisih tahap I ditindaklanjuti", followUp),
		day{2023, 12, 14}.between(9, 12, "selisih tahap I dibuka lagi", lookAgain),
		day{2023, 12, 15}.between(9, 12, "pesanan tahap I ditutup", closeOrders),
	)
}

func setBudget(s *stage) {
	var ceiling int64
	for _, g := range allGoods {
		n := g.need(s.regency)
		s.orders = append(s.orders, &order{id: "ORD-" + s.code + "-" + strconv.Itoa(100+len(s.orders)), goods: g, amount: n})
		ceiling += n * g.price
	}
	s.do(&s.officer, request, "procurement.set_budget", s.part(1, 2), plain, func(l *line) {
		l.num("ceiling", ceiling).str("document", "DIPA-"+s.code+"-2023")
	})
	s.budget.ceiling = ceiling
	if s.regency == s.world.first {
		price := ware(reserveOrder).price
		s.approve(&s.desk, "budget_exception", s.part(15, 20), s.reserveID(), 100*price)
	}
}

// ware is the goods of an item.
func ware(item string) goods {
	for _, g := range allGoods {
		if g.item == item {
			return g
		}
	}
	panic("no goods are called " + item)
}

func (s *stage) reserveID() string { return "ORD-" + s.code + "-RESERVE" }

// approve is a second person's yes: a name in the act itself exempts from nothing. amount is rupiah, 0 where the purpose has none.
func (s *stage) approve(p *person, purpose string, at time.Time, subject string, amount int64) {
	s.do(p, request, "approval.give", at, plain, func(l *line) {
		l.str("purpose", purpose).strs("subject", subject)
		if amount > 0 {
			l.object("terms").num("amount", amount).close('}')
		}
	})
}

func (s *stage) priced(l *line, item, variant string, quantity, price int64) {
	l.object("").str("item", item)
	if variant != "" {
		l.str("variant", variant)
	}
	l.num("quantity", quantity).num("unit_price", price).close('}')
}

func (s *stage) place(id string, at time.Time, g goods, quantity int64, w want, approved bool) {
	s.do(&s.officer, request, "procurement.place_order", at, w, func(l *line) {
		l.str("order", id).str("supplier", goodsFirm).list("lines")
		s.priced(l, g.item, "", quantity, g.price)
		l.close(']')
		if approved {
			l.object("exception").str("approver", s.desk.id()).str("document", "ND-"+s.code+"-7").close('}')
		}
	})
}

func placeOrders(s *stage) {
	for i, o := range s.orders {
		s.place(o.id, s.part(i, 20), o.goods, o.amount, plain, false)
		s.item(o.goods.item).ordered += o.amount
		s.budget.committed += o.amount * o.goods.price
	}
	first := s.orders[0]
	s.place(first.id, s.part(12, 20), first.goods, 1, refused("order_id_used"), false)
	s.place("ORD-"+s.code+"-199", s.part(13, 20), first.goods, 1000, refused("over_budget"), false)
	s.do(&s.officer, request, "procurement.record_payment", s.part(14, 20), refused("paid_more_than_accepted"), func(l *line) {
		l.str("order", first.id).num("amount", 1).str("document", "SPM-"+s.code+"-0")
	})
	if s.regency == s.world.first {
		g := ware(reserveOrder)
		s.place(s.reserveID()+"-2", s.part(15, 20), g, 100, refused("approval_missing"), true) // of another order
		s.place(s.reserveID(), s.part(16, 20), g, 100, plain, true)
		s.item(g.item).ordered += 100
		s.budget.committed += 100 * g.price
	}
}

// due calls do for the orders that arrive on a day.
func (s *stage) due(d day, do func(n int, o *order, v *delivery)) {
	for n, o := range s.orders {
		if o.goods.day != d {
			continue
		}
		var its *delivery
		for _, v := range s.deliveries {
			if v.order == o {
				its = v
			}
		}
		do(n, o, its)
	}
}

// rates of damage per item of stage I among 514 regencies (DOMAIN 4.6), in a thousand.
var damageRate = map[string]uint64{"ballot_box": 344, "booth": 119, "ink": 241, "paper_seal": 58}

func (s *stage) announce(d day) {
	s.due(d, func(n int, o *order, _ *delivery) {
		k := key(s.seed, "goods", s.code, o.goods.item)
		c := counted{item: o.goods.item, announced: o.amount, good: o.amount}
		first := s.regency == s.world.first
		some := 1 + int64(k>>20%37)
		switch {
		case s.code == "3521" && c.item == "booth": // Ngawi: 420 booths more than ordered, all announced and all there
			c.announced += 420
			c.good += 420
			s.expect("over", 420, o.id+"/"+c.item)
		case first && c.item == "cable_tie" || chance(k, 100):
			c.missing, c.good = some, c.good-some
		case first && c.item == "ink" || chance(k>>10, 30):
			c.extra, c.good = some, c.good+some
		}
		if first && c.item == itemBox || chance(k>>30, damageRate[c.item]) {
			c.damaged, c.good = some+2, c.good-some-2
		}
		v := &delivery{id: "DLV-" + s.code + "-" + strconv.Itoa(100+n), order: o, lines: []counted{c}}
		s.deliveries = append(s.deliveries, v)
		s.announceDelivery(&s.supplier, v, o.id, s.part(n, 20))
	})
}

func (s *stage) announceDelivery(p *person, v *delivery, orderID string, at time.Time) {
	w := plain
	for _, c := range v.lines {
		if c.announced > 0 && v.order != nil && c.announced > v.order.amount {
			w = flawed
		}
		s.item(c.item).announced += c.announced
	}
	s.do(p, report, "procurement.announce_delivery", at, w, func(l *line) {
		l.str("delivery", v.id).str("order", orderID).list("lines")
		for _, c := range v.lines {
			if c.announced == 0 {
				continue // the surprise of the count
			}
			l.object("").str("item", c.item)
			if c.variant != "" {
				l.str("variant", c.variant)
			}
			l.num("quantity", c.announced).close('}')
		}
		l.close(']')
	})
}

func (s *stage) count(d day) {
	s.due(d, func(n int, o *order, v *delivery) { s.countDelivery(s.storekeeper(0), v, request, s.part(n, 20)) })
}

// countDelivery counts a delivery and notes what is found, twice: the second count must be refused.
func (s *stage) countDelivery(p *person, v *delivery, mode string, at time.Time) {
	s.do(p, request, "procurement.accept_delivery", at, invalid("role_not_allowed"), func(l *line) { l.str("delivery", v.id).str("document", "BAST-0") })
	w := plain
	for _, c := range v.lines {
		if c.missing+c.damaged+c.extra > 0 {
			w = flawed
		}
	}
	s.countLines(p, v, mode, at, w)
	s.countLines(p, v, request, at.Add(time.Minute), refused("counted_twice"))
	for _, c := range v.lines {
		item := s.item(c.item)
		item.received += c.good + c.damaged
		item.damaged += c.damaged
		if c.missing > 0 {
			s.expect("short", c.missing, c.unit(v.id))
		}
		if c.damaged > 0 {
			s.expect("damaged", c.damaged, c.unit(v.id))
		}
		switch {
		case c.extra > 0 && c.announced == 0 && c.variant != "":
			s.expect("wrong_design", c.extra, c.unit(v.id))
		case c.extra > 0:
			s.expect("over", c.extra, c.unit(v.id))
		}
	}
}

func (s *stage) countLines(p *person, v *delivery, mode string, at time.Time, w want) {
	s.do(p, mode, "receipt.count_goods", at, w, func(l *line) {
		l.str("delivery", v.id).list("lines")
		for _, c := range v.lines {
			l.object("").str("item", c.item)
			if c.variant != "" {
				l.str("variant", c.variant)
			}
			l.num("good", c.good).num("damaged", c.damaged).num("missing", c.missing).num("extra", c.extra).close('}')
		}
		l.close(']')
	})
}

func (s *stage) accept(d day) {
	s.due(d, func(n int, o *order, v *delivery) { s.acceptDelivery(v, s.part(n, 20)) })
}

// acceptDelivery signs the minutes (BAST), after an attempt for a delivery that is not there.
func (s *stage) acceptDelivery(v *delivery, at time.Time) {
	s.do(&s.officer, request, "procurement.accept_delivery", at, refused("delivery_not_counted"), func(l *line) {
		l.str("delivery", "DLV-"+s.code+"-NONE").str("document", "BAST-0")
	})
	s.do(&s.officer, request, "procurement.accept_delivery", at.Add(time.Minute), plain, func(l *line) {
		l.str("delivery", v.id).str("document", "BAST-"+v.id[4:])
	})
	if v.order != nil {
		good := min(v.lines[0].good, v.order.amount)
		v.order.value = good * v.order.goods.price
		s.budget.accepted += v.order.value
	}
}

func (s *stage) pay(d day) {
	s.due(d, func(n int, o *order, v *delivery) { s.payOrder(o, s.part(n, 20)) })
}

// payOrder pays what is accepted and not yet paid.
func (s *stage) payOrder(o *order, at time.Time) {
	amount := o.value - o.paid
	if amount <= 0 {
		return
	}
	s.do(&s.officer, request, "procurement.record_payment", at, plain, func(l *line) {
		l.str("order", o.id).num("amount", amount).str("document", "SPM-"+o.id[4:])
	})
	s.do(&s.officer, request, "procurement.record_payment", at.Add(time.Minute), refused("paid_more_than_accepted"), func(l *line) {
		l.str("order", o.id).num("amount", 1).str("document", "SPM-"+o.id[4:])
	})
	o.paid += amount
	s.budget.paid += amount
}

// strayGoods arrive at a regency for which nobody announced them: 10 of 514 regencies in stage I.
func strayGoods(s *stage) {
	if s.regency != s.world.first && !chance(key(s.seed, "stray", s.code), 19) {
		return
	}
	v := &delivery{id: "DLV-" + s.code + "-STRAY", lines: []counted{{item: "booth", good: 40}}}
	s.countLines(s.storekeeper(0), v, request, s.part(1, 4), refused("delivery_not_announced"))
	s.countLines(s.storekeeper(0), v, report, s.part(2, 4), flawed)
	s.item("booth").received += 40
	s.expect("wrong_destination", 0, v.id)
}

func closeOrders(s *stage) {
	for n, o := range s.orders {
		s.payOrder(o, s.part(n, 20))
		s.do(&s.officer, request, "procurement.close_order", s.part(n, 20).Add(2*time.Minute), plain, func(l *line) { l.str("order", o.id) })
	}
	s.do(&s.officer, request, "procurement.close_order", s.part(19, 20), refused("order_is_closed"), func(l *line) { l.str("order", s.orders[0].id) })
}
