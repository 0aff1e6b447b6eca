package terminal

import (
	"strings"
	"unicode/utf8"
)

// Fold breaks lines that are longer than width characters between words; what goes on stands further in than the line began. A word that does not fit into
// a line stays whole, so that an id can be copied. Width 0 breaks nothing.
func Fold(text Text, width int) Text {
	if width <= 0 {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(text.s) {
		body := strings.TrimLeft(line, " ")
		indent := utf8.RuneCountInString(line) - utf8.RuneCountInString(body)
		foldLine(&out, line[:indent], strings.TrimSuffix(body, "\n"), min(indent+4, width/2), width)
		if !strings.HasSuffix(line, "\n") {
			continue
		}
		out.WriteString("\n")
	}
	return Text{out.String()}
}

// FoldLine is a head and words behind it, which go on in the next line, so many spaces in, where width is reached.
func FoldLine(head, words Text, indent, width int) Text {
	var out strings.Builder
	foldLine(&out, head.s, words.s, indent, width)
	return Text{out.String()}
}

func foldLine(out *strings.Builder, head, words string, indent, width int) {
	out.WriteString(head)
	at := utf8.RuneCountInString(head)
	begun := at
	for words != "" {
		space := len(words) - len(strings.TrimLeft(words, " "))
		word, rest, _ := strings.Cut(words[space:], " ")
		if rest != "" || strings.HasSuffix(words, " ") {
			rest = " " + rest
		}
		n := utf8.RuneCountInString(word)
		if at > begun && at+space+n > width {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			at, begun, space = indent, indent, 0
		}
		out.WriteString(strings.Repeat(" ", space) + word)
		at += space + n
		words = strings.TrimRight(rest, " ")
	}
}
