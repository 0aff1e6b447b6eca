package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/internal/api"
)

func seal(box string, seals ...string) string {
	return fmt.Sprintf(`{"boxes":[{"box":%q,"seals":%s}]}`, box, text(seals))
}

// prepare brings ballots for 3501 into stock, so that boxes can be packed.
func (h *house) prepare() {
	h.t.Helper()
	h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.set_budget", `{"ceiling":1000000000,"document":"DIPA-1"}`)
	h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.place_order",
		`{"order":"ORD-3501-1","supplier":"PT Cetak","lines":[{"item":"ballot","variant":"PPWP","quantity":2000,"unit_price":200},{"item":"ballot","variant":"DPRDK-350101","quantity":2000,"unit_price":200}]}`)
	h.act(domain.RoleOperator, "3501", "3501", "procurement.announce_delivery",
		`{"delivery":"DLV-3501-1","order":"ORD-3501-1","lines":[{"item":"ballot","variant":"PPWP","quantity":2000},{"item":"ballot","variant":"DPRDK-350101","quantity":2000}]}`)
	h.pass(time.Hour)
	h.act(domain.RoleWarehouse, "3501", "3501", "receipt.count_goods",
		`{"delivery":"DLV-3501-1","lines":[{"item":"ballot","variant":"PPWP","good":2000,"damaged":0,"missing":0,"extra":0},{"item":"ballot","variant":"DPRDK-350101","good":2000,"damaged":0,"missing":0,"extra":0}]}`)
	h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.accept_delivery", `{"delivery":"DLV-3501-1","document":"BAST-1"}`)
	for _, design := range []string{"PPWP", "DPRDK-350101"} {
		h.act(domain.RoleWarehouse, "3501", "3501", "receipt.report_sorting",
			fmt.Sprintf(`{"delivery":"DLV-3501-1","design":%q,"carton":"1","good":2000,"damaged":{},"missing":0,"foreign":[]}`, design))
	}
	h.pass(time.Hour)
}

// packed packs and checks boxes of station1.
func (h *house) packed() {
	h.t.Helper()
	h.prepare()
	h.act(domain.RoleWarehouse, "3501", "3501", "packing.pack_boxes",
		`{"boxes":[{"box":"3501012001001-PPWP","design":"PPWP","ballots":255},{"box":"3501012001001-DPRDK","design":"DPRDK-350101","ballots":255}]}`)
	h.pass(time.Minute)
	h.act(domain.RoleChecker, "3501", "3501", "packing.check_boxes", `{"boxes":["3501012001001-PPWP","3501012001001-DPRDK"]}`)
	h.pass(time.Minute)
}

func TestWrongInput(t *testing.T) {
	h := newHouse(t)
	h.packed()
	h.act(domain.RoleWarehouse, "3501", "3501", "packing.seal_boxes", seal("3501012001001-PPWP", "S1"))
	before := h.events()
	op, now := h.operator(), h.clock.Now()
	pack := func(box string, ballots int) map[string]any {
		return envelope("3501", "packing.pack_boxes", "request", now, fmt.Sprintf(`{"boxes":[{"box":%q,"design":"PPWP","ballots":%d}]}`, box, ballots))
	}
	with := func(e map[string]any, field string, value any) map[string]any { e[field] = value; return e }
	reused := pack("3501012001002-PPWP", 257)
	for _, c := range []struct {
		name, token, body string
		status            int
		rule              string // of the first error
		path              string
	}{
		{"unknown station", op, string(text(pack("3501012001099-PPWP", 100))), 422, "", "/data/boxes/0/box"},
		{"14-digit code", op, string(text(pack("35010120010011-PPWP", 100))), 422, "bad_box", "/data/boxes/0/box"},
		{"14-digit unit", op, string(text(envelope("35010120010011", "need.calculate", "request", now, `{}`))), 422, "", "/unit"},
		{"seal used twice", op, string(text(envelope("3501", "packing.seal_boxes", "request", now, seal("3501012001001-DPRDK", "S1")))), 409, "seal_used_twice", ""},
		{"negative count", op, string(text(pack("3501012001002-PPWP", -5))), 422, "negative", "/data/boxes/0/ballots"},
		{"date without zone", op, string(text(with(pack("3501012001002-PPWP", 257), "occurred_at", "2024-01-10T08:00:00"))), 422, "", "/occurred_at"},
		{"invalid JSON", op, `{"id": `, 400, "not_json", ""},
		{"not an object", op, `[]`, 0, "", ""},
		{"empty body", op, ``, 400, "not_json", ""},
		{"unknown field", op, string(text(with(pack("3501012001002-PPWP", 257), "actor", "usr-boss"))), 422, "field_unknown", "/actor"},
		{"unknown field in data", op, string(text(envelope("3501", "need.calculate", "request", now, `{"force":true}`))), 422, "field_unknown", "/data/force"},
		{"unknown type", op, string(text(envelope("3501", "packing.pack_boxs", "request", now, `{}`))), 422, "", "/type"},
		{"wrong token", "jjk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", string(text(reused)), 401, "token", ""},
		{"no token", "", string(text(reused)), 401, "token", ""},
		{"role of another regency", h.token(domain.RoleOperator, "3509"), string(text(reused)), 403, "unit_not_allowed", "/unit"},
		{"role that may not", h.token(domain.RoleAuditor, "35"), string(text(reused)), 403, "role_not_allowed", "/type"},
		{"unknown election", op, string(text(with(pack("3501012001002-PPWP", 257), "election", "pemilu1955"))), 422, "unknown_election", "/election"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, answer := h.post(c.token, []byte(c.body))
			if c.status != 0 && a.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", a.StatusCode, c.status, a.body)
			}
			if a.StatusCode < 400 || a.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
			}
			if len(answer.Errors) == 0 || c.rule != "" && answer.Errors[0].Rule != c.rule || c.path != "" && answer.Errors[0].Path != c.path {
				t.Fatalf("errors %+v", answer.Errors)
			}
			for _, e := range answer.Errors {
				if e.Message == "" || e.MessageEN == "" || e.Remedy == "" || e.RemedyEN == "" || e.Rule == "" {
					t.Errorf("an error does not say enough: %+v", e)
				}
			}
			if c.status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate: %q", a.Header.Get("WWW-Authenticate"))
			}
		})
	}
	if after := h.events(); after != before {
		t.Errorf("%d events were stored", after-before)
	}
	if a, answer := h.post(op, text(reused)); a.StatusCode != 200 || answer.Result != api.Accepted {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a, answer := h.post(op, text(reused)); a.StatusCode != 200 || answer.Result != api.Duplicate || answer.Position == 0 {
		t.Errorf("the same command again: %d %s", a.StatusCode, a.body)
	}
	again := pack("3501012001002-PPWP", 258)
	again["id"] = reused["id"]
	if a, answer := h.post(op, text(again)); a.StatusCode != 409 || rules(answer.Errors) != "[command_id_reused /id]" {
		t.Errorf("its id with another body: %d %s", a.StatusCode, a.body)
	}
	if log := h.log.String(); strings.Contains(log, "jjk_") && !strings.Contains(log, "jjk_...") {
		t.Error("a token is in the log")
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	h := newHouse(t)
	a, answer := h.post(h.operator(), []byte(`{"id":"x","type":"packing.pack_boxes","mode":"maybe","election":"","unit":"35.01","occurred_at":"yesterday","colour":"red",
		"data":{"boxes":[{"box":"1","design":"PPWP","ballots":-1}]}}`))
	if a.StatusCode != 422 || len(answer.Errors) < 7 {
		t.Errorf("%d, %d errors: %s", a.StatusCode, len(answer.Errors), rules(answer.Errors))
	}
}

func TestHugeBodyIsRefusedAtOnce(t *testing.T) {
	h := newHouse(t)
	for name, headers := range map[string][]string{"with length": {"X-Length", "yes"}, "chunked": {}} {
		t.Run(name, func(t *testing.T) {
			var read int
			body := io.Reader(&countingReader{r: io.LimitReader(endless('x'), 20<<20), n: &read})
			req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/v1/commands", body)
			if err != nil {
				t.Fatal(err)
			}
			if len(headers) > 0 {
				req.ContentLength = 20 << 20
			}
			req.Header.Set("Authorization", "Bearer "+h.operator())
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var details api.Details
			if err := json.NewDecoder(resp.Body).Decode(&details); err != nil || resp.StatusCode != 413 || len(details.Errors) != 1 {
				t.Errorf("%d %+v %v", resp.StatusCode, details, err)
			}
		})
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

type countingReader struct {
	r io.Reader
	n *int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += n
	return n, err
}

func TestWrongContentType(t *testing.T) {
	h := newHouse(t)
	a := h.do("POST", "/v1/commands", h.operator(), "text/csv", strings.NewReader("a,b"))
	if a.StatusCode != 415 || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := newHouse(t)
	if a := h.get("/v1/nothing", h.admin()); a.StatusCode != 404 || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a := h.do("PUT", "/v1/commands", h.admin(), "application/json", strings.NewReader("{}"))
	if a.StatusCode != 405 || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Allow") != "POST" {
		t.Errorf("%d %q %s", a.StatusCode, a.Header.Get("Allow"), a.body)
	}
}

func TestTokensEndAndFailuresAreLimited(t *testing.T) {
	h := newHouse(t)
	if a := h.get("/v1/me", h.operator()); a.StatusCode != 200 || !bytes.Contains(a.body, []byte(`"role":"operator"`)) {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var me api.User
	h.read("/v1/me", h.operator(), &me)
	if a := h.do("DELETE", "/v1/users/"+me.ID, h.admin(), "", nil); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := h.get("/v1/me", h.operator()); a.StatusCode != 401 {
		t.Errorf("a revoked token: %d", a.StatusCode)
	}
	limited := false
	for range 100 {
		a := h.get("/v1/me", "jjk_wrong")
		if limited = a.StatusCode == 429; limited {
			if a.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			break
		}
	}
	if !limited {
		t.Error("wrong tokens are not limited")
	}
	if a := h.get("/v1/me", h.admin()); a.StatusCode != 200 {
		t.Errorf("a good token from the same address: %d", a.StatusCode)
	}
}

func TestActorIsTheTokensUser(t *testing.T) {
	h := newHouse(t)
	e := envelope("3501", "need.calculate", "request", start, `{}`)
	e["id"] = uuid.Must(uuid.NewV7()).String()
	if a, _ := h.post(h.operator(), text(e)); a.StatusCode != 200 {
		t.Fatalf("%s", a.body)
	}
	var me api.User
	h.read("/v1/me", h.operator(), &me)
	a := h.get("/v1/events?type=need.calculated", h.admin())
	var event api.Event
	if err := json.Unmarshal(a.body, &event); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if !bytes.Contains(event.Metadata, []byte(`"id":"`+me.ID+`"`)) || !bytes.Contains(event.Metadata, []byte(`"simulated":true`)) {
		t.Errorf("metadata %s", event.Metadata)
	}
}
