package httpapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
)

// sent plans a shipment of 3501 from the district to a village, with an escort, and raises a discrepancy.
func (h *house) sent() {
	h.t.Helper()
	h.packed()
	h.act(domain.RoleWarehouse, "3501", "3501", "packing.seal_boxes", seal("3501012001001-PPWP", "S1"))
	h.act(domain.RoleOperator, "3501", "3501", "shipment.plan",
		`{"shipment":"SHP-3501-1","leg":"L2","from":"3501","to":"350101","boxes":["3501012001001-PPWP"],"kits":[]}`)
	h.act(domain.RoleWarehouse, "3501", "3501", "shipment.assign_escort", `{"shipment":"SHP-3501-1","police_unit":"P3501A","order_no":"1"}`)
	h.act(domain.RoleOperator, "3501", "3501", "incident.raise", `{"kind":"delay","severity":"low","units":["3501012001001-PPWP"],"note":"hujan"}`,
		api.AcceptedWithDiscrepancy)
}

// handedOver lets the district take over a box that was sealed.
func (h *house) handedOver() {
	h.t.Helper()
	h.act(domain.RoleWarehouse, "3501", "3501", "handoff.offer", `{"handoff":"HND-3501-1","to":"350101","boxes":["3501012001001-PPWP"]}`)
	h.act(domain.RoleDistrict, "350101", "3501", "handoff.accept",
		`{"handoff":"HND-3501-1","boxes":[{"box":"3501012001001-PPWP","seals":["S1"],"condition":"good"}],"missing":[],"extra":[],"witnesses":[]}`)
}

// questions are the routes of reading, each asked about something of the district 350101 of 3501.
var questions = map[access.Model][]string{
	access.Elections:     {"/v1/elections", "/v1/elections/pemilu2024"},
	access.Regency:       {"/v1/elections/pemilu2024/regencies", "/v1/elections/pemilu2024/regencies/3501"},
	access.Supporting:    {"/v1/elections/pemilu2024/supporting"},
	access.Plan:          {"/v1/elections/pemilu2024/plan/3501"},
	access.Station:       {"/v1/elections/pemilu2024/stations/3501012001001"},
	access.Box:           {"/v1/elections/pemilu2024/boxes/3501012001001-PPWP"},
	access.Shipment:      {"/v1/elections/pemilu2024/shipments", "/v1/elections/pemilu2024/shipments/SHP-3501-1"},
	access.Custody:       {"/v1/elections/pemilu2024/custody", "/v1/elections/pemilu2024/custody/3501"},
	access.Deadlines:     {"/v1/elections/pemilu2024/deadlines", "/v1/elections/pemilu2024/deadlines/3501"},
	access.Claims:        {"/v1/elections/pemilu2024/claims", "/v1/elections/pemilu2024/claims/3501"},
	access.Seals:         {"/v1/elections/pemilu2024/seals/S1"},
	access.Discrepancies: {"/v1/elections/pemilu2024/discrepancies", "/v1/elections/pemilu2024/discrepancies?regency=3501", "/v1/elections/pemilu2024/approvals?regency=3501"},
	access.Minutes:       {"/v1/elections/pemilu2024/handoffs/HND-3501-1/bast.pdf"},
	access.Events:        {"/v1/events", "/v1/events?unit=3501"},
	access.History: {
		"/v1/elections/pemilu2024/replay?from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z&speed=0", "/v1/elections/pemilu2024/timelines/box/3501012001001-PPWP",
		"/v1/elections/pemilu2024/diff/3501?from=1&to=30", "/v1/elections/pemilu2024/believed/3501?at=2024-01-10T08:00:30%2B07:00",
	},
	access.ReadClock: {"/v1/clock"},
	access.Reads:     {"/v1/access"},
}

// words reads the table of reading in docs/access.md.
func words(t *testing.T) map[access.Model]map[domain.Role]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[access.Model]map[domain.Role]string{}
	block := regexp.MustCompile(`(?s)<!-- reading: written.*<!-- reading: end -->`).FindString(string(page))
	for line := range strings.Lines(block) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if model := access.Model(strings.TrimSpace(cells[0])); len(cells) == len(access.Roles())+1 {
			table[model] = map[domain.Role]string{}
			for i, r := range access.Roles() {
				table[model][r] = strings.TrimSpace(cells[i+1])
			}
		}
	}
	return table
}

func TestEveryRouteOfReadingByEveryRole(t *testing.T) {
	h := newHouse(t)
	h.sent()
	h.handedOver()
	table := words(t)
	mine := map[domain.Role][2]string{ // a scope that the thing is in, and one that it is not
		domain.RoleProvince: {"35", ""}, domain.RoleSimulator: {"35", ""}, domain.RoleDistrict: {"350101", "350901"},
		domain.RoleVillage: {"3501012001", "3501012002"}, domain.RoleStation: {"3501012001001", "3501012001002"}, domain.RoleEscort: {"P3501A", "P3509A"},
	}
	for model, paths := range questions {
		for _, role := range access.Roles() {
			both, special := mine[role]
			if !special {
				both = [2]string{"3501", "3509"}
			}
			for outside, scope := range both {
				for _, path := range paths {
					if scope == "" {
						continue
					}
					word, got := table[model][role], h.get(path, h.token(role, scope)).StatusCode
					list := path == paths[0] && len(paths) > 1 || model == access.Supporting || model == access.Seals || model == access.Reads
					want := 200
					switch {
					case word == "-":
						want = 403
					case word == "all", list && !strings.Contains(path, "?unit="), strings.Contains(path, "?regency=") && strings.HasPrefix(scope, "3501"):
					case outside == 1 && !sameRegency(word, scope):
						want = 403
					case word == "touching" && role != domain.RoleDistrict:
						want = 403 // it goes to the district, not further
					}
					if got != want {
						t.Errorf("%s by %s %s: %d, want %d (the page says %q)", path, role, scope, got, want, word)
					}
				}
			}
		}
	}
	for _, m := range access.Models() {
		if m != access.SetClock && m != access.AcceptClock && m != access.Accounts && m != access.FeedRebuild && m != access.Backup && m != access.Feed && len(questions[m]) != len(m.Routes()) && m != access.Events && m != access.Discrepancies {
			t.Errorf("%s: %d routes, %d questions", m, len(m.Routes()), len(questions[m]))
		}
	}
}

// sameRegency: below a regency the word unit means its regency.
func sameRegency(word, scope string) bool { return word == "unit" && strings.HasPrefix(scope, "3501") }

func TestListsLeaveOutWhatMayNotBeSeen(t *testing.T) {
	h := newHouse(t)
	h.sent()
	var rows []api.RegencyRow
	var cards []api.ShipmentCard
	var found []api.DiscrepancyCard
	for _, c := range []struct {
		role                  domain.Role
		scope                 string
		rows, cards, findings int
	}{
		{domain.RoleProvince, "35", 2, 1, 1}, {domain.RoleOperator, "3501", 1, 1, 1}, {domain.RoleOperator, "3509", 1, 0, 0},
		{domain.RoleDistrict, "350101", 1, 1, 1}, {domain.RoleDistrict, "350102", 1, 0, 0}, {domain.RoleVillage, "3501012001", 1, 0, 1},
		{domain.RoleVillage, "3501012002", 1, 0, 0}, {domain.RoleEscort, "P3501A", -1, 1, -1}, {domain.RoleEscort, "P3509A", -1, 0, -1},
		{domain.RoleCarrier, "3501", 1, 1, -1}, {domain.RoleCarrier, "3509", 1, 0, -1},
	} {
		for path, want := range map[string]int{"regencies": c.rows, "shipments": c.cards, "discrepancies": c.findings} {
			if want < 0 {
				continue
			}
			into := map[string]any{"regencies": &rows, "shipments": &cards, "discrepancies": &found}[path]
			rows, cards, found = nil, nil, nil
			h.read("/v1/elections/pemilu2024/"+path, h.token(c.role, c.scope), into)
			if got := len(rows) + len(cards) + len(found); got != want {
				t.Errorf("%s by %s %s: %d, want %d", path, c.role, c.scope, got, want)
			}
		}
	}
}

func TestRefusalsAreLoggedWithoutTokens(t *testing.T) {
	h := newHouse(t)
	h.sent()
	token := h.token(domain.RoleVillage, "3501012002")
	if a, _ := h.post(token, text(envelope("3501", "handoff.offer", "report", h.clock.Now(), `{"handoff":"HND-3501-1","to":"3501012001","boxes":["3501012001001-PPWP"]}`))); a.StatusCode != 403 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	escort := h.token(domain.RoleEscort, "P3509A")
	if a, _ := h.post(escort, text(envelope("3501", "shipment.accept_escort", "request", h.clock.Now(), `{"shipment":"SHP-3501-1"}`))); a.StatusCode != 403 {
		t.Errorf("an escort of another unit: %d %s", a.StatusCode, a.body)
	}
	h.get("/v1/elections/pemilu2024/plan/3501", token)
	h.get("/v1/elections/pemilu2024/shipments/SHP-3501-1", escort)
	h.get("/v1/me", "jjk_thisisnotatokenofanybody")
	h.get("/v1/events?unit=3501&access_token="+token, h.operator())
	log := h.log.String()
	for _, want := range []string{
		"what=handoff.offer", "what=shipment.accept_escort", `what="read plan"`, "what=\"read shipment\"", "rule=place_not_allowed", "rule=shipment_not_allowed",
		"role=village", "scope=3501012002", "reason=wrong_token", "log=security",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	for _, secret := range append([]string{"jjk_thisisnotatokenofanybody"}, mapped(h.tokens)...) {
		if strings.Contains(log, strings.TrimPrefix(secret, "jjk_")) {
			t.Errorf("token %s is in the log", secret)
		}
	}
	metrics := string(h.get("/metrics", "").body)
	for _, want := range []string{`jejak_refusals_total{reason="shipment_not_allowed"} 1`, `jejak_refusals_total{reason="wrong_token"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics have no %s", want)
		}
	}
}

func mapped(m map[string]string) (values []string) {
	for _, v := range m {
		values = append(values, v)
	}
	return values
}

func TestPositionsAndETags(t *testing.T) {
	h := newHouse(t)
	h.sent()
	h.handedOver()
	for _, paths := range questions {
		for _, path := range paths {
			if !strings.HasPrefix(path, "/v1/elections") || strings.Contains(path, "/replay") {
				continue
			}
			a := h.get(path, h.admin())
			tag, position := a.Header.Get("ETag"), a.Header.Get("Jejak-Position")
			if tag == "" || position == "" || position == "0" {
				t.Errorf("%s: ETag %q, position %q", path, tag, position)
			}
			if again := h.get(path, h.admin(), "If-None-Match", `"other", W/`+tag); again.StatusCode != 304 || len(again.body) != 0 || again.Header.Get("ETag") != tag {
				t.Errorf("%s again: %d %q", path, again.StatusCode, again.body)
			}
			if other := h.get(path, h.admin(), "If-None-Match", `"other"`); other.StatusCode != 200 || string(other.body) != string(a.body) {
				t.Errorf("%s: equal positions, other bytes", path)
			}
		}
	}
	if p := h.get("/v1/elections/pemilu2024/regencies?colour=red&limit=x", h.admin()); p.StatusCode != 422 {
		t.Errorf("unknown parameters: %d %s", p.StatusCode, p.body)
	}
	before := h.get("/v1/elections/pemilu2024/regencies/3501", h.admin()).Header.Get("ETag")
	h.act(domain.RoleOperator, "3509", "3509", "need.calculate", `{}`)
	if after := h.get("/v1/elections/pemilu2024/regencies/3501", h.admin()).Header.Get("ETag"); after != before {
		t.Error("what happened in another unit changed the tag")
	}
	h.act(domain.RoleOperator, "3501", "3501", "need.calculate", `{}`)
	if after := h.get("/v1/elections/pemilu2024/regencies/3501", h.admin()).Header.Get("ETag"); after == before {
		t.Error("what happened did not change the tag")
	}
}

func TestReadsWaitForAPosition(t *testing.T) {
	h := houseOf(t, plan{hurry: 300 * time.Millisecond})
	answer := h.act(domain.RoleOperator, "3501", "3501", "need.calculate", `{}`)
	for _, path := range []string{"regencies/3501", "regencies/3509", "regencies", "plan/3501", "discrepancies"} {
		a := h.get("/v1/elections/pemilu2024/"+path, h.admin(), "Jejak-Min-Position", fmt.Sprint(answer.Position))
		var position uint64
		if err := json.Unmarshal([]byte(a.Header.Get("Jejak-Position")), &position); a.StatusCode != 200 || err != nil || position < answer.Position {
			t.Errorf("%s: %d, position %d of %d", path, a.StatusCode, position, answer.Position)
		}
		late := h.get("/v1/elections/pemilu2024/"+path, h.admin(), "Jejak-Min-Position", fmt.Sprint(answer.Position+1000))
		if late.StatusCode != 503 || late.Header.Get("Retry-After") == "" || !strings.Contains(string(late.body), "position_not_reached") {
			t.Errorf("%s: a position that never comes: %d %s", path, late.StatusCode, late.body)
		}
	}
	if a := h.get("/v1/elections/pemilu2024/regencies", h.admin(), "Jejak-Min-Position", "-1"); a.StatusCode != 422 {
		t.Errorf("a position that is none: %d", a.StatusCode)
	}
}
