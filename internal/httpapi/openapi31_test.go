package httpapi_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jejak/internal/outside"
)

// The document holds by the schema of the OpenAPI Initiative, judged by the validator that it uses itself.
func TestTheDocumentHoldsBySchemaOfOpenAPI(t *testing.T) {
	folder, node := outside.NPM(t, "@hyperjump/json-schema"), outside.Program(t, "node")
	script, err := filepath.Abs("testdata/openapi.mjs")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(text []byte) ([]byte, error) {
		name := filepath.Join(t.TempDir(), "openapi.json")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(node, script, name)
		cmd.Dir = folder
		return cmd.CombinedOutput()
	}
	good := documentOf(t, newHouse(t).api).text
	if out, err := judge(good); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := judge([]byte(strings.Replace(string(good), `"in": "path"`, `"in": "road"`, 1))); err == nil {
		t.Errorf("a parameter in the road is taken: %s", out)
	}
}

// What makers of types (NSwag, Kiota and others) stumble over. They are not run here: these are the places at which they did.
func TestTheDocumentIsFitForMakersOfTypes(t *testing.T) {
	d := documentOf(t, newHouse(t).api)
	var doc struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			Security  []map[string][]string
			Responses map[string]struct {
				Content map[string]struct{ Schema map[string]any }
			}
			RequestBody struct {
				Content map[string]struct {
					Schema  map[string]any
					Example json.RawMessage
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Type       any
				Properties map[string]any
				OneOf      []any
				AllOf      []map[string]string
			}
		}
	}
	if err := json.Unmarshal(d.text, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "/" {
		t.Errorf("servers %v", doc.Servers)
	}
	files := []string{"application/pdf", "application/zip", "application/octet-stream", "application/zstd"}
	for path, item := range doc.Paths {
		for method, op := range item {
			refused := false
			for status, response := range op.Responses {
				refused = refused || status[0] == '4'
				for kind, content := range response.Content {
					if _, both := op.Responses["304"]; both && slices.Contains(files, kind) {
						t.Errorf("%s %s: a 304 stands beside the file %s", method, path, kind)
					}
					if kind == "application/x-ndjson" && (content.Schema["type"] != "string" || content.Schema["x-line-schema"] == nil) {
						t.Errorf("%s %s: lines have the schema %v", method, path, content.Schema)
					}
				}
			}
			for kind, content := range op.RequestBody.Content {
				if kind == "application/x-ndjson" && (content.Schema["type"] != "string" || content.Schema["x-line-schema"] == nil) {
					t.Errorf("%s %s: lines have the schema %v", method, path, content.Schema)
				}
			}
			if !refused {
				t.Errorf("%s %s is never refused", method, path)
			}
		}
	}
	base := doc.Components.Schemas["Command"]
	if base.Type != "object" || base.Properties["data"] == nil || base.Properties["type"] == nil || len(base.OneOf) > 0 {
		t.Errorf("Command is no base: %+v", base)
	}
	if of := doc.Components.Schemas["ShipmentDispatchCommand"].AllOf; len(of) != 1 || of[0]["$ref"] != "#/components/schemas/Command" {
		t.Errorf("a command is of %v", of)
	}
	commands := doc.Paths["/v1/commands"]["post"].RequestBody.Content["application/json"]
	if err := d.checkRequest("POST", "/v1/commands", "application/json", commands.Example); err != nil {
		t.Errorf("the example: %v", err)
	}
}
