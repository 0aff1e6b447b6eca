package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
)

// with adds a parameter to a path.
func with(path, name, value string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + name + "=" + url.QueryEscape(value)
}

// seen is what every question was answered at a moment.
type seen struct {
	at       time.Time
	position eventstore.Position
	bodies   map[string]answered
}

func (h *house) seen() seen {
	h.t.Helper()
	h.admin() // making the account is an event
	head, err := h.store.Head(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	s := seen{h.clock.Now(), head, map[string]answered{}}
	for model, paths := range questions {
		for _, path := range paths {
			if model != access.ReadClock && model != access.History && model != access.Reads {
				s.bodies[path] = h.get(path, h.admin())
			}
		}
	}
	h.pass(time.Minute)
	return s
}

// TestThePastIsAsItWasAnswered: every question about a position or a moment is answered with the bytes and the tag that it had then.
func TestThePastIsAsItWasAnswered(t *testing.T) {
	h := newHouse(t)
	h.pass(time.Minute)
	then := []seen{h.seen()}
	h.sent()
	then = append(then, h.seen())
	h.act(domain.RoleOperator, "3501", "3501", "need.calculate", `{}`)
	h.act(domain.RoleWarehouse, "3501", "3501", "shipment.load", `{"shipment":"SHP-3501-1","vehicle":"L 1","boxes":["3501012001001-PPWP"]}`)
	then = append(then, h.seen())
	h.act(domain.RoleOperator, "3501", "3501", "incident.raise", `{"kind":"lost","severity":"high","units":["3501012001001-PPWP"],"note":"hilang"}`, api.AcceptedWithDiscrepancy)
	h.pass(time.Minute)
	for range 2 { // the index of things behind the log, and up to it
		for _, s := range then {
			for path, was := range s.bodies {
				for _, cut := range []string{
					with(path, "position", fmt.Sprint(s.position)), with(path, "as_of", s.at.Format(time.RFC3339)),
					with(path, "as_of", s.at.Format("2006-01-02 15:04:05")+" WIB"),
				} {
					is := h.get(cut, h.admin())
					if is.StatusCode != was.StatusCode || was.StatusCode == 200 && string(is.body) != string(was.body) || is.Header.Get("ETag") != was.Header.Get("ETag") {
						t.Errorf("%s\n is %d %s %.600s\nwas %d %s %.600s", cut, is.StatusCode, is.Header.Get("ETag"), is.body, was.StatusCode, was.Header.Get("ETag"), was.body)
					}
				}
			}
		}
		if err := h.index.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatWasTrueAndWhatWasKnown: on the two clocks a report that comes late is there from when it happened, or from when it was told.
func TestWhatWasTrueAndWhatWasKnown(t *testing.T) {
	h := newHouse(t)
	h.packed()
	h.pass(time.Hour)
	happened := h.clock.Now()
	h.pass(5 * time.Hour)
	h.post(h.token(domain.RoleWarehouse, "3501"), text(envelope("3501", "packing.seal_boxes", "report", happened, seal("3501012001001-PPWP", "S1"))))
	h.pass(time.Hour)
	for _, c := range []struct {
		at    time.Time
		clock string
		state string
	}{
		{happened.Add(-time.Second), "occurred", "checked"}, {happened, "occurred", "sealed"}, {happened, "recorded", "checked"},
		{happened.Add(5 * time.Hour), "recorded", "sealed"}, {happened.Add(5*time.Hour - time.Second), "recorded", "checked"},
	} {
		path := with(with("/v1/elections/pemilu2024/boxes/3501012001001-PPWP", "as_of", c.at.Format(time.RFC3339)), "clock", c.clock)
		var box api.BoxTimeline
		a := h.read(path, h.admin(), &box)
		if box.State != c.state {
			t.Errorf("%s: %s, want %s", path, box.State, c.state)
		}
		if again := h.get(path, h.admin(), "If-None-Match", a.Header.Get("ETag")); again.StatusCode != 304 {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
	on := func(clock string) string {
		return h.get(with(with("/v1/elections/pemilu2024/boxes/3501012001001-PPWP", "as_of", happened.Format(time.RFC3339)), "clock", clock), h.admin()).Header.Get("ETag")
	}
	if on("occurred") == on("recorded") {
		t.Error("both clocks have one tag")
	}
}

// TestCutsThatAreNone: all that is wrong with a cut is said at once, in both languages; what has not come yet cannot be known.
func TestCutsThatAreNone(t *testing.T) {
	h := newHouse(t)
	h.sent()
	for query, want := range map[string]int{
		"as_of=2024-01-10T08:00": 1, "as_of=2024-01-10": 1, "as_of=yesterday&clock=moon&position=-1": 4, "clock=occurred": 1, "position=0": 1, "position=1000000": 1,
		"as_of=2030-01-01T00:00:00Z": 1, "as_of=2030-01-01T00:00:00Z&clock=occurred": 1, "as_of=2024-01-10T08:00:00Z&position=3": 1,
	} {
		for model, paths := range questions {
			for _, path := range paths {
				if model == access.ReadClock || model == access.History || model == access.Reads {
					continue
				}
				future := strings.Contains(query, "2030") || query == "position=1000000"
				if model == access.Events && future {
					continue // the log up to its end
				}
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				a := h.get(path+sep+query, h.admin())
				var p api.Details
				if err := json.Unmarshal(a.body, &p); err != nil || a.StatusCode != 422 && (model != access.Events || a.StatusCode != 400) || len(p.Errors) != want {
					t.Errorf("%s with %s: %d %s", path, query, a.StatusCode, a.body)
					continue
				}
				if slices.ContainsFunc(p.Errors, func(e api.Problem) bool { return e.Message == "" || e.MessageEN == "" || e.Message == e.MessageEN }) {
					t.Errorf("%s with %s: %s", path, query, a.body)
				}
			}
		}
	}
	if a := h.get("/v1/elections/pemilu2024/regencies/3501?as_of=2024-01-10T08:00:00+07:00", h.admin()); a.StatusCode != 200 {
		t.Errorf("a plus that became a space: %d %s", a.StatusCode, a.body)
	}
	if a := h.get("/v1/events?as_of=2024-01-10T08:00:00Z", h.admin(), "Accept", "text/event-stream"); a.StatusCode != 400 {
		t.Errorf("a stream of the past: %d", a.StatusCode)
	}
}

// TestEventsOfOneThingAreThoseOfTheWholeLog: what the index finds is what reading everything finds.
func TestEventsOfOneThingAreThoseOfTheWholeLog(t *testing.T) {
	h := newHouse(t)
	h.sent()
	all := slices.Collect(strings.Lines(string(h.get("/v1/events", h.admin()).body)))
	for step := range 2 {
		for _, c := range []struct{ query, mention, unit string }{
			{"box=3501012001001-PPWP", `"3501012001001-PPWP"`, ""}, {"shipment=SHP-3501-1", `"SHP-3501-1"`, ""}, {"unit=3501", "", "3501"}, {"unit=3509", "", "3509"},
			{"box=3501012001001-PPWP&unit=3509", `"3501012001001-PPWP"`, "3509"}, {"box=3501012001001-PPWP&shipment=SHP-3501-1", `"SHP-3501-1"`, ""},
			{"box=3501012001001-DPR", `"3501012001001-DPR"`, ""}, {"election=pemilu2024&unit=3501", "", "3501"},
		} {
			for after := range len(all) {
				var want strings.Builder
				for _, line := range all[after:] {
					var e api.Event
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Fatal(err)
					}
					both := !strings.Contains(c.query, "&shipment") || strings.Contains(string(e.Data), `"3501012001001-PPWP"`)
					if strings.Contains(string(e.Data), c.mention) && both && (c.unit == "" || e.Stream == "ledger-pemilu2024."+c.unit) {
						want.WriteString(line)
					}
				}
				after := fmt.Sprintf("/v1/events?%s&after=%d", c.query, after)
				if got := h.get(after, h.admin()); string(got.body) != want.String() {
					t.Errorf("step %d %s:\n%s\nwant\n%s", step, after, got.body, want.String())
				}
			}
		}
		if err := h.index.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.act(domain.RoleOperator, "3509", "3509", "need.calculate", `{}`)
		all = slices.Collect(strings.Lines(string(h.get("/v1/events", h.admin()).body)))
	}
}
