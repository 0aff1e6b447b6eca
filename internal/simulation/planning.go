package simulation

import "time"

// Supporting data and need plans: what the founding meeting of October 2023 was about. Every regency of the province takes part.

// goods is an item of the norms of Pemilu 2024, as DOMAIN section 3.3 recovered them: so many per station, village, district and regency.
type goods struct {
	item                                         string
	group                                        string
	perStation, perVillage, perDistrict, perUnit int64
	price                                        int64 // rupiah a piece, made up
	day                                          day   // of delivery
}

var (
	dayInk    = day{2023, 10, 19}
	dayTies   = day{2023, 11, 17}
	dayBoxes  = day{2023, 11, 20}
	daySeals  = day{2023, 11, 21}
	dayBooths = day{2023, 11, 22}
)

// allGoods are ordered by every regency in stage I, each item by an order of its own. The days are those of Kab. Malang.
var allGoods = []goods{
	{"ballot_box", "A", 5, 0, 2, 0, 13_500, dayBoxes},
	{"booth", "A", 4, 0, 0, 0, 17_000, dayBooths},
	{"ink", "A", 2, 0, 0, 0, 9_500, dayInk},
	{"paper_seal", "A", 96, 1, 11, 5, 150, daySeals},
	{"cable_tie", "A", 26, 0, 0, 0, 350, dayTies},
	{"voting_tool", "A", 4, 0, 0, 0, 4_200, dayBooths},
	{"glue", "B", 2, 1, 1, 1, 2_500, dayInk},
	{"marker", "B", 12, 1, 5, 12, 3_100, dayTies},
	{"rubber_band", "B", 628, 0, 0, 0, 12, daySeals},
	{"box_label", "C", 10, 0, 0, 0, 600, dayBoxes},
}

const itemBox = "ballot_box"

// need of an item in a regency.
func (g goods) need(r *regency) int64 {
	perDistrict := g.perDistrict
	if g.item == itemBox && noRecap[r.code] {
		perDistrict = 0
	}
	return g.perStation*int64(len(r.stations)) + g.perVillage*int64(len(r.villages)) + perDistrict*int64(len(r.districts)) + g.perUnit
}

// ballotNeed is how many ballots of a design the regency's stations get.
func (r *regency) ballotNeed(t int, design string) (n int64) {
	for _, s := range r.stations {
		if s.village.designs[t] == design {
			n += s.ballots()
		}
	}
	return n
}

// revotePerDesign is the re-vote stock of each design of the regency's council (UU 7/2017 art. 344(4)).
const revotePerDesign = 1000

// council is the ballot type whose re-vote stock the regency itself keeps.
const council = types - 1

var groups = []string{"A", "B", "C"}

func planning() []wave {
	d := day{2023, 10, 5}
	waves := []wave{
		d.between(9, 12, "data pendukung: kirim", submitData),
		d.between(13, 15, "data pendukung: periksa", returnData),
		d.plus(1).between(9, 11, "data pendukung: perbaiki", resubmitData),
		d.plus(1).between(13, 16, "data pendukung: verifikasi kabupaten/kota", verifyInRegency),
		d.plus(2).between(9, 12, "data pendukung: verifikasi provinsi", verifyInProvince),
		d.plus(4).between(9, 12, "rencana kebutuhan: hitung dan kirim", planNeed),
		d.plus(5).between(9, 12, "rencana kebutuhan: periksa", returnNeed),
		d.plus(6).between(9, 12, "rencana kebutuhan: perbaiki", replanNeed),
		d.plus(7).between(9, 12, "rencana kebutuhan: setujui", approveNeed),
	}
	for i := range waves {
		waves[i].everywhere = true
	}
	return waves
}

// returned tells whether the province finds fault with a group of the regency's data the first time.
func (s *stage) returned(group string) bool {
	return chance(key(s.seed, "returned", s.code, group), 90)
}

func (s *stage) data(group string, at time.Time, extraStations int64, w want) {
	s.do(&s.operator, request, "supporting.submit_data", at, w, func(l *line) {
		l.str("group", group).object("basis").num("stations", int64(len(s.stations))+extraStations).num("villages", int64(len(s.villages))).
			num("districts", int64(len(s.districts))).close('}').list("lines")
		for _, g := range allGoods {
			if g.group == group {
				stock := int64(key(s.seed, "stock", s.code, g.item) % 400)
				l.object("").str("item", g.item).num("stock_good", stock).num("stock_damaged", stock/7).num("unit_price", g.price).
					str("document", "BA-STOK-"+s.code).close('}')
			}
		}
		l.close(']')
	})
}

func submitData(s *stage) {
	for i, group := range groups {
		s.data(group, s.part(i, 5), 0, plain)
		s.groups[group] = "submitted"
		if !s.returned(group) { // what a later revision takes the place of would not matter
			s.data(group, s.part(i, 5).Add(time.Minute), 3, refused("basis_differs"))
		}
	}
	s.do(&s.operator, request, "supporting.verify_data", s.part(4, 5), refused("verifier_is_submitter"), func(l *line) {
		l.str("group", "A").str("level", "regency")
	})
}

func returnData(s *stage) {
	s.do(&s.desk, request, "supporting.verify_data", s.at(1), refused("regency_verifies_first"), func(l *line) {
		l.str("group", "B").str("level", "province")
	})
	for i, group := range groups {
		if !s.returned(group) {
			continue
		}
		s.do(&s.desk, request, "supporting.return_data", s.part(i+1, 5), plain, func(l *line) {
			l.str("group", group).list("findings").object("").str("field", "unit_price").str("finding", "harga tanpa dokumen pendukung").close('}').close(']')
		})
		s.groups[group] = "returned"
	}
}

func resubmitData(s *stage) {
	for i, group := range groups {
		if s.groups[group] == "returned" {
			s.data(group, s.part(i, 5), 0, plain)
			s.groups[group] = "submitted"
		}
	}
}

func verifyInRegency(s *stage) { s.verify(&s.officer, "regency", "regency_verified") }

func verifyInProvince(s *stage) {
	s.verify(&s.desk, "province", "verified")
	s.do(&s.desk, request, "need.approve", s.part(3, 4), refused("need_wrong_status"), nothing)
}

func (s *stage) verify(p *person, level, becomes string) {
	for i, group := range groups {
		s.do(p, request, "supporting.verify_data", s.part(i, len(groups)), plain, func(l *line) { l.str("group", group).str("level", level) })
		s.groups[group] = becomes
	}
}

// needReturned tells whether the province finds fault with the plan the first time.
func (s *stage) needReturned() bool { return chance(key(s.seed, "need", s.code), 200) }

func nothing(*line) {}

func planNeed(s *stage) {
	s.do(&s.operator, request, "need.calculate", s.part(1, 4), plain, nothing)
	s.do(&s.operator, request, "need.submit", s.part(2, 4), plain, nothing)
	s.plan = "submitted"
}

func returnNeed(s *stage) {
	if !s.needReturned() {
		return
	}
	s.do(&s.desk, request, "need.return", s.part(1, 2), plain, func(l *line) {
		l.list("findings").object("").str("item", itemBox).str("finding", "jelaskan kotak rekapitulasi kecamatan").close('}').close(']')
	})
	s.plan = "returned"
}

func replanNeed(s *stage) {
	if s.plan == "returned" {
		s.do(&s.operator, request, "need.calculate", s.part(1, 4), plain, nothing)
		s.do(&s.operator, request, "need.submit", s.part(2, 4), plain, nothing)
		s.plan = "submitted"
	}
}

func approveNeed(s *stage) {
	s.do(&s.desk, request, "need.approve", s.part(1, 2), plain, nothing)
	s.plan = "approved"
	for _, g := range allGoods {
		s.item(g.item).need = g.need(s.regency)
	}
	for t, designs := range s.designs {
		for _, design := range designs {
			s.item("ballot").need += s.ballotNeed(t, design)
			if t == council {
				s.item("revote_ballot").need += revotePerDesign
			}
		}
	}
}
