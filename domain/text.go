package domain

import (
	"unicode/utf8"
)

// Limit bounds a free text in a command. What an earlier program wrote is not held to it.
type Limit struct {
	Name  string // for documents
	Most  int    // characters, not bytes
	Lines bool   // line breaks are allowed
}

// The limits of free texts. Ids, codes, numbers of seals and names of items have patterns instead. No text may hold control characters or what turns
// the direction of writing: it would say something else on a screen than in the record.
var (
	// Plate is of a vehicle.
	Plate = Limit{Name: "plate", Most: 20}
	// MinutesNumber is the number of minutes as the office writes it: it must fit on a line of the page.
	MinutesNumber = Limit{Name: "number of minutes", Most: 60}
	// Name is of a firm, a place or a thing, or a person's id.
	Name = Limit{Name: "name", Most: 120}
	// Document is the number of a paper.
	Document = Limit{Name: "document", Most: 120}
	// Reason is why.
	Reason = Limit{Name: "reason", Most: 500}
	// Note is what else there is to say.
	Note = Limit{Name: "note", Most: 2000, Lines: true}
	// Moment is a time, as RFC 3339 writes it to the nanosecond; that it is one is asked besides.
	Moment = Limit{Name: "time", Most: len("2006-01-02T15:04:05.000000000+07:00")}
)

// Limits lists the limits of free texts.
func Limits() []Limit { return []Limit{Plate, MinutesNumber, Name, Document, Reason, Note, Moment} }

// Text fails for a text that is too long, or holds what no text may hold.
func (c *Check) Text(path, value string, limit Limit) {
	if n := utf8.RuneCountInString(value); n > limit.Most {
		c.Fail(RuleTooLong, path, n, limit.Most)
	}
	at := 0
	for i, r := range value {
		at++
		broken := r == utf8.RuneError && value[i] != "\uFFFD"[0] // a byte that is no UTF-8
		if !broken && allowed(r, limit.Lines) {
			continue
		}
		c.Fail(RuleControl, path, uint32(r), at)
		return
	}
}

// Need is Text for a text that must not be empty.
func (c *Check) Need(path, value string, limit Limit) {
	if c.Required(path, value) {
		c.Text(path, value, limit)
	}
}

// allowed tells whether a text may hold a character.
func allowed(r rune, lines bool) bool {
	switch {
	case r == '\n':
		return lines
	case r < ' ', r >= 0x7F && r <= 0x9F: // C0, DEL, C1
		return false
	case r == 0x2028, r == 0x2029: // separators of lines and paragraphs
		return false
	case r == 0x061C, r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // direction of writing
		return false
	case r == 0xFEFF, r >= 0xFDD0 && r <= 0xFDEF, r&0xFFFE == 0xFFFE: // byte order mark, what is no character
		return false
	}
	return true
}

// The rules of free texts.
var (
	RuleTooLong = Malformed("text_too_long",
		Text{"%[1]v huruf, paling banyak %[2]v", "%[1]v characters, at most %[2]v"},
		Text{"persingkat menjadi paling banyak %[2]v huruf", "shorten it to %[2]v characters"})
	RuleControl = Malformed("text_control",
		Text{"huruf ke-%[2]v adalah karakter kendali (U+%04[1]X)", "character %[2]v is a control character (U+%04[1]X)"},
		Text{"hapus karakter itu; ganti baris hanya dalam catatan", "remove it; line breaks may stand in notes only"})
)
