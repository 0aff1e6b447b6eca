package export

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jejak/domain"
)

// kind is what a cell holds.
type kind uint8

const (
	isText   kind = iota // also a code, however many digits it has; an empty one is what nobody knows
	isNumber             // a count or an amount
	isMoment             // a time, to the second
	isTruth              // yes or no
)

// cell is a value in a table.
type cell struct {
	kind   kind
	text   string
	number int64 // of a number; of a truth 0 or 1
	moment time.Time
}

func text[T ~string](s T) cell        { return cell{text: carried(string(s))} }
func count[T ~int | ~int64](n T) cell { return cell{kind: isNumber, number: int64(n)} }

// carried is a text as every program that reads tables takes it: line breaks are line feeds, and what XML cannot carry (most controls, what is no UTF-8) is a
// replacement character, in CSV too, where a NUL ends the file for some readers. The column of an event's data has all of it, escaped as in JSON.
func carried(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < utf8.RuneSelf || s[i] == '\t' || s[i] == '\n'
	}
	if plain {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r < ' ' && r != '\t' && r != '\n', r == '\ufffe', r == '\uffff':
			return utf8.RuneError
		}
		return r
	}, s)
}

// unknown is the cell of a value that nobody knows.
var unknown = cell{}

func maybe(n *int64) cell {
	if n == nil {
		return unknown
	}
	return count(*n)
}

func yes(b bool) cell {
	if b {
		return cell{kind: isTruth, number: 1}
	}
	return cell{kind: isTruth}
}

func joined[T ~string](list []T) cell {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = string(s)
	}
	return text(strings.Join(names, " "))
}

// wib is the time of East Java, whatever zone a device or this machine is in.
var wib = time.FixedZone("WIB", 7*60*60)

// moment is a time on East Java's clocks; the zero time is what nobody knows.
func moment(t time.Time) cell {
	if t.IsZero() {
		return unknown
	}
	return cell{kind: isMoment, moment: t.In(wib).Truncate(time.Second)}
}

// offset stands in every row of a table with times: how far they are ahead of UTC, which a time of a spreadsheet cannot say. "UTC" stands before it so that no
// program takes it for a formula.
const offset = "UTC+07:00"

// human gives times and truths as the texts that people read.
func (c cell) human() cell {
	switch c.kind {
	case isMoment:
		return text(c.moment.Format("2006-01-02 15:04:05 MST"))
	case isTruth:
		if c.number == 1 {
			return text("ya")
		}
		return text("tidak")
	case isText, isNumber:
	}
	return c
}

// stamped is the moment of a read model's timestamp.
func stamped(stamp string) cell {
	t, err := domain.StoredTime(stamp)
	if err != nil {
		return text(stamp)
	}
	return moment(t)
}

// column of a table.
type column struct {
	id, en string
	width  int // characters, about
}

func (c column) heading() string { return c.id + " / " + c.en }

// table is a sheet of a workbook, or a file of a folder.
type table struct {
	name    string
	columns []column
}

// timed tells whether there are times in the table, whose offset stands last.
func (t *table) timed() bool { return t.columns[len(t.columns)-1] == offsets }

// sink takes the rows of tables, which may come in turns.
type sink interface {
	begin(tables []*table) error
	row(t *table, cells []cell) error
	end() error
}

// dangerous tells text that a spreadsheet program would take for a formula, or for the mark of one: some pass over blanks before it, and take the wide forms
// of East Asian writing for the narrow ones.
func dangerous(s string) bool {
	for _, r := range s {
		switch {
		case r == '\t' || r == '\r':
			return true
		case unicode.IsSpace(r):
			continue
		}
		return strings.ContainsRune("=+-@＝＋－＠", r)
	}
	return false
}
