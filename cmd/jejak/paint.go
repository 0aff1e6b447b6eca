package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"jejak/internal/terminal"
)

// member is a name and its value in a JSON object, in the order in which they stand there.
type member struct {
	name  string
	value any // string, json.Number, bool, nil, []any or []member
}

// paint writes a JSON document for people: one line for each value with the names above it, a table for each list of objects. Counts of nothing are left
// out. On a terminal of that width, 0 for none, lines are folded, and tables have the columns that there is room for.
func paint(document []byte, width int) (terminal.Text, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	value, err := ordered(d)
	if err != nil {
		return terminal.Text{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return terminal.Text{}, errors.New("there is more than one value")
	}
	p := painter{width: width}
	p.collect("", value)
	if list, is := value.([]any); is && len(list) == 0 {
		return terminal.Sprintf("%s\n", nothing), nil
	}
	return p.text(), nil
}

// nothing stands where a list has nothing in it.
const nothing = "- (tidak ada / none)"

// painter gathers what is painted.
type painter struct {
	width     int
	lines     [][2]string // name and value
	tables    terminal.Page
	left, cut []string // titles of columns that are not or not all shown
}

func (p *painter) text() terminal.Text {
	var out terminal.Page
	names := 0
	for _, l := range p.lines {
		names = max(names, utf8.RuneCountInString(terminal.Clean(l[0])))
	}
	for _, l := range p.lines {
		head, words := terminal.Sprintf("%-*s", names+2, l[0]), terminal.Sprintf("%s", l[1])
		if p.width > 0 {
			out.Add(terminal.FoldLine(head, words, names+2, p.width))
		} else {
			out.Add(head, words)
		}
		out.Printf("\n")
	}
	out.Add(p.tables.Text())
	if len(p.left)+len(p.cut) > 0 {
		head := terminal.Sprintf("\nlayar %d kolom / screen of %d columns: ", p.width, p.width)
		var what []string
		if len(p.left) > 0 {
			what = append(what, "tidak tampil / not shown: "+strings.Join(p.left, " "))
		}
		if len(p.cut) > 0 {
			what = append(what, "dipotong / cut: "+strings.Join(p.cut, " "))
		}
		out.Add(terminal.Fold(terminal.Sprintf("%s%s. Semuanya: --json, atau lewat pipa / all of it: --json, or into a pipe\n", head, strings.Join(what, "; ")), p.width))
	}
	return out.Text()
}

// ordered reads a value with the members of its objects in order.
func ordered(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		object := []member{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			text, _ := name.(string) // of an object it is one
			object = append(object, member{text, value})
		}
		_, err := d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := ordered(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// collect puts a value into lines, and lists of objects into tables.
func (p *painter) collect(name string, value any) {
	switch v := value.(type) {
	case []member:
		for _, m := range v {
			inner := m.name
			if name != "" {
				inner = name + "." + m.name
			}
			if m.value == json.Number("0") && name != "" {
				continue
			}
			p.collect(inner, m.value)
		}
	case []any:
		switch {
		case slices.ContainsFunc(v, func(e any) bool { _, object := e.([]member); return object }):
			p.table(name, v)
		case len(v) > 0:
			p.lines = append(p.lines, [2]string{name, scalar(v)})
		default:
			p.lines = append(p.lines, [2]string{name, nothing})
		}
	default:
		if text := scalar(v); text != "" {
			p.lines = append(p.lines, [2]string{name, text})
		}
	}
}

// scalar is a value in one line.
func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, scalar(e))
		}
		return strings.Join(parts, " ")
	case []member:
		var parts []string
		for _, m := range v {
			if text := scalar(m.value); text != "" && text != "0" {
				parts = append(parts, m.name+"="+text)
			}
		}
		return strings.Join(parts, " ")
	}
	return ""
}

// foremost are columns that a narrow terminal shows first.
var foremost = []string{
	"id", "code", "item", "box", "supplier", "kind", "type", "status", "message", "name", "state", "occurred_at", "custody", "place", "boxes", "stations", "severity",
}

// table draws a list of objects: a column for every member that any of them has something in.
func (p *painter) table(name string, list []any) {
	var titles []string
	rows := make([]map[string]string, len(list))
	for i, e := range list {
		rows[i] = map[string]string{}
		object, _ := e.([]member) // another value has no members
		for _, m := range object {
			text := scalar(m.value)
			if text == "" {
				continue
			}
			if rows[i][m.name] = text; !slices.Contains(titles, m.name) {
				titles = append(titles, m.name)
			}
		}
	}
	columns, cells := make([]terminal.Column, len(titles)), make([][]string, len(rows))
	for i, t := range titles {
		columns[i] = terminal.Column{Title: t}
	}
	for i, row := range rows {
		for _, t := range titles {
			cells[i] = append(cells[i], row[t])
		}
	}
	if name != "" {
		p.tables.Printf("\n%s\n", name)
	}
	table, left, cut := terminal.Fit(columns, cells, p.width, foremost)
	p.tables.Add(table)
	p.left, p.cut = append(p.left, left...), append(p.cut, cut...)
}
