package envelope

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// node is a JSON value with its parts in the order in which they came.
type node struct {
	kind     jsontext.Kind // '{' '[' '"' '0' 't' 'f' 'n'
	raw      jsontext.Value
	members  []member
	elements []*node
}

type member struct {
	name     string
	value    *node
	repeated bool // the name stands before it already
}

// maxDepth of nested values: far more than any command has.
const maxDepth = 64

func parseTree(body []byte) (*node, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	raw, err := dec.ReadValue()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case err != nil:
		return nil, plain(err)
	}
	raw = bytes.Clone(raw)
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows after its end at byte %d", len(body)-len(bytes.TrimLeft(body[dec.InputOffset():], " \t\r\n")))
	}
	return tree(raw, 0)
}

// tree splits a valid value.
func tree(raw jsontext.Value, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	n := &node{kind: raw.Kind(), raw: raw}
	if n.kind != '{' && n.kind != '[' {
		return n, nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil, plain(err)
	}
	seen := map[string]bool{}
	for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
		name := ""
		if n.kind == '{' {
			token, err := dec.ReadToken()
			if err != nil {
				return nil, plain(err)
			}
			name = token.String()
		}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, plain(err)
		}
		child, err := tree(bytes.Clone(value), depth+1)
		if err != nil {
			return nil, err
		}
		if n.kind == '{' {
			n.members = append(n.members, member{name, child, seen[name]})
			seen[name] = true
		} else {
			n.elements = append(n.elements, child)
		}
	}
	return n, nil
}

// plain takes the name of the decoder out of its errors.
func plain(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		why := "it ends too early"
		if syntax.Err != nil && !errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
			why = syntax.Err.Error()
		}
		return fmt.Errorf("byte %d: %s", syntax.ByteOffset, why)
	}
	return err
}

func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// knownFields keeps what fieldsOf has found: a list may have thousands of the same struct.
var knownFields sync.Map // of reflect.Type to fields

type fields struct {
	types map[string]reflect.Type
	names []string
}

// fieldsOf are the JSON fields of a struct, with those of embedded structs, and their names in order.
func fieldsOf(t reflect.Type) (map[string]reflect.Type, []string) {
	f, ok := knownFields.Load(t)
	if !ok {
		types, names := findFields(t)
		f, _ = knownFields.LoadOrStore(t, fields{types, names})
	}
	found := f.(fields)
	return found.types, found.names
}

func findFields(t reflect.Type) (map[string]reflect.Type, []string) {
	fields := map[string]reflect.Type{}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			inner, innerNames := findFields(f.Type)
			for _, n := range innerNames {
				fields[n] = inner[n]
				names = append(names, n)
			}
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			fields[name] = f.Type
			names = append(names, name)
		}
	}
	return fields, names
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	unmarshalerFrom = reflect.TypeFor[jsonv2.UnmarshalerFrom]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isLeaf tells whether a value of the type is read as a whole.
func isLeaf(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return p.Implements(unmarshaler) || p.Implements(unmarshalerFrom) || p.Implements(textUnmarshaler)
	}
	return true
}

// typeName says what is expected, for people.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean (true, false)"
	case reflect.String:
		return "string (teks)"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer (bilangan bulat)"
	case reflect.Float32, reflect.Float64:
		return "number (bilangan)"
	case reflect.Slice, reflect.Array:
		if !isLeaf(t) || t.Elem().Kind() == reflect.String {
			return "array (daftar)"
		}
	case reflect.Struct, reflect.Map:
		if !isLeaf(t) {
			return "object (objek)"
		}
	}
	return t.Name()
}
