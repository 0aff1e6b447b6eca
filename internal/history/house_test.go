package history_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/trail"
	"jejak/projections"
)

// catalog has the small election.
type catalog struct{ ref *election.Reference }

func (c catalog) Reference(electionID, version string) (*election.Reference, bool) {
	return c.ref, electionID == c.ref.Election && version == c.ref.Version
}
func (c catalog) Elections() []string                   { return []string{c.ref.Election} }
func (c catalog) Units(string) []domain.Code            { return []domain.Code{given.Province, given.Unit} }
func (c catalog) Refresh(context.Context, string) error { return nil }
func (c catalog) Discover(context.Context) error        { return nil }

var small = catalog{given.Reference()}

// tb is what a story needs of a test.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// told is an act of a story.
type told struct {
	at, when time.Time // occurred, recorded
	who      domain.Actor
	mode     domain.Mode
	cmd      func(s *ledger.State) domain.Command // nil: nothing to do
}

// house is a log with the ledger of a small regency, told late and out of order, and other events in between.
type house struct {
	store  *memory.Store
	state  *ledger.State // at its end
	events []domain.Recorded
	end    time.Time
}

// tell writes a story that follows from a seed: boxes are packed and go their way, something goes wrong now and then, and phones tell some of it hours
// or days later.
func tell(t tb, seed uint64) *house {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	var story []told
	now := given.Start
	late := func() time.Duration {
		switch rng.IntN(6) {
		case 0:
			return time.Duration(rng.IntN(72)) * time.Hour
		case 1:
			return time.Duration(rng.IntN(180)) * time.Minute
		}
		return time.Duration(rng.IntN(90)) * time.Second
	}
	add := func(acts ...given.Act) {
		for _, a := range acts {
			now = now.Add(time.Duration(1+rng.IntN(40)) * time.Minute)
			act := told{at: now, when: now.Add(late()), who: a.Who, mode: domain.Report, cmd: func(*ledger.State) domain.Command { return a.Cmd }}
			if given.Decision(a.Cmd) {
				act.mode, act.when = domain.Request, now
			}
			story = append(story, act)
		}
	}
	decide := func(who domain.Actor, cmd func(s *ledger.State) domain.Command) {
		now = now.Add(time.Minute)
		story = append(story, told{at: now, when: now, who: who, mode: domain.Request, cmd: cmd})
	}
	stations := []domain.Code{given.Station1, given.Station2, given.Station3}
	booth := goods.Item{Item: "booth"}
	add(given.By(given.System, &procurement.AnnounceDelivery{Delivery: "DLV-3578-1", Lines: []goods.Line{{Item: booth, Quantity: 30}}}))
	for n := range 3 + rng.IntN(6) {
		ids := given.Boxes(stations[rng.IntN(len(stations))])
		ids = ids[:1+rng.IntN(len(ids))]
		if rng.IntN(3) == 0 {
			ids = append(ids, given.Kit(ids[0].Destination()))
		}
		station := ids[0].Destination()
		village := station.Up(domain.Village)
		way := given.Sealing(ids...)
		out, on := fmt.Sprintf("SHP-3578-A%d", n), fmt.Sprintf("SHP-3578-B%d", n)
		way = append(way, given.Trip(out, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, ids...)...)
		way = append(way, given.Handing(fmt.Sprintf("HND-3578-A%d", n), out, given.District1, given.Carrier, given.DistrictStaff(given.District1), ids...)...)
		way = append(way, given.Trip(on, shipment.ToVillage, given.District1, village, given.DistrictStaff(given.District1), ids...)...)
		way = append(way, given.Handing(fmt.Sprintf("HND-3578-B%d", n), on, village, given.DistrictStaff(given.District1), given.VillageStaff(village), ids...)...)
		way = append(way, given.Handing(fmt.Sprintf("HND-3578-C%d", n), "", station, given.VillageStaff(village), given.StationStaff(station), ids...)...)
		way = way[:rng.IntN(len(way)+1)]
		if len(way) > 2 && rng.IntN(3) == 0 { // something is not told at all
			way = slices.Delete(way, len(way)/2, len(way)/2+1)
		}
		for _, a := range way {
			if accept, ok := a.Cmd.(*handoff.Accept); ok {
				switch rng.IntN(5) {
				case 0:
					accept.Boxes[0].Seals = []string{"ODD"}
				case 1:
					accept.Missing = append(accept.Missing, accept.Boxes[0].Box)
					accept.Boxes = accept.Boxes[1:]
				case 2:
					accept.Boxes[0].Condition = handoff.Wet
				}
			}
			add(a)
		}
		switch rng.IntN(4) {
		case 0:
			add(given.By(given.Operator, &incident.Raise{Kind: domain.Lost, Severity: domain.High, Units: []string{string(ids[0]), out}, Note: "hilang"}))
		case 1:
			add(given.By(given.Warehouse, given.Replace(ids[0])))
		case 2:
			decide(given.Operator, func(s *ledger.State) domain.Command {
				for _, c := range projections.Discrepancies(s, projections.DiscrepancyQuery{Status: "open"}) {
					return &incident.Resolve{Incident: c.ID, How: "selesai"}
				}
				return nil
			})
		}
	}
	slices.SortStableFunc(story, func(a, b told) int { return a.when.Compare(b.when) })
	h := &house{store: memory.New(), state: ledger.New(given.Election, given.Unit, small)}
	h.act(t, told{at: given.Start.Add(-time.Hour), when: given.Start.Add(-time.Hour), who: given.System, mode: domain.Request,
		cmd: func(*ledger.State) domain.Command { return &ledger.AdoptReference{Version: given.Version} }})
	for _, act := range story {
		h.act(t, act)
		if rng.IntN(4) == 0 {
			h.noise(t, act.when)
		}
	}
	return h
}

// act has an act decided and recorded; what is refused did not happen.
func (h *house) act(t tb, act told) {
	t.Helper()
	cmd := act.cmd(h.state)
	if cmd == nil {
		return
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, h.state.Version, cmd.CommandType()))
	d := h.state.Execute(domain.Act{
		ID: id, Mode: act.mode, Election: given.Election, Unit: given.Unit, Actor: act.who, Device: domain.Device{ID: "hp-" + act.who.ID, Seq: 1},
		OccurredAt: act.at, RecordedAt: act.when.UTC().Truncate(time.Microsecond),
	}, cmd)
	var events []eventstore.Event
	for i, rec := range d.Events {
		e, err := journal.Encode(rec, &journal.Origin{Correlation: id, Causation: id, Simulated: true}, i == 0)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return
	}
	before := h.state.Version - uint64(len(events))
	if _, err := h.store.Append(context.Background(), journal.LedgerStream(given.Election, given.Unit), eventstore.Version(before), events...); err != nil {
		t.Fatal(err)
	}
	h.events, h.end = append(h.events, d.Events...), act.when
}

// noise records something of another ledger, so that positions are not versions.
func (h *house) noise(t tb, at time.Time) {
	t.Helper()
	ctx := context.Background()
	stream := journal.LedgerStream(given.Election, given.Province)
	version, _, err := h.store.StreamHead(ctx, stream)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, "noise", version))
	rec := domain.Recorded{ID: domain.EventID(id, 0), Event: &ledger.ReferenceAdopted{Version: given.Version}, Meta: domain.Meta{
		CommandID: id, Actor: given.System, Mode: domain.Request, OccurredAt: at, RecordedAt: at.UTC()}}
	e, err := journal.Encode(rec, &journal.Origin{Correlation: id, Causation: id}, true)
	if err == nil {
		_, err = h.store.Append(ctx, stream, version, e)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// history is the history of the log; indexed has it find things by an index.
func (h *house) history(index *trail.Index) *history.History {
	return history.New(history.Config{Store: h.store, Catalog: small, Index: index, Now: func() time.Time { return h.end.Add(time.Hour) }, Simulated: true})
}

// indexed builds an index of a log.
func indexed(t *testing.T, store eventstore.Store) *trail.Index {
	t.Helper()
	file, err := trail.Open(filepath.Join(t.TempDir(), "trail.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	log := trail.Log{Store: store, Catalog: small}
	if _, err := file.Build(t.Context(), log, 2, nil); err != nil {
		t.Fatal(err)
	}
	x, err := trail.Look(t.Context(), file, log)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// models are all read models of a ledger by name, to be made when asked for.
func models(s *ledger.State, at eventstore.Position) map[string]func() any {
	all := map[string]func() any{
		"regency": func() any { return projections.Regency(s, at) }, "custody": func() any { return projections.Custody(s, at) },
		"deadlines": func() any { return projections.Deadlines(s, at) }, "claims": func() any { return projections.Claims(s, at) },
		"supporting": func() any { return projections.Supporting(s, at) }, "plan": func() any { return projections.Plan(s, at) },
		"shipments":     func() any { return projections.Shipments(s, at, projections.ShipmentQuery{}) },
		"discrepancies": func() any { return projections.Discrepancies(s, projections.DiscrepancyQuery{}) },
		"seal ODD":      func() any { return projections.SealUses(s, "ODD") },
	}
	for _, station := range []domain.Code{given.Station1, given.Station2, given.Station3, given.Station4} {
		all["station "+string(station)] = func() any { card, _ := projections.Station(s, at, station); return card }
		for _, id := range append(given.Boxes(station), given.Kit(station), given.Box(station, "PPWP.2"), given.Box(station, "DPR.2")) {
			all["box "+string(id)] = func() any { card, _ := projections.Box(s, at, id); return card }
			for _, seal := range given.Seals(id) {
				all["seal "+seal] = func() any { return projections.SealUses(s, seal) }
			}
		}
	}
	for n := range 10 {
		for _, leg := range []string{"A", "B"} {
			id := fmt.Sprintf("SHP-3578-%s%d", leg, n)
			all["shipment "+id] = func() any { card, _ := projections.Shipment(s, at, id); return card }
		}
	}
	return all
}

// text is a read model as JSON.
func text(model func() any) string {
	b, err := json.Marshal(model())
	if err != nil {
		panic(err)
	}
	return string(b)
}

// everything is what all read models say of a ledger, as JSON.
func everything(s *ledger.State, at eventstore.Position) map[string]string {
	texts := map[string]string{}
	for name, model := range models(s, at) {
		texts[name] = text(model)
	}
	return texts
}
