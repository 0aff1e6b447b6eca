package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
)

// everyField lists the members of a row, those of its items once, as docs/access.md names them.
func everyField(t *testing.T, row json.RawMessage) []string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row, &members); err != nil {
		t.Fatalf("%v: %s", err, row)
	}
	fields := slices.Collect(maps.Keys(members))
	var items map[string]map[string]any
	if err := json.Unmarshal(members["items"], &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		for name := range item {
			if f := "items." + name; !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	slices.Sort(fields)
	return fields
}

// TestFieldsOfARow asks for every field of the row of a regency as every role, in every way in which the row is shown. Firms and committees see neither
// budget nor orders; to everybody else the row is whole.
func TestFieldsOfARow(t *testing.T) {
	h := houseOf(t, plan{views: true})
	h.sent()
	const base = "/v1/elections/pemilu2024/regencies"
	head := h.get(base+"/3501", h.operator()).Header.Get("Jejak-Position")
	all := everyField(t, h.get(base+"/3501", h.operator()).body)
	if !slices.Contains(all, "budget") || !slices.Contains(all, "items.ordered") || len(all) < 15 {
		t.Fatalf("the row has %v", all)
	}
	open := slices.DeleteFunc(slices.Clone(all), func(f string) bool { return f == "budget" || f == "items.ordered" })
	without := map[domain.Role]string{domain.RoleSupplier: "3501", domain.RoleCarrier: "3501", domain.RoleDistrict: "350101", domain.RoleVillage: "3501012001",
		domain.RoleStation: "3501012001001"}
	whole := map[domain.Role]string{domain.RoleAdmin: "35", domain.RoleProvince: "35", domain.RoleOperator: "3501", domain.RoleWarehouse: "3501",
		domain.RoleChecker: "3501", domain.RoleCommitmentOfficer: "3501", domain.RoleSupervisor: "3501", domain.RoleObserver: "3501", domain.RoleAuditor: "3501",
		domain.RoleSimulator: "35"}
	ways := map[string]bool{ // of asking; true for a list
		"/3501": false, "": true, "/3501?position=" + head: false, "?position=" + head: true, "/3501?as_of=2024-01-10T08:00:00%2B07:00": false,
		"?as_of=2024-01-10T08:00:00%2B07:00": true, "/3501?as_of=2024-01-10T08:00:00%2B07:00&clock=occurred": false,
	}
	asked := 0
	for _, role := range access.Roles() {
		if role == domain.RoleEscort { // sees no row
			continue
		}
		scope, want := without[role], open
		if scope == "" {
			scope, want = whole[role], all
		}
		for way, list := range ways {
			a := h.get(base+way, h.token(role, scope))
			row := json.RawMessage(a.body)
			if list {
				var rows []json.RawMessage
				if err := json.Unmarshal(a.body, &rows); err != nil || len(rows) == 0 {
					t.Fatalf("%s: %v %s", way, err, a.body)
				}
				row = rows[0]
			}
			got := everyField(t, row)
			asked += len(all)
			if !slices.Equal(got, want) {
				t.Errorf("%s %s asks %s: it sees %v, want %v", role, scope, way, got, want)
			}
			theirs := h.get(base+way, h.operator())
			if same := theirs.Header.Get("ETag") == a.Header.Get("ETag"); same && without[role] != "" {
				t.Errorf("%s asks %s: the row without money has the ETag of the whole one", role, way)
			}
			if again := h.get(base+way, h.token(role, scope), "If-None-Match", theirs.Header.Get("ETag")); without[role] != "" && again.StatusCode != 200 {
				t.Errorf("%s asks %s with the ETag of the whole row: %d", role, way, again.StatusCode)
			}
		}
	}
	for role, scope := range without {
		for _, path := range []string{"diff/3501?from=1&to=" + head, "believed/3501?at=2024-01-10T08:00:30%2B07:00", "replay?from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z&speed=0"} {
			if a := h.get("/v1/elections/pemilu2024/"+path, h.token(role, scope)); a.StatusCode != 403 {
				t.Errorf("%s asks %s: %d", role, path, a.StatusCode)
			}
		}
	}
	t.Logf("%d fields were looked for", asked)
}

// TestRecordsOfNoUnit: accounts are shown where they lie in the reader's scope, and the definition of the election to everybody who reads records, whichever way
// the records are read.
func TestRecordsOfNoUnit(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	ids := map[string]string{} // by scope
	for _, scope := range []string{"3501", "3509", "P3509A", "350901"} {
		role := map[string]domain.Role{"P3509A": domain.RoleEscort, "350901": domain.RoleDistrict}[scope]
		if role == "" {
			role = domain.RoleChecker
		}
		u, ok := h.people.ByToken(h.token(role, scope))
		if !ok {
			t.Fatal(scope)
		}
		ids[scope] = u.ID
	}
	readers := map[string][]string{"35": {"3501", "3509", "P3509A", "350901"}, "3501": {"3501"}, "3509": {"3509", "P3509A", "350901"}}
	for _, role := range []domain.Role{domain.RoleObserver, domain.RoleOperator, domain.RoleAuditor, domain.RoleSupervisor, domain.RoleAdmin} {
		for scope, sees := range readers {
			token := h.token(role, scope)
			h.signed()
			list := h.get("/v1/events", token)
			if !strings.Contains(string(list.body), `"election.reference_published"`) {
				t.Errorf("%s %s does not see the definition of the election", role, scope)
			}
			ways := map[string]string{
				"list": string(list.body), "by type": string(h.get("/v1/events?type=account.added", token).body),
				"of the election": string(h.get("/v1/events?election=pemilu2024", token).body), "attempts too": string(h.get("/v1/events?attempts=true", token).body),
				"stream": string(h.get("/v1/events?limit="+fmt.Sprint(strings.Count(string(list.body), "\n")), token, "Accept", "text/event-stream").body),
			}
			b, _ := h.bundled(h.get("/v1/bundle", token).body)
			for rec, err := range b.Records() {
				if err != nil {
					t.Fatal(err)
				}
				ways["bundle"] += string(rec.Data)
			}
			for way, text := range ways {
				for of, id := range ids {
					// Accounts belong to no election, and a bundle of some units is of their streams alone: there is no more in them, perhaps less.
					less := way == "of the election" || way == "bundle"
					if got, want := strings.Contains(text, `"`+id+`"`), slices.Contains(sees, of); got != want && (got || !less) {
						t.Errorf("%s %s reads %s: account of %s shown: %v", role, scope, way, of, got)
					}
				}
			}
		}
	}
	// The proof of a record by its id.
	var foreign string
	for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Type == "account.added" && strings.Contains(string(rec.Data), ids["3509"]) {
			foreign = rec.ID.String()
		}
	}
	h.signed()
	for scope, want := range map[string]int{"3501": 404, "3509": 200, "35": 200} {
		if a := h.get("/v1/events/"+foreign+"/proof", h.token(domain.RoleObserver, scope)); a.StatusCode != want {
			t.Errorf("observer of %s asks for the proof of an account of 3509: %d, want %d", scope, a.StatusCode, want)
		}
	}
}
