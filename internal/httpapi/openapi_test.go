package httpapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"jejak/domain/ledger"
	"jejak/internal/access"
)

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	h := newHouse(t)
	d := documentOf(t, h.api)
	doc, err := openapi3.NewLoader().LoadFromData(d.text)
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("version %s", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if a := h.get("/openapi.json", ""); a.StatusCode != 200 || !json.Valid(a.body) {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestTheDocumentHasEveryCommand(t *testing.T) {
	d := documentOf(t, newHouse(t).api)
	union := d.Components.Schemas["Command"]
	for _, commandType := range ledger.CommandTypes() {
		ref, documented := union.Discriminator.Mapping[commandType]
		if documented != access.Sendable(commandType) {
			t.Errorf("%s is in the document: %v", commandType, documented)
			continue
		}
		if !documented {
			continue
		}
		envelope := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		var data struct {
			Ref string `json:"$ref"`
		}
		if err := json.Unmarshal(envelope.Properties["data"], &data); err != nil {
			t.Fatal(err)
		}
		fields := d.Components.Schemas[strings.TrimPrefix(data.Ref, "#/components/schemas/")].Properties
		text, err := json.Marshal(ledger.NewCommandOf(commandType))
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if fields[name] == nil {
				t.Errorf("%s: %s has no field %s", commandType, data.Ref, name)
			}
		}
		for _, name := range []string{"id", "type", "mode", "election", "unit", "occurred_at", "data"} {
			if !slices.Contains(envelope.Required, name) {
				t.Errorf("%s: the envelope does not require %s", commandType, name)
			}
		}
	}
}

// The outside names that callers build on.
func TestTheDocumentHasTheFixedFields(t *testing.T) {
	d := documentOf(t, newHouse(t).api)
	for schema, fields := range map[string]string{
		"Answer":      "id line result position events discrepancies errors",
		"EventRef":    "id type",
		"Discrepancy": "id kind severity units",
		"Problem":     "rule path message remedy",
		"Details":     "type title status detail errors",
		"RegencyRow":  "code name position last_recorded_at items boxes stations shipments discrepancies budget",
		"ItemRow":     "need ordered announced received damaged claimed packed",
		"BudgetRow":   "ceiling committed accepted paid",
		"Clock":       "now",
		"User":        "id token",
	} {
		for field := range strings.FieldsSeq(fields) {
			if d.Components.Schemas[schema].Properties[field] == nil {
				t.Errorf("%s has no %s", schema, field)
			}
		}
	}
	row := struct{ Name, Fields string }{"ProcurementPlaceOrder", "order supplier lines"}
	for field := range strings.FieldsSeq(row.Fields) {
		if d.Components.Schemas[row.Name].Properties[field] == nil {
			t.Errorf("%s has no %s", row.Name, field)
		}
	}
}

func TestTheDocumentHasEveryRoute(t *testing.T) {
	h := newHouse(t)
	d := documentOf(t, h.api)
	routes := []string{
		"POST /v1/commands", "GET /v1/me", "GET /livez", "GET /readyz", "GET /metrics",
		"GET /checkpoint", "GET /checkpoint/history", "GET /checkpoint/keys", "GET /tile/{path}",
	}
	for _, m := range access.Models() {
		routes = append(routes, m.Routes()...)
	}
	inDocument := 0
	for _, methods := range d.Paths {
		inDocument += len(methods)
	}
	if inDocument != len(routes) {
		t.Errorf("%d operations in the document, %d in the tables", inDocument, len(routes))
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		if _, ok := d.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("%s is not in the document", route)
		}
		// A problem of the route itself, never that there is no such route.
		a := h.do(method, strings.NewReplacer("{", "", "}", "").Replace(path), h.admin(), "", nil)
		if strings.Contains(string(a.body), "no_such_path") || a.StatusCode == 405 {
			t.Errorf("%s is not served: %d %s", route, a.StatusCode, a.body)
		}
	}
}

// The feed's contract is served to everyone, like that of HTTP.
func TestAsyncAPI(t *testing.T) {
	h := newHouse(t)
	a := h.get("/asyncapi.yaml", "")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/yaml" || !strings.HasPrefix(string(a.body), "asyncapi: 3.0.0\n") {
		t.Errorf("%d %s %.60s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
}

// The page works where there is no internet: nothing in it is loaded from anywhere.
func TestDocsPageIsWhole(t *testing.T) {
	h := newHouse(t)
	a := h.get("/docs", "")
	page := string(a.body)
	if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	for _, loaded := range []string{"<script", "<link", "<img", "@import", "url(", "src=", "http://", "https://", "//cdn"} {
		if strings.Contains(page, loaded) {
			t.Errorf("the page has %s", loaded)
		}
	}
	for _, want := range []string{"/v1/commands", "shipment.dispatch", "/openapi.json", "handoff.accept", "{boxes: [{ballots: integer, box: string, design: string}], exception?: {"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
}

// What the document says of a command is neither more nor less than what the server takes.
func TestTheDocumentRefusesWhatTheServerRefuses(t *testing.T) {
	h := newHouse(t)
	d := documentOf(t, h.api)
	for name, edit := range map[string]func(e map[string]any){
		"unknown field":         func(e map[string]any) { e["actor"] = "me" },
		"unknown field in data": func(e map[string]any) { e["data"] = map[string]any{"force": true} },
		"no id":                 func(e map[string]any) { delete(e, "id") },
		"mode":                  func(e map[string]any) { e["mode"] = "maybe" },
		"type":                  func(e map[string]any) { e["type"] = "need.guess" },
		"a type of the system":  func(e map[string]any) { e["type"] = "deadline.pass" },
		"unit":                  func(e map[string]any) { e["unit"] = "350101" },
		"no zone":               func(e map[string]any) { e["occurred_at"] = "2024-01-10T08:00:00" },
		"text for a number":     func(e map[string]any) { e["device"] = map[string]any{"id": "d", "seq": "1"} },
		"null":                  func(e map[string]any) { e["place"] = nil },
		"data of another type":  func(e map[string]any) { e["data"] = map[string]any{"shipment": "SHP-3501-1"} },
	} {
		t.Run(name, func(t *testing.T) {
			e := envelope("3501", "need.calculate", "request", start, `{}`)
			if err := d.checkRequest("POST", "/v1/commands", "application/json", text(e)); err != nil {
				t.Fatalf("a good command: %v", err)
			}
			edit(e)
			if err := d.checkRequest("POST", "/v1/commands", "application/json", text(e)); err == nil {
				t.Errorf("the document takes %s", text(e))
			}
			if a, _ := h.post(h.operator(), text(e)); a.StatusCode < 400 {
				t.Errorf("the server takes %s", text(e))
			}
		})
	}
}
