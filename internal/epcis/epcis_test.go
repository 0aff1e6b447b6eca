package epcis_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/internal/epcis"
	"jejak/internal/epcis/epcistest"
)

var update = flag.Bool("update", false, "write the table of docs/epcis.md")

func names(t testing.TB) epcis.Namer {
	t.Helper()
	n, err := epcis.NewNamer(epcis.DefaultBase)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNamer(t *testing.T) {
	for _, bad := range []string{"", "jejak", "ftp://x.example/", "https://", "https://x.example/?a", "https://u:p@x.example/"} {
		if _, err := epcis.NewNamer(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	n, err := epcis.NewNamer("https://jatim.example/log")
	if got := n.Box("3578011001001-PPWP"); err != nil || got != "https://jatim.example/log/obj/box/3578011001001-PPWP" {
		t.Errorf("%s, %v", got, err)
	}
	if got := n.Location("simpang 4/utara"); got != "https://jatim.example/log/loc/simpang%204%2Futara" {
		t.Error(got)
	}
}

// Every type of event of a ledger is in the table, once and in order.
func TestEveryTypeIsMapped(t *testing.T) {
	var got []string
	for _, m := range epcis.Mappings() {
		got = append(got, m.Type)
		if m.Note == "" {
			t.Errorf("%s: nothing is said of it", m.Type)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(ledger.EventTypes())), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("(-ledger +table):\n%s", diff)
	}
}

func golden(t testing.TB) map[string]domain.Event {
	t.Helper()
	events := map[string]domain.Event{}
	for _, eventType := range ledger.EventTypes() {
		e := ledger.NewEventOf(eventType, 0)
		files, err := filepath.Glob(fmt.Sprintf("../../domain/*/testdata/events/%s.v%d.json", eventType, e.Schema()))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: golden files %v, %v", eventType, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err == nil {
			err = json.Unmarshal(text, e)
		}
		if err != nil {
			t.Fatal(err)
		}
		events[eventType] = e
	}
	return events
}

// scene is a ledger in which what the golden events speak of is known.
func scene(t testing.TB, events map[string]domain.Event) *ledger.State {
	s := ledger.New("pemilu2024", "3578", nil)
	for i, e := range []domain.Event{events["shipment.planned"], events["shipment.loaded"], events["handoff.offered"], events["receipt.goods_counted"]} {
		rec := recorded(e)
		rec.Version = uint64(i + 1)
		if err := s.Fold(rec); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func recorded(e domain.Event) domain.Recorded {
	occurred := time.Date(2024, 2, 13, 6, 45, 0, 0, time.FixedZone("", 7*3600))
	command := uuid.NewSHA1(uuid.NameSpaceURL, []byte(e.EventType()))
	return domain.Recorded{Version: 5, ID: domain.EventID(command, 0), Event: e, Meta: domain.Meta{
		CommandID: command, Actor: domain.Actor{ID: "usr-1", Role: domain.RoleWarehouse, Scope: "3578"}, Mode: domain.Report, OccurredAt: occurred, RecordedAt: occurred.Add(time.Hour).UTC()}}
}

func shape(e epcis.Event) epcis.Shape {
	return epcis.Shape{Type: e.Type, Action: e.Action, Step: e.Step, Disposition: e.Disposition}
}

// What the golden events become is what the table says, and holds by GS1's schema.
func TestGoldenEvents(t *testing.T) {
	events := golden(t)
	var all bytes.Buffer
	doc, err := epcis.NewDocument(&all, names(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[epcis.Shape]bool{}
	for _, m := range epcis.Mappings() {
		rec := epcis.Record{Recorded: recorded(events[m.Type])}
		got := epcis.Mapper{Namer: names(t), State: scene(t, events)}.Events(&rec)
		if (len(got) > 0) != (len(m.Shapes) > 0) && m.Type != "shipment.cancelled" && m.Type != "incident.raised" {
			t.Errorf("%s becomes %d events, the table has %d shapes", m.Type, len(got), len(m.Shapes))
		}
		ids := map[string]bool{}
		for _, e := range got {
			if !slices.Contains(m.Shapes, shape(e)) {
				t.Errorf("%s becomes %+v, which is not in the table", m.Type, shape(e))
			}
			if ids[e.ID] {
				t.Errorf("%s: id %s twice", m.Type, e.ID)
			}
			ids[e.ID], seen[shape(e)] = true, true
			if err := doc.Add(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := doc.End(time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := epcistest.Validate(&all); err != nil {
		t.Error(err)
	}
}

// Every shape of the table occurs.
func TestEveryShape(t *testing.T) {
	events := golden(t)
	more := []domain.Event{
		&receipt.GoodsCounted{Delivery: "DLV-1", Lines: []procurement.CountLine{{Missing: 7}}},
		&receipt.SortingReported{Delivery: "DLV-1", Design: "PPWP", Missing: 3},
		&handoff.Accepted{Handoff: "HND-3578-000123", Missing: []domain.BoxID{"3578011001001-DPR"}},
		&handoff.Accepted{Handoff: "HND-3578-000123", Boxes: []handoff.AcceptedBox{{Box: "3578011001001-DPR", Condition: handoff.SealBroken, Seals: []string{"A 1"}},
			{Box: "3578011001001-DPD", Condition: handoff.Good}}},
		&shipment.Cancelled{Shipment: events["shipment.loaded"].(*shipment.Loaded).Shipment},
	}
	for _, kind := range []domain.Kind{domain.Lost, domain.Seized, domain.Damaged, domain.Delay} {
		more = append(more, &incident.IncidentRaised{Incident: "DSC-1", Kind: kind, Units: []string{"3578011001001-DPR", "SHP-1"}})
	}
	for _, e := range events {
		more = append(more, e)
	}
	left := map[string][]epcis.Shape{}
	for _, m := range epcis.Mappings() {
		left[m.Type] = slices.Clone(m.Shapes)
	}
	for _, e := range more {
		rec := epcis.Record{Recorded: recorded(e)}
		for _, got := range (epcis.Mapper{Namer: names(t), State: scene(t, events)}).Events(&rec) {
			left[e.EventType()] = slices.DeleteFunc(left[e.EventType()], func(s epcis.Shape) bool { return s == shape(got) })
		}
	}
	for eventType, shapes := range left {
		if len(shapes) > 0 {
			t.Errorf("%s never becomes %+v", eventType, shapes)
		}
	}
}

// Whatever a device says, the document holds by the schema.
func TestAnyValuesHold(t *testing.T) {
	events := golden(t)
	types := ledger.EventTypes()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringN(0, 12, 40)
		var e domain.Event
		switch rapid.IntRange(0, 3).Draw(rt, "kind") {
		case 0:
			e = &shipment.CheckpointPassed{Shipment: text.Draw(rt, "shipment"), Place: text.Draw(rt, "place")}
		case 1:
			e = &shipment.Loaded{Shipment: text.Draw(rt, "shipment"), Vehicle: text.Draw(rt, "vehicle"), Boxes: []domain.BoxID{domain.BoxID(text.Draw(rt, "box"))}}
		case 2:
			e = &handoff.Accepted{Handoff: text.Draw(rt, "handoff"), Boxes: []handoff.AcceptedBox{{Box: domain.BoxID(text.Draw(rt, "box")), Condition: handoff.Wet, Seals: []string{text.Draw(rt, "seal")}}}}
		case 3:
			e = events[rapid.SampledFrom(types).Draw(rt, "type")]
		}
		rec := epcis.Record{Recorded: recorded(e), Simulated: rapid.Bool().Draw(rt, "simulated")}
		rec.Meta.OccurredAt = time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(rt, "time")).In(time.FixedZone("", rapid.IntRange(-15*3600, 15*3600).Draw(rt, "zone")))
		rec.Meta.Actor.Scope = rapid.SampledFrom([]string{"3578", "P3578A", "", "35"}).Draw(rt, "scope")
		if rapid.Bool().Draw(rt, "placed") {
			lat, lon := rapid.Float64Range(-90, 90).Draw(rt, "lat"), rapid.Float64Range(-180, 180).Draw(rt, "lon")
			rec.Lat, rec.Lon = &lat, &lon
		}
		var out bytes.Buffer
		doc, err := epcis.NewDocument(&out, names(t))
		if err != nil {
			rt.Fatal(err)
		}
		for _, got := range (epcis.Mapper{Namer: names(t), State: scene(t, events)}).Events(&rec) {
			if err := doc.Add(&got); err != nil {
				rt.Fatal(err)
			}
		}
		if err := doc.End(time.Unix(0, 0)); err != nil {
			rt.Fatal(err)
		}
		if err := epcistest.Validate(&out); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestDocsShowTheTable(t *testing.T) {
	const page = "../../docs/epcis.md"
	var b strings.Builder
	b.WriteString("\n| record | EPCIS event | what it is about, or why there is none |\n|---|---|---|\n")
	for _, m := range epcis.Mappings() {
		var shapes []string
		for _, s := range m.Shapes {
			shapes = append(shapes, strings.Join(slices.DeleteFunc([]string{s.Type, string(s.Action), s.Step, s.Disposition}, func(s string) bool { return s == "" }), " "))
		}
		if shapes == nil {
			shapes = []string{"-"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Type, strings.Join(shapes, "<br>"), m.Note)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(<!-- mapping: written by [^\n]*-->)(.*)(<!-- mapping: end -->)`)
	want := block.ReplaceAllString(string(text), "${1}\n"+strings.ReplaceAll(b.String(), "$", "$$")+"\n${3}")
	if want == string(text) && block.MatchString(want) {
		return
	}
	if !*update {
		t.Fatalf("%s does not show the table: go test ./internal/epcis -run TestDocsShow -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
