package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
)

// logged asks for events.
func (h *house) logged(query, token string) []api.Event {
	h.t.Helper()
	a := h.get("/v1/events"+query, token)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/x-ndjson" || a.Header.Get("Jejak-Position") == "" {
		h.t.Fatalf("events%s: %d %s %s", query, a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	var list []api.Event
	for line := range bytes.Lines(a.body) {
		var e api.Event
		if err := json.Unmarshal(line, &e); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func types(events []api.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, e.Type)
	}
	return strings.Join(list, " ")
}

func TestEventFilters(t *testing.T) {
	h := newHouse(t)
	h.sent()
	_, rejected := h.post(h.token(domain.RoleWarehouse, "3501"), text(envelope("3501", "packing.seal_boxes", "request", h.clock.Now(), seal("3501012001001-DPRDK", "S1"))))
	if rejected.Result != api.Rejected {
		t.Fatalf("%+v", rejected)
	}
	later := h.clock.Now().Add(time.Hour)
	h.pass(2 * time.Hour)
	h.act(domain.RoleOperator, "3509", "3509", "need.calculate", `{}`)
	all := h.logged("", h.admin())
	last := uint64(0)
	for _, e := range all {
		if e.Position <= last || e.ID == "" || e.Stream == "" || e.Type == "" || e.Version == 0 || !json.Valid(e.Data) || strings.HasPrefix(e.Stream, "attempts-") {
			t.Fatalf("%+v after position %d", e, last)
		}
		last = e.Position
	}
	calculated := all[slices.IndexFunc(all, func(e api.Event) bool { return e.Type == "need.calculated" })].Position
	box := "packing.boxes_packed packing.boxes_checked packing.boxes_sealed shipment.planned incident.raised"
	for query, want := range map[string]string{
		"?box=3501012001001-PPWP":                        box,
		"?box=3501012001001-DPRDK":                       "packing.boxes_packed packing.boxes_checked",
		"?box=3501012001001-PP":                          "",
		"?shipment=SHP-3501-1":                           "shipment.planned shipment.escort_assigned",
		"?unit=3509":                                     "unit.reference_adopted need.calculated",
		"?unit=3509&election=pemilu2024":                 "unit.reference_adopted need.calculated",
		"?unit=3509&election=pilkada2024":                "",
		"?type=shipment.planned,need.calculated":         "shipment.planned need.calculated",
		"?type=shipment.planned,need.calculated&limit=1": "shipment.planned",
		"?from=" + later.UTC().Format(time.RFC3339) + "&type=need.calculated": "need.calculated",
		"?to=" + later.UTC().Format(time.RFC3339) + "&type=need.calculated":   "",
		"?box=3501012001001-PPWP&type=packing.boxes_sealed&attempts=false":    "packing.boxes_sealed",
		fmt.Sprintf("?after=%d", last):                                        "",
		fmt.Sprintf("?after=%d&unit=3509", calculated-1):                      "need.calculated",
	} {
		if got := types(h.logged(query, h.admin())); got != want {
			t.Errorf("events%s: %q, want %q", query, got, want)
		}
	}
	var attempts int
	for _, e := range h.logged("?attempts=true", h.admin()) {
		if strings.HasPrefix(e.Stream, "attempts-") {
			attempts++
		}
	}
	if attempts != 1 {
		t.Errorf("%d rejected commands are shown, want 1", attempts)
	}
	for _, e := range h.logged("", h.token(domain.RoleOperator, "3509")) {
		if strings.HasSuffix(e.Stream, ".3501") {
			t.Fatalf("an operator of 3509 sees %s of %s", e.Type, e.Stream)
		}
	}
	a := h.get("/v1/events?after=x&limit=-1&from=yesterday&to=2024-01-01&attempts=maybe&colour=red", h.admin())
	var details api.Details
	if err := json.Unmarshal(a.body, &details); err != nil || a.StatusCode != 400 || len(details.Errors) != 6 {
		t.Errorf("%d, %d errors: %s", a.StatusCode, len(details.Errors), a.body)
	}
}

// following is an open event stream.
type following struct {
	t     testing.TB
	lines *bufio.Scanner
}

func (h *house) follow(query, token string, headers ...string) *following {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "GET", h.url+"/v1/events"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &following{h.t, bufio.NewScanner(resp.Body)}
}

// next is the id and type of the next event; ok is false at the end of the stream.
func (f *following) next() (id, event string, ok bool) {
	f.t.Helper()
	for f.lines.Scan() {
		line := f.lines.Text()
		if rest, found := strings.CutPrefix(line, "id: "); found {
			id = rest
		}
		if rest, found := strings.CutPrefix(line, "event: "); found {
			event = rest
		}
		if line == "" && id != "" {
			return id, event, true
		}
	}
	return "", "", false
}

func TestEventStreamGoesOn(t *testing.T) {
	h := newHouse(t)
	h.act(domain.RoleOperator, "3509", "3509", "need.calculate", `{}`)
	f := h.follow("?unit=3509", h.admin())
	var ids []string
	for _, want := range []string{"unit.reference_adopted", "need.calculated"} {
		id, event, ok := f.next()
		if !ok || event != want {
			t.Fatalf("%s %s %v, want %s", id, event, ok, want)
		}
		ids = append(ids, id)
	}
	// What another unit does comes in between and is not shown, and holds nothing back.
	h.act(domain.RoleOperator, "3509", "3509", "need.submit", `{}`)
	h.act(domain.RoleOperator, "3501", "3501", "need.calculate", `{}`)
	if _, event, ok := f.next(); !ok || event != "need.submitted" {
		t.Fatalf("%s %v", event, ok)
	}
	again := h.follow("?unit=3509&after=0", h.admin(), "Last-Event-ID", ids[0])
	if id, event, ok := again.next(); !ok || id != ids[1] || event != "need.calculated" {
		t.Errorf("after %s: %s %s %v", ids[0], id, event, ok)
	}
	limited := h.follow("?unit=3509&limit=1", h.admin())
	limited.next()
	if _, event, ok := limited.next(); ok {
		t.Errorf("over the limit: %s", event)
	}
}

func TestEventStreamsEnd(t *testing.T) {
	h := houseOf(t, plan{hurry: 50 * time.Millisecond})
	operator := h.operator()
	var me api.User
	h.read("/v1/me", operator, &me)
	f, other := h.follow("?unit=3501", operator), h.follow("?unit=3501", h.token(domain.RoleAuditor, "35"))
	for _, stream := range []*following{f, other} {
		if _, event, ok := stream.next(); !ok || event != "unit.reference_adopted" {
			t.Fatalf("%s %v", event, ok)
		}
	}
	if a := h.do("DELETE", "/v1/users/"+me.ID, h.admin(), "", nil); a.StatusCode != 200 {
		t.Fatalf("%d", a.StatusCode)
	}
	if _, event, ok := f.next(); ok {
		t.Errorf("a revoked token still gets %s", event)
	}
	h.act(domain.RoleAdmin, "35", "3501", "need.calculate", `{}`)
	if _, event, ok := other.next(); !ok || event != "need.calculated" {
		t.Errorf("the other's stream: %s %v", event, ok)
	}
	h.api.BeginClose()
	if _, event, ok := other.next(); ok {
		t.Errorf("after the server began to close: %s", event)
	}
}
