package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jejak/internal/httpapi"
)

// document is /openapi.json with its schemas, which OpenAPI 3.1 takes from JSON Schema 2020-12.
type document struct {
	text  []byte
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]json.RawMessage
		}
		RequestBody struct {
			Content map[string]json.RawMessage
		}
	}
	Components struct {
		Schemas map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
			OneOf      []struct {
				Ref string `json:"$ref"`
			}
			Discriminator struct{ Mapping map[string]string }
		}
	}

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const documentURL = "https://jejak.invalid/openapi.json"

// describes is the document of the server under test: the same for all of them.
var described struct {
	once sync.Once
	doc  *document
	err  error
}

func documentOf(t testing.TB, s *httpapi.Server) *document {
	t.Helper()
	described.once.Do(func() { described.doc, described.err = readDocument(s) })
	if described.err != nil {
		t.Fatal(described.err)
	}
	return described.doc
}

func readDocument(s *httpapi.Server) (*document, error) {
	d := &document{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	var err error
	if d.text, err = s.OpenAPI(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(d.text, d); err != nil {
		return nil, err
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.text))
	if err != nil {
		return nil, err
	}
	return d, d.compiler.AddResource(documentURL, whole)
}

// check tells what is wrong with a JSON value by the schema that lies at a pointer.
func (d *document) check(pointer string, value []byte) error {
	d.mu.Lock()
	schema := d.compiled[pointer]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile(documentURL + "#" + pointer); err != nil {
			d.mu.Unlock()
			return err
		}
		d.compiled[pointer] = schema
	}
	d.mu.Unlock()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// path is the path of the document that a request's is an instance of.
func (d *document) path(url string) string {
	if strings.HasPrefix(url, "/tile/") {
		return "/tile/{path}" // a path of several parts, which OpenAPI has no word for
	}
	parts := strings.Split(url, "/")
	best := ""
	for template := range d.Paths {
		fits := strings.Split(template, "/")
		if len(fits) != len(parts) {
			continue
		}
		same := true
		for i, f := range fits {
			same = same && (f == parts[i] || strings.HasPrefix(f, "{"))
		}
		if same && (best == "" || !strings.Contains(template, "{")) {
			best = template
		}
	}
	return best
}

// escape makes a part of a JSON pointer inside a URL.
func escape(part string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(part)
}

// tooLong bounds how many lines of one answer are checked.
const tooLong = 40

// checkAnswer tells how an answer differs from what the document says of it.
func (d *document) checkAnswer(method, url string, status int, contentType string, body []byte) error {
	if url == "/docs" || strings.HasPrefix(url, "/openapi") || url == "/asyncapi.yaml" {
		return nil // they describe the API and are not part of it
	}
	path := d.path(url)
	op, known := d.Paths[path][strings.ToLower(method)]
	if !known {
		if status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusUnauthorized {
			return nil
		}
		return fmt.Errorf("%s %s is not in the document", method, url)
	}
	kind, _, _ := strings.Cut(contentType, ";")
	answers := "/paths/" + escape(path) + "/" + strings.ToLower(method) + "/responses/"
	response, documented := op.Responses[fmt.Sprint(status)]
	switch {
	case !documented && status == http.StatusNotModified && len(body) == 0 && op.Responses["200"].Content["application/pdf"] != nil:
		return nil // said in words: see TestTheDocumentIsFitForMakersOfTypes
	case !documented:
		return fmt.Errorf("%s %s: status %d is not in the document: %s", method, path, status, body)
	case len(response.Content) == 0:
		if len(bytes.TrimSpace(body)) > 0 {
			return fmt.Errorf("%s %s: status %d has a body that is not in the document: %s", method, path, status, body)
		}
		return nil
	case response.Content[kind] == nil:
		return fmt.Errorf("%s %s: status %d comes as %q, which is not in the document", method, path, status, contentType)
	}
	pointer := answers + fmt.Sprint(status) + "/content/" + escape(kind) + "/schema"
	switch {
	case kind == "text/event-stream", kind == "text/plain", kind == "application/zstd", kind == "application/octet-stream", kind == "application/pdf", kind == "application/zip":
		return nil
	case kind != "application/x-ndjson":
		return d.check(pointer, body)
	}
	n := 0
	for line := range bytes.Lines(body) {
		if n++; n > tooLong {
			break
		}
		schema := map[string]string{"/v1/commands": "Answer", "/v1/users": "User", "/v1/events": "Event", "/checkpoint/history": "Checkpoint", "/v1/feed/rebuild": "FeedRebuild"}[path]
		if err := d.check("/components/schemas/"+schema, line); err != nil {
			return fmt.Errorf("%s %s, line %d: %w: %s", method, path, n, err, line)
		}
	}
	return nil
}

// checkRequest tells how a body that the server took differs from what the document says of it.
func (d *document) checkRequest(method, url, contentType string, body []byte) error {
	path := d.path(url)
	kind, _, _ := strings.Cut(contentType, ";")
	if path == "" || len(body) == 0 || kind != "application/json" {
		return nil
	}
	return d.check("/paths/"+escape(path)+"/"+strings.ToLower(method)+"/requestBody/content/"+escape(kind)+"/schema", body)
}
