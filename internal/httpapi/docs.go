package httpapi

import (
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"jejak/projections/feed"
)

// docsPage lists the operations from the OpenAPI document. It loads nothing from elsewhere: the server may stand where there is no internet.
var docsPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Jejak API</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#eee;padding:0 .3em}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #ccc;padding:.3rem .5rem;vertical-align:top}</style>
<h1>Jejak API {{.Version}}</h1>
<p>Dokumen mesin / machine form: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1); umpan NATS / the feed over NATS: <a href="/asyncapi.yaml">/asyncapi.yaml</a> (AsyncAPI 3). Kirim / send <code>Authorization: Bearer &lt;token&gt;</code>.</p>
<table>{{range .Operations}}<tr><td><code>{{.Method}}</code><td><code>{{.Path}}</code><td>{{.Summary}}{{end}}</table>
<h2>POST /v1/commands</h2>
<p>Isian <code>data</code> tiap perintah; yang tanpa <code>?</code> wajib. / The field <code>data</code> of each command; what has no <code>?</code> is required.</p>
<table>{{range .Commands}}<tr><td><code>{{.Type}}</code><td><code>{{.Data}}</code>{{end}}</table></html>
`))

type docsOperation struct{ Method, Path, Summary string }

type docsCommand struct{ Type, Data string }

// commandForms are the commands with the form of their data.
func (s *Server) commandForms() []docsCommand {
	registry := s.api.OpenAPI().Components.Schemas
	var list []docsCommand
	for _, t := range documentedCommands() {
		envelope := registry.Map()[schemaName(t)+"Command"]
		list = append(list, docsCommand{t, formOf(registry, envelope.Properties["data"])})
	}
	return list
}

// formOf writes a schema as the form of a JSON value: {box: string, seals: [string], note?: string}.
func formOf(registry huma.Registry, schema *huma.Schema) string {
	if schema.Ref != "" {
		schema = registry.SchemaFromRef(schema.Ref)
	}
	switch {
	case schema.Type == huma.TypeArray:
		return "[" + formOf(registry, schema.Items) + "]"
	case schema.Type != huma.TypeObject:
		return schema.Type
	case len(schema.Properties) == 0:
		if values, ok := schema.AdditionalProperties.(*huma.Schema); ok {
			return "{...: " + formOf(registry, values) + "}"
		}
		return "{}"
	}
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		optional := "?"
		if slices.Contains(schema.Required, name) {
			optional = ""
		}
		fields = append(fields, name+optional+": "+formOf(registry, schema.Properties[name]))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func (s *Server) getDocs(w http.ResponseWriter, r *http.Request) {
	page := struct {
		Version    string
		Operations []docsOperation
		Commands   []docsCommand
	}{Version: s.cfg.Version, Commands: s.commandForms()}
	for path, item := range s.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "DELETE": item.Delete} {
			if op != nil {
				page.Operations = append(page.Operations, docsOperation{method, path, op.Summary})
			}
		}
	}
	slices.SortFunc(page.Operations, func(a, b docsOperation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := docsPage.Execute(w, page); err != nil {
		s.cfg.Telemetry.Log.Info("page not sent", "cause", err)
	}
}

// getAsyncAPI serves the contract of the feed over NATS.
func getAsyncAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(feed.AsyncAPI()) // a client that has gone hears nothing
}
