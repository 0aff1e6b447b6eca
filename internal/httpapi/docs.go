package httpapi

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsPage lists the operations from the OpenAPI document. It loads nothing from elsewhere: the server may stand where there is no internet.
var docsPage = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Jejak API</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#eee;padding:0 .3em}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #ccc;padding:.3rem .5rem;vertical-align:top}</style>
<h1>Jejak API {{.Version}}</h1>
<p>Dokumen mesin / machine form: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Kirim / send <code>Authorization: Bearer &lt;token&gt;</code>.</p>
<table>{{range .Operations}}<tr><td><code>{{.Method}}</code><td><code>{{.Path}}</code><td>{{.Summary}}{{end}}</table>
<h2>POST /v1/commands</h2><p>{{range .Commands}}<code>{{.}}</code> {{end}}</p></html>
`))

type docsOperation struct{ Method, Path, Summary string }

func (s *Server) getDocs(w http.ResponseWriter, r *http.Request) {
	page := struct {
		Version    string
		Operations []docsOperation
		Commands   []string
	}{Version: s.cfg.Version, Commands: documentedCommands()}
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
