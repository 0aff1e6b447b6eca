package incident

import (
	"slices"
	"strings"

	"jejak/domain"
)

// Said is what a case says in words, kept short: a ledger may have 20,000 cases, most of them explained long ago, and their texts were a third of
// what they took. What many cases say alike is a pattern of the register; what is particular to one, every word with a digit in it, is kept with the
// case, unless it stands in its key.
type Said struct {
	ID, EN uint32 // pattern + 1 of Register.Patterns; 0: the text is kept as it is
	Args   string // of ID: the words, one a line; or the text
	ArgsEN string // of EN; "" where they are the same
}

const (
	gap     = '\x00' // a word's place in a pattern
	between = "\n"   // words
	// mostPatterns bounds the table: texts that come after it is full are kept as they are.
	mostPatterns = 4096
)

// Text is what a case of the register says.
func (r *Register) Text(c *Case) domain.Text {
	argsEN := c.Said.ArgsEN
	if argsEN == "" {
		argsEN = c.Said.Args
	}
	return domain.Text{ID: r.text(c.Said.ID, c.Said.Args, c.Key), EN: r.text(c.Said.EN, argsEN, c.Key)}
}

func (r *Register) text(pattern uint32, args, key string) string {
	if pattern == 0 {
		return args
	}
	parts := strings.Split(key, "|")
	var text strings.Builder
	for _, c := range []byte(r.Patterns[pattern-1]) {
		if c != gap {
			text.WriteByte(c)
			continue
		}
		var arg string
		arg, args, _ = strings.Cut(args, between)
		if len(arg) == 1 && 'A' <= arg[0] && int(arg[0]-'A') < len(parts) {
			arg = parts[arg[0]-'A']
		}
		text.WriteString(arg)
	}
	return text.String()
}

// say keeps a text for a case with a key.
func (r *Register) say(text domain.Text, key string) (said Said) {
	parts := strings.Split(key, "|")
	said.ID, said.Args = r.split(text.ID, parts)
	if said.EN, said.ArgsEN = r.split(text.EN, parts); said.ArgsEN == said.Args {
		said.ArgsEN = "" // also where a pattern has no gaps: then it needs none
	}
	return said
}

// split takes a text apart.
func (r *Register) split(text string, parts []string) (pattern uint32, args string) {
	var alike, words strings.Builder
	for rest := text; rest != ""; {
		end, digit := word(rest)
		if !digit {
			end = max(end, 1)
			if rest[0] == gap {
				return 0, text
			}
			alike.WriteString(rest[:end])
			rest = rest[end:]
			continue
		}
		alike.WriteByte(gap)
		if words.Len() > 0 {
			words.WriteString(between)
		}
		if part := slices.Index(parts, rest[:end]); 0 <= part && part < 26 {
			words.WriteByte('A' + byte(part))
		} else {
			words.WriteString(rest[:end])
		}
		rest = rest[end:]
	}
	if pattern = r.pattern(alike.String()); pattern == 0 {
		return 0, text
	}
	return pattern, words.String()
}

// word is how long the word is that a text begins with, and whether it has a digit.
func word(text string) (length int, digit bool) {
	for ; length < len(text); length++ {
		switch c := text[length]; {
		case '0' <= c && c <= '9':
			digit = true
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '.', c == '/':
		default:
			return length, digit
		}
	}
	return length, digit
}

// pattern is the number + 1 of a pattern, 0 when there is no room for it.
func (r *Register) pattern(alike string) uint32 {
	if r.patterns == nil {
		r.patterns = map[string]uint32{}
		for i, p := range r.Patterns {
			r.patterns[p] = uint32(i + 1)
		}
	}
	number := r.patterns[alike]
	if number == 0 && (len(r.Patterns) < mostPatterns || alike == "") {
		r.Patterns = append(r.Patterns, alike)
		number = uint32(len(r.Patterns))
		r.patterns[alike] = number
	}
	return number
}
