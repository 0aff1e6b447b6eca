package domain

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Code is a region code as KPU writes it, digits only: province 2, regency 4, district 6, village 10, polling station 13 digits.
type Code string

// Level is the administrative level of a Code.
type Level int

// The levels, from the outside in. A Code of another length has level None.
const (
	None     Level = 0
	Province Level = 2
	Regency  Level = 4
	District Level = 6
	Village  Level = 10
	Station  Level = 13
)

// Level tells the level by the number of digits; it does not say that the region exists.
func (c Code) Level() Level {
	switch l := Level(len(c)); l {
	case Province, Regency, District, Village, Station:
		return l
	default:
		return None
	}
}

// Up returns the ancestor of c at level l, or "" when c is above l.
func (c Code) Up(l Level) Code {
	if len(c) < int(l) {
		return ""
	}
	return c[:l]
}

// Covers tells whether other is c or lies inside c.
func (c Code) Covers(other Code) bool {
	return c != "" && strings.HasPrefix(string(other), string(c))
}

// ParseCode accepts 2, 4, 6, 10 or 13 digits.
func ParseCode(s string) (Code, error) {
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", fmt.Errorf("region code %q has %q in it: only digits, without dots", s, r)
		}
	}
	c := Code(s)
	if c.Level() == None {
		return "", fmt.Errorf("region code %q has %d digits: a province has 2, a regency 4, a district 6, a village 10, a polling station 13", s, len(s))
	}
	return c, nil
}

// The types of unit that are not ballot boxes of a ballot type.
const (
	TypeRecap1 = "REKAP1" // first recapitulation box of a district
	TypeRecap2 = "REKAP2" // second recapitulation box of a district
	TypeKit    = "KIT"    // equipment of a station that travels outside its boxes
)

// BoxID names a tracked unit for life: "<station>-<ballot type>", "<district>-REKAP1|2", "<station>-KIT";
// a box's replacement carries ".2", ".3", ... ".99" and the replaced id never moves again. A kit has none.
type BoxID string

var boxPattern = regexp.MustCompile(`^([0-9]{13}|[0-9]{6})-([A-Z]{1,8}[12]?)(\.[2-9]|\.[1-9][0-9])?$`)

// ParseBoxID checks the form only: whether the station exists and the type belongs to the election is for the reference data.
func ParseBoxID(s string) (BoxID, error) {
	m := boxPattern.FindStringSubmatch(s)
	if m == nil || strings.HasPrefix(m[2], "REKAP") != (len(m[1]) == int(District)) || len(m[1]) == int(District) && m[2] != TypeRecap1 && m[2] != TypeRecap2 ||
		m[2] == TypeKit && m[3] != "" { // a kit is not replaced but made up again
		return "", fmt.Errorf("box id %q: expected <13-digit station>-<type> such as 3578010001001-PPWP, or <6-digit district>-REKAP1", s)
	}
	return BoxID(s), nil
}

// Destination is the station, or for recapitulation boxes the district, that the box is for.
func (b BoxID) Destination() Code {
	if i := strings.IndexByte(string(b), '-'); i > 0 {
		return Code(b[:i])
	}
	return ""
}

// Type is the ballot type ("PPWP", "DPRDK", ...), a recapitulation type or KIT.
func (b BoxID) Type() string {
	_, t, _ := strings.Cut(string(b), "-")
	t, _, _ = strings.Cut(t, ".")
	return t
}

// Original strips the replacement suffix.
func (b BoxID) Original() BoxID {
	o, _, _ := strings.Cut(string(b), ".")
	return BoxID(o)
}

// IsKit tells a station's kit from a box.
func (b BoxID) IsKit() bool { return b.Type() == TypeKit }

// IsRecap tells a district's recapitulation box from a station's ballot box.
func (b BoxID) IsRecap() bool { return len(b.Destination()) == int(District) }

var documentID = regexp.MustCompile(`^([A-Z]{2,5})-([0-9]{2,4})-([A-Z0-9-]{1,20})$`)

// CheckID tells what is wrong with an id that a client chose for a document of a unit (shipment, order, delivery, handoff, claim), or "".
// prefix is "" where any capital letters are accepted. The unit's code is part of the id so that ids of two units never meet.
func CheckID(id, prefix string, unit Code) string {
	m := documentID.FindStringSubmatch(id)
	want := prefix
	if want == "" {
		want = "ABC"
	}
	switch {
	case m == nil, prefix != "" && m[1] != prefix:
		return fmt.Sprintf("expected %s-%s-[A-Z0-9-]{1,20}", want, cmp.Or(string(unit), "<unit>"))
	case m[2] != string(unit):
		return fmt.Sprintf("names unit %s, but this is the ledger of %s", m[2], unit)
	}
	return ""
}
