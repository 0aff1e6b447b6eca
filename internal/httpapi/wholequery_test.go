package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jejak/internal/access"
	"jejak/internal/api"
)

// TestQuestionsThatAreNotWhole: an empty parameter, one given twice and one that cannot be read are refused everywhere, and never passed over.
func TestQuestionsThatAreNotWhole(t *testing.T) {
	h := newHouse(t)
	h.sent()
	for query, place := range map[string]string{
		"as_of=": "/query/as_of", "position=": "/query/position", "from=": "/query/from", "to=": "/query/to", "after=": "/query/after", "as_of": "/query/as_of",
		"status=": "/query/status", "as_of=%20": "/query/as_of", "as_of=2024-01-10T08:00:00Z&as_of=2024-01-11T08:00:00Z": "/query/as_of",
		"as_of=%zz": "/query", "as_of=2024-01-10T08:00:00Z;position=1": "/query", "unit=": "/query/unit", "limit=": "/query/limit", "type=": "/query/type",
	} {
		for _, paths := range questions {
			for _, path := range paths {
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				if name, _, _ := strings.Cut(query, "="); strings.Contains(path, name+"=") {
					continue
				}
				a := h.get(path+sep+query, h.admin())
				var p api.Details
				if err := json.Unmarshal(a.body, &p); err != nil || a.StatusCode != 422 || len(p.Errors) != 1 || p.Errors[0].Path != place ||
					p.Errors[0].Message == p.Errors[0].MessageEN || p.Errors[0].Remedy == "" {
					t.Errorf("%s with %s: %d %s", path, query, a.StatusCode, a.body)
				}
			}
		}
	}
}

// TestBeforeTheBeginning: the first moment of the year 1 is a moment as any other, before all records.
func TestBeforeTheBeginning(t *testing.T) {
	h := newHouse(t)
	h.sent()
	const year1 = "0001-01-01T00:00:00Z"
	for _, path := range questions[access.Regency] {
		for _, clock := range []string{"recorded", "occurred"} {
			a := h.get(with(with(path, "as_of", year1), "clock", clock), h.admin())
			if now := h.get(path, h.admin()); a.StatusCode == 200 && string(a.body) == string(now.body) {
				t.Errorf("%s on the %s clock: the present", path, clock)
			}
			if clock == "recorded" && (a.StatusCode != 200 || a.Header.Get("Jejak-Position") != "0") {
				t.Errorf("%s: %d at position %q: %s", path, a.StatusCode, a.Header.Get("Jejak-Position"), a.body)
			}
		}
	}
	if a := h.get("/v1/events?to="+year1, h.admin()); a.StatusCode != 200 || len(a.body) > 0 {
		t.Errorf("events before the year 1: %d %s", a.StatusCode, a.body)
	}
	if a := h.get("/v1/events?from="+year1, h.admin()); a.StatusCode != 200 || len(a.body) == 0 {
		t.Errorf("events from the year 1 on: %d", a.StatusCode)
	}
	if a := h.get("/v1/events?from=2024-01-01T08:00:00+07:00&to=2024-01-01+08:00WIB", h.admin()); a.StatusCode != 200 {
		t.Errorf("a plus that became a space: %d %s", a.StatusCode, a.body)
	}
	for _, expires := range []string{"2030-01-01T00:00:00+24:00", "2030-01-01T2:00:00Z", "9999-12-31T23:59:59-01:00", year1} {
		if a := h.do("POST", "/v1/users", h.admin(), "application/json",
			strings.NewReader(`{"role":"operator","scope":"3501","expires":"`+expires+`"}`)); a.StatusCode != 422 {
			t.Errorf("an account that expires %s: %d %s", expires, a.StatusCode, a.body)
		}
	}
}
