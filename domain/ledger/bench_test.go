package ledger_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/shipment"
)

// city is a regency of so many stations in villages of 50, five boxes each: 8,167 stations are Surabaya, the largest of East Java.
func city(stations int) *election.Reference {
	ref := given.Reference()
	ref.Stations, ref.Children = map[domain.Code]election.Station{}, map[domain.Code][]domain.Code{}
	for i := range stations {
		village := domain.Code(fmt.Sprintf("357801%04d", 1001+i/50))
		code := domain.Code(fmt.Sprintf("%s%03d", village, i%50+1))
		ref.Stations[code] = election.Station{Code: code, Voters: 260, Known: true}
		ref.Regions[village] = election.Region{Code: village, Designs: ref.Regions[given.Village1].Designs}
		ref.Children[village] = append(ref.Children[village], code)
		if i%50 == 0 {
			ref.Children[given.District1] = append(ref.Children[given.District1], village)
		}
	}
	return ref
}

type only struct{ ref *election.Reference }

func (c only) Reference(string, string) (*election.Reference, bool) { return c.ref, true }

// clerk sends commands to a ledger one minute apart.
type clerk struct {
	state *ledger.State
	n     uint64
	keep  func(domain.Recorded)
}

func (c *clerk) act(mode domain.Mode, who domain.Actor) domain.Act {
	c.n++
	at := given.Start.Add(time.Duration(c.n) * time.Second)
	id := uuid.UUID{6: 0x70, 8: 0x80}
	for i, n := 0, c.n; i < 6; i, n = i+1, n>>8 {
		id[15-i] = byte(n)
	}
	return domain.Act{ID: id, Mode: mode, Election: c.state.Election, Unit: c.state.Unit, Actor: who, OccurredAt: at, RecordedAt: at}
}

func (c *clerk) do(t testing.TB, mode domain.Mode, who domain.Actor, cmd domain.Command) {
	d := c.state.Execute(c.act(mode, who), cmd)
	if len(d.Events) == 0 {
		t.Fatalf("%s: %v", cmd.CommandType(), d.Rejections)
	}
	for _, rec := range d.Events {
		if c.keep != nil {
			c.keep(rec)
		}
	}
}

func newClerk(t testing.TB, ref *election.Reference) *clerk {
	c := &clerk{state: ledger.New(given.Election, given.Unit, only{ref})}
	c.do(t, domain.Request, given.System, &ledger.AdoptReference{Version: given.Version})
	for _, d := range given.Designs() {
		c.state.Receipt.Issue(goods.Ballot, d, -1_000_000_000) // there is always enough
	}
	return c
}

// wholeWay takes all boxes of a station from packing to the station; shipments and handoffs are one per station, which is more than real.
func (c *clerk) wholeWay(t testing.TB, ref *election.Reference, station domain.Code) {
	ids := ref.StationBoxes(station)
	village, district := station.Up(domain.Village), station.Up(domain.District)
	p := &packing.PackBoxes{}
	for _, id := range ids {
		p.Boxes = append(p.Boxes, given.Right(ref, id))
	}
	shp, shp3, h2, h3, h4 := "SHP-3578-A"+string(station), "SHP-3578-B"+string(station), "HND-3578-A"+string(station), "HND-3578-B"+string(station), "HND-3578-C"+string(station)
	ppk, pps, kpps := given.DistrictStaff(district), given.VillageStaff(village), given.StationStaff(station)
	for _, a := range []given.Act{
		given.By(given.Warehouse, p), given.By(given.Checker, given.Check(ids...)), given.By(given.Warehouse, given.Seal(ids...)),
		given.By(given.Operator, given.Plan(shp, shipment.ToDistrict, given.Unit, district, ids...)), given.By(given.Warehouse, given.Load(shp, ids...)), given.By(given.Warehouse, given.Inspect(shp)),
		given.By(given.Operator, given.Assign(shp)), given.By(given.Escort, &shipment.AcceptEscort{Shipment: shp}), given.By(given.Warehouse, given.Dispatch(shp)),
		given.By(given.Carrier, given.Offer(h2, shp, district, ids...)), given.By(ppk, given.Accept(h2, ids...)),
		given.By(ppk, given.Plan(shp3, shipment.ToVillage, district, village, ids...)), given.By(ppk, given.Load(shp3, ids...)), given.By(ppk, given.Inspect(shp3)),
		given.By(given.Operator, given.Assign(shp3)), given.By(given.Escort, &shipment.AcceptEscort{Shipment: shp3}), given.By(ppk, given.Dispatch(shp3)),
		given.By(ppk, given.Offer(h3, shp3, village, ids...)), given.By(pps, given.Accept(h3, ids...)),
		given.By(pps, given.Offer(h4, "", station, ids...)), given.By(kpps, given.Accept(h4, ids...)),
	} {
		mode := domain.Report
		if given.Decision(a.Cmd) {
			mode = domain.Request
		}
		c.do(t, mode, a.Who, a.Cmd)
	}
}

func stationsOf(ref *election.Reference) []domain.Code { return ref.StationsIn(given.District1) }

// BenchmarkPack packs the five boxes of a station in a ledger of 8,167 stations.
func BenchmarkPack(b *testing.B) {
	ref := city(8167)
	stations := stationsOf(ref)
	c := newClerk(b, ref)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(stations) == 0 && i > 0 {
			b.StopTimer()
			c = newClerk(b, ref)
			b.StartTimer()
		}
		c.do(b, domain.Report, given.Warehouse, pack8(ref, stations[i%len(stations)]))
	}
}

func pack8(ref *election.Reference, station domain.Code) *packing.PackBoxes {
	p := &packing.PackBoxes{}
	for _, id := range ref.StationBoxes(station) {
		p.Boxes = append(p.Boxes, given.Right(ref, id))
	}
	return p
}

// BenchmarkWholeWay takes five boxes from packing to the station: 21 acts.
func BenchmarkWholeWay(b *testing.B) {
	ref := city(8167)
	stations := stationsOf(ref)
	c := newClerk(b, ref)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(stations) == 0 && i > 0 {
			b.StopTimer()
			c = newClerk(b, ref)
			b.StartTimer()
		}
		c.wholeWay(b, ref, stations[i%len(stations)])
	}
}

// BenchmarkAcceptTruck accepts 1,000 boxes at a district.
func BenchmarkAcceptTruck(b *testing.B) {
	ref := city(200)
	ids := []domain.BoxID{}
	for _, s := range stationsOf(ref) {
		ids = append(ids, ref.StationBoxes(s)...)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c := newClerk(b, ref)
		for _, a := range append(given.Sealing(ids...), given.ToDistrict(ids...)[:8]...) {
			if p, ok := a.Cmd.(*packing.PackBoxes); ok {
				p.Boxes = nil
				for _, id := range ids {
					p.Boxes = append(p.Boxes, given.Right(ref, id))
				}
			}
			mode := domain.Report
			if given.Decision(a.Cmd) {
				mode = domain.Request
			}
			c.do(b, mode, a.Who, a.Cmd)
		}
		b.StartTimer()
		c.do(b, domain.Report, given.DistrictStaff(given.District1), given.Accept(given.Handoff2, ids...))
	}
}

// BenchmarkSnapshot encodes and decodes the ledger of 8,167 stations after the whole way.
func BenchmarkSnapshot(b *testing.B) {
	ref := city(8167)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := newClerk(b, ref)
	for _, s := range stationsOf(ref) {
		c.wholeWay(b, ref, s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%d events, %.1f MB in memory", c.state.Version, float64(after.HeapAlloc-before.HeapAlloc)/1e6)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			var buf bytes.Buffer
			if err := gob.NewEncoder(&buf).Encode(c.state.Data); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(buf.Len())/1e6, "MB")
		}
	})
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(c.state.Data); err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			var d ledger.Data
			if err := gob.NewDecoder(bytes.NewReader(buf.Bytes())).Decode(&d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
