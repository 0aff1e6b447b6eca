package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
)

// told reports that a box was sealed five hours before, and returns when that was.
func (h *house) told() (happened time.Time) {
	h.t.Helper()
	h.packed()
	h.pass(time.Hour)
	happened = h.clock.Now()
	h.pass(5 * time.Hour)
	body := envelope("3501", "packing.seal_boxes", "report", happened, seal("3501012001001-PPWP", "S1"))
	body["evidence"] = []map[string]string{{"sha256": strings.Repeat("ab", 32), "media_type": "image/jpeg", "kind": "photo"}}
	body["place"] = map[string]float64{"lat": -7.5, "lon": 112.5, "accuracy": 9}
	if a, answer := h.post(h.token(domain.RoleWarehouse, "3501"), text(body)); answer.Result != api.Accepted {
		h.t.Fatalf("%s", a.body)
	}
	h.pass(time.Hour)
	return happened
}

func TestTimelinesOverHTTP(t *testing.T) {
	h := newHouse(t)
	h.told()
	h.act(domain.RoleOperator, "3501", "3501", "incident.raise", `{"kind":"lost","severity":"high","units":["3501012001001-PPWP"],"note":"hilang"}`, api.AcceptedWithDiscrepancy)
	const base = "/v1/elections/pemilu2024/timelines/"
	var line api.Timeline
	h.read(base+"box/3501012001001-PPWP", h.admin(), &line)
	i := slices.IndexFunc(line.Entries, func(e api.TimelineEntry) bool { return e.Type == "packing.boxes_sealed" })
	if i < 0 {
		t.Fatalf("%+v", line)
	}
	e := line.Entries[i]
	if !e.Late || e.LateSeconds != 5*3600 || line.Late != 1 || e.State != "sealed @ 3501" || len(e.Evidence) != 1 || e.Place == nil || e.Place.Lat != -7.5 || e.Device == "" ||
		e.Actor.Role != "warehouse" || e.Unit != "3501" {
		t.Errorf("%+v", e)
	}
	if last := line.Entries[len(line.Entries)-1]; last.Type != "incident.raised" || last.State != "lost @ 3501" || last.Details["kind"] != "lost" {
		t.Errorf("%+v", last)
	}
	for path, want := range map[string]int{"seal/S1": 1, "station/3501012001001": len(line.Entries), "discrepancy/DSC-3501-000001": 1, "person/" + e.Actor.ID: 0} {
		var other api.Timeline
		h.read(base+path, h.admin(), &other)
		if len(other.Entries) == 0 || want > 0 && len(other.Entries) != want {
			t.Errorf("%s: %d entries, want %d", path, len(other.Entries), want)
		}
	}
	before := with(base+"box/3501012001001-PPWP", "as_of", start.Add(-time.Hour).Format(time.RFC3339))
	var none api.Timeline
	if h.read(before, h.admin(), &none); len(none.Entries) != 0 {
		t.Errorf("before it all: %+v", none)
	}
	for path, status := range map[string]int{
		"box/3501012001001": 422, "box/3501012001001-NONE": 404, "station/3501": 422, "station/x": 422, "cupboard/1": 422, "shipment/SHP-3501-99": 404, "shipment/x": 404,
		"person/nobody": 404, "seal/none": 404, "box/9901012001001-PPWP": 404,
	} {
		if a := h.get(base+path, h.admin()); a.StatusCode != status {
			t.Errorf("%s: %d %s, want %d", path, a.StatusCode, a.body, status)
		}
	}
	// Who reads one regency sees nothing of another's ledger.
	if a := h.get(base+"person/"+e.Actor.ID, h.token(domain.RoleOperator, "3509")); a.StatusCode != 404 {
		t.Errorf("a person of another regency: %d %s", a.StatusCode, a.body)
	}
}

func TestWhatChangedOverHTTP(t *testing.T) {
	h := newHouse(t)
	happened := h.told()
	const base = "/v1/elections/pemilu2024/"
	at := happened.Add(time.Hour).Format(time.RFC3339)
	var b api.Believed
	h.read(with(base+"believed/3501", "at", at), h.admin(), &b)
	if b.Late != 1 || len(b.Figures) == 0 || b.Code != "3501" {
		t.Errorf("%+v", b)
	}
	h.read(with(with(base+"believed/3501", "at", at), "figure", "boxes.sealed"), h.admin(), &b)
	if len(b.Figures) != 1 || b.Figures[0].Believed != 0 || b.Figures[0].True != 1 || len(b.Figures[0].Events) != 1 || b.Figures[0].Events[0].Type != "packing.boxes_sealed" {
		t.Errorf("%+v", b.Figures)
	}
	var d api.Diff
	h.read(with(with(base+"diff/3501", "from", at), "to", h.clock.Now().Format(time.RFC3339)), h.admin(), &d)
	i := slices.IndexFunc(d.Figures, func(f api.FigureChange) bool { return f.Figure == "boxes.sealed" })
	if i < 0 || d.Figures[i].From != 0 || d.Figures[i].To != 1 || d.Events != 1 {
		t.Errorf("%+v", d)
	}
	for query, errors := range map[string]int{
		"diff/3501": 2, "diff/3501?from=2024-01-10&to=noon": 2, "diff/3501?from=30&to=3": 1, "diff/3501?from=1&to=2030-01-01T00:00:00Z": 1, "believed/3501": 1,
		"believed/3501?at=2024-01-10T08:00": 1, "believed/3501?at=2030-01-01T00:00:00Z": 1, "diff/3501?from=1&to=2&as_of=2024-01-10T08:00:00Z": 1,
	} {
		a := h.get(base+query, h.admin())
		var p api.Details
		if err := json.Unmarshal(a.body, &p); err != nil || a.StatusCode != 422 || len(p.Errors) != errors {
			t.Errorf("%s: %d %s", query, a.StatusCode, a.body)
		}
	}
	for _, query := range []string{"diff/3501?from=1&to=2", "believed/3501?at=" + url.QueryEscape(at)} {
		if a := h.get(base+query+"&figure=discrepancies.lost", h.admin()); a.StatusCode != 200 || !strings.Contains(string(a.body), `"figures":[]`) {
			t.Errorf("a figure that did not change: %s: %d %s", query, a.StatusCode, a.body)
		}
		a := h.get(base+query+"&figure=boxes.saeled", h.admin())
		var p api.Details
		if err := json.Unmarshal(a.body, &p); err != nil || a.StatusCode != 422 || len(p.Errors) != 1 || p.Errors[0].Path != "/query/figure" ||
			!strings.Contains(p.Errors[0].RemedyEN, "boxes.sealed") || !strings.Contains(p.Errors[0].Remedy, "boxes.sealed") {
			t.Errorf("a figure that there is not: %s: %d %s", query, a.StatusCode, a.body)
		}
	}
	if a := h.get(base+"diff/9999?from=1&to=2", h.admin()); a.StatusCode != 404 {
		t.Errorf("of no unit: %d", a.StatusCode)
	}
}

// replayed are the names of the events of a replay, with its ids.
func (h *house) replayed(query, lastEventID string) (names, ids []string) {
	h.t.Helper()
	headers := []string{}
	if lastEventID != "" {
		headers = []string{"Last-Event-ID", lastEventID}
	}
	a := h.get("/v1/elections/pemilu2024/replay?"+query, h.admin(), headers...)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("%s: %d %s", query, a.StatusCode, a.body)
	}
	for line := range strings.Lines(string(a.body)) {
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			names = append(names, strings.TrimSpace(name))
		}
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	return names, ids
}

func TestReplay(t *testing.T) {
	h := newHouse(t)
	h.told()
	span := url.Values{"from": {start.Format(time.RFC3339)}, "to": {h.clock.Now().Format(time.RFC3339)}, "speed": {"0"}, "regency": {"3501"}}
	names, ids := h.replayed(span.Encode(), "")
	if len(names) < 3 || names[len(names)-1] != "end" || !slices.Contains(names, "packing.boxes_sealed") || slices.Contains(names, "clock") {
		t.Errorf("%v", names)
	}
	if rest, _ := h.replayed(span.Encode(), ids[len(ids)-2]); !slices.Equal(rest, names[len(names)-2:]) {
		t.Errorf("after the last but one: %v", rest)
	}
	span.Set("speed", "10000000")
	if paced, _ := h.replayed(span.Encode(), ""); !slices.Equal(paced, names) {
		t.Errorf("paced: %v", paced)
	}
	for query, status := range map[string]int{
		"": 422, "from=2024-01-10&to=x&speed=-1&colour=red": 422, "from=2024-01-10T09:00:00Z&to=2024-01-10T08:00:00Z": 422,
		"from=2024-01-10T08:00:00Z&to=2024-01-10T09:00:00Z&regency=3599": 404,
	} {
		a := h.get("/v1/elections/pemilu2024/replay?"+query, h.admin())
		if a.StatusCode != status || strings.Contains(query, "colour") && !strings.Contains(string(a.body), "and 3 more errors") {
			t.Errorf("%s: %d %s", query, a.StatusCode, a.body)
		}
	}
	if a := h.get("/v1/elections/pemilu1999/replay?"+span.Encode(), h.admin()); a.StatusCode != 404 {
		t.Errorf("of no election: %d", a.StatusCode)
	}
}

// TestReplaysAreBounded: two at once for each user; who goes away makes room.
func TestReplaysAreBounded(t *testing.T) {
	h := newHouse(t)
	h.told()
	query := url.Values{"from": {start.Add(-time.Hour).Format(time.RFC3339)}, "to": {h.clock.Now().Format(time.RFC3339)}, "speed": {"0.001"}}
	begin := func(token string) (status int, end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/elections/pemilu2024/replay?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == 200 {
			if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode, func() {
			cancel()
			_ = resp.Body.Close() // it is cut off
		}
	}
	var ends []func()
	for range 2 {
		status, end := begin(h.admin())
		if ends = append(ends, end); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	if status, end := begin(h.admin()); status != 429 {
		t.Errorf("a third: %d", status)
		end()
	}
	if status, end := begin(h.token(domain.RoleAuditor, "35")); status != 200 {
		t.Errorf("of another: %d", status)
	} else {
		end()
	}
	ends[0]()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		status, end := begin(h.admin())
		end()
		if status == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(fmt.Sprint("still ", status))
		}
	}
	ends[1]()
}
