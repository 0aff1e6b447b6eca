package epcis_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// gs1 is GS1's schema of an EPCIS document, formats asserted.
var gs1 = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := os.ReadFile("testdata/gs1/EPCISDocument.schema.json")
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseRegexpEngine(compile)
	if err := c.AddResource("gs1.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("gs1.json")
})

// negated is a pattern that must not match at the beginning: Go's regular expressions have no "(?!", the schema has two such and nothing else of the kind.
type negated struct{ *regexp.Regexp }

func (n negated) MatchString(s string) bool { return !n.Regexp.MatchString(s) }

func compile(pattern string) (jsonschema.Regexp, error) {
	pattern = strings.ReplaceAll(pattern, `\/`, `/`)
	if rest, ok := strings.CutPrefix(pattern, "^(?!"); ok && strings.HasSuffix(rest, ")") {
		re, err := regexp.Compile("^(?:" + rest)
		if err != nil {
			return nil, err
		}
		return negated{re}, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err // not a nil *Regexp in an interface
	}
	return re, nil
}

// validate holds a document to GS1's schema.
func validate(t *testing.T, document []byte) {
	t.Helper()
	schema, err := gs1()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v", err)
	}
}

// TestTheSchemaRefuses: the schema would say so.
func TestTheSchemaRefuses(t *testing.T) {
	schema, err := gs1()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"jejak":"https://jejak.example/epcis/"}],
		"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2024-02-13T00:00:00Z","epcisBody":{"eventList":[
		{"type":"ObjectEvent","action":"OBSERVE","eventTime":"2024-02-13T06:45:00+07:00","eventTimeZoneOffset":"+07:00","bizStep":"departing","epcList":["https://jejak.example/obj/box/1"]}]}}`
	for name, change := range map[string][2]string{
		"good": {}, "step": {"departing", "leaving"}, "time": {"2024-02-13T06:45:00+07:00", "2024-02-13 06:45"}, "offset": {`"+07:00"`, `"WIB"`},
		"action": {"OBSERVE", "SEE"}, "member": {`"epcList"`, `"boxes":[],"epcList"`}, "uri": {"https://jejak.example/obj/box/1", "box 1"},
		"step of GS1's own": {"departing", "https://ns.gs1.org/cbv/BizStep-departing"}, "type": {"ObjectEvent", "AggregationEvent"},
		"date": {`"creationDate":"2024-02-13T00:00:00Z",`, ""},
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(good, change[0], change[1], 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
