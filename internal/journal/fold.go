package journal

import (
	"bytes"
	"time"

	"jejak/domain"
)

// usual reads the part of the metadata that folding uses, if it is written exactly as appendMetadata writes most of it: no place, no evidence, no
// text that needs escapes. ok is false for everything else, be it right or wrong. A test holds it equal to what reading by reflection gives, which costs
// several times as much and is paid for every event of every fold.
func (d *Decoder) usual(metadata []byte) (m foldMeta, ok bool) {
	r := plain{rest: metadata, ok: true}
	r.word(`{"command_id":`)
	r.text()
	if r.maybe(`,"command_sha256":`) {
		r.text()
	}
	r.word(`,"correlation_id":`)
	r.text()
	r.word(`,"causation_id":`)
	r.text()
	r.word(`,"actor":{"id":`)
	m.Actor.ID = d.string(r.text())
	r.word(`,"role":`)
	m.Actor.Role = domain.Role(d.string(r.text()))
	r.word(`,"unit":`)
	m.Actor.Scope = d.string(r.text())
	if r.maybe(`,"party":`) {
		m.Actor.Party = d.string(r.text())
	}
	r.word(`}`)
	if r.maybe(`,"submitted_by":`) {
		r.text()
	}
	r.word(`,"device":{"id":`)
	m.Device.ID = d.string(r.text())
	r.word(`,"seq":`)
	m.Device.Seq = r.number()
	r.word(`},"mode":`)
	m.Mode = domain.Mode(d.string(r.text()))
	r.word(`,"occurred_at":`)
	m.OccurredAt = r.time()
	r.word(`,"recorded_at":`)
	r.text()
	r.maybe(`,"simulated":true`)
	r.word(`}`)
	if !r.ok || len(r.rest) > 0 {
		return foldMeta{}, false
	}
	return m, true
}

// keptNames bounds what a Decoder remembers.
const keptNames = 4096

// string is b as a string, the same one as before where it has been met.
func (d *Decoder) string(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	switch {
	case d.names == nil:
		d.names = map[string]string{}
	case len(d.names) >= keptNames:
		clear(d.names)
	}
	d.names[s] = s
	return s
}

// plain reads JSON of a known form. After anything else it is not ok, and gives zeros.
type plain struct {
	rest []byte
	ok   bool
}

func (r *plain) maybe(word string) bool {
	if !r.ok || len(r.rest) < len(word) || string(r.rest[:len(word)]) != word {
		return false
	}
	r.rest = r.rest[len(word):]
	return true
}

func (r *plain) word(word string) { r.ok = r.maybe(word) }

// text is a string of printable ASCII without escapes.
func (r *plain) text() []byte {
	if !r.maybe(`"`) {
		r.ok = false
		return nil
	}
	end := bytes.IndexByte(r.rest, '"')
	if end < 0 {
		r.ok = false
		return nil
	}
	text := r.rest[:end]
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			r.ok = false
			return nil
		}
	}
	r.rest = r.rest[end+1:]
	return text
}

// number is a whole one of up to 18 digits.
func (r *plain) number() (n int64) {
	negative := r.maybe("-")
	digits := 0
	for digits < len(r.rest) && '0' <= r.rest[digits] && r.rest[digits] <= '9' {
		n = 10*n + int64(r.rest[digits]-'0')
		if digits++; digits > 18 {
			r.ok = false
			return 0
		}
	}
	if digits == 0 || r.rest[0] == '0' && (digits > 1 || negative) {
		r.ok = false
		return 0
	}
	r.rest = r.rest[digits:]
	if negative {
		return -n
	}
	return n
}

// time is RFC 3339 as this package writes it, or as it once did.
func (r *plain) time() (t time.Time) {
	text := r.text()
	if !r.ok {
		return t
	}
	t, err := domain.StoredTime(string(text))
	r.ok = err == nil
	return t
}
