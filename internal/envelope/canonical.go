package envelope

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// appendCanonical appends a JSON value in canonical form (RFC 8785) in one pass, and returns what follows it. It knows the values that almost
// every command consists of; ok is false for all others (escapes, exponents, long numbers, names that are not ASCII, repeated names, deep
// nesting) and for what is no JSON: those are for jsontext, to which a fuzz test holds it equal.
func appendCanonical(out, in []byte, depth int) (result, rest []byte, ok bool) {
	in = trimSpace(in)
	if len(in) == 0 || depth > maxDepth {
		return out, in, false
	}
	switch c := in[0]; {
	case c == '{':
		return appendObject(out, in[1:], depth)
	case c == '[':
		return appendArray(out, in[1:], depth)
	case c == '"':
		text, rest, ok := plainString(in)
		return append(out, text...), rest, ok && (ascii(text) || utf8.Valid(text))
	case c == '-' || c >= '0' && c <= '9':
		n := plainNumber(in)
		return append(out, in[:n]...), in[n:], n > 0
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest, found := bytes.CutPrefix(in, []byte(word)); found {
			return append(out, word...), rest, true
		}
	}
	return out, in, false
}

func trimSpace(in []byte) []byte {
	for len(in) > 0 && (in[0] == ' ' || in[0] == '\n' || in[0] == '\r' || in[0] == '\t') {
		in = in[1:]
	}
	return in
}

// plainString is the text at the beginning with its quotes, when nothing in it is escaped.
func plainString(in []byte) (text, rest []byte, ok bool) {
	for i := 1; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"':
			return in[:i+1], in[i+1:], true
		case c < ' ' || c == '\\':
			return nil, in, false
		}
	}
	return nil, in, false
}

// plainNumber is the length of a number that stands in canonical form already, 0 for another. Up to fifteen digits are exact in a float64, so
// that no shorter form means the same.
func plainNumber(in []byte) int {
	at := 0
	if in[0] == '-' {
		at++
	}
	whole := digits(in[at:])
	if whole == 0 || whole > 1 && in[at] == '0' {
		return 0
	}
	end, zero := at+whole, in[at] == '0'
	fraction := 0
	if end < len(in) && in[end] == '.' {
		fraction = digits(in[end+1:])
		if fraction == 0 || in[end+fraction] == '0' {
			return 0
		}
		if zero && bytes.HasPrefix(in[end+1:], []byte("000000")) {
			return 0 // below 1e-6, which is written with an exponent
		}
		end += 1 + fraction
	}
	if whole+fraction > 15 || zero && at > 0 && fraction == 0 || end < len(in) && (in[end] == 'e' || in[end] == 'E') {
		return 0
	}
	return end
}

func digits(in []byte) int {
	n := 0
	for n < len(in) && in[n] >= '0' && in[n] <= '9' {
		n++
	}
	return n
}

func appendArray(out, in []byte, depth int) (result, rest []byte, ok bool) {
	out = append(out, '[')
	if in = trimSpace(in); len(in) > 0 && in[0] == ']' {
		return append(out, ']'), in[1:], true
	}
	for {
		if out, in, ok = appendCanonical(out, in, depth+1); !ok {
			return out, in, false
		}
		if in = trimSpace(in); len(in) == 0 || in[0] != ',' && in[0] != ']' {
			return out, in, false
		}
		out = append(out, in[0])
		if in[0] == ']' {
			return out, in[1:], true
		}
		in = in[1:]
	}
}

// part is a member of an object in the output: its name with quotes, and where it ends.
type part struct{ begin, name, end int }

// few members are kept on the stack, and sorted in the plainest way.
const few = 16

func appendObject(out, in []byte, depth int) (result, rest []byte, ok bool) {
	out = append(out, '{')
	if in = trimSpace(in); len(in) > 0 && in[0] == '}' {
		return append(out, '}'), in[1:], true
	}
	parts, first, ordered := make([]part, 0, few), len(out), true
	for {
		if in = trimSpace(in); len(in) == 0 || in[0] != '"' {
			return out, in, false
		}
		name, after, ok := plainString(in)
		if !ok || !ascii(name) {
			return out, in, false
		}
		if after = trimSpace(after); len(after) == 0 || after[0] != ':' {
			return out, in, false
		}
		p := part{begin: len(out)}
		out = append(out, name...)
		p.name = len(out)
		out = append(out, ':')
		if out, in, ok = appendCanonical(out, after[1:], depth+1); !ok {
			return out, in, false
		}
		p.end = len(out)
		if n := len(parts); n > 0 && ordered {
			ordered = compareNames(out[parts[n-1].begin:parts[n-1].name], out[p.begin:p.name]) < 0
		}
		parts = append(parts, p)
		if in = trimSpace(in); len(in) == 0 || in[0] != ',' && in[0] != '}' {
			return out, in, false
		}
		end := in[0] == '}'
		in = in[1:]
		out = append(out, ',')
		if end {
			break
		}
	}
	if !ordered {
		if out, ok = reorder(out, first, parts); !ok {
			return out, in, false
		}
	}
	out[len(out)-1] = '}'
	return out, in, true
}

// compareNames compares names by their characters: without the quote at the end, which is above the space and the exclamation mark.
func compareNames(a, b []byte) int { return bytes.Compare(a[1:len(a)-1], b[1:len(b)-1]) }

// reorder puts the members of an object, each with the comma after it, into the order of their names; ok is false when a name is there twice.
func reorder(out []byte, first int, parts []part) (result []byte, ok bool) {
	name := func(p part) []byte { return out[p.begin:p.name] }
	if len(parts) > few {
		slices.SortFunc(parts, func(a, b part) int { return compareNames(name(a), name(b)) })
	} else {
		for i := range parts {
			for j := i; j > 0 && compareNames(name(parts[j]), name(parts[j-1])) < 0; j-- {
				parts[j], parts[j-1] = parts[j-1], parts[j]
			}
		}
	}
	end := len(out)
	for i, p := range parts {
		if i > 0 && compareNames(out[parts[i-1].begin:parts[i-1].name], out[p.begin:p.name]) == 0 {
			return out, false
		}
		out = append(out, out[p.begin:p.end+1]...)
	}
	copy(out[first:end], out[end:])
	return out[:end], true
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
