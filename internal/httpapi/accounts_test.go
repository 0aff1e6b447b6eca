package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/people"
)

func TestAccounts(t *testing.T) {
	h := newHouse(t)
	count := h.people.Count
	regency := h.token(domain.RoleAdmin, "3501")
	for _, c := range []struct {
		name, token, kind, body string
		status, added           int
		paths                   string // of the errors
	}{
		{"one", h.admin(), "application/json", `{"role":"operator","scope":"3501","name":"Budi","phone":"08123456789"}`, 201, 1, ""},
		{"many", h.admin(), "application/x-ndjson", "{\"role\":\"village\",\"scope\":\"3501012001\"}\n\n{\"role\":\"escort\",\"scope\":\"P3501A\"}\n", 201, 2, ""},
		{"all or none", h.admin(), "application/x-ndjson", "{\"role\":\"village\",\"scope\":\"3501012001\"}\n{\"role\":\"king\",\"scope\":\"35\"}\n{\"role\":\"station\",\"scope\":\"35\"}\n", 422, 0, "/line/2/role /line/3/scope"},
		{"not JSON", h.admin(), "application/json", `{"role":`, 400, 0, ""},
		{"unknown field", h.admin(), "application/json", `{"role":"operator","scope":"3501","password":"x"}`, 422, 0, ""},
		{"expires without zone", h.admin(), "application/json", `{"role":"operator","scope":"3501","expires":"2024-03-01"}`, 422, 0, ""},
		{"outside the admin's scope", regency, "application/json", `{"role":"operator","scope":"3509"}`, 403, 0, "/scope"},
		{"above the admin's scope", regency, "application/json", `{"role":"province","scope":"35"}`, 403, 0, "/scope"},
		{"police outside the admin's scope", regency, "application/json", `{"role":"escort","scope":"P3509A"}`, 403, 0, "/scope"},
		{"inside the admin's scope", regency, "application/json", `{"role":"village","scope":"3501012001"}`, 201, 1, ""},
		{"not an admin", h.token(domain.RoleProvince, "35"), "application/json", `{"role":"operator","scope":"3501"}`, 403, 0, ""},
		{"another type", h.admin(), "text/csv", `role,scope`, 415, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := count()
			a := h.do("POST", "/v1/users", c.token, c.kind, bytes.NewReader([]byte(c.body)))
			if a.StatusCode != c.status || count()-before != c.added {
				t.Errorf("%d, %d added: %s", a.StatusCode, count()-before, a.body)
			}
			if c.paths != "" {
				var details api.Details
				var paths []string
				if err := json.Unmarshal(a.body, &details); err != nil {
					t.Fatal(err)
				}
				for _, e := range details.Errors {
					paths = append(paths, e.Path)
				}
				if strings.Join(paths, " ") != c.paths {
					t.Errorf("errors at %v", paths)
				}
			}
			if c.status == 201 {
				for line := range bytes.Lines(a.body) {
					var u api.User
					if err := json.Unmarshal(line, &u); err != nil || u.ID == "" {
						t.Fatalf("%v: %s", err, line)
					}
					if me := h.get("/v1/me", u.Token); me.StatusCode != 200 || bytes.Contains(me.body, []byte(u.Token)) {
						t.Errorf("with the new token: %d %s", me.StatusCode, me.body)
					}
				}
			}
		})
	}
	for _, secret := range []string{"Budi", "08123456789"} {
		if strings.Contains(h.log.String(), secret) || bytes.Contains(h.get("/v1/events", h.admin()).body, []byte(secret)) {
			t.Errorf("%s left people.db", secret)
		}
	}
	if a := h.do("DELETE", "/v1/users/usr-nobody", h.admin(), "", nil); a.StatusCode != 404 {
		t.Errorf("an unknown user: %d", a.StatusCode)
	}
	other, err := h.people.Add(t.Context(), people.NewUser{Role: domain.RoleOperator, Scope: "3509"})
	if err != nil {
		t.Fatal(err)
	}
	if a := h.do("DELETE", "/v1/users/"+other.ID, regency, "", nil); a.StatusCode != 403 {
		t.Errorf("a user of another regency: %d", a.StatusCode)
	}
}

func TestATokenExpires(t *testing.T) {
	h := newHouse(t)
	a, err := h.people.Add(t.Context(), people.NewUser{Role: domain.RoleOperator, Scope: "3501", Expires: h.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.get("/v1/me", a.Token); got.StatusCode != 200 {
		t.Errorf("before: %d", got.StatusCode)
	}
	h.pass(2 * time.Hour)
	if got := h.get("/v1/me", a.Token); got.StatusCode != 401 {
		t.Errorf("after: %d", got.StatusCode)
	}
}

func TestARealDirectoryHasNoSimulator(t *testing.T) {
	h := houseOf(t, plan{real: true})
	body := func(s string) *bytes.Reader { return bytes.NewReader([]byte(s)) }
	if a := h.do("POST", "/v1/users", h.admin(), "application/json", body(`{"role":"simulator","scope":"35"}`)); a.StatusCode != 403 {
		t.Errorf("a simulator's account: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", "/v1/users", h.admin(), "application/json", body(`{"role":"operator","scope":"3501","token_sha256":"`+strings.Repeat("a", 64)+`"}`)); a.StatusCode != 422 {
		t.Errorf("a token from outside: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", "/v1/clock", h.admin(), "application/json", body(`{"now":"2024-02-13T06:45:00+07:00"}`)); a.StatusCode != 403 {
		t.Errorf("an admin sets the clock: %d", a.StatusCode)
	}
	var now api.Clock
	if h.read("/v1/clock", h.admin(), &now); now.Simulated {
		t.Errorf("%+v", now)
	}
}

func TestDrivenClock(t *testing.T) {
	h := newHouse(t)
	set := func(token, now string) answered {
		return h.do("POST", "/v1/clock", token, "application/json", bytes.NewReader(text(map[string]string{"now": now})))
	}
	simulator := h.token(domain.RoleSimulator, "35")
	for _, c := range []struct {
		token, now string
		status     int
	}{
		{h.admin(), "2024-02-13T06:45:00+07:00", 403}, {simulator, "2024-02-13T06:45:00", 422}, {simulator, "tomorrow", 422},
		{simulator, "2024-01-01T00:00:00Z", 409}, {simulator, "2024-02-13T06:45:00+07:00", 200}, {simulator, "2024-02-13T06:45:00+07:00", 200},
	} {
		if a := set(c.token, c.now); a.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.now, a.StatusCode, a.body)
		}
	}
	var now api.Clock
	h.read("/v1/clock", h.operator(), &now)
	at, err := time.Parse(time.RFC3339Nano, now.Now)
	if err != nil || !now.Simulated || !at.Equal(time.Date(2024, 2, 12, 23, 45, 0, 0, time.UTC)) {
		t.Errorf("%+v %v", now, err)
	}
	if a := h.do("POST", "/v1/clock", simulator, "application/json", bytes.NewReader([]byte(fmt.Sprintf(`{"now":"2024-02-14T00:00:00Z","pad":%q}`, "x")))); a.StatusCode != 422 {
		t.Errorf("an unknown field: %d", a.StatusCode)
	}
}
