package httpapi_test

import (
	"bytes"
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/people"
	"jejak/internal/readlog"
)

// kept lists what is kept of a person's reads.
func (h *house) kept(userID string) []readlog.Kept {
	h.t.Helper()
	list, err := h.reads.List(h.t.Context(), readlog.Query{User: userID, Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) me(token string) string {
	h.t.Helper()
	u, ok := h.people.ByToken(token)
	if !ok {
		h.t.Fatal("no such token")
	}
	return u.ID
}

func TestReadsOfThoseWhoLookOnAreKept(t *testing.T) {
	h := newHouse(t)
	h.sent()
	for _, role := range []domain.Role{domain.RoleAuditor, domain.RoleSupervisor, domain.RoleObserver} {
		token := h.token(role, "3501")
		other := h.token(domain.RoleAuditor, "3509")
		for _, c := range []struct {
			path, token   string
			status        int
			route, unit   string
			query, hidden string
		}{
			{"/v1/elections/pemilu2024/boxes/3501012001001-PPWP", token, 200, "GET /v1/elections/{election}/boxes/{box}", "3501", "", ""},
			{"/v1/elections/pemilu2024/regencies/3501", token, 200, "GET /v1/elections/{election}/regencies/{code}", "3501", "", ""},
			{"/v1/elections/pemilu2024/regencies/3501", other, 403, "GET /v1/elections/{election}/regencies/{code}", "3501", "", ""},
			{"/v1/events?unit=3501&limit=2", token, 200, "GET /v1/events", "3501", "limit=2&unit=3501", ""},
			{"/v1/elections/pemilu2024/boxes/3501012001001-PPWP?position=7", token, 404, "GET /v1/elections/{election}/boxes/{box}", "3501", "position=7", ""},
			{"/v1/elections/pemilu2024/discrepancies?regency=3501&Budi=0812", token, 422, "GET /v1/elections/{election}/discrepancies", "3501", "regency=3501", "Budi"},
			{"/v1/events?box=" + token, token, 200, "GET /v1/events", "", "box=%28hidden%29", token},
			{"/v1/elections/pemilu2024/shipments/SHP-3501-1", token, 200, "GET /v1/elections/{election}/shipments/{shipment}", "3501", "", ""},
			{"/v1/elections/pemilu2024/timelines/box/3501012001001-PPWP", token, 200, "GET /v1/elections/{election}/timelines/{kind}/{id}", "3501", "", ""},
			{"/v1/elections/pemilu2024/timelines/shipment/SHP-3501-1", token, 200, "GET /v1/elections/{election}/timelines/{kind}/{id}", "3501", "", ""},
			{"/Budi-0812", token, 404, "none", "", "", "Budi"},
		} {
			before := len(h.kept(h.me(c.token)))
			a := h.get(c.path, c.token)
			if a.StatusCode != c.status && c.status != 422 {
				t.Fatalf("%s: %d %s", c.path, a.StatusCode, a.body)
			}
			list := h.kept(h.me(c.token))
			if len(list) != before+1 {
				t.Fatalf("%s: %d rows more", c.path, len(list)-before)
			}
			k := list[before]
			if k.Route != c.route || k.Unit != c.unit || k.Query != c.query || k.Status != a.StatusCode || k.Bytes != int64(len(a.body)) || k.Part != readlog.Whole {
				t.Errorf("%s by %s: kept %+v", c.path, role, k)
			}
			if c.status == 200 && strings.Contains(c.path, "box") && !strings.Contains(c.path, "events") && k.Position == 0 {
				t.Errorf("%s: the position is not kept: %+v", c.path, k)
			}
			if c.hidden != "" && (strings.Contains(k.Path, c.hidden) || strings.Contains(k.Query, c.hidden)) {
				t.Errorf("%s is kept: %+v", c.hidden, k)
			}
		}
	}
	for _, role := range []domain.Role{domain.RoleOperator, domain.RoleAdmin} {
		h.get("/v1/elections", h.token(role, "3501"))
		if list := h.kept(h.me(h.token(role, "3501"))); len(list) > 0 {
			t.Errorf("reads of %s are kept: %+v", role, list)
		}
	}
}

// A token that was good once leaves a trace; commands are in the log and not here.
func TestRefusedReadsAreKept(t *testing.T) {
	h := newHouse(t)
	a, err := h.people.Add(t.Context(), people.NewUser{Role: domain.RoleSupervisor, Scope: "3501"})
	if err != nil {
		t.Fatal(err)
	}
	h.post(a.Token, text(envelope("3501", "incident.raise", "report", h.clock.Now(), `{"kind":"delay","severity":"low","units":["3501"],"note":"hujan"}`)))
	if list := h.kept(a.ID); len(list) > 0 {
		t.Errorf("a command is kept as a read: %+v", list)
	}
	if _, err := h.people.Revoke(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	h.get("/v1/elections", a.Token)
	if list := h.kept(a.ID); len(list) != 1 || list[0].Status != http.StatusUnauthorized {
		t.Errorf("kept %+v", list)
	}
}

// While nothing can be written, those who must be recorded are not served, and everybody else is.
func TestWhatCannotBeKeptIsNotServed(t *testing.T) {
	h := newHouse(t)
	auditor := h.token(domain.RoleAuditor, "35")
	other, err := sql.Open("sqlite3", "file:"+filepath.Join(h.dir, "access.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin() // holds the only right to write
	if err != nil {
		t.Fatal(err)
	}
	if a := h.get("/v1/elections", auditor); a.StatusCode != 200 {
		t.Fatalf("before anything has failed: %d", a.StatusCode)
	}
	if err := h.reads.Flush(t.Context()); err == nil {
		t.Fatal("it was written")
	}
	if a := h.get("/v1/elections", auditor); a.StatusCode != 503 || !bytes.Contains(a.body, []byte("reads_not_recorded")) {
		t.Errorf("an auditor: %d %s", a.StatusCode, a.body)
	}
	if a := h.get("/v1/elections", h.operator()); a.StatusCode != 200 {
		t.Errorf("an operator: %d %s", a.StatusCode, a.body)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := h.reads.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := h.get("/v1/elections", auditor); a.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", a.StatusCode, a.body)
	}
	if list := h.kept(h.me(auditor)); len(list) != 2 {
		t.Errorf("kept %+v", list)
	}
}

// An event stream is kept while it lasts.
func TestAStreamIsKeptFromItsBeginning(t *testing.T) {
	h := newHouse(t)
	auditor := h.token(domain.RoleAuditor, "35")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/v1/events?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+auditor)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var list []readlog.Kept
	for len(list) == 0 {
		list = h.kept(h.me(auditor))
	}
	if list[0].Part != readlog.Begun || list[0].Status != 0 {
		t.Errorf("while it lasts: %+v", list)
	}
	h.api.BeginClose()
	resp.Body.Close()
	for len(list) == 1 {
		list = h.kept(h.me(auditor))
	}
	if list[1].Part != readlog.Ended || list[1].Request != list[0].Request || list[1].Status != 200 || list[1].Bytes == 0 {
		t.Errorf("at its end: %+v", list)
	}
}

func TestTheListOfReads(t *testing.T) {
	h := newHouse(t)
	for _, scope := range []string{"35", "3501", "3509"} {
		for range 3 {
			h.get("/v1/elections", h.token(domain.RoleAuditor, scope))
		}
	}
	var rows []api.KeptRead
	if h.read("/v1/access", h.admin(), &rows); len(rows) != 9 {
		t.Errorf("the province's admin sees %d", len(rows))
	}
	supervisor := h.token(domain.RoleSupervisor, "3501")
	if h.read("/v1/access", supervisor, &rows); len(rows) != 3 || rows[0].Scope != "3501" || rows[0].At == "" {
		t.Errorf("a supervisor sees %+v", rows)
	}
	if h.read("/v1/access?user="+h.me(supervisor), h.admin(), &rows); len(rows) != 1 || rows[0].Route != "GET /v1/access" {
		t.Errorf("what the supervisor looked at: %+v", rows)
	}
	a := h.read("/v1/access?limit=4", h.admin(), &rows)
	if link := a.Header.Get("Link"); len(rows) != 4 || !strings.Contains(link, "after=4") {
		t.Errorf("a page: %d rows, %s", len(rows), link)
	}
	if h.read("/v1/access?after=4&from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00Z", h.admin(), &rows); len(rows) != 0 {
		t.Errorf("in another century: %+v", rows)
	}
	if a := h.get("/v1/access?from=yesterday", h.admin()); a.StatusCode != 422 && a.StatusCode != 400 {
		t.Errorf("no time: %d %s", a.StatusCode, a.body)
	}
}
