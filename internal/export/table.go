package export

import (
	"strings"
	"time"

	"jejak/domain"
)

// cell is a value in a table: a number, or text, which a code is too however many digits it has.
type cell struct {
	text   string
	number int64
	digits bool // it is the number
}

func text[T ~string](s T) cell        { return cell{text: string(s)} }
func count[T ~int | ~int64](n T) cell { return cell{number: int64(n), digits: true} }

// unknown is the cell of a number that nobody knows.
var unknown = cell{}

func maybe(n *int64) cell {
	if n == nil {
		return unknown
	}
	return count(*n)
}

func yes(b bool) cell {
	if b {
		return text("ya")
	}
	return text("tidak")
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

// moment is a time as people in East Java read it.
func moment(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	return text(t.In(wib).Format("2006-01-02 15:04:05 MST"))
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

// sink takes the rows of tables, which may come in turns.
type sink interface {
	begin(tables []*table) error
	row(t *table, cells []cell) error
	end() error
}

// dangerous tells text that a spreadsheet program would take for a formula, or for the mark of one.
func dangerous(s string) bool { return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) }
