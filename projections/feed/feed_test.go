package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/eventstore"
)

// The table has every type of event of the domain and no other.
func TestEveryTypeIsInTheTable(t *testing.T) {
	want := ledger.EventTypes()
	slices.Sort(want)
	if diff := cmp.Diff(want, Types()); diff != "" {
		t.Errorf("the feed's table of types (-domain +feed):\n%s", diff)
	}
	for typ, e := range entities {
		if !slices.Contains(Entities(), e.name) {
			t.Errorf("%s is about %q", typ, e.name)
		}
	}
}

var subject = regexp.MustCompile(`^jejak(\.[A-Za-z0-9_=-]+){5}$`)

var golden = regexp.MustCompile(`^(.*)\.v([0-9]+)\.json$`)

func TestGoldenEvents(t *testing.T) {
	files, err := filepath.Glob("../../domain/*/testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		part := golden.FindStringSubmatch(filepath.Base(file))
		typ := part[1]
		schema, err := strconv.Atoi(part[2])
		if err != nil {
			t.Fatal(err)
		}
		event := ledger.NewEventOf(typ, schema)
		if event == nil {
			continue // of the election's stream
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.TrimSpace(data)
		if err := json.Unmarshal(data, event); err != nil {
			t.Fatal(err)
		}
		seen[typ] = true
		messages, err := NewRouter().Messages(&Record{
			Recorded: domain.Recorded{ID: uuid.NameSpaceOID, Event: event, Meta: domain.Meta{Mode: domain.Report, Actor: given.Escort, OccurredAt: given.Start, RecordedAt: given.Start}},
			Position: 7, Election: given.Election, Unit: given.Unit, Schema: schema, Data: data, Simulated: true,
		})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		m := messages[0]
		entity, _ := EntityOf(typ)
		_, last, _ := strings.Cut(typ, ".")
		if !subject.MatchString(m.Subject) || !strings.HasPrefix(m.Subject, "jejak.pemilu2024.3578."+entity+".") || !strings.HasSuffix(m.Subject, "."+last) {
			t.Errorf("%s: subject %s", typ, m.Subject)
		}
		if !bytes.Contains(m.Body, data) || !json.Valid(m.Body) {
			t.Errorf("%s: the data are not as they stand in the log: %s", typ, m.Body)
		}
		if bytes.Contains(m.Body, []byte("usr-escort")) {
			t.Errorf("%s: the actor is in the feed: %s", typ, m.Body)
		}
	}
	for _, typ := range ledger.EventTypes() {
		if !seen[typ] {
			t.Errorf("%s has no golden file", typ)
		}
	}
}

func TestFormOfAMessage(t *testing.T) {
	rec := recordOf(domain.Recorded{
		ID: uuid.NameSpaceOID, Event: &shipment.EscortAssigned{Shipment: given.Shipment2, PoliceUnit: given.PoliceCity, OrderNo: "Sprin/1 <a>"},
		Meta: domain.Meta{Actor: given.Operator, Mode: domain.Report, OccurredAt: given.Start, RecordedAt: given.Start},
	}, 42)
	rec.Simulated = true
	messages, err := NewRouter().Messages(&rec)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range messages {
		got = append(got, m.Subject, string(m.Body))
		for _, h := range m.Headers {
			got = append(got, h.Name+": "+h.Value)
		}
	}
	const id = "6ba7b812-9dad-11d1-80b4-00c04fd430c8"
	about := func(cloudID, typ, msgID string) []string {
		return []string{"ce-specversion: 1.0", "ce-id: " + cloudID, "ce-type: " + typ, "ce-source: /jejak/pemilu2024/3578", "ce-subject: shipment/SHP-3578-2",
			"ce-time: 2024-01-10T01:00:00Z", "ce-sequence: 00000000000000000042", "content-type: application/json", "Nats-Msg-Id: " + msgID, "Jejak-Simulated: true"}
	}
	head := `{"unit":"3578","occurred_at":"2024-01-10T08:00:00+07:00","recorded_at":"2024-01-10T01:00:00Z","mode":"report","simulated":true,"data":`
	card := `"state":"planned","boxes":0,"kits":0,"police_unit":"P3578A","order_no":"Sprin/1 <a>"`
	want := slices.Concat(
		[]string{"jejak.pemilu2024.3578.shipment.SHP-3578-2.escort_assigned", head + string(rec.Data) + "}"},
		about(id, "jejak.shipment.escort_assigned.v1", id+".3578"),
		[]string{"jejak.pemilu2024.P3578A.shipment.SHP-3578-2.summary", head + `{"shipment":"SHP-3578-2","event":"summary",` + card + "}}"},
		about(id+"/summary", "jejak.shipment.summary.v1", id+".P3578A.summary"),
		[]string{"jejak.pemilu2024.P3578A.shipment.SHP-3578-2.escort_assigned",
			head + `{"shipment":"SHP-3578-2","event":"escort_assigned",` + card + `,"to_unit":"P3578A","to_order_no":"Sprin/1 <a>"}}`},
		about(id, "jejak.shipment.escort_assigned.v1", id+".P3578A"),
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type strange struct{}

func (strange) EventType() string { return "shipment.vanished" }
func (strange) Schema() int       { return 1 }

func TestAnUnknownTypeIsAnError(t *testing.T) {
	rec := recordOf(domain.Recorded{Event: strange{}}, 9)
	if _, err := NewRouter().Messages(&rec); err == nil || !strings.Contains(err.Error(), "shipment.vanished") || !strings.Contains(err.Error(), "position 9") {
		t.Errorf("error %v", err)
	}
}

// follow tells acts to a ledger and lists, for each police unit, the events that it gets.
func follow(t *testing.T, acts ...given.Act) map[string][]string {
	t.Helper()
	scene := given.Stocked(t)
	begin := len(scene.History)
	scene.Story(domain.Report, acts)
	router, got := NewRouter(), map[string][]string{}
	for i, h := range scene.History[begin:] {
		rec := recordOf(h, eventstore.Position(i+1))
		messages, err := router.Messages(&rec)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages[1:] {
			part := strings.Split(m.Subject, ".")
			got[m.Area] = append(got[m.Area], part[5])
		}
	}
	return got
}

func TestWhoFollows(t *testing.T) {
	id, boxes := given.Shipment2, given.Boxes(given.Station1)
	trip := given.Trip(id, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, boxes...)
	port := &shipment.HandOverEscort{Shipment: id, PoliceUnit: given.PolicePort, OrderNo: "Sprin/2"}
	for _, test := range []struct {
		name string
		acts []given.Act
		want map[string][]string
	}{
		{"to the end", trip, map[string][]string{
			given.PoliceCity: {"summary", "escort_assigned", "escort_accepted", "dispatched", "arrived"}}},
		{"handed over", slices.Concat(trip[:6], []given.Act{given.By(given.Escort, port)}, trip[6:]), map[string][]string{
			given.PoliceCity: {"summary", "escort_assigned", "escort_accepted", "dispatched", "escort_handed_over"},
			given.PolicePort: {"summary", "escort_handed_over", "arrived"}}},
		{"two units", slices.Concat(trip[:5], []given.Act{given.By(given.Operator, &shipment.AssignEscort{Shipment: id, PoliceUnit: given.PolicePort, OrderNo: "Sprin/2"})}, trip[5:]),
			map[string][]string{
				given.PoliceCity: {"summary", "escort_assigned", "escort_accepted", "escort_assigned", "dispatched", "arrived"},
				given.PolicePort: {"summary", "escort_assigned", "dispatched", "arrived"}}},
		{"cancelled", slices.Concat(trip[:5], []given.Act{given.By(given.Operator, &shipment.Cancel{Shipment: id, Reason: "ganti hari"})}), map[string][]string{
			given.PoliceCity: {"summary", "escort_assigned", "escort_accepted", "cancelled"}}},
	} {
		got := follow(t, slices.Concat(given.Sealing(boxes...), test.acts)...)
		for unit, events := range got {
			got[unit] = slices.DeleteFunc(events, func(e string) bool { return e == "raised" || e == "explained" })
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// texts are all texts in a JSON value.
func texts(v any, into func(string)) {
	switch v := v.(type) {
	case string:
		into(v)
	case []any:
		for _, e := range v {
			texts(e, into)
		}
	case map[string]any:
		for _, e := range v {
			texts(e, into)
		}
	}
}

// TestRandomLedgers: whatever is told and in whatever order it comes, subjects are valid, ids unique and indexes in order; police units get nothing
// that is not theirs to know; the shipments stand as the ledger says; and a Router that was saved anywhere goes on as if it had not been.
func TestRandomLedgers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, records := aLedger(t)
		router, quiet := NewRouter(), NewRouter()
		cut := rapid.IntRange(0, len(records)).Draw(t, "cut")
		restored := NewRouter()
		ids := map[string]bool{}
		following := map[string]bool{}
		for i := range records {
			rec := &records[i]
			if i == cut {
				saved, err := quiet.Save()
				if err == nil {
					restored, err = Restore(saved)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			messages, err := router.Messages(rec)
			if err != nil {
				t.Fatal(err)
			}
			quiet.Observe(rec)
			if i >= cut {
				again, err := restored.Messages(rec)
				if diff := cmp.Diff(messages, again); err != nil || diff != "" {
					t.Fatalf("restored at %d: %v %s", cut, err, diff)
				}
			}
			for n, m := range messages {
				if m.Index != n || ids[m.ID] || !subject.MatchString(m.Subject) || !json.Valid(m.Body) || (n == 0) != (m.Area == string(given.Unit)) {
					t.Fatalf("message %d: %+v", n, m)
				}
				ids[m.ID] = true
				if n > 0 {
					forThePolice(t, rec, &m, following)
				}
			}
		}
		for id, s := range state.Shipments.Shipments {
			text := state.BoxRegister.Texts.Text
			now := router.known.Trips[key(given.Election, id)].stand()
			want := []string{s.Status.String(), string(s.Bound), text(s.Vehicle), text(s.Carrier), text(s.Escort)}
			if diff := cmp.Diff(want, []string{now.status.String(), now.bound, now.vehicle, now.carrier, now.escort}); diff != "" {
				t.Fatalf("%s (-ledger +feed):\n%s", id, diff)
			}
		}
		for id, c := range state.Register.Cases {
			got := router.known.Cases[key(given.Election, id)]
			want := []string{string(c.Kind), string(c.Severity), string(c.Status)}
			if diff := cmp.Diff(want, []string{got.Kind, got.Severity, got.Status}); diff != "" {
				t.Fatalf("%s (-ledger +feed):\n%s", id, diff)
			}
		}
	})
}

var boxID = regexp.MustCompile(`[0-9]{13}-|[0-9]{6}-REKAP`)

// forThePolice checks a message for a police unit. following has the shipments that each unit has a summary of.
func forThePolice(t *rapid.T, rec *Record, m *Message, following map[string]bool) {
	all := fmt.Sprintf("%s %v %s", m.Subject, m.Headers, m.Body)
	var data any
	if err := json.Unmarshal(rec.Data, &data); err != nil {
		t.Fatal(err)
	}
	texts(data, func(text string) {
		if _, err := domain.ParseBoxID(text); err == nil && strings.Contains(all, text) {
			t.Fatalf("box %s in %s", text, all)
		}
	})
	if boxID.MatchString(all) {
		t.Fatalf("a box in %s", all)
	}
	for _, not := range []string{secret, "usr-", "987654", "123456", `"seal"`, `"seals"`, "ballot", rec.Meta.Actor.ID} {
		if strings.Contains(strings.ReplaceAll(all, rec.Event.EventType(), ""), not) && not != "system" {
			t.Fatalf("%q in %s", not, all)
		}
	}
	var body struct {
		Unit, Mode string
		OccurredAt string          `json:"occurred_at"`
		RecordedAt string          `json:"recorded_at"`
		Data       json.RawMessage `json:"data"`
	}
	strict(t, m.Body, &body)
	part := strings.Split(m.Subject, ".")
	if part[3] == EntityIncident {
		strict(t, body.Data, &PoliceIncident{})
		return
	}
	var s PoliceShipment
	strict(t, body.Data, &s)
	if s.Event != part[5] || s.Shipment != part[4] {
		t.Fatalf("%s has %s", m.Subject, m.Body)
	}
	if s.Event == SummaryEvent {
		following[m.Area+s.Shipment] = true
	} else if !following[m.Area+s.Shipment] {
		t.Fatalf("%s before a summary", m.Subject)
	}
}

func strict(t *rapid.T, data []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

// TestTokens: whatever an id is, its token is one token, and different ids have different ones.
func TestTokens(t *testing.T) {
	token := regexp.MustCompile(`^[A-Za-z0-9_=-]{1,200}$`)
	for _, plain := range []string{"SHP-3578-000123", "pemilu2024", "escort_handed_over", "P3578A"} {
		if Token(plain) != plain {
			t.Errorf("Token(%q) = %q", plain, Token(plain))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a=. *>~\x00-]{0,300}`), rapid.SampledFrom([]string{"", "=", "==", ".", "a.b", "a b", "*", ">"}))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if !token.MatchString(Token(a)) {
			t.Fatalf("Token(%q) = %q", a, Token(a))
		}
		if a != b && Token(a) == Token(b) {
			t.Fatalf("%q and %q are both %q", a, b, Token(a))
		}
	})
}
