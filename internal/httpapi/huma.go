package httpapi

import (
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"jejak/internal/api"
)

var detailsType = reflect.TypeFor[api.Details]()

// ownProblems makes huma speak of problems as the rest of the API does. huma keeps this per program, not per API.
var ownProblems = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false // a list without elements is [], never null
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		var problems []api.Problem
		for _, err := range errs {
			if err != nil {
				problems = append(problems, parameterProblem(err))
			}
		}
		if len(problems) == 0 && message != "" {
			problems = []api.Problem{one("request", "", message, message, "lihat /docs", "see /docs")}
		}
		return newProblem(status, problems...)
	}
})

// parameterProblem is what huma finds wrong with a path, query or header parameter, or with the body of a small request.
func parameterProblem(err error) api.Problem {
	path, message := "", err.Error()
	if d, ok := err.(huma.ErrorDetailer); ok {
		detail := d.ErrorDetail()
		path = "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(detail.Location)
		message = detail.Message
	}
	return one("parameter", path, "isian salah: "+message, message, "perbaiki isian ini; lihat /docs", "mend it; see /docs")
}

// newHuma makes the part of the API that describes itself.
func newHuma(mux *http.ServeMux, version string) huma.API {
	ownProblems()
	config := huma.DefaultConfig("Jejak", version)
	config.Info.Description = description
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNames)
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // no $schema in bodies: equal positions give equal bytes
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A person's token, beginning with jjk_."},
	}
	config.Servers = []*huma.Server{{URL: "/", Description: "The server that this document comes from"}}
	config.Security = []map[string][]string{{"token": {}}}
	config.Tags = []*huma.Tag{
		{Name: "commands", Description: "What happened, and what is asked for."},
		{Name: "queries", Description: "Read models: figures folded from the log up to a position."},
		{Name: "history", Description: "How things came to be so, and what was believed of them."},
		{Name: "events", Description: "The log itself."},
		{Name: "accounts", Description: "People and their tokens."},
		{Name: "server", Description: "Clock, health, metrics."},
	}
	return humago.New(mux, config)
}

const description = `Jejak keeps the trail of election logistics: every act is a command, every accepted command is durable, every figure is a fold of
events up to a position.

Send the header ` + "`Authorization: Bearer <token>`" + ` with everything. Who may send and read what is in docs/access.md; the commands with their rules are in
docs/commands.md and docs/rules.md. Everything that is no success is application/problem+json with all errors at once, in Bahasa Indonesia and English.

A read answers with ` + "`ETag` and `Jejak-Position`" + `; with the header ` + "`Jejak-Min-Position`" + ` it waits up to 5 s until it sees that position.`
