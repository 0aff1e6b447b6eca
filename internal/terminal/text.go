package terminal

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// constant is a text that stands in the source: nothing else converts to it outside this package.
type constant string

// Text is what may be shown: every foreign text in it has gone through Clean. Nothing outside this package makes one of a string that is not a constant
// but by Clean, and nothing prints what is no Text, so that no command can forget it.
type Text struct{ s string }

// String gives the text for a further use than a screen.
func (t Text) String() string { return t.s }

// Empty tells whether there is nothing in it.
func (t Text) Empty() bool { return t.s == "" }

// Own is a text of the program itself, whatever is in it.
func Own(s constant) Text { return Text{string(s)} }

// Lines is a foreign text of several lines, of which each is cleaned: a signed note, a list of problems.
func Lines(s string) Text {
	var out strings.Builder
	for line := range strings.Lines(s) {
		body, ended := strings.CutSuffix(line, "\n")
		out.WriteString(placed(body))
		if ended {
			out.WriteByte('\n')
		}
	}
	return Text{out.String()}
}

// Sprintf formats as fmt.Sprintf does; every operand but a Text and a number is cleaned.
func Sprintf(format constant, args ...any) Text {
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = operand(arg)
	}
	return Text{fmt.Sprintf(string(format), shown...)}
}

// operand is an operand in the form in which fmt may have it.
func operand(arg any) any {
	switch v := arg.(type) {
	case Text:
		return v.s
	case string:
		return placed(v)
	case fmt.Formatter, fmt.Stringer, error:
		return cleaned{arg}
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.String:
		return placed(v.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32,
		reflect.Uint64, reflect.Float32, reflect.Float64:
		return arg // its digits, also as the width of another
	}
	return cleaned{arg}
}

// cleaned is an operand whose text is known only when it is formatted.
type cleaned struct{ any }

// Format implements fmt.Formatter.
func (c cleaned) Format(f fmt.State, verb rune) {
	// It goes into a buffer of fmt's, which fails never.
	_, _ = io.WriteString(f, placed(fmt.Sprintf(fmt.FormatString(f, verb), c.any)))
}

// Print writes texts.
func Print(w io.Writer, texts ...Text) error {
	for _, t := range texts {
		if _, err := io.WriteString(w, t.s); err != nil {
			return err
		}
	}
	return nil
}

// Fprintf writes what Sprintf gives.
func Fprintf(w io.Writer, format constant, args ...any) error {
	return Print(w, Sprintf(format, args...))
}

// Page gathers a text.
type Page struct{ b strings.Builder }

// Printf adds what Sprintf gives.
func (p *Page) Printf(format constant, args ...any) { p.b.WriteString(Sprintf(format, args...).s) }

// Add adds texts.
func (p *Page) Add(texts ...Text) {
	for _, t := range texts {
		p.b.WriteString(t.s)
	}
}

// Text is what was gathered.
func (p *Page) Text() Text { return Text{p.b.String()} }

// Colour is how a terminal writes.
type Colour string

// The colours that Jejak uses.
const (
	Red     Colour = "\x1b[31m"
	Green   Colour = "\x1b[32m"
	Yellow  Colour = "\x1b[33m"
	Magenta Colour = "\x1b[35m"
	plain          = "\x1b[0m"
)

// In gives the text in a colour.
func (t Text) In(c Colour) Text { return Text{string(c) + t.s + plain} }

// Colour gives the first of a word in the text a colour.
func (t Text) Colour(word string, c Colour) Text {
	word = placed(word)
	return Text{strings.Replace(t.s, word, string(c)+word+plain, 1)}
}

// Split gives the lines of the text, each with its end.
func (t Text) Split() []Text {
	var lines []Text
	for line := range strings.Lines(t.s) {
		lines = append(lines, Text{line})
	}
	return lines
}
