// Package epcistest holds EPCIS documents to GS1's own schema, for tests.
package epcistest

import (
	"bytes"
	_ "embed"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaText is GS1's JSON schema of EPCIS 2.0: gs1/NOTICE.md says whence.
//
//go:embed gs1/EPCISDocument.schema.json
var schemaText []byte

// schema is the schema, with its formats asserted.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
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

// Validate says what of a document does not hold by GS1's schema. The whole document is in memory.
func Validate(document io.Reader) error {
	schema, err := schema()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(document)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
