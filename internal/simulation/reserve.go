package simulation

import "time"

// The province keeps a reserve of paper seals and sends some of them to the first regency. Nobody announces them there: the server does, from
// the province's dispatch.

const (
	reserveItem = "paper_seal"
	reserveBuys = 800
	reserveSent = 500
	reserveLost = 3 // that do not arrive
)

var dayReserve = day{2024, 1, 3}

func reserve() []wave {
	return []wave{
		dayReserve.between(8, 9, "cadangan provinsi: dipesan", (*stage).orderReserve),
		dayReserve.plus(2).between(8, 9, "cadangan provinsi: diterima", (*stage).receiveReserve),
		dayReserve.plus(3).between(8, 9, "cadangan provinsi: dikirim", (*stage).sendReserve),
		dayReserve.plus(4).between(8, 9, "cadangan provinsi: dihitung di kabupaten/kota", (*stage).countReserve),
	}
}

// reserveOf makes an act of the province about the regency's share of the reserve, if it is the one that gets some.
func (s *stage) reserveOf(n int, mode, commandType string, w want, data func(l *line)) {
	if s.regency != s.world.first {
		return
	}
	s.writeFor("35", &s.desk, mode, commandType, s.part(n, 8), data)
	s.queue(&s.desk, w)
}

func reserveLine(l *line, quantity int64) {
	l.object("").str("item", reserveItem).num("quantity", quantity).close('}').close(']')
}

func (s *stage) orderReserve() {
	s.reserveOf(0, request, "procurement.set_budget", plain, func(l *line) { l.num("ceiling", 10*reserveBuys).str("document", "DIPA-35-2024") })
	s.reserveOf(1, request, "procurement.place_order", plain, func(l *line) {
		l.str("order", "ORD-35-CADANGAN").str("supplier", goodsFirm).list("lines")
		s.priced(l, reserveItem, "", reserveBuys, 10)
		l.close(']')
	})
	s.reserveOf(2, report, "procurement.announce_delivery", plain, func(l *line) {
		l.str("delivery", "DLV-35-CADANGAN").str("order", "ORD-35-CADANGAN").list("lines")
		reserveLine(l, reserveBuys)
	})
}

func (s *stage) receiveReserve() {
	s.reserveOf(0, request, "receipt.count_goods", plain, func(l *line) {
		l.str("delivery", "DLV-35-CADANGAN").list("lines").object("").str("item", reserveItem).num("good", reserveBuys).num("damaged", 0).
			num("missing", 0).num("extra", 0).close('}').close(']')
	})
	s.reserveOf(1, request, "procurement.accept_delivery", plain, func(l *line) { l.str("delivery", "DLV-35-CADANGAN").str("document", "BAST-35-1") })
}

func (s *stage) sendReserve() {
	plan := func(n int, id string, quantity int64) {
		s.reserveOf(n, request, "shipment.plan", plain, func(l *line) {
			l.str("shipment", id).str("leg", "L1").str("from", "35").str("to", s.code).list("boxes").close(']').list("kits").close(']').list("lines")
			reserveLine(l, quantity)
		})
		s.reserveOf(n, report, "shipment.inspect_vehicle", plain, func(l *line) {
			l.str("shipment", id).yes("roadworthy").yes("driver_fit").yes("papers")
		})
	}
	plan(0, "SHP-35-CADANGAN", reserveSent)
	s.reserveOf(1, report, "shipment.dispatch", plain, func(l *line) { l.str("shipment", "SHP-35-CADANGAN") })
	plan(2, "SHP-35-TERLALU-BANYAK", reserveBuys-reserveSent+1)
	s.reserveOf(3, request, "shipment.dispatch", refused("stock_not_enough"), func(l *line) { l.str("shipment", "SHP-35-TERLALU-BANYAK") })
}

// countReserve counts what came; the announcement may come later than the goods.
func (s *stage) countReserve() {
	if s.regency != s.world.first {
		return
	}
	v := &delivery{id: "KRM-" + s.code + "-35-CADANGAN", lines: []counted{{item: reserveItem, good: reserveSent - reserveLost, missing: reserveLost}}}
	s.countLines(s.storekeeper(0), v, report, s.part(1, 4).Add(time.Minute), flawed)
	item := s.item(reserveItem)
	item.announced += reserveSent
	item.received += reserveSent - reserveLost
	s.expect("short", reserveLost, v.lines[0].unit(v.id))
}
