// Package history shows ledgers as they were: at a moment on the recorded clock (what was known), at a moment on the occurred clock (what was true,
// whenever it was told), at a position of the log; how they came to be so, and what changed in between. Everything here is a fold of the log with a
// cut; what it keeps is disposable.
package history

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"jejak/domain"
	"jejak/eventstore"
)

// Clock is which of an event's two times a moment is compared with.
type Clock string

// The clocks.
const (
	// Recorded is the server's clock: the ledger as a store cut off at that moment would give it.
	Recorded Clock = "recorded"
	// Occurred is the clock of whoever acted: the fold, in the order of the log, of exactly those events that had occurred by then, whenever they were
	// told. The first reference data of a ledger are the frame of it all and always in it; a discrepancy has occurred when all events that prove it have.
	Occurred Clock = "occurred"
)

// Cut is where history is cut off. The zero Cut is the end of the log.
type Cut struct {
	Clock    Clock               // of At
	At       time.Time           // up to and including; zero: by Position
	Position eventstore.Position // up to and including; 0 with a zero At: the end
}

// End tells whether nothing is cut off.
func (c Cut) End() bool { return c.At.IsZero() && c.Position == 0 }

// Has tells whether a record lies before the cut. One whose metadata cannot be read had not occurred at any time.
func (c Cut) Has(rec *eventstore.Record) bool {
	switch {
	case c.End():
		return true
	case c.At.IsZero():
		return rec.Position <= c.Position
	case c.Clock == Recorded:
		return !rec.RecordedAt.After(c.At)
	}
	at, err := occurredAt(rec)
	return err == nil && !at.After(c.At)
}

func (c Cut) String() string {
	switch {
	case c.End():
		return "the end of the log"
	case c.At.IsZero():
		return fmt.Sprintf("position %d", c.Position)
	}
	return fmt.Sprintf("%s on the %s clock", c.At.Format(time.RFC3339Nano), c.Clock)
}

// Fault is what is wrong with a question, in both languages.
type Fault struct {
	Field      string // as_of, clock, position, ...
	ID, EN     string
	FixID, Fix string // what would mend it; "" for what the text says already
}

func (f *Fault) Error() string { return f.EN + " / " + f.ID }

// zones are the names of Indonesia's time zones.
var zones = map[string]*time.Location{
	"WIB": time.FixedZone("WIB", 7*3600), "WITA": time.FixedZone("WITA", 8*3600), "WIT": time.FixedZone("WIT", 9*3600),
}

var (
	zoned = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?\s?(Z|z|[-+ ]\d\d:\d\d|WIB|WITA|WIT)$`)
	naked = regexp.MustCompile(`^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$`)
)

// ParseTime reads a moment with its zone: RFC 3339, seconds optional, with an offset, or with WIB, WITA or WIT behind it. Without a zone it is a *Fault:
// East Java's 06:45 is another moment than Greenwich's. A space in place of the offset's plus, as an address that was not quoted has it, is taken for it.
func ParseTime(field, text string) (time.Time, error) {
	m := zoned.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		if naked.MatchString(strings.TrimSpace(text)) {
			return time.Time{}, &Fault{Field: field, ID: fmt.Sprintf("waktu %q tidak menyebut zona", text), EN: fmt.Sprintf("time %q names no zone", text),
				FixID: "tulis misalnya 2024-02-13T06:45+07:00 atau 2024-02-13T06:45 WIB", Fix: "write it as 2024-02-13T06:45+07:00 or 2024-02-13T06:45 WIB"}
		}
		return time.Time{}, noTime(field, text)
	}
	seconds := m[3]
	if seconds == "" {
		seconds = ":00"
	}
	offset, zone := strings.ToUpper(strings.Replace(m[4], " ", "+", 1)), (*time.Location)(nil)
	if named, ok := zones[m[4]]; ok {
		zone, offset = named, time.Unix(0, 0).In(named).Format("-07:00")
	}
	t, err := domain.ParseTime(m[1] + "T" + m[2] + seconds + offset)
	if err != nil {
		return time.Time{}, noTime(field, text)
	}
	if zone != nil {
		t = t.In(zone)
	}
	return t, nil
}

func noTime(field, text string) error {
	return &Fault{Field: field, ID: fmt.Sprintf("%q bukan waktu", text), EN: fmt.Sprintf("%q is no time", text),
		FixID: "tulis misalnya 2024-02-13T06:45+07:00 atau 2024-02-13T06:45 WIB", Fix: "write it as 2024-02-13T06:45+07:00 or 2024-02-13T06:45 WIB"}
}

// ReadMoment reads a moment of the recorded clock, or a position, which is a number.
func ReadMoment(field, text string) (Cut, *Fault) {
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && n > 0 {
		return Cut{Clock: Recorded, Position: eventstore.Position(n)}, nil
	}
	t, err := ParseTime(field, text)
	if f, ok := Asks(err); ok {
		f.Fix += ", or give a position, a number from 1"
		f.FixID += ", atau posisi, angka mulai 1"
		return Cut{}, f
	}
	return Cut{Clock: Recorded, At: t}, nil
}

// ReadCut reads a cut as callers write it, "" for what they leave out. All that is wrong comes at once.
func ReadCut(asOf, clock, position string) (Cut, []*Fault) {
	c := Cut{Clock: Recorded}
	var faults []*Fault
	fail := func(field, id, en, fixID, fix string) {
		faults = append(faults, &Fault{Field: field, ID: id, EN: en, FixID: fixID, Fix: fix})
	}
	switch Clock(clock) {
	case "", Recorded:
	case Occurred:
		c.Clock = Occurred
	default:
		fail("clock", fmt.Sprintf("jam %q tidak dikenal", clock), fmt.Sprintf("there is no clock %q", clock), "pakai recorded atau occurred", "take recorded or occurred")
	}
	if asOf != "" {
		t, err := ParseTime("as_of", asOf)
		if f, ok := err.(*Fault); ok {
			faults = append(faults, f)
		}
		c.At = t
	}
	if position != "" {
		n, err := strconv.ParseUint(position, 10, 63)
		if err != nil || n == 0 {
			fail("position", fmt.Sprintf("%q bukan posisi", position), fmt.Sprintf("%q is no position", position), "pakai angka mulai 1", "give a number from 1")
		}
		c.Position = eventstore.Position(n)
	}
	if asOf != "" && position != "" {
		fail("position", "waktu dan posisi diminta bersama", "a time and a position are asked for together", "pilih salah satu", "give one of them")
	}
	if clock != "" && asOf == "" {
		fail("clock", "jam dipilih tanpa waktu", "a clock is chosen without a time", "sebutkan waktunya", "give the time as well")
	}
	if len(faults) > 0 || c.End() {
		return Cut{}, faults
	}
	return c, nil
}
