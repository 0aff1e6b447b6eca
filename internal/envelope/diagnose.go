package envelope

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jejak/domain"
)

// diagnose finds everything that is wrong with a command that could not be decoded at once.
func diagnose(body []byte, now time.Time) (Parsed, []domain.Violation) {
	root, err := parseTree(body)
	if err == nil && root.kind != '{' {
		err = errors.New("its outermost value is not an object")
	}
	if err != nil {
		return Parsed{}, []domain.Violation{{Rule: RuleNotJSON, Args: []any{err.Error()}}}
	}
	d := diagnosis{bad: map[string]bool{}}
	var w wire
	d.into(root, &w, "")
	data := d.data(root, &w)
	p, violations := check(&w, data, now)
	for _, v := range violations {
		if len(d.violations) < maxViolations && !d.covered(v.Path) {
			d.violations = append(d.violations, v)
		}
	}
	if len(d.violations) == 0 {
		// Only "null" within a text or the like had sent it here.
		if p.Hash, err = hash(body); err != nil {
			return Parsed{}, []domain.Violation{{Rule: RuleNotJSON, Args: []any{err.Error()}}}
		}
	}
	return p, d.violations
}

type diagnosis struct {
	violations []domain.Violation
	bad        map[string]bool // paths whose values are left out, so that nothing more is said of them
}

const (
	// maxStructural is the most faults of form that are listed: more help no one.
	maxStructural = 1000
	// maxViolations is the most that is listed in all: enough for each of a thousand boxes and its seals.
	maxViolations = 5000
)

func (d *diagnosis) fail(rule *domain.Rule, path string, args ...any) {
	if len(d.violations) >= maxStructural {
		return
	}
	d.violations = append(d.violations, domain.Violation{Rule: rule, Path: path, Args: args})
}

func (d *diagnosis) spoil(rule *domain.Rule, path string, args ...any) {
	d.fail(rule, path, args...)
	d.bad[path] = true
}

// covered tells whether a path is bad or lies below one that is.
func (d *diagnosis) covered(path string) bool {
	for at := range len(path) {
		if path[at] == '/' && d.bad[path[:at]] {
			return true
		}
	}
	return d.bad[path]
}

// into notes what does not fit the type that target points to, and decodes the rest into it.
func (d *diagnosis) into(n *node, target any, path string) {
	var rest bytes.Buffer
	d.fit(&rest, n, reflect.TypeOf(target).Elem(), path)
	// The raw data in an envelope is still as it came, repeated names and all.
	if err := jsonv2.Unmarshal(rest.Bytes(), target, jsontext.AllowDuplicateNames(true)); err != nil {
		// A fault of fit: it let through what does not fit.
		d.spoil(domain.RuleFieldType, path, shorten(string(n.raw)), err.Error())
	}
}

// data decodes the command's data beside its type; nil when there is nothing to go by.
func (d *diagnosis) data(root *node, w *wire) domain.Command {
	n := root.member("data")
	if n == nil {
		d.spoil(domain.RuleMissing, "/data")
	} else if n.kind != '{' && n.kind != 'n' {
		d.spoil(domain.RuleFieldType, "/data", shorten(string(n.raw)), typeName(reflect.TypeFor[wire]()))
	}
	if w.Type == "" {
		if !d.covered("/type") {
			d.fail(domain.RuleMissing, "/type")
		}
		return nil
	}
	data := newCommand(w.Type)
	switch {
	case data == nil:
		d.fail(domain.RuleNotOneOf, "/type", shorten(w.Type), strings.Join(nearTypes(w.Type), ", "))
		return nil
	case n == nil || n.kind != '{':
		return nil
	}
	d.into(n, data, "/data")
	return data
}

var rawType = reflect.TypeFor[jsontext.Value]()

// fit writes to out what of n fits type t, and notes what does not. What is left out is a zero value in the end.
func (d *diagnosis) fit(out *bytes.Buffer, n *node, t reflect.Type, path string) {
	if n.kind == 'n' {
		d.spoil(RuleNull, path)
		out.WriteString("null") // zeroes the value
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == rawType:
		out.Write(n.raw)
	case isLeaf(t):
		if err := jsonv2.Unmarshal(n.raw, reflect.New(t).Interface()); err != nil {
			d.spoil(domain.RuleFieldType, path, shorten(string(n.raw)), typeName(t))
			out.WriteString("null")
			return
		}
		out.Write(n.raw)
	case t.Kind() == reflect.Struct && n.kind == '{':
		d.fitStruct(out, n, t, path)
	case t.Kind() == reflect.Map && n.kind == '{':
		d.fitMap(out, n, t, path)
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && n.kind == '[':
		out.WriteByte('[')
		for i, e := range n.elements {
			if i > 0 {
				out.WriteByte(',')
			}
			d.fit(out, e, t.Elem(), path+domain.Index(i))
		}
		out.WriteByte(']')
	default:
		d.spoil(domain.RuleFieldType, path, shorten(string(n.raw)), typeName(t))
		out.WriteString("null")
	}
}

func (d *diagnosis) fitStruct(out *bytes.Buffer, n *node, t reflect.Type, path string) {
	fields, names := fieldsOf(t)
	out.WriteByte('{')
	first := true
	for _, m := range n.members {
		at := path + "/" + escape(m.name)
		ft, known := fields[m.name]
		switch {
		case !known:
			d.fail(domain.RuleUnknownField, at, shorten(m.name), strings.Join(names, ", "))
			continue
		case m.repeated:
			d.fail(RuleFieldRepeated, at, m.name)
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		quoted, _ := jsontext.AppendQuote(nil, m.name)
		out.Write(quoted)
		out.WriteByte(':')
		d.fit(out, m.value, ft, at)
	}
	out.WriteByte('}')
}

func (d *diagnosis) fitMap(out *bytes.Buffer, n *node, t reflect.Type, path string) {
	out.WriteByte('{')
	first := true
	for _, m := range n.members {
		at := path + "/" + escape(m.name)
		if m.repeated {
			d.fail(RuleFieldRepeated, at, m.name)
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		quoted, _ := jsontext.AppendQuote(nil, m.name)
		out.Write(quoted)
		out.WriteByte(':')
		d.fit(out, m.value, t.Elem(), at)
	}
	out.WriteByte('}')
}

// escape writes a name as a part of a JSON pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(shorten(name))
}
