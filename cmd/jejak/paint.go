package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"jejak/internal/terminal"
)

// member is a name and its value in a JSON object, in the order in which they stand there.
type member struct {
	name  string
	value any // string, json.Number, bool, nil, []any or []member
}

// paint writes a JSON document for people: one line for each value with the names above it, a table for each list of objects. Counts of nothing are left
// out.
func paint(document []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	value, err := ordered(d)
	if err != nil {
		return "", err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("there is more than one value")
	}
	var lines [][]string
	var tables strings.Builder
	collect("", value, &lines, &tables)
	var out strings.Builder
	width := 0
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	for _, l := range lines {
		out.WriteString(l[0] + strings.Repeat(" ", width-len(l[0])+2) + l[1] + "\n")
	}
	return out.String() + tables.String(), nil
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
func collect(name string, value any, lines *[][]string, tables *strings.Builder) {
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
			collect(inner, m.value, lines, tables)
		}
	case []any:
		if slices.ContainsFunc(v, func(e any) bool { _, object := e.([]member); return object }) {
			tables.WriteString(tableOf(name, v))
			return
		}
		if len(v) > 0 {
			*lines = append(*lines, []string{name, scalar(v)})
		}
	default:
		if text := scalar(v); text != "" {
			*lines = append(*lines, []string{name, text})
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

// tableOf draws a list of objects: a column for every member that any of them has something in.
func tableOf(name string, list []any) string {
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
	head := ""
	if name != "" {
		head = "\n" + name + "\n"
	}
	return head + terminal.Table(columns, cells)
}
