package projections_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/projections"
	"jejak/projections/form"
)

var reference = given.Reference()

type only struct{ ref *election.Reference }

func (o only) Reference(string, string) (*election.Reference, bool) { return o.ref, true }

// teller tells a story at random, in order; what the ledger refuses did not happen.
type teller struct {
	*rapid.T
	state   *ledger.State
	history []domain.Recorded
	at      time.Time
	acts    int
	after   func(*teller) // every act
}

func tell(t *rapid.T) *teller { return tellWith(t, func(*teller) {}) }

func tellWith(t *rapid.T, after func(*teller)) *teller {
	s := &teller{T: t, after: after, state: ledger.New(given.Election, given.Unit, only{reference}), at: given.Start}
	s.do(given.System, domain.Request, &ledger.AdoptReference{Version: given.Version})
	s.stock()
	for range rapid.IntRange(20, 80).Draw(t, "acts") {
		s.act()
	}
	return s
}

// do has an act decided, a minute after the last.
func (s *teller) do(who domain.Actor, mode domain.Mode, cmd domain.Command) bool {
	s.acts++
	s.at = s.at.Add(time.Minute)
	d := s.state.Execute(domain.Act{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, s.acts)), Mode: mode, Election: given.Election, Unit: given.Unit, Actor: who,
		Device: domain.Device{ID: "hp", Seq: int64(s.acts)}, OccurredAt: s.at, RecordedAt: s.at,
	}, cmd)
	s.history = append(s.history, d.Events...)
	s.after(s)
	return len(d.Events) > 0
}

func (s *teller) ask(who domain.Actor, cmd domain.Command) bool {
	return s.do(who, domain.Request, cmd)
}

// stock gives the unit ballots of every design.
func (s *teller) stock() {
	announce, count := &procurement.AnnounceDelivery{Delivery: "DLV-3578-0"}, &receipt.CountGoods{Delivery: "DLV-3578-0"}
	for _, d := range given.Designs() {
		item := goods.Item{Item: goods.Ballot, Variant: d}
		announce.Lines = append(announce.Lines, goods.Line{Item: item, Quantity: 10_000})
		count.Lines = append(count.Lines, procurement.CountLine{Item: item, Good: 10_000})
	}
	s.do(given.System, domain.Report, announce)
	s.do(given.Warehouse, domain.Report, count)
	for _, d := range given.Designs() {
		s.do(given.Warehouse, domain.Report, &receipt.ReportSorting{Delivery: "DLV-3578-0", Design: d, Good: 9_990, Damaged: map[string]int64{"torn": 10}})
	}
	s.ask(given.Officer, &procurement.AcceptDelivery{Delivery: "DLV-3578-0", Document: "BAST"})
}

func pick[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

var boxes = append(given.Boxes(given.Station1, given.Station2), "357801-REKAP1")

// some boxes, as they are called now.
func (s *teller) some() []domain.BoxID {
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(boxes), 1, 4, rapid.ID[domain.BoxID]).Draw(s.T, "boxes")
	for i, id := range ids {
		for s.state.Boxes().Box(id).ReplacedBy != "" {
			id = s.state.Boxes().Box(id).ReplacedBy
		}
		ids[i] = id
	}
	return ids
}

func (s *teller) act() {
	ids, shp := s.some(), pick(s.T, "SHP-3578-1", "SHP-3578-2", "SHP-3578-3", "SHP-3578-4")
	n := rapid.IntRange(1, 3).Draw(s.T, "n")
	order, delivery := fmt.Sprint("ORD-3578-", n), fmt.Sprint("DLV-3578-", n)
	booth := goods.Item{Item: "booth"}
	lines := []procurement.PricedLine{{Line: goods.Line{Item: booth, Quantity: int64(n * 10)}, UnitPrice: 7}}
	switch rapid.IntRange(0, 25).Draw(s.T, "act") {
	case 0:
		s.ask(given.Officer, &procurement.SetBudget{Ceiling: int64(n * 100), Document: "DIPA"})
	case 1:
		s.ask(given.Officer, &procurement.PlaceOrder{Order: order, Supplier: "bilik", Lines: lines})
	case 2:
		lines[0].Quantity++
		s.ask(given.Officer, &procurement.AmendOrder{Order: order, Lines: lines, Reason: "kurang"})
	case 3:
		s.ask(given.Supplier, &procurement.AnnounceDelivery{Delivery: delivery, Order: order, Lines: []goods.Line{{Item: booth, Quantity: int64(n * 10)}}})
	case 4:
		s.ask(given.Warehouse, &receipt.CountGoods{Delivery: delivery, Lines: []procurement.CountLine{{Item: booth, Good: int64(n*10 - 3), Damaged: 2, Missing: 1}}})
	case 5:
		s.ask(given.Officer, &procurement.AcceptDelivery{Delivery: delivery, Document: "BAST"})
		s.ask(given.Officer, &procurement.RecordPayment{Order: order, Amount: 7, Document: "SPM"})
	case 6:
		s.ask(given.Warehouse, &receipt.FileClaim{Claim: fmt.Sprint("CLM-3578-", n), Delivery: delivery, Reason: "rusak", Lines: []goods.Line{{Item: booth, Quantity: 2}}})
	case 7:
		s.do(given.Operator, domain.Report, &incident.Raise{Kind: domain.Accident, Severity: domain.Low, Units: []string{string(ids[0]), shp}, Note: "senggolan"})
	case 8:
		for _, c := range s.cases() {
			s.ask(given.Operator, &incident.Resolve{Incident: c, How: "selesai", Document: "BA-7"})
			break
		}
	case 9:
		s.seal(ids)
	case 10:
		s.ask(given.Warehouse, &packing.PackBoxes{Boxes: []packing.PackedBox{given.Right(reference, ids[0])}})
	case 11:
		s.ask(given.Checker, given.Check(ids...))
	case 12:
		if v := s.state.Boxes().Box(ids[0]); v.Custody == given.Unit && v.State != box.OnVehicle && v.State != box.InTransit {
			s.ask(given.Warehouse, given.Unseal(ids[0]))
		}
	case 13:
		s.ask(given.Warehouse, given.Replace(ids[0]))
	case 14:
		s.ask(given.Warehouse, &packing.PackKits{Kits: []domain.BoxID{given.Kit(given.Station1)}})
	case 15:
		s.ask(given.Operator, &shipment.Cancel{Shipment: shp, Reason: "ganti hari"})
	case 22:
		s.do(given.Warehouse, domain.Report, &receipt.SettleClaim{Claim: fmt.Sprint("CLM-3578-", n), Lines: []goods.Line{{Item: booth, Quantity: 1}}, Document: "BA"})
	case 23:
		s.deadline()
	case 24, 25:
		s.whole()
	case 16, 17, 18:
		s.seal(ids)
		s.trip(shp, ids)
	default:
		s.onwards(ids)
	}
}

// deadline lets the deadline of the stations pass, sometimes, and tells one district of it.
func (s *teller) deadline() {
	if rapid.IntRange(0, 2).Draw(s.T, "passes") > 0 {
		return
	}
	d, _ := reference.Deadline(election.DeadlineStationReceipt)
	if s.at.Before(d.At) {
		s.at = d.At.Add(time.Minute)
	}
	s.do(given.System, domain.Report, &deadline.Pass{Deadline: d.ID, Area: pick(s.T, given.District1, given.District2)})
}

// whole takes all boxes of a station there, from wherever each is, as far as it may.
func (s *teller) whole() {
	for _, id := range given.Boxes(given.Station1) {
		for s.state.Boxes().Box(id).ReplacedBy != "" {
			id = s.state.Boxes().Box(id).ReplacedBy
		}
		giver := given.Warehouse
		switch c := s.state.Boxes().Box(id).Custody; len(c) {
		case 4:
			s.seal([]domain.BoxID{id})
		case 6:
			giver = given.DistrictStaff(c)
		case 10:
			giver = given.VillageStaff(c)
		default:
			continue
		}
		hnd := fmt.Sprintf("HND-3578-%d", s.acts)
		if s.ask(giver, given.Offer(hnd, "", given.Station1, id)) {
			s.accept(hnd, given.StationStaff(given.Station1), []domain.BoxID{id})
		}
	}
}

// seal packs, checks and seals boxes, as far as that has not been done.
func (s *teller) seal(ids []domain.BoxID) {
	for _, id := range ids {
		s.ask(given.Warehouse, &packing.PackBoxes{Boxes: []packing.PackedBox{given.Right(reference, id)}})
		s.ask(given.Checker, given.Check(id))
		s.ask(given.Warehouse, given.SealWith(id, fmt.Sprintf("%s/%d", id, s.acts)))
	}
}

// trip takes boxes to District1 as far as it gets.
func (s *teller) trip(shp string, ids []domain.BoxID) {
	acts := append(given.Trip(shp, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, ids...),
		given.By(given.Carrier, given.Offer("HND"+shp[3:], shp, given.District1, ids...)))
	acts = acts[:pick(s.T, len(acts), len(acts), rapid.IntRange(1, len(acts)).Draw(s.T, "until"))]
	for _, a := range acts {
		if !s.ask(a.Who, a.Cmd) {
			return
		}
	}
	if _, offered := acts[len(acts)-1].Cmd.(*handoff.Offer); !offered {
		return
	}
	s.accept("HND"+shp[3:], given.DistrictStaff(given.District1), ids)
}

// onwards hands boxes over from the district to the village or from there to the station, on foot.
func (s *teller) onwards(ids []domain.BoxID) {
	id := ids[0]
	for _, b := range boxes { // rather one that has come somewhere
		if c := s.state.Boxes().Box(b).Custody; len(c) > 4 && len(c) < 13 && rapid.Bool().Draw(s.T, "this") {
			id = b
		}
	}
	hnd := fmt.Sprintf("HND-3578-%d", s.acts)
	giver, receiver, to := given.DistrictStaff(given.District1), given.VillageStaff(given.Village1), given.Village1
	if s.state.Boxes().Box(id).Custody == given.Village1 {
		to = id.Destination()
		giver, receiver = given.VillageStaff(given.Village1), given.StationStaff(to)
	}
	if s.state.Boxes().Box(id).Custody != domain.Code(giver.Scope) || len(to) == 13 && id.IsRecap() {
		return
	}
	if s.ask(giver, given.Offer(hnd, "", to, id)) {
		s.accept(hnd, receiver, []domain.BoxID{id})
	}
}

// accept takes boxes over, some with other seals than they have or wet.
func (s *teller) accept(hnd string, receiver domain.Actor, ids []domain.BoxID) {
	a := &handoff.Accept{Handoff: hnd}
	for _, id := range ids {
		taken := handoff.AcceptedBox{Box: id, Condition: pick(s.T, handoff.Good, handoff.Good, handoff.Wet), Seals: slices.Clone(projections.Seals(s.state, id))}
		if rapid.IntRange(0, 4).Draw(s.T, "other seals") == 0 {
			taken.Seals = []string{"ODD"}
		}
		a.Boxes = append(a.Boxes, taken)
	}
	s.do(receiver, domain.Report, a)
}

func (s *teller) cases() (open []string) {
	for _, c := range projections.Discrepancies(s.state, projections.DiscrepancyQuery{Status: "open"}) {
		open = append(open, c.ID)
	}
	return open
}

// TestReadModelsAreRecounted: every read model says of a random story what a naive account of its events says.
func TestReadModelsAreRecounted(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		want := newRecount(s.history)
		for _, state := range want.boxes {
			seen[state]++
		}
		for _, state := range want.shipments {
			seen[state]++
		}
		checkRegency(t, s, want)
		checkBoxes(t, s, want)
		checkShipments(t, s, want)
		checkDiscrepancies(t, s, want)
		checkCustody(t, s, want)
		checkDeadlines(t, s, seen)
		checkClaims(t, s, seen)
		checkSeals(t, s, seen)
	})
	t.Logf("states seen: %v", seen)
	if !testing.Short() {
		for _, state := range []string{"labelled", "packed", "sealed", "in_transit", "at_district", "at_village", "at_station", "replaced", "arrived",
			"in time", "afterwards", "late", "claim open", "claim settled", "seal on", "seal off"} {
			if seen[state] == 0 {
				t.Errorf("no story came to %q: the test says nothing of it", state)
			}
		}
	}
}

func same(t *rapid.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// nonzero leaves out what is zero.
func nonzero(counts map[string]int64) map[string]int64 {
	some := map[string]int64{}
	for k, n := range counts {
		if n != 0 {
			some[k] = n
		}
	}
	return some
}

func allBoxes() (ids []string) {
	for code := range reference.Stations {
		for _, id := range reference.StationBoxes(code) {
			ids = append(ids, string(id))
		}
	}
	for _, d := range reference.Children[given.Unit] {
		for i := range reference.Norms.RecapBoxes(d) {
			ids = append(ids, fmt.Sprintf("%s-REKAP%d", d, i+1))
		}
	}
	return ids
}

func checkRegency(t *rapid.T, s *teller, want *recount) {
	row := projections.Regency(s.state, 77)
	same(t, "boxes", want.states(allBoxes()), nonzero(row.Boxes))
	same(t, "discrepancies", want.kinds(), nonzero(row.Discrepancies))
	shipments := map[string]int64{}
	for _, state := range want.shipments {
		shipments[state]++
	}
	same(t, "shipments", shipments, nonzero(row.Shipments))
	budget := form.BudgetRow{Ceiling: want.ceiling, Paid: want.paid, Accepted: row.Budget.Accepted}
	ordered := int64(0)
	for _, lines := range want.orders {
		for _, l := range lines {
			budget.Committed += l.Quantity * l.UnitPrice
			ordered += l.Quantity
		}
	}
	same(t, "budget", budget, row.Budget)
	if row.Budget.Accepted > row.Budget.Committed || row.Budget.Paid > row.Budget.Accepted {
		t.Errorf("budget %+v", row.Budget)
	}
	for _, item := range []string{"booth", "ballot"} {
		w := want.item(item)
		expected := form.ItemRow{Need: row.Items[item].Need, Announced: w.announced, Received: w.received, Damaged: w.damaged, Claimed: w.claimed, Packed: w.packed}
		if item == "booth" {
			expected.Ordered = ordered
		}
		same(t, item, expected, row.Items[item])
	}
	stations := int64(0)
	for _, n := range row.Stations {
		stations += n
	}
	same(t, "stations", int64(len(reference.Stations)), stations)
	same(t, "position and time", []any{uint64(77), s.at.UTC().Format(time.RFC3339)}, []any{row.Position, lastTime(s, row.LastRecordedAt)})
}

// lastTime gives the row's time, or the story's when the last act was refused and so is not the last recorded.
func lastTime(s *teller, row string) string {
	if last := s.history[len(s.history)-1].Meta.RecordedAt; row == last.UTC().Format(time.RFC3339Nano) {
		return s.at.UTC().Format(time.RFC3339)
	}
	return row
}

func checkBoxes(t *rapid.T, s *teller, want *recount) {
	ids := slices.Clone(boxes)
	for _, next := range want.next {
		ids = append(ids, domain.BoxID(next))
	}
	for _, id := range ids {
		line, ok := projections.Box(s.state, 5, id)
		if !ok {
			t.Fatalf("no timeline of %s", id)
		}
		state, custody := want.boxes[string(id)], want.custody[string(id)]
		if state == "" {
			state = "labelled"
		}
		if custody == "" {
			custody = string(given.Unit)
		}
		seals := want.seals[string(id)]
		if seals == nil {
			seals = []string{}
		}
		got := form.BoxCard{Box: line.Box, State: line.State, Custody: line.Custody, Seals: line.Seals, Shipment: line.Shipment, ReplacedBy: line.ReplacedBy}
		same(t, "box", form.BoxCard{
			Box: string(id), State: state, Custody: custody, Seals: seals, Shipment: want.shipment(string(id)), ReplacedBy: want.next[string(id)],
		}, got)
		same(t, "facts of "+string(id), want.facts[string(id)], len(line.Timeline))
		if n := len(line.Timeline); n > 0 {
			same(t, "last fact of "+string(id), []string{state, custody}, []string{line.Timeline[n-1].State, line.Timeline[n-1].Custody})
		}
		for i := 1; i < len(line.Timeline); i++ {
			if line.Timeline[i].OccurredAt < line.Timeline[i-1].OccurredAt {
				t.Errorf("timeline of %s goes back at %d", id, i)
			}
		}
		same(t, "discrepancies of "+string(id), want.openAbout(string(id)), openIDs(line.Discrepancies))
	}
	for code := range reference.Stations {
		card, ok := projections.Station(s.state, 5, code)
		if !ok {
			t.Fatalf("no card of station %s", code)
		}
		about, there := []string{string(code)}, true
		for _, b := range card.Boxes {
			about = append(about, b.Box)
			there = there && (b.State == "at_station" || b.State == "replaced")
		}
		if card.Kit != nil {
			about = append(about, card.Kit.Box)
			there = there && card.Kit.State == "at_station"
		}
		same(t, "discrepancies of "+string(code), want.openAbout(about...), openIDs(card.Discrepancies))
		if ready := card.State == "ready" || card.State == "ready_with_issue"; ready != there {
			t.Errorf("station %s is %s with boxes %+v", code, card.State, card.Boxes)
		}
	}
}

func openIDs(open []form.OpenDiscrepancy) []string {
	ids := []string{}
	for _, d := range open {
		ids = append(ids, d.ID)
	}
	return ids
}

func checkShipments(t *rapid.T, s *teller, want *recount) {
	cards := projections.Shipments(s.state, 9, projections.ShipmentQuery{})
	got := map[string]string{}
	for _, c := range cards {
		got[c.Shipment] = c.State
		on := []string{}
		for box := range want.on {
			if want.shipment(box) == c.Shipment {
				on = append(on, box)
			}
		}
		for _, box := range on {
			if !slices.Contains(c.Loaded, box) {
				t.Errorf("%s is on %s, but %v are loaded", box, c.Shipment, c.Loaded)
			}
		}
		same(t, "discrepancies of "+c.Shipment, want.openAbout(c.Shipment), openIDs(c.Discrepancies))
	}
	same(t, "shipments", want.shipments, got)
	if !slices.IsSortedFunc(cards, func(a, b form.ShipmentCard) int { return cmpText(a.Shipment, b.Shipment) }) {
		t.Error("shipments are not in order")
	}
}

func checkDiscrepancies(t *rapid.T, s *teller, want *recount) {
	all := projections.Discrepancies(s.state, projections.DiscrepancyQuery{})
	got, mended := map[string]string{}, map[string]string{}
	for _, c := range all {
		if c.Status == "open" {
			got[c.ID] = c.Kind
		}
		if c.Resolution != "" || c.Document != "" {
			mended[c.ID] = c.Resolution + " " + c.Document
		}
		for _, p := range c.Proof {
			if p.Version == 0 || p.Version > uint64(len(s.history)) || s.history[p.Version-1].ID.String() != p.Event {
				t.Errorf("%s is proved by version %d, event %s", c.ID, p.Version, p.Event)
			}
		}
	}
	same(t, "open discrepancies", want.open, got)
	same(t, "how discrepancies were mended", want.mended, mended)
	// Page by page it is the same list.
	var pages []form.DiscrepancyCard
	for after := ""; ; {
		page := projections.Discrepancies(s.state, projections.DiscrepancyQuery{After: after, Limit: 2})
		if len(page) == 0 {
			break
		}
		pages, after = append(pages, page...), page[len(page)-1].ID
	}
	if len(all) > 0 {
		same(t, "pages", all, pages)
	}
}

func cmpText(a, b string) int { return bytes.Compare([]byte(a), []byte(b)) }

// TestSameBytesWhereverTheyAreMade: a server that decided, one that folded the log, and one that went on from a snapshot show the same bytes.
func TestSameBytesWhereverTheyAreMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		folded := ledger.New(given.Election, given.Unit, only{reference})
		half := rapid.IntRange(1, len(s.history)).Draw(t, "snapshot after")
		var buf bytes.Buffer
		for i, rec := range s.history {
			if err := folded.Fold(rec); err != nil {
				t.Fatal(err)
			}
			if i+1 == half {
				if err := gob.NewEncoder(&buf).Encode(folded.Data); err != nil {
					t.Fatal(err)
				}
			}
		}
		var data ledger.Data
		if err := gob.NewDecoder(&buf).Decode(&data); err != nil {
			t.Fatal(err)
		}
		restored, err := ledger.Restore(given.Election, given.Unit, only{reference}, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range s.history[half:] {
			if err := restored.Fold(rec); err != nil {
				t.Fatal(err)
			}
		}
		want := everything(t, s.state)
		for name, state := range map[string]*ledger.State{"again": s.state, "folded": folded, "restored": restored} {
			if got := everything(t, state); !bytes.Equal(got, want) {
				t.Errorf("%s (-decided +%s):\n%s", name, name, cmp.Diff(string(want), string(got)))
			}
		}
	})
}

// everything is all read models of a ledger as JSON.
func everything(t *rapid.T, s *ledger.State) []byte {
	const at = eventstore.Position(4711)
	all := []any{
		projections.Regency(s, at), projections.Plan(s, at), projections.Supporting(s, at), projections.Shipments(s, at, projections.ShipmentQuery{}),
		projections.Discrepancies(s, projections.DiscrepancyQuery{}), projections.Custody(s, at), projections.Deadlines(s, at), projections.Claims(s, at),
	}
	for _, code := range reference.StationsIn(given.Unit) {
		card, _ := projections.Station(s, at, code)
		all = append(all, card)
	}
	for _, id := range boxes {
		line, _ := projections.Box(s, at, id)
		all = append(all, line)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
