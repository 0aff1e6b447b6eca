package world

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

const (
	pemilu   = "pemilu2024"
	province = domain.Code("35")
)

var (
	wib = time.FixedZone("WIB", 7*3600)
	// begin is when the offices make their decisions, onTheRoad when the first act is done, end after the last and after the deadline of the
	// small election (2024-02-13 23:59).
	begin     = time.Date(2024, 1, 10, 8, 0, 0, 0, wib)
	onTheRoad = begin.AddDate(0, 0, 1)
	end       = time.Date(2024, 2, 15, 8, 0, 0, 0, wib)
	small     = electiontest.Small()
)

// someone who sends commands, each from a device of his own.
type someone struct {
	role  domain.Role
	scope string
	n     int // of several with the same role and scope
}

func (p someone) id() string { return fmt.Sprintf("usr-%s-%s-%d", p.role, p.scope, p.n) }

func (p someone) token() string {
	return fmt.Sprintf("jjk_%x", sha256.Sum256([]byte(p.id())))
}

// act is one command as its device keeps it.
type act struct {
	id   uuid.UUID
	unit domain.Code
	who  someone
	at   time.Time
	mode domain.Mode
	kind string
	body []byte
	// refused tells a request that must be rejected.
	refused bool
}

// story is everything that is done, in three parts: what the offices decide beforehand, what happens, in the order in which it happens, and what
// is decided when all is known.
type story struct {
	rng       *rand.Rand
	now       time.Time
	n         int
	decisions []act
	acts      []act
	closing   []act
}

// commandID is a UUIDv7 that follows from a seed and a number.
func commandID(seed uint64, n int) uuid.UUID {
	h := sha256.Sum256(fmt.Appendf(nil, "%d|%d", seed, n))
	id := uuid.UUID(h[:16])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// tellStory writes the story of a seed.
func tellStory(seed uint64) *story {
	s := &story{rng: rand.New(rand.NewPCG(seed, 1)), now: begin}
	make := func(list *[]act, mode domain.Mode, unit domain.Code, who someone, cmd domain.Command) {
		s.n++
		s.now = s.now.Add(time.Duration([]int{0, 1, 1, 7, 60}[s.rng.IntN(5)]) * time.Minute)
		data, err := json.Marshal(said(cmd))
		if err != nil {
			panic(err)
		}
		a := act{id: commandID(seed, s.n), unit: unit, who: who, at: s.now, mode: mode, kind: cmd.CommandType()}
		a.body, err = json.Marshal(map[string]any{
			"id": a.id.String(), "type": a.kind, "mode": string(mode), "election": pemilu, "unit": string(unit), "occurred_at": a.at.Format(time.RFC3339),
			"device": map[string]any{"id": "dev-" + who.id(), "seq": s.n}, "data": json.RawMessage(data),
		})
		if err != nil {
			panic(err)
		}
		*list = append(*list, a)
	}
	regencies := []*regency{newRegency("3501", "350101", "3501012001"), newRegency("3509", "350901", "3509012001")}
	for _, r := range regencies {
		r.story = s
		r.decide = func(who someone, cmd domain.Command) { make(&s.decisions, domain.Request, r.code, who, cmd) }
		r.report = func(who someone, cmd domain.Command) { make(&s.acts, domain.Report, r.code, who, cmd) }
		r.conclude = func(who someone, cmd domain.Command) { make(&s.closing, domain.Request, r.code, who, cmd) }
	}
	// The province sends glue to a regency: the delivery there is announced by a policy.
	glue := goods.Item{Item: "glue"}
	from := someone{role: domain.RoleProvince, scope: "35"}
	provincial := func(cmd domain.Command) { make(&s.acts, domain.Report, province, from, cmd) }
	make(&s.decisions, domain.Request, province, from, &procurement.SetBudget{Ceiling: 1_000_000, Document: "DIPA"})
	make(&s.decisions, domain.Request, province, from, &shipment.Plan{Shipment: "SHP-35-1", Leg: shipment.ToRegency, From: province, To: "3509",
		Lines: []goods.Line{{Item: glue, Quantity: 70}}})
	for _, r := range regencies {
		r.plan()
	}
	slices.SortStableFunc(s.decisions, func(a, b act) int { return a.at.Compare(b.at) })
	s.now = onTheRoad
	provincial(&procurement.AnnounceDelivery{Delivery: "DLV-35-1", Lines: []goods.Line{{Item: glue, Quantity: 100}}})
	provincial(&receipt.CountGoods{Delivery: "DLV-35-1", Lines: []procurement.CountLine{{Item: glue, Good: 100}}})
	provincial(&shipment.Dispatch{Shipment: "SHP-35-1", Override: &shipment.Override{Approver: "usr-head", Reason: "tanpa surat suara"}})
	for _, r := range regencies {
		s.now = onTheRoad
		r.goods()
		for _, w := range r.ways {
			r.travel(w)
		}
	}
	slices.SortStableFunc(s.acts, func(a, b act) int { return a.at.Compare(b.at) })
	s.now = end
	make(&s.closing, domain.Request, province, from, &procurement.AcceptDelivery{Delivery: "DLV-35-1", Document: "BAST"})
	for _, r := range regencies {
		r.finish()
	}
	return s
}

// said is a command as JSON values without its empty lists: a device leaves out what it has nothing to say about, and null is refused.
func said(cmd domain.Command) any {
	text, err := json.Marshal(cmd)
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return withoutNull(v)
}

func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
			}
			withoutNull(e)
		}
	case []any:
		for _, e := range v {
			withoutNull(e)
		}
	}
	return v
}

// one in n.
func (s *story) seldom(n int) bool { return s.rng.IntN(n) == 0 }

func pick[T any](s *story, from ...T) T { return from[s.rng.IntN(len(from))] }

// regency is where most of it happens.
type regency struct {
	*story
	code, district, village domain.Code
	ways                    []way
	deliveries              []string

	decide, report, conclude func(who someone, cmd domain.Command)
}

// way is how the boxes of a station travel.
type way struct {
	station              domain.Code
	trip2, trip3         string
	hand2, hand3, hand4  string
	ids                  []domain.BoxID
	unplanned, cancelled bool
}

func newRegency(code, district, village domain.Code) *regency {
	return &regency{code: code, district: district, village: village}
}

func (r *regency) by(role domain.Role, n ...int) someone {
	p := someone{role: role, scope: string(r.code)}
	if len(n) > 0 {
		p.n = n[0]
	}
	return p
}

func (r *regency) ppk() someone { return someone{role: domain.RoleDistrict, scope: string(r.district)} }
func (r *regency) pps() someone { return someone{role: domain.RoleVillage, scope: string(r.village)} }
func (r *regency) escort() someone {
	return someone{role: domain.RoleEscort, scope: "P" + string(r.code) + "A"}
}

func crew(station domain.Code) someone {
	return someone{role: domain.RoleStation, scope: string(station)}
}

func (r *regency) designs() []string { return small.Regions[r.village].Designs }

// plan is what the office decides before anything moves.
func (r *regency) plan() {
	s, operator := r.story, r.by(domain.RoleOperator)
	s.now = begin
	r.decide(r.by(domain.RoleCommitmentOfficer), &procurement.SetBudget{Ceiling: 900_000_000, Document: "DIPA"})
	for n, station := range []domain.Code{r.village + "001", r.village + "002"} {
		w := way{station: station, unplanned: s.seldom(10), cancelled: s.seldom(12)}
		doc := func(kind, leg string) string { return fmt.Sprintf("%s-%s-%s%d", kind, r.code, leg, n+1) }
		w.trip2, w.trip3 = doc("SHP", "2"), doc("SHP", "3")
		w.hand2, w.hand3, w.hand4 = doc("HND", "2"), doc("HND", "3"), doc("HND", "4")
		w.ids = append(slices.Clone(small.StationBoxes(station)), given.Kit(station))
		r.ways = append(r.ways, w)
		if w.unplanned {
			continue
		}
		r.decide(operator, given.Plan(w.trip2, shipment.ToDistrict, r.code, r.district, w.ids...))
		r.decide(r.ppk(), given.Plan(w.trip3, shipment.ToVillage, r.district, r.village, w.ids...))
		if w.cancelled {
			r.decide(operator, &shipment.Cancel{Shipment: w.trip2, Reason: "ganti hari"})
		}
		if s.seldom(3) { // a number is used once
			r.decide(operator, given.Plan(w.trip2, shipment.ToDistrict, r.code, r.district, w.ids[0]))
			s.decisions[len(s.decisions)-1].refused = true
		}
	}
}

// goods are the deliveries that the ballots come from, some of them short.
func (r *regency) goods() {
	for n := range 1 + r.rng.IntN(2) {
		dlv := fmt.Sprintf("DLV-%s-%d", r.code, n+1)
		announce, count := &procurement.AnnounceDelivery{Delivery: dlv}, &receipt.CountGoods{Delivery: dlv}
		for _, d := range r.designs() {
			item, pieces := goods.Item{Item: goods.Ballot, Variant: d}, pick(r.story, int64(200), 400, 1000)
			missing := pick(r.story, int64(0), 0, 5)
			announce.Lines = append(announce.Lines, goods.Line{Item: item, Quantity: pieces})
			count.Lines = append(count.Lines, procurement.CountLine{Item: item, Good: pieces - missing, Missing: missing})
		}
		r.report(r.by(domain.RoleOperator), announce)
		r.report(r.by(domain.RoleWarehouse), count)
		if r.seldom(2) { // what was counted last is what counts
			again := &receipt.CountGoods{Delivery: dlv}
			for _, l := range count.Lines {
				again.Lines = append(again.Lines, procurement.CountLine{Item: l.Item, Good: l.Good + l.Missing})
			}
			r.report(r.by(domain.RoleWarehouse, 2), again)
		}
		for _, l := range announce.Lines {
			r.report(r.by(domain.RoleWarehouse, 1), &receipt.ReportSorting{Delivery: dlv, Design: l.Variant, Good: l.Quantity - 10, Damaged: map[string]int64{"torn": 3}})
		}
		r.deliveries = append(r.deliveries, dlv)
	}
}

// finish accepts what was delivered.
func (r *regency) finish() {
	for _, dlv := range r.deliveries {
		r.conclude(r.by(domain.RoleCommitmentOfficer), &procurement.AcceptDelivery{Delivery: dlv, Document: "BAST"})
	}
}

// travel is the way of a station's boxes from packing to the station, with whatever goes wrong.
func (r *regency) travel(w way) {
	for i, id := range w.ids {
		w.ids[i] = r.sealing(id)
	}
	r.trip(w.trip2, r.district, r.by(domain.RoleWarehouse), w.ids)
	r.handing(w.hand2, w.trip2, r.district, r.by(domain.RoleWarehouse), r.ppk(), w.ids)
	if r.seldom(4) {
		r.report(r.by(domain.RoleOperator), &incident.Raise{Kind: pick(r.story, domain.Lost, domain.Seized, domain.Damaged, domain.Accident),
			Severity: domain.High, Units: []string{string(w.ids[0])}, Note: "lihat berita acara " + string(w.station)})
	}
	r.trip(w.trip3, r.village, r.ppk(), w.ids)
	r.handing(w.hand3, w.trip3, r.village, r.ppk(), r.pps(), w.ids)
	r.handing(w.hand4, "", w.station, r.pps(), crew(w.station), w.ids)
	if r.seldom(3) {
		r.report(crew(w.station), &polling.CountBallots{Box: w.ids[0], Found: int64(190 + r.rng.IntN(70))})
	}
}

// sealing packs, checks and seals, and returns the box that goes on.
func (r *regency) sealing(id domain.BoxID) domain.BoxID {
	warehouse, checker := r.by(domain.RoleWarehouse), r.by(domain.RoleChecker)
	if id.IsKit() {
		r.report(warehouse, given.PackKits(id))
		return id
	}
	right := func() packing.PackedBox { return given.Right(small, id) }
	p := right()
	if r.seldom(6) {
		p.Ballots += int64(r.rng.IntN(11) - 5)
	}
	if r.seldom(8) {
		p.Design = pick(r.story, r.designs()...)
	}
	r.report(warehouse, &packing.PackBoxes{Boxes: []packing.PackedBox{p}})
	if r.seldom(8) {
		r.report(r.by(domain.RoleWarehouse, 1), &packing.PackBoxes{Boxes: []packing.PackedBox{right()}})
	}
	if !r.seldom(8) {
		r.report(pick(r.story, checker, checker, r.by(domain.RoleWarehouse)), given.Check(id))
	}
	if r.seldom(8) {
		return id
	}
	x := given.Seal(id)
	if r.seldom(5) {
		x.Boxes[0].Seals[0] = "SHARED-1" // perhaps in another regency too
	}
	r.report(warehouse, x)
	if r.seldom(8) {
		r.report(warehouse, given.Unseal(id))
		r.report(warehouse, &packing.PackBoxes{Boxes: []packing.PackedBox{right()}})
		r.report(checker, given.Check(id))
		r.report(warehouse, given.SealWith(id, "NEW-"+string(id)))
	}
	if r.seldom(10) {
		next := packing.Next(id)
		r.report(warehouse, given.Replace(id))
		n := packing.PackedBox{Box: next, Design: right().Design, Ballots: right().Ballots}
		r.report(warehouse, &packing.PackBoxes{Boxes: []packing.PackedBox{n}})
		r.report(checker, given.Check(next))
		r.report(warehouse, given.Seal(next))
		return next
	}
	return id
}

func (r *regency) trip(id string, to domain.Code, giver someone, ids []domain.BoxID) {
	operator := r.by(domain.RoleOperator)
	r.report(giver, given.Load(id, ids...))
	if !r.seldom(8) {
		x := given.Inspect(id)
		x.DriverFit = !r.seldom(8)
		r.report(giver, x)
	}
	if !r.seldom(8) {
		r.report(operator, &shipment.AssignEscort{Shipment: id, PoliceUnit: r.escort().scope, OrderNo: "Sprin/1"})
	}
	if !r.seldom(8) {
		r.report(r.escort(), given.AcceptEscort(id))
	}
	if !r.seldom(8) {
		d := given.Dispatch(id)
		if r.seldom(8) {
			d.Override = &shipment.Override{Approver: "usr-head", Reason: "darurat"}
		}
		r.report(giver, d)
	}
	if r.seldom(8) {
		r.report(operator, &shipment.ReportDelay{Shipment: id, Reason: "ferry"})
		r.report(r.escort(), &shipment.ReportCheckpoint{Shipment: id, Place: "Paciran"})
	}
	if !r.seldom(8) {
		r.report(r.by(domain.RoleCarrier), given.Arrive(id, to))
	}
}

func (r *regency) handing(id, trip string, to domain.Code, giver, receiver someone, ids []domain.BoxID) {
	if !r.seldom(8) {
		r.report(giver, given.Offer(id, trip, to, ids...))
	}
	if r.seldom(10) {
		return
	}
	a := &handoff.Accept{Handoff: id}
	for _, b := range ids {
		switch box := given.Accept(id, b).Boxes[0]; r.rng.IntN(12) {
		case 0:
			a.Missing = append(a.Missing, b)
		case 1:
		case 2:
			box.Condition = pick(r.story, handoff.SealBroken, handoff.Unsealed, handoff.Damaged, handoff.Wet)
			a.Boxes = append(a.Boxes, box)
		case 3:
			if !b.IsKit() {
				box.Seals = pick(r.story, []string{"ODD-1"}, []string{"NEW-" + string(b)})
			}
			a.Boxes = append(a.Boxes, box)
		default:
			a.Boxes = append(a.Boxes, box)
		}
	}
	if len(a.Boxes)+len(a.Missing) > 0 {
		r.report(receiver, a)
	}
}

// everyone who says something in the story.
func (s *story) everyone() []someone {
	var all []someone
	for _, a := range slices.Concat(s.decisions, s.acts, s.closing) {
		if !slices.Contains(all, a.who) {
			all = append(all, a.who)
		}
	}
	return all
}

// publication is the small election as events of its stream.
func publication() []election.Event {
	events, _, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	if err != nil {
		panic(err)
	}
	return events
}
