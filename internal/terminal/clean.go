package terminal

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean shows a foreign text in one line: what a person, a device or another program has written, of which nothing may act on the screen. What moves the
// cursor, ends a line, turns the direction of writing or cannot be seen stands there as Go writes it in a string: \n, \x1b, \u202e, and a byte that is no
// UTF-8 as \x9b. Other text stays as it is. Clean of what it gives changes nothing.
func Clean(s string) string {
	at := strings.IndexFunc(s, unseen)
	if at < 0 {
		return s // also where it is no UTF-8: the replacement character is unseen
	}
	out := append(make([]byte, 0, len(s)+16), s[:at]...)
	for rest := s[at:]; rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			const digits = "0123456789abcdef"
			out = append(out, '\\', 'x', digits[rest[0]>>4], digits[rest[0]&15])
		case unseen(r):
			quoted := strconv.AppendQuoteRuneToASCII(nil, r)
			out = append(out, quoted[1:len(quoted)-1]...)
		default:
			out = append(out, rest[:n]...)
		}
		rest = rest[n:]
	}
	return string(out)
}

// unseen tells what is no visible character: controls (C0, DEL, C1), the formatting ones (direction, zero width, tags), separators of lines and paragraphs,
// what Unicode leaves to others or knows nothing of, and the letters that are drawn as nothing. The replacement character is among them since it also
// stands for a byte that is no UTF-8.
func unseen(r rune) bool {
	switch r {
	case ' ':
		return false
	case utf8.RuneError, '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return r > unicode.MaxRune || !unicode.IsGraphic(r) || unicode.Is(unicode.Variation_Selector, r)
}

// placed is a foreign text as it stands between other text: cleaned, and isolated where it has letters that are written from right to left, so that a
// terminal that turns those round does not turn round what stands beside them.
func placed(s string) string {
	s = Clean(s)
	if strings.IndexFunc(s, leftward) < 0 {
		return s
	}
	return firstStrong + s + popIsolate
}

const firstStrong, popIsolate = "\u2068", "\u2069"

// leftward tells letters and digits of the scripts that are written from right to left: their blocks, whole.
func leftward(r rune) bool {
	return r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}

// width is how many characters of a placed text are seen.
func width(s string) int {
	return utf8.RuneCountInString(s) - strings.Count(s, firstStrong) - strings.Count(s, popIsolate)
}
